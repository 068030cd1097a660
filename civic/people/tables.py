"""The people the city talks to, and what they agreed to. A citizen row exists once somebody names himself."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text

from core.db import Id, Moment, metadata

citizens = Table(
    "citizens",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("name", Text),
    Column("phone", Text),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

consents = Table(
    "consents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("citizen_id", Id, ForeignKey("citizens.id")),
    Column("conversation_id", Id, nullable=False),
    Column("channel", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("is_given", Boolean, nullable=False),
    Column("wording", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_consents_conversation", "conversation_id", "purpose", "at"),
)
