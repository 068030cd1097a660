"""Seizures: batches, approvals, accounts found, orders and each of their steps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _batches()
    _batch_debtors()
    _accounts_found()
    _seizures()
    _orders()
    _approvals()
    _release_wishes()
    _seizure_events()


def _batches() -> None:
    op.create_table(
        "arrears_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column(
            "selection", postgresql.JSONB(none_as_null=True), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("drafted_by", sa.Uuid(), nullable=False),
        sa.Column("ordered_by", sa.Uuid(), nullable=True),
        sa.Column("order_no", sa.Text(), server_default="", nullable=False),
        sa.Column("order_basis", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("needed", sa.Integer(), server_default="2", nullable=False),
        sa.Column("paused_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("looked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("planned_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("approved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("report", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'judged', 'cancelled') OR ordered_by IS NOT NULL",
            name=op.f("ck_arrears_batches_ordered"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'judged', 'looking', 'planned', 'approved', 'running', 'closed', 'cancelled')",
            name=op.f("ck_arrears_batches_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('planned', 'approved', 'running') OR digest IS NOT NULL",
            name=op.f("ck_arrears_batches_digest"),
        ),
        sa.CheckConstraint("needed >= 2", name=op.f("ck_arrears_batches_needed")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_batches")),
    )
    op.create_index(
        "ix_arrears_batches_live",
        "arrears_batches",
        ["city_id"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('closed', 'cancelled')"),
    )


def _batch_debtors() -> None:
    op.create_table(
        "arrears_batch_debtors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owed_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("planned_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bills", postgresql.JSONB(none_as_null=True), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column(
            "reasons", postgresql.JSONB(none_as_null=True), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.CheckConstraint("state IN ('in', 'excluded', 'over')", name=op.f("ck_arrears_batch_debtors_state")),
        sa.CheckConstraint("owed_krw >= 0 AND planned_krw >= 0", name=op.f("ck_arrears_batch_debtors_amounts")),
        sa.ForeignKeyConstraint(["batch_id"], ["arrears_batches.id"], name=op.f("fk_arrears_batch_debtors_batch_id")),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_batch_debtors_debtor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_batch_debtors")),
        sa.UniqueConstraint("batch_id", "debtor_id", name=op.f("uq_arrears_batch_debtors_batch_id_debtor_id")),
    )
    op.create_index(
        "ix_arrears_batch_debtors_live",
        "arrears_batch_debtors",
        ["debtor_id"],
        unique=True,
        postgresql_where=sa.text("state = 'in'"),
    )


def _accounts_found() -> None:
    op.create_table(
        "arrears_accounts_found",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("balance_krw", sa.BigInteger(), nullable=False),
        sa.Column("held_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("why_not", sa.Text(), server_default="", nullable=False),
        sa.Column("found_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("balance_krw >= 0 AND held_krw >= 0", name=op.f("ck_arrears_accounts_found_amounts")),
        sa.ForeignKeyConstraint(["batch_id"], ["arrears_batches.id"], name=op.f("fk_arrears_accounts_found_batch_id")),
        sa.ForeignKeyConstraint(
            ["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_accounts_found_debtor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_accounts_found")),
    )
    op.create_index(
        "ix_arrears_accounts_found_debtor", "arrears_accounts_found", ["batch_id", "debtor_id"], unique=False
    )


def _seizures() -> None:
    op.create_table(
        "arrears_seizures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("found_id", sa.Uuid(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("planned_krw", sa.BigInteger(), nullable=False),
        sa.Column("cost_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("asked_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("collecting_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("collected_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("releasing_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("released_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("document", sa.Text(), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("freed_by", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("sent_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("held_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("told_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("collected_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("released_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('seize', 'join')", name=op.f("ck_arrears_seizures_kind")),
        sa.CheckConstraint(
            "state IN ('planned', 'approved', 'dropped', 'sent', 'refused', 'joined', 'held', 'easing', 'collecting', "
            "'collected', 'releasing', 'released', 'done')",
            name=op.f("ck_arrears_seizures_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('done', 'released') OR collected_krw + released_krw = held_krw",
            name=op.f("ck_arrears_seizures_ends_with_nothing_held"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('planned', 'approved', 'dropped') OR held_krw = 0",
            name=op.f("ck_arrears_seizures_nothing_before"),
        ),
        sa.CheckConstraint(
            "collected_krw >= 0 AND released_krw >= 0 AND collected_krw + released_krw <= held_krw",
            name=op.f("ck_arrears_seizures_kept"),
        ),
        sa.CheckConstraint(
            "collecting_krw >= 0 AND collected_krw + released_krw + collecting_krw <= held_krw",
            name=op.f("ck_arrears_seizures_collecting"),
        ),
        sa.CheckConstraint("releasing_krw BETWEEN 0 AND asked_krw", name=op.f("ck_arrears_seizures_releasing")),
        sa.CheckConstraint("held_krw BETWEEN 0 AND asked_krw", name=op.f("ck_arrears_seizures_held")),
        sa.CheckConstraint(
            "planned_krw > 0 AND asked_krw BETWEEN 0 AND planned_krw", name=op.f("ck_arrears_seizures_only_shrinks")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["arrears_batches.id"], name=op.f("fk_arrears_seizures_batch_id")),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_seizures_debtor_id")),
        sa.ForeignKeyConstraint(["found_id"], ["arrears_accounts_found.id"], name=op.f("fk_arrears_seizures_found_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_seizures")),
        sa.UniqueConstraint("found_id", name=op.f("uq_arrears_seizures_found_id")),
    )
    op.create_index("ix_arrears_seizures_batch", "arrears_seizures", ["batch_id", "state"], unique=False)
    op.create_index(
        "ix_arrears_seizures_live",
        "arrears_seizures",
        ["debtor_id"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('planned', 'dropped', 'refused', 'released', 'done')"),
    )
    op.create_index(
        "ix_arrears_seizures_untold",
        "arrears_seizures",
        ["city_id"],
        unique=False,
        postgresql_where=sa.text("told_at IS NULL AND state IN ('held', 'collecting', 'collected', 'releasing')"),
    )


def _orders() -> None:
    op.create_table(
        "arrears_orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("seizure_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("amount_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("document", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(kind = 'lookup') = (seizure_id IS NULL)", name=op.f("ck_arrears_orders_seizure")),
        sa.CheckConstraint(
            "kind IN ('lookup', 'seize', 'join', 'collect', 'release')", name=op.f("ck_arrears_orders_kind")
        ),
        sa.CheckConstraint(
            "status IN ('', 'pending', 'done', 'partly', 'refused')", name=op.f("ck_arrears_orders_status")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["arrears_batches.id"], name=op.f("fk_arrears_orders_batch_id")),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_orders_debtor_id")),
        sa.ForeignKeyConstraint(["seizure_id"], ["arrears_seizures.id"], name=op.f("fk_arrears_orders_seizure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_orders")),
    )
    op.create_index(
        "ix_arrears_orders_open",
        "arrears_orders",
        ["batch_id", "kind"],
        unique=False,
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.create_index(
        "ix_arrears_orders_seizure",
        "arrears_orders",
        ["seizure_id"],
        unique=False,
        postgresql_where=sa.text("seizure_id IS NOT NULL"),
    )


def _approvals() -> None:
    op.create_table(
        "arrears_approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["arrears_batches.id"], name=op.f("fk_arrears_approvals_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_approvals")),
        sa.UniqueConstraint("batch_id", "round", "staff_id", name=op.f("uq_arrears_approvals_batch_id_round_staff_id")),
    )


def _release_wishes() -> None:
    op.create_table(
        "arrears_release_wishes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("seizure_id", sa.Uuid(), nullable=False),
        sa.Column("amount_krw", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("is_granted", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (is_granted IS NULL)", name=op.f("ck_arrears_release_wishes_decided")
        ),
        sa.CheckConstraint("amount_krw > 0", name=op.f("ck_arrears_release_wishes_amount")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> asked_by", name=op.f("ck_arrears_release_wishes_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["seizure_id"], ["arrears_seizures.id"], name=op.f("fk_arrears_release_wishes_seizure_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_release_wishes")),
    )
    op.create_index(
        "ix_arrears_release_wishes_open",
        "arrears_release_wishes",
        ["seizure_id"],
        unique=True,
        postgresql_where=sa.text("decided_by IS NULL"),
    )


def _seizure_events() -> None:
    op.create_table(
        "arrears_seizure_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=True),
        sa.Column("seizure_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), server_default="", nullable=False),
        sa.Column("document", sa.Text(), server_default="", nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(none_as_null=True), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.CheckConstraint(
            "actor_kind IN ('staff', 'bank', 'system')", name=op.f("ck_arrears_seizure_events_actor_kind")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["arrears_batches.id"], name=op.f("fk_arrears_seizure_events_batch_id")),
        sa.ForeignKeyConstraint(
            ["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_seizure_events_debtor_id")
        ),
        sa.ForeignKeyConstraint(
            ["seizure_id"], ["arrears_seizures.id"], name=op.f("fk_arrears_seizure_events_seizure_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_seizure_events")),
    )
    op.create_index("ix_arrears_seizure_events_batch", "arrears_seizure_events", ["batch_id", "at", "id"], unique=False)
    op.create_index(
        "ix_arrears_seizure_events_seizure",
        "arrears_seizure_events",
        ["seizure_id"],
        unique=False,
        postgresql_where=sa.text("seizure_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("arrears_seizure_events")
    op.drop_table("arrears_release_wishes")
    op.drop_table("arrears_approvals")
    op.drop_table("arrears_orders")
    op.drop_table("arrears_seizures")
    op.drop_table("arrears_accounts_found")
    op.drop_table("arrears_batch_debtors")
    op.drop_table("arrears_batches")
