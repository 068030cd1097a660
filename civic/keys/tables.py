"""Keys of other systems (Open311 clients, partners): what each may do and how often."""

from sqlalchemy import ARRAY, Column, Integer, Table, Text, UniqueConstraint

from core.db import Id, Moment, metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("key_hash", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("minute_at", Moment),
    Column("used", Integer, nullable=False, server_default="0"),
    Column("last_used_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Id, nullable=False),
    Column("revoked_at", Moment),
    UniqueConstraint("key_hash"),
)
"""`hint`: the key's last four characters, to tell keys apart. `used`: calls in the minute `minute_at`."""
