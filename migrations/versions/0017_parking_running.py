"""A lot's claimed number beside the believed one, so that a number in doubt is seen to move again."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("parking_realtime", sa.Column("claimed", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("parking_realtime", "claimed")
