"""Notices to debtors: levels, approved words, written documents and their service."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _templates()
    _steps()
    _letters()
    _letter_bills()
    _letter_numbers()
    _letter_events()


def _templates() -> None:
    op.create_table(
        "arrears_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("alimtalk_key", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("written_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("kind IN ('alimtalk', 'sms', 'lms', 'letter')", name=op.f("ck_arrears_templates_kind")),
        sa.CheckConstraint(
            "state IN ('draft', 'approved', 'rejected', 'retired')", name=op.f("ck_arrears_templates_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'retired') OR decided_by IS NOT NULL", name=op.f("ck_arrears_templates_approved")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> written_by", name=op.f("ck_arrears_templates_two_people")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_arrears_templates_decided_by")),
        sa.ForeignKeyConstraint(["written_by"], ["staff.id"], name=op.f("fk_arrears_templates_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_templates")),
        sa.UniqueConstraint(
            "city_id",
            "level",
            "kind",
            "lang",
            "number",
            name=op.f("uq_arrears_templates_city_id_level_kind_lang_number"),
        ),
    )
    op.create_index(
        "ix_arrears_templates_approved",
        "arrears_templates",
        ["city_id", "level", "kind", "lang"],
        unique=True,
        postgresql_where=sa.text("state = 'approved'"),
    )


def _steps() -> None:
    op.create_table(
        "arrears_steps",
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("before_on", sa.Date(), nullable=True),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_steps_debtor_id")),
        sa.PrimaryKeyConstraint("debtor_id", "level", name=op.f("pk_arrears_steps")),
    )


def _letters() -> None:
    op.create_table(
        "arrears_letters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("recipient", postgresql.JSONB(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("total_krw", sa.BigInteger(), nullable=False),
        sa.Column("is_addressed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), server_default="listed", nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("tracking_no", sa.Text(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("served_on", sa.Date(), nullable=True),
        sa.Column("served_how", sa.Text(), nullable=True),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('dun', 'seizure_debtor', 'seizure_bank', 'record', 'join', 'release', 'warning', 'info', 'plan')",
            name=op.f("ck_arrears_letters_kind"),
        ),
        sa.CheckConstraint(
            "served_how IS NULL OR served_how IN ('registered', 'direct', 'electronic', 'publication')",
            name=op.f("ck_arrears_letters_served_how"),
        ),
        sa.CheckConstraint("state <> 'served' OR served_on IS NOT NULL", name=op.f("ck_arrears_letters_served")),
        sa.CheckConstraint(
            "state IN ('listed', 'printed', 'sent', 'served', 'returned', 'published', 'cancelled')",
            name=op.f("ck_arrears_letters_state"),
        ),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_letters_debtor_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_arrears_letters_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_letters")),
        sa.UniqueConstraint("city_id", "dedupe_key", name=op.f("uq_arrears_letters_city_id_dedupe_key")),
        sa.UniqueConstraint("city_id", "year", "number", name=op.f("uq_arrears_letters_city_id_year_number")),
    )
    op.create_index("ix_arrears_letters_debtor", "arrears_letters", ["debtor_id", "created_at"], unique=False)
    op.create_index("ix_arrears_letters_list", "arrears_letters", ["city_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_arrears_letters_open",
        "arrears_letters",
        ["city_id", "state"],
        unique=False,
        postgresql_where=sa.text("state IN ('listed', 'printed', 'sent', 'returned')"),
    )


def _letter_bills() -> None:
    op.create_table(
        "arrears_letter_bills",
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("costs_krw", sa.BigInteger(), nullable=False),
        sa.Column("tax_krw", sa.BigInteger(), nullable=False),
        sa.Column("surcharge_krw", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["arrears_bills.id"], name=op.f("fk_arrears_letter_bills_bill_id")),
        sa.ForeignKeyConstraint(["letter_id"], ["arrears_letters.id"], name=op.f("fk_arrears_letter_bills_letter_id")),
        sa.PrimaryKeyConstraint("letter_id", "bill_id", name=op.f("pk_arrears_letter_bills")),
    )
    op.create_index("ix_arrears_letter_bills_bill", "arrears_letter_bills", ["bill_id"], unique=False)


def _letter_numbers() -> None:
    op.create_table(
        "arrears_letter_numbers",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("city_id", "year", name=op.f("pk_arrears_letter_numbers")),
    )


def _letter_events() -> None:
    op.create_table(
        "arrears_letter_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["letter_id"], ["arrears_letters.id"], name=op.f("fk_arrears_letter_events_letter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_letter_events")),
    )
    op.create_index("ix_arrears_letter_events_letter", "arrears_letter_events", ["letter_id", "at"], unique=False)


def downgrade() -> None:
    op.drop_table("arrears_letter_events")
    op.drop_table("arrears_letter_numbers")
    op.drop_table("arrears_letter_bills")
    op.drop_table("arrears_letters")
    op.drop_table("arrears_steps")
    op.drop_table("arrears_templates")
