"""Parking: what lots are, what stands free now and stood free before, and where all of it comes from."""

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
