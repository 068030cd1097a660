"""Who gets a new case: the city's own rules as rows, and how many open cases each officer takes."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from core.db import Id, Json, Moment, metadata

routing_rules = Table(
    "routing_rules",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("conditions", Json, nullable=False),
    Column("result", Json, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("source", Text, nullable=False, server_default="desk"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    CheckConstraint("source IN ('desk', 'folder')", name="source"),
    Index("ix_routing_rules_order", "city_id", "position", "id"),
)
"""`conditions`, `result`: `rule.Conditions`, `rule.Result`. `source`: written at the desk, or in the city's folder."""

routing_loads = Table(
    "routing_loads",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("digest", Text, nullable=False),
)
"""Which state of the folder's rules.yml the store holds."""

staff_capacity = Table(
    "staff_capacity",
    metadata,
    Column("staff_id", Id, ForeignKey("staff.id"), primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("away_until", Moment),
    Column("last_given_at", Moment),
    Column("updated_at", Moment, nullable=False),
    CheckConstraint("capacity BETWEEN 0 AND 1000", name="capacity"),
    Index("ix_staff_capacity_city", "city_id"),
)
"""`capacity`: most open cases at a time. Who has no row is given nothing automatically."""
