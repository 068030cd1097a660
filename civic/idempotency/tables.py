"""What was asked under which Idempotency-Key and what was answered, kept for a day."""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, SmallInteger, Table, Text, UniqueConstraint

from core.db import Id, Json, Moment, metadata

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("key_hash", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("claimed_until_at", Moment, nullable=False),
    Column("changed_at", Moment),
    Column("answered_at", Moment),
    Column("status", SmallInteger),
    Column("headers", Json),
    Column("body", LargeBinary),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("city_id", "staff_id", "key_hash"),
    Index("ix_idempotency_keys_created", "created_at"),
)
"""`target`: method and path. `changed_at`: written inside the transaction that made the change, so a crash between
change and answer is known. `body` is null with an answer that is too large or too secret to keep."""
