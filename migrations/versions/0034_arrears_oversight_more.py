"""A page of a simulation of the whole city, the largest debt first, without sorting all of it."""

from alembic import op
from sqlalchemy import text

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_arrears_simulated_largest", "arrears_simulated", ["simulation_id", text("owed_krw DESC"), "debtor_id"]
    )
