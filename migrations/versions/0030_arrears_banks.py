"""What was asked of banks under which id, what they answered, what their own ledgers say."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _requests()
    _ways()
    _booked()
    _reconciliations()
    _differences()


def _requests() -> None:
    op.create_table(
        "arrears_bank_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("amount_krw", sa.BigInteger(), nullable=False),
        sa.Column("asked", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("gateway", sa.Text(), server_default="", nullable=False),
        sa.Column("is_practice", sa.Boolean(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("claimed_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("is_unknown", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("answered_krw", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("found", postgresql.JSONB(), nullable=True),
        sa.Column("effective_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'answered') = (status IS NOT NULL)", name=op.f("ck_arrears_bank_requests_answered")
        ),
        sa.CheckConstraint(
            "kind IN ('lookup', 'seize', 'join', 'collect', 'release')", name=op.f("ck_arrears_bank_requests_kind")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'pending', 'answered', 'dead')", name=op.f("ck_arrears_bank_requests_state")
        ),
        sa.CheckConstraint("status IN ('done', 'partly', 'refused')", name=op.f("ck_arrears_bank_requests_status")),
        sa.CheckConstraint("amount_krw >= 0 AND answered_krw >= 0", name=op.f("ck_arrears_bank_requests_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_bank_requests")),
    )
    op.create_index(
        "ix_arrears_bank_requests_booked",
        "arrears_bank_requests",
        ["city_id", "bank", "answered_at"],
        unique=False,
        postgresql_where=sa.text("state = 'answered' AND kind <> 'lookup'"),
    )
    op.create_index(
        "ix_arrears_bank_requests_dead",
        "arrears_bank_requests",
        ["city_id", "updated_at"],
        unique=False,
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index(
        "ix_arrears_bank_requests_due",
        "arrears_bank_requests",
        ["city_id", "bank", "priority", "next_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'pending')"),
    )
    op.create_index(
        "ix_arrears_bank_requests_named",
        "arrears_bank_requests",
        ["city_id", "answered_at"],
        unique=False,
        postgresql_where=sa.text("state = 'answered' AND asked <> '{}'::jsonb"),
    )


def _ways() -> None:
    op.create_table(
        "arrears_bank_ways",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("resting_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_ok_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("failing_since", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.Column("poll_failure", sa.Text(), server_default="", nullable=False),
        sa.Column("told_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("answers_after", sa.Text(), server_default="", nullable=False),
        sa.Column("polled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ledger_after", sa.Text(), server_default="", nullable=False),
        sa.Column("ledger_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("city_id", "gateway", "bank", name=op.f("pk_arrears_bank_ways")),
    )


def _booked() -> None:
    op.create_table(
        "arrears_bank_booked",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount_krw", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("taken_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("matched_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_bank_booked")),
    )
    op.create_index(
        "ix_arrears_bank_booked_open",
        "arrears_bank_booked",
        ["city_id", "booked_at"],
        unique=False,
        postgresql_where=sa.text("matched_at IS NULL"),
    )
    op.create_index("ix_arrears_bank_booked_request", "arrears_bank_booked", ["city_id", "request_id"], unique=False)


def _reconciliations() -> None:
    op.create_table(
        "arrears_bank_reconciliations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("until_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("matched", sa.Integer(), server_default="0", nullable=False),
        sa.Column("new_differences", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ours_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("theirs_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unread", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_bank_reconciliations")),
    )
    op.create_index(
        "ix_arrears_bank_reconciliations_at", "arrears_bank_reconciliations", ["city_id", "started_at"], unique=False
    )


def _differences() -> None:
    op.create_table(
        "arrears_bank_differences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("reconciliation_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("ours_krw", sa.BigInteger(), nullable=True),
        sa.Column("theirs_krw", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("found_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_arrears_bank_differences_closed")
        ),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_arrears_bank_differences_state")),
        sa.CheckConstraint(
            "what IN ('ours_missing', 'theirs_missing', 'amount', 'kind', 'twice', 'payment_missing', "
            "'payment_amount')",
            name=op.f("ck_arrears_bank_differences_what"),
        ),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["arrears_bank_reconciliations.id"],
            name=op.f("fk_arrears_bank_differences_reconciliation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_bank_differences")),
        sa.UniqueConstraint(
            "city_id", "request_id", "what", name=op.f("uq_arrears_bank_differences_city_id_request_id_what")
        ),
    )
    op.create_index(
        "ix_arrears_bank_differences_open",
        "arrears_bank_differences",
        ["city_id", "found_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    op.drop_table("arrears_bank_differences")
    op.drop_table("arrears_bank_reconciliations")
    op.drop_table("arrears_bank_booked")
    op.drop_table("arrears_bank_ways")
    op.drop_table("arrears_bank_requests")
