"""Saved views: the filters of the case list under a name, one's own or a department's."""

from sqlalchemy import Column, ForeignKey, Index, Integer, SmallInteger, Table, Text

from core.db import Id, Json, Moment, metadata

saved_views = Table(
    "saved_views",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("owner_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("department_id", Text),
    Column("name", Text, nullable=False),
    Column("filters", Json, nullable=False),
    Column("position", SmallInteger, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("ix_saved_views_owner", "city_id", "owner_id"),
    Index("ix_saved_views_department", "city_id", "department_id"),
)
"""`department_id`: everybody of that department sees it; null: only its owner does."""
