"""What was reckoned and promised about money: interruptions of prescription, accounts to pay into."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _interruptions()
    _accounts()
    _account_uses()
    _payment_keys()
    _refunds()
    _reductions()
    _lists()


def _interruptions() -> None:
    op.create_table(
        "arrears_interruptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("until_on IS NULL OR until_on >= from_on", name=op.f("ck_arrears_interruptions_span")),
        sa.ForeignKeyConstraint(["bill_id"], ["arrears_bills.id"], name=op.f("fk_arrears_interruptions_bill_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_interruptions")),
        sa.UniqueConstraint(
            "bill_id", "kind", "source_id", name=op.f("uq_arrears_interruptions_bill_id_kind_source_id")
        ),
    )
    op.create_index("ix_arrears_interruptions_bill", "arrears_interruptions", ["bill_id"], unique=False)


def _accounts() -> None:
    op.create_table(
        "arrears_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("bank_name", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("is_practice", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_off", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("free_from", sa.Date(), nullable=True),
        sa.Column("imported_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_accounts_debtor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_accounts")),
        sa.UniqueConstraint("city_id", "number_index", name=op.f("uq_arrears_accounts_city_id_number_index")),
    )
    op.create_index(
        "ix_arrears_accounts_debtor",
        "arrears_accounts",
        ["debtor_id"],
        unique=True,
        postgresql_where=sa.text("debtor_id IS NOT NULL"),
    )
    op.create_index(
        "ix_arrears_accounts_free",
        "arrears_accounts",
        ["city_id", "free_from"],
        unique=False,
        postgresql_where=sa.text("debtor_id IS NULL AND NOT is_off"),
    )


def _account_uses() -> None:
    op.create_table(
        "arrears_account_uses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("given_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["arrears_accounts.id"], name=op.f("fk_arrears_account_uses_account_id")
        ),
        sa.ForeignKeyConstraint(["debtor_id"], ["arrears_debtors.id"], name=op.f("fk_arrears_account_uses_debtor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_account_uses")),
    )
    op.create_index("ix_arrears_account_uses_account", "arrears_account_uses", ["account_id", "given_at"], unique=False)
    op.create_index("ix_arrears_account_uses_debtor", "arrears_account_uses", ["debtor_id"], unique=False)


def _payment_keys() -> None:
    op.create_table(
        "arrears_payment_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("minute_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_payment_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_arrears_payment_keys_key_hash")),
    )
    op.create_index(
        "uq_arrears_payment_keys_live",
        "arrears_payment_keys",
        ["city_id", "source"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def _refunds() -> None:
    op.create_table(
        "arrears_refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("amount_krw", sa.BigInteger(), nullable=False),
        sa.Column("refunded_on", sa.Date(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("way IN ('account', 'cash', 'offset')", name=op.f("ck_arrears_refunds_way")),
        sa.CheckConstraint("amount_krw > 0", name=op.f("ck_arrears_refunds_amount")),
        sa.ForeignKeyConstraint(["payment_id"], ["arrears_payments.id"], name=op.f("fk_arrears_refunds_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_refunds")),
    )
    op.create_index("ix_arrears_refunds_payment", "arrears_refunds", ["payment_id"], unique=False)


def _reductions() -> None:
    op.create_table(
        "arrears_reductions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("costs_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("surcharge_krw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("kind IN ('reduce', 'cancel', 'write_off')", name=op.f("ck_arrears_reductions_kind")),
        sa.CheckConstraint("state IN ('waiting', 'done', 'refused')", name=op.f("ck_arrears_reductions_state")),
        sa.CheckConstraint(
            "costs_krw >= 0 AND tax_krw >= 0 AND surcharge_krw >= 0", name=op.f("ck_arrears_reductions_amounts")
        ),
        sa.ForeignKeyConstraint(["bill_id"], ["arrears_bills.id"], name=op.f("fk_arrears_reductions_bill_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_reductions")),
    )
    op.create_index("ix_arrears_reductions_bill", "arrears_reductions", ["bill_id"], unique=False)
    op.create_index(
        "uq_arrears_reductions_waiting",
        "arrears_reductions",
        ["bill_id"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _lists() -> None:
    """What staff go through by their order: claims that end soon, money to be given back."""
    op.create_index(
        "ix_arrears_bills_prescribes",
        "arrears_bills",
        ["city_id", "prescribes_on", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_arrears_payments_excess",
        "arrears_payments",
        ["city_id", "id"],
        unique=False,
        postgresql_where=sa.text("excess_krw > 0"),
    )


def downgrade() -> None:
    op.drop_index("ix_arrears_payments_excess", table_name="arrears_payments")
    op.drop_index("ix_arrears_bills_prescribes", table_name="arrears_bills")
    op.drop_table("arrears_reductions")
    op.drop_table("arrears_refunds")
    op.drop_table("arrears_payment_keys")
    op.drop_table("arrears_account_uses")
    op.drop_table("arrears_accounts")
    op.drop_table("arrears_interruptions")
