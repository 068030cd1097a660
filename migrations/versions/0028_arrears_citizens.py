"""The citizens' side: who showed who he is, who failed to, what was asked for; whose door alone shows a message."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("secrecy", sa.Text(), nullable=True))
    op.add_column("inbound", sa.Column("secrecy", sa.Text(), nullable=True))
    op.add_column("outbound", sa.Column("secrecy", sa.Text(), nullable=True))
    _attempts()
    _locks()
    _identified()
    _requests()
    _plans()
    _plan_parts()
    _payment_words()


def _attempts() -> None:
    op.create_table(
        "arrears_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("is_right", sa.Boolean(), nullable=False),
        sa.Column("is_forgiven", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_arrears_attempts_conversation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_attempts")),
    )
    op.create_index("ix_arrears_attempts_conversation", "arrears_attempts", ["conversation_id", "at"], unique=False)
    op.create_index("ix_arrears_attempts_phone", "arrears_attempts", ["city_id", "phone_index", "at"], unique=False)


def _locks() -> None:
    op.create_table(
        "arrears_locks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("until", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_arrears_locks_conversation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_locks")),
    )
    op.create_index(
        "ix_arrears_locks_conversation",
        "arrears_locks",
        ["conversation_id"],
        unique=False,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_index(
        "ix_arrears_locks_phone",
        "arrears_locks",
        ["city_id", "phone_index"],
        unique=False,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_index(
        "ix_arrears_locks_until",
        "arrears_locks",
        ["city_id", "until"],
        unique=False,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def _identified() -> None:
    op.create_table(
        "arrears_identified",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("until", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("how IN ('tax_no', 'pay_no', 'birth')", name=op.f("ck_arrears_identified_how")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_arrears_identified_conversation_id")
        ),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_identified_debtor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_identified")),
    )
    op.create_index(
        "ix_arrears_identified_conversation", "arrears_identified", ["conversation_id", "until"], unique=False
    )
    op.create_index("ix_arrears_identified_debtor", "arrears_identified", ["debtor_id", "at"], unique=False)


def _requests() -> None:
    op.create_table(
        "arrears_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("wish", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("stop_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("deemed_on", sa.Date(), nullable=True),
        sa.Column("warned_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("decided_by IN ('staff', 'law', 'citizen')", name=op.f("ck_arrears_requests_decided_by")),
        sa.CheckConstraint(
            "kind IN ('instalment', 'release', 'deferral', 'dispute', 'wrong_number')",
            name=op.f("ck_arrears_requests_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'granted', 'refused', 'withdrawn')", name=op.f("ck_arrears_requests_state")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_arrears_requests_conversation_id")
        ),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_requests_debtor_id")),
        sa.ForeignKeyConstraint(["stop_id"], ["arrears_stops.id"], name=op.f("fk_arrears_requests_stop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_requests")),
    )
    op.create_index("ix_arrears_requests_debtor", "arrears_requests", ["debtor_id", "received_at"], unique=False)
    op.create_index(
        "ix_arrears_requests_deemed",
        "arrears_requests",
        ["city_id", "deemed_on"],
        unique=False,
        postgresql_where=sa.text("state = 'open' AND deemed_on IS NOT NULL"),
    )
    op.create_index("ix_arrears_requests_list", "arrears_requests", ["city_id", "received_at", "id"], unique=False)
    op.create_index(
        "ix_arrears_requests_open",
        "arrears_requests",
        ["city_id", "received_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )


def _plans() -> None:
    op.create_table(
        "arrears_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("stop_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("total_krw", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('running', 'kept', 'broken', 'cancelled')", name=op.f("ck_arrears_plans_state")),
        sa.CheckConstraint("total_krw > 0", name=op.f("ck_arrears_plans_total")),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_plans_debtor_id")),
        sa.ForeignKeyConstraint(["request_id"], ["arrears_requests.id"], name=op.f("fk_arrears_plans_request_id")),
        sa.ForeignKeyConstraint(["stop_id"], ["arrears_stops.id"], name=op.f("fk_arrears_plans_stop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_plans")),
        sa.UniqueConstraint("request_id", name=op.f("uq_arrears_plans_request_id")),
    )
    op.create_index(
        "ix_arrears_plans_running",
        "arrears_plans",
        ["city_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        "uq_arrears_plans_running",
        "arrears_plans",
        ["debtor_id"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )


def _plan_parts() -> None:
    op.create_table(
        "arrears_plan_parts",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_krw", sa.BigInteger(), nullable=False),
        sa.Column("reminded_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("missed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("amount_krw > 0", name=op.f("ck_arrears_plan_parts_amount")),
        sa.ForeignKeyConstraint(["plan_id"], ["arrears_plans.id"], name=op.f("fk_arrears_plan_parts_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "number", name=op.f("pk_arrears_plan_parts")),
    )


def _payment_words() -> None:
    op.create_table(
        "arrears_payment_words",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("told_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outbound_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_payment_words_debtor_id")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["arrears_payments.id"], name=op.f("fk_arrears_payment_words_payment_id")
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_arrears_payment_words")),
    )
    op.create_index(
        "ix_arrears_payment_words_untold",
        "arrears_payment_words",
        ["city_id", "debtor_id"],
        unique=False,
        postgresql_where=sa.text("told_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("arrears_payment_words")
    op.drop_table("arrears_plan_parts")
    op.drop_table("arrears_plans")
    op.drop_table("arrears_requests")
    op.drop_table("arrears_identified")
    op.drop_table("arrears_locks")
    op.drop_table("arrears_attempts")
    op.drop_column("outbound", "secrecy")
    op.drop_column("inbound", "secrecy")
    op.drop_column("conversations", "secrecy")
