"""Public parking lots in the canonical form (ParkAPI v3 names, our tariff block; docs/adr/0006)."""

from sqlalchemy import ARRAY, Boolean, Column, Date, Float, Index, Integer, Table, Text, UniqueConstraint

from core.db import Id, Json, Moment, metadata

parking_lots = Table(
    "parking_lots",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("external_ids", ARRAY(Text), nullable=False),
    Column("name", Text, nullable=False),
    Column("ownership", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("capacity", Integer, nullable=False),
    Column("has_disabled", Boolean),
    Column("has_charging", Boolean),
    Column("opening_hours", Text),
    Column("hours_note", Text, nullable=False, server_default=""),
    Column("fee_kind", Text, nullable=False),
    Column("tariff", Json),
    Column("payment", Text, nullable=False, server_default=""),
    Column("remarks", Text, nullable=False, server_default=""),
    Column("operator", Text, nullable=False),
    Column("phone", Text, nullable=False, server_default=""),
    Column("data_date", Date),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("city_id", "source", "uid"),
    Index("ix_parking_lots_box", "city_id", "lat", "lon"),
)
"""`type`: ON_STREET, OFF_STREET_PARKING_GROUND, CAR_PARK, UNDERGROUND, OTHER. `tariff`: {first_minutes, first_fee_krw,
step_minutes, step_fee_krw, day_cap_krw, month_pass_krw}, absent when unknown. `opening_hours`: OSM syntax."""

imports = Table(
    "import_runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("report", Json, nullable=False),
)
