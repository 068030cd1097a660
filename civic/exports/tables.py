"""Which lists left the house as files: who took them, when, why, how many rows, and the file's fingerprint."""

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from core.db import Id, Json, Moment, metadata

exports = Table(
    "exports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("format", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("filters", Json, nullable=False),
    Column("columns", ARRAY(Text), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("source_ip", Text, nullable=False),
    CheckConstraint("format IN ('csv', 'xlsx')", name="format"),
    Index("ix_exports_at", "city_id", "at", "id"),
)
"""개인정보의 안전성 확보조치 기준 §8 ②: a download of personal data is looked at with its reason."""
