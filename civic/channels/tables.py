"""How the wires to the providers are: what succeeded last, and when one was down."""

from sqlalchemy import Column, Index, Integer, SmallInteger, Table, Text, text

from core.db import Id, Moment, metadata

health = Table(
    "channel_health",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("in_a_row", Integer, nullable=False, server_default="0"),
    Column("window_at", Moment, nullable=False),
    Column("good", Integer, nullable=False, server_default="0"),
    Column("bad", Integer, nullable=False, server_default="0"),
    Column("last_sent_at", Moment),
    Column("last_failed_at", Moment),
    Column("reason", Text),
)
"""`in_a_row`: outages since the provider last answered; `good`, `bad`: calls since `window_at`. All processes count
here; a process that succeeds says so at most once a second."""

incidents = Table(
    "channel_incidents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("reason", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("probes", SmallInteger, nullable=False, server_default="0"),
    Column("next_probe_at", Moment, nullable=False),
    Index("uq_channel_incidents_open", "city_id", "channel", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("ix_channel_incidents_began", "city_id", "channel", "began_at"),
)
"""A channel is down from `began_at` to `ended_at`, once at a time for all processes: its messages wait, and a single
one is tried at `next_probe_at`."""
