"""Who outside wants to hear of changes in cases, and every message to them with what became of it."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Moment, metadata
from core.sealed import SealedBytes

webhook_subscriptions = Table(
    "webhook_subscriptions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("kinds", ARRAY(Text), nullable=False),
    Column("department_id", Text),
    Column("category", Text),
    Column("is_public_only", Boolean, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("is_active", Boolean, nullable=False),
    Column("disabled_reason", Text, nullable=False, server_default=""),
    Column("secret", SealedBytes("webhook_subscriptions.secret"), nullable=False),
    Column("old_secret", SealedBytes("webhook_subscriptions.secret")),
    Column("old_secret_until", Moment),
    Column("key_id", Id, ForeignKey("api_keys.id")),
    Column("failing_since", Moment),
    Column("resting_until", Moment),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("ix_webhook_subscriptions_city", "city_id"),
)
"""`kinds`: `EventKind`s, none for all. `secret` is sealed (core.vault). `key_id`: an outside system made it itself."""

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("subscription_id", Id, ForeignKey("webhook_subscriptions.id"), nullable=False),
    Column("event_id", Id),
    Column("case_id", Id),
    Column("seq", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("replays", Integer, nullable=False, server_default="0"),
    Column("response_code", Integer),
    Column("reason", Text, nullable=False, server_default=""),
    Column("next_attempt_at", Moment, nullable=False),
    Column("claimed_until", Moment),
    Column("claimed_by", Text),
    Column("created_at", Moment, nullable=False),
    Column("finished_at", Moment),
    UniqueConstraint("subscription_id", "event_id"),
    CheckConstraint("status IN ('queued', 'sent', 'failed')", name="status"),
    Index(
        "ix_webhook_deliveries_waiting",
        "city_id",
        "next_attempt_at",
        postgresql_where=text("status = 'queued'"),
    ),
    Index(
        "ix_webhook_deliveries_line",
        "subscription_id",
        "case_id",
        "seq",
        postgresql_where=text("status = 'queued'"),
    ),
    Index("ix_webhook_deliveries_list", "subscription_id", "created_at", "id"),
)
"""`seq` is the history line's, so one case's messages leave in the order of its history. `payload` is written at the
first attempt and never again: each retry and replay sends the same bytes under the same id."""
