"""Oversight: simulations, sealed proofs and the keys that sign them, commissions from and to other cities."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _simulations()
    _proofs()
    _commissions()


def _simulations() -> None:
    op.create_table(
        "arrears_simulations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("selection", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("basis", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("summary", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_simulations")),
    )
    op.create_index("ix_arrears_simulations_list", "arrears_simulations", ["city_id", "created_at", "id"], unique=False)
    op.create_table(
        "arrears_simulated",
        sa.Column("simulation_id", sa.Uuid(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("owed_krw", sa.BigInteger(), nullable=False),
        sa.Column("would_krw", sa.BigInteger(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("bills", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.CheckConstraint("would_krw BETWEEN 0 AND owed_krw", name=op.f("ck_arrears_simulated_would")),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_simulated_debtor_id")),
        sa.ForeignKeyConstraint(
            ["simulation_id"], ["arrears_simulations.id"], name=op.f("fk_arrears_simulated_simulation_id")
        ),
        sa.PrimaryKeyConstraint("simulation_id", "debtor_id", name=op.f("pk_arrears_simulated")),
    )
    op.create_table(
        "arrears_days",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column(
            "figures",
            postgresql.JSONB(none_as_null=True),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("city_id", "on_day", name=op.f("pk_arrears_days")),
    )


def _proofs() -> None:
    op.create_table(
        "arrears_proof_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("retired_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_proof_keys")),
    )
    op.create_index("ix_arrears_proof_keys_city", "arrears_proof_keys", ["city_id", "id"], unique=False)
    op.create_table(
        "arrears_proofs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["arrears_bills.id"], name=op.f("fk_arrears_proofs_bill_id")),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_proofs_debtor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_proofs")),
    )
    op.create_index("ix_arrears_proofs_debtor", "arrears_proofs", ["debtor_id", "made_at"], unique=False)


def _commissions() -> None:
    op.create_table(
        "arrears_commissions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("asked_krw", sa.BigInteger(), nullable=False),
        sa.Column("collected_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("costs_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fee_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("results", sa.Integer(), server_default="0", nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'collected', 'refused', 'withdrawn')", name=op.f("ck_arrears_commissions_state")
        ),
        sa.CheckConstraint("way IN ('out', 'in')", name=op.f("ck_arrears_commissions_way")),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_commissions_debtor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_commissions")),
        sa.UniqueConstraint(
            "city_id", "way", "partner", "number", name=op.f("uq_arrears_commissions_city_id_way_partner_number")
        ),
    )
    op.create_index("ix_arrears_commissions_debtor", "arrears_commissions", ["debtor_id"], unique=False)
    op.create_index("ix_arrears_commissions_list", "arrears_commissions", ["city_id", "created_at", "id"], unique=False)
    op.create_table(
        "arrears_commission_bills",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("commission_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("bill_no", sa.Text(), nullable=False),
        sa.Column("asked_krw", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["arrears_bills.id"], name=op.f("fk_arrears_commission_bills_bill_id")),
        sa.ForeignKeyConstraint(
            ["commission_id"], ["arrears_commissions.id"], name=op.f("fk_arrears_commission_bills_commission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_commission_bills")),
        sa.UniqueConstraint("commission_id", "bill_id", name=op.f("uq_arrears_commission_bills_commission_id_bill_id")),
    )
    op.create_index("ix_arrears_commission_bills_bill", "arrears_commission_bills", ["bill_id"], unique=False)


def downgrade() -> None:
    for name in (
        "arrears_days",
        "arrears_commission_bills",
        "arrears_commissions",
        "arrears_proofs",
        "arrears_proof_keys",
        "arrears_simulated",
        "arrears_simulations",
    ):
        op.drop_table(name)
