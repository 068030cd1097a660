"""What citizens send: pictures, papers, clips. Bytes are stored once by their SHA-256; rows say whose they are."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, text

from core.db import Id, Json, Moment, metadata

attachments = Table(
    "attachments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, nullable=False),
    Column("case_id", Id),
    Column("sha256", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("thumb_sha256", Text),
    Column("scan", Text, nullable=False, server_default="none"),
    Column("scanned_at", Moment),
    Column("public_sha256", Text),
    Column("public_boxes", Json),
    Column("published_at", Moment),
    CheckConstraint("scan IN ('none', 'waiting', 'clean', 'infected')", name="scan"),
    Index("ix_attachments_case", "case_id"),
    Index("ix_attachments_conversation", "conversation_id"),
    Index("ix_attachments_scan", "created_at", postgresql_where=text("scan = 'waiting'")),
    Index("ix_attachments_sha256", "sha256"),
)
"""`scan`: none (no scanner is set), waiting (it did not answer yet: nobody may open the file), clean, infected (its
bytes are gone). `public_sha256`: what anybody may see, with `public_boxes` made unreadable; null: nothing."""

orphaned_files = Table(
    "orphaned_files",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("at", Moment, nullable=False),
)
"""Bytes that a person had deleted by chat: the next round takes them off the store, unless a row names them again."""
