"""The people the city talks to, and what they agreed to. A citizen row exists once somebody names himself."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from core.db import Id, Moment, metadata
from core.sealed import SealedBytes

citizens = Table(
    "citizens",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("name", Text),
    Column("phone", Text),
    Column("name_sealed", SealedBytes("citizens.name")),
    Column("phone_sealed", SealedBytes("citizens.phone")),
    Column("name_index", LargeBinary),
    Column("phone_index", LargeBinary),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("ix_citizens_name", "city_id", "name_index", postgresql_where=text("name_index IS NOT NULL")),
    Index("ix_citizens_phone", "city_id", "phone_index", postgresql_where=text("phone_index IS NOT NULL")),
)
"""`name`, `phone`: only in rows from before the vault, until `civic.people.sealing` has sealed them at the next start.
`*_index`: keyed hashes, to find a person by an exact value."""

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

retention_runs = Table(
    "retention_runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Column("before", Moment, nullable=False),
    Column("rows", Integer, nullable=False),
    Index("ix_retention_runs_at", "city_id", "at"),
)
"""The batch log of forgetting: which kind, up to which moment, how many rows."""
