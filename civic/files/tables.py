"""Pictures that citizens send. Bytes are stored once by their SHA-256; rows say whose they are."""

from sqlalchemy import Column, Index, Integer, Table, Text

from core.db import Id, Moment, metadata

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
    Index("ix_attachments_case", "case_id"),
    Index("ix_attachments_conversation", "conversation_id"),
)
