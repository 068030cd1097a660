"""Files: thumbnails, what the virus scanner said, and the form that the public may see."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attachments", sa.Column("thumb_sha256", sa.Text()))
    op.add_column("attachments", sa.Column("scan", sa.Text(), server_default="none", nullable=False))
    op.add_column("attachments", sa.Column("scanned_at", sa.TIMESTAMP(timezone=True)))
    op.add_column("attachments", sa.Column("public_sha256", sa.Text()))
    op.add_column("attachments", sa.Column("public_boxes", postgresql.JSONB(none_as_null=True)))
    op.add_column("attachments", sa.Column("published_at", sa.TIMESTAMP(timezone=True)))
    op.create_check_constraint("scan", "attachments", "scan IN ('none', 'waiting', 'clean', 'infected')")
    op.create_index("ix_attachments_scan", "attachments", ["created_at"], postgresql_where=sa.text("scan = 'waiting'"))
    op.create_index("ix_attachments_sha256", "attachments", ["sha256"])
