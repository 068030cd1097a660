"""Harsh words that reached an officer, and the rests that were set: what the care of staff leaves in the store."""

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, ForeignKey, Index, SmallInteger, Table, Text, text

from core.db import Id, Moment, metadata

guard_hits = Table(
    "guard_hits",
    metadata,
    Column("inbound_id", Id, ForeignKey("inbound.id", ondelete="CASCADE"), primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("kinds", ARRAY(Text), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("at", Moment, nullable=False),
    CheckConstraint("level BETWEEN 1 AND 3", name="level"),
    Index("ix_guard_hits_city", "city_id", "at"),
    Index("ix_guard_hits_conversation", "conversation_id", "at"),
)
"""One message to an officer. `kinds`: profanity, threat, sexual, flood; the words themselves stay in `inbound`."""

guard_marks = Table(
    "guard_marks",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
"""Up to which message the watch has read."""

guard_rests = Table(
    "guard_rests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("staff_id", Id, nullable=False),
    Column("reason", Text, nullable=False),
    Column("from_at", Moment, nullable=False),
    Column("until_at", Moment, nullable=False),
    Column("lifted_at", Moment),
    CheckConstraint("until_at > from_at", name="span"),
    Index("ux_guard_rests_open", "conversation_id", unique=True, postgresql_where=text("lifted_at IS NULL")),
)
"""Until `until_at` no person writes to this citizen; the bot, emergencies and filing go on."""
