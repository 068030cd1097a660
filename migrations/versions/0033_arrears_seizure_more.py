"""A bank that stays silent, an account in another's name, and a seizure that its bank knows nothing of."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)
_FLAG = sa.text("false")


def upgrade() -> None:
    op.add_column("arrears_batches", sa.Column("waits_until", _MOMENT, nullable=True))
    op.add_column("arrears_orders", sa.Column("passed_at", _MOMENT, nullable=True))
    for name in ("is_late", "is_others"):
        op.add_column("arrears_accounts_found", sa.Column(name, sa.Boolean(), server_default=_FLAG, nullable=False))
    op.add_column(
        "arrears_release_wishes", sa.Column("without_bank", sa.Boolean(), server_default=_FLAG, nullable=False)
    )


def downgrade() -> None:
    op.drop_column("arrears_release_wishes", "without_bank")
    for name in ("is_others", "is_late"):
        op.drop_column("arrears_accounts_found", name)
    op.drop_column("arrears_orders", "passed_at")
    op.drop_column("arrears_batches", "waits_until")
