"""Delivery: the next way of a message that did not arrive, letters, incidents of channels."""

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
