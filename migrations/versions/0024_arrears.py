"""The ledger of arrears: debtors, their bills, payments and how they were set against them, stops, what changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _debtors()
    _bills()
    _touched()
    _payments()
    _stops()
    _entries()
    _imports()
    _changes()


def _debtors() -> None:
    op.create_table(
        "arrears_debtors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("tax_no_index", sa.LargeBinary(), nullable=False),
        sa.Column("name_index", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("person", postgresql.JSONB(), nullable=False),
        sa.Column("is_company", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("lang", sa.Text(), server_default="ko", nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_debtors")),
        sa.UniqueConstraint("city_id", "tax_no_index", name=op.f("uq_arrears_debtors_city_id_tax_no_index")),
    )
    op.create_index(
        "ix_arrears_debtors_name",
        "arrears_debtors",
        ["city_id", "name_index"],
        unique=False,
        postgresql_where=sa.text("name_index IS NOT NULL"),
    )
    op.create_index(
        "ix_arrears_debtors_phone",
        "arrears_debtors",
        ["city_id", "phone_index"],
        unique=False,
        postgresql_where=sa.text("phone_index IS NOT NULL"),
    )


def _bills() -> None:
    op.create_table(
        "arrears_bills",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("bill_no", sa.Text(), nullable=False),
        sa.Column("pay_no", sa.Text(), server_default="", nullable=False),
        sa.Column("tax_item", sa.Text(), nullable=False),
        sa.Column("tax_year", sa.SmallInteger(), nullable=False),
        sa.Column("period", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("principal_krw", sa.BigInteger(), nullable=False),
        sa.Column("notified_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("dunned_on", sa.Date(), nullable=True),
        sa.Column("dun_due_on", sa.Date(), nullable=True),
        sa.Column("prescribes_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("told", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'paid', 'cancelled', 'written_off')", name=op.f("ck_arrears_bills_state")
        ),
        sa.CheckConstraint("principal_krw > 0", name=op.f("ck_arrears_bills_principal")),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_bills_debtor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_bills")),
        sa.UniqueConstraint("city_id", "bill_no", name=op.f("uq_arrears_bills_city_id_bill_no")),
    )
    op.create_index("ix_arrears_bills_debtor", "arrears_bills", ["debtor_id"], unique=False)
    op.create_index(
        "ix_arrears_bills_pay_no",
        "arrears_bills",
        ["city_id", "pay_no"],
        unique=False,
        postgresql_where=sa.text("pay_no <> ''"),
    )
    op.create_index(
        "ix_arrears_bills_open",
        "arrears_bills",
        ["city_id", "due_on"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )


def _touched() -> None:
    op.create_table(
        "arrears_touched",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "why IN ('payment', 'bill', 'stop', 'stop_ended', 'contact')", name=op.f("ck_arrears_touched_why")
        ),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_touched_debtor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_touched")),
    )
    op.create_index("ix_arrears_touched_order", "arrears_touched", ["city_id", "rank", "at", "id"], unique=False)
    op.create_index("ix_arrears_touched_debtor", "arrears_touched", ["debtor_id"], unique=False)


def _payments() -> None:
    op.create_table(
        "arrears_payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("payment_no", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=True),
        sa.Column("bill_id", sa.Uuid(), nullable=True),
        sa.Column("amount_krw", sa.BigInteger(), nullable=False),
        sa.Column("excess_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("paid_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("bill_ids", sa.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("seizure_id", sa.Uuid(), nullable=True),
        sa.Column("told", postgresql.JSONB(), nullable=True),
        sa.Column("reversed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('allocated', 'unmatched', 'reversed')", name=op.f("ck_arrears_payments_state")),
        sa.CheckConstraint(
            "amount_krw > 0 AND excess_krw BETWEEN 0 AND amount_krw", name=op.f("ck_arrears_payments_amount")
        ),
        sa.ForeignKeyConstraint(["bill_id"], ["arrears_bills.id"], name=op.f("fk_arrears_payments_bill_id")),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_payments_debtor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_payments")),
        sa.UniqueConstraint(
            "city_id", "source", "payment_no", name=op.f("uq_arrears_payments_city_id_source_payment_no")
        ),
    )
    op.create_index("ix_arrears_payments_debtor", "arrears_payments", ["debtor_id"], unique=False)
    op.create_index(
        "ix_arrears_payments_unmatched",
        "arrears_payments",
        ["city_id", "received_at"],
        unique=False,
        postgresql_where=sa.text("state = 'unmatched'"),
    )


def _stops() -> None:
    op.create_table(
        "arrears_stops",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('deferral', 'instalment', 'dispute', 'wrong_number', 'died', 'bankrupt', 'rehabilitation', "
            "'welfare', 'suspended', 'other')",
            name=op.f("ck_arrears_stops_kind"),
        ),
        sa.ForeignKeyConstraint(["bill_id"], ["arrears_bills.id"], name=op.f("fk_arrears_stops_bill_id")),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_stops_debtor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_stops")),
    )
    op.create_index("ix_arrears_stops_debtor", "arrears_stops", ["debtor_id"], unique=False)


def _entries() -> None:
    op.create_table(
        "arrears_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("costs_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("surcharge_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("seizure_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('cost', 'payment', 'reduction', 'reversal')", name=op.f("ck_arrears_entries_kind")
        ),
        sa.ForeignKeyConstraint(["bill_id"], ["arrears_bills.id"], name=op.f("fk_arrears_entries_bill_id")),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_entries_debtor_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["arrears_payments.id"], name=op.f("fk_arrears_entries_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_entries")),
    )
    op.create_index("ix_arrears_entries_bill", "arrears_entries", ["bill_id", "happened_on"], unique=False)
    op.create_index(
        "ix_arrears_entries_payment",
        "arrears_entries",
        ["payment_id"],
        unique=False,
        postgresql_where=sa.text("payment_id IS NOT NULL"),
    )


def _imports() -> None:
    op.create_table(
        "arrears_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("form", sa.Text(), server_default="", nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("control", postgresql.JSONB(none_as_null=True), server_default="{}", nullable=False),
        *(
            sa.Column(name, sa.Integer(), server_default="0", nullable=False)
            for name in ("read_rows", "new_rows", "changed_rows", "same_rows", "refused_rows")
        ),
        sa.Column("total_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("totals", postgresql.JSONB(none_as_null=True), server_default="{}", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("reason_ko", sa.Text(), server_default="", nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('debtors', 'bills', 'payments')", name=op.f("ck_arrears_imports_kind")),
        sa.CheckConstraint(
            "state IN ('receiving', 'waiting', 'running', 'done', 'refused', 'failed')",
            name=op.f("ck_arrears_imports_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_imports")),
    )
    op.create_index("ix_arrears_imports_created", "arrears_imports", ["city_id", "created_at"], unique=False)
    op.create_table(
        "arrears_import_pieces",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("piece", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["arrears_imports.id"], name=op.f("fk_arrears_import_pieces_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_import_pieces")),
        sa.UniqueConstraint("import_id", "no", name=op.f("uq_arrears_import_pieces_import_id_no")),
    )
    op.create_table(
        "arrears_import_rejects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["arrears_imports.id"], name=op.f("fk_arrears_import_rejects_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_import_rejects")),
    )
    op.create_index("ix_arrears_import_rejects_line", "arrears_import_rejects", ["import_id", "line"], unique=False)


def _changes() -> None:
    op.create_table(
        "arrears_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["arrears_bills.id"], name=op.f("fk_arrears_changes_bill_id")),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_changes_debtor_id")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["arrears_imports.id"], name=op.f("fk_arrears_changes_import_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_changes")),
    )
    op.create_index("ix_arrears_changes_debtor", "arrears_changes", ["debtor_id", "at"], unique=False)


def downgrade() -> None:
    op.drop_table("arrears_changes")
    op.drop_table("arrears_import_rejects")
    op.drop_table("arrears_import_pieces")
    op.drop_table("arrears_imports")
    op.drop_table("arrears_entries")
    op.drop_table("arrears_stops")
    op.drop_table("arrears_payments")
    op.drop_table("arrears_touched")
    op.drop_table("arrears_bills")
    op.drop_table("arrears_debtors")
