"""One person on many channels: links proven by telephone, merging that can be undone, sealed addresses."""

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
