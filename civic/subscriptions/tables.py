"""Who wants to be told what: a topic and an area on one conversation, until he says stop."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text, text

from core.db import Id, Moment, metadata

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("topic", Text, nullable=False),
    Column("area", Text, nullable=False, server_default=""),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index(
        "uq_subscriptions_live",
        "conversation_id",
        "topic",
        "area",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
)
