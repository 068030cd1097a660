"""Reports that other systems sent by Open311: whose key, whose account there, and what they became here."""

from sqlalchemy import Column, ForeignKey, Table, Text, UniqueConstraint

from core.db import Id, Moment, metadata

open311_reports = Table(
    "open311_reports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("receipt_no", Text, nullable=False),
    Column("key_id", Id, ForeignKey("api_keys.id"), nullable=False),
    Column("account_id", Text),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("city_id", "token"),
)
"""E-mail and device of the sender are not kept: nothing here needs them (개인정보 보호법 §16, only what is needed)."""
