"""Devices that speak to us themselves: their keys, what was found wrong with them, their grades, limits passed."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Json, Moment, metadata

air_devices = Table(
    "air_devices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("site_id", Integer, ForeignKey("air_stations.id"), nullable=False),
    Column("company", Text, nullable=False, server_default=""),
    Column("stack", Text, nullable=False, server_default=""),
    Column("model", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("height_m", Float),
    Column("pollutants", ARRAY(Text), nullable=False),
    Column("period_s", Integer, nullable=False),
    Column("certified", Text, nullable=False, server_default=""),
    Column("certified_source", Text, nullable=False, server_default=""),
    Column("is_on", Boolean, nullable=False, server_default=text("true")),
    Column("off_reason", Text, nullable=False, server_default=""),
    Column("broker", Text, nullable=False, server_default="none"),
    Column("grade", Text, nullable=False, server_default="U"),
    Column("grade_reason_ko", Text, nullable=False, server_default=""),
    Column("grade_reason_en", Text, nullable=False, server_default=""),
    Column("graded_at", Moment),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Id),
    UniqueConstraint("city_id", "name"),
    UniqueConstraint("site_id"),
)
"""`name`: its username at the broker, its path at the api and its uid in the store. `certified`: the grade of its type
(성능인증 등급) with who says so. `broker`: none, live, off; leaving, coming: the broker has not been told yet."""

air_device_keys = Table(
    "air_device_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("device_id", Id, ForeignKey("air_devices.id"), nullable=False),
    Column("key_hash", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("minute_at", Moment),
    Column("used", Integer, nullable=False, server_default="0"),
    Column("last_used_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Id),
    Column("revoked_at", Moment),
    UniqueConstraint("key_hash"),
    Index("ix_air_device_keys_device_id", "device_id"),
)

air_device_seen = Table(
    "air_device_seen",
    metadata,
    Column("device_id", Id, ForeignKey("air_devices.id"), primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("last_at", Moment),
    Column("newest_at", Moment),
    Column("last_seq", BigInteger),
    Column("skew_s", Integer),
    Column("messages", BigInteger, nullable=False, server_default="0"),
    Column("refused", BigInteger, nullable=False, server_default="0"),
    Column("refused_at", Moment),
    Column("refused_reason", Text, nullable=False, server_default=""),
    Column("ahead_at", Moment),
)
"""What moves with each message, apart from what staff wrote. `newest_at`: the newest stamp; `skew_s`: that stamp less
our clock, as the last message came; `ahead_at`: when a stamp was refused because it was ahead."""

air_periods = Table(
    "air_periods",
    metadata,
    Column("city_id", Text, nullable=False),
    Column("site_id", Integer, ForeignKey("air_stations.id"), nullable=False),
    Column("pollutant", Text, nullable=False),
    Column("period_s", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("value", Numeric),
    Column("unit", Text, nullable=False),
    Column("quality", Text, nullable=False),
    Column("flag", Text, nullable=False, server_default=""),
    Column("received_at", Moment, nullable=False),
    Column("earlier", Json),
    PrimaryKeyConstraint("site_id", "at", "pollutant", "period_s"),
)
"""Means of minutes (a stack's five and thirty, a slow sensor's), as they stand; `earlier`: what was said before, the
oldest first. Values of seconds are in civic/air/raw.py, hours in civic/air/storing.py."""

air_hours_due = Table(
    "air_hours_due",
    metadata,
    Column("city_id", Text, nullable=False),
    Column("site_id", Integer, ForeignKey("air_stations.id"), nullable=False),
    Column("hour", Moment, nullable=False),
    PrimaryKeyConstraint("site_id", "hour"),
)
"""Hours (by their end) whose means of minutes have changed and that the store of hours has not been told yet."""

air_device_findings = Table(
    "air_device_findings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("device_id", Id, ForeignKey("air_devices.id"), nullable=False),
    Column("pollutant", Text, nullable=False, server_default=""),
    Column("kind", Text, nullable=False),
    Column("reason_ko", Text, nullable=False),
    Column("reason_en", Text, nullable=False),
    Column("facts", Json, nullable=False, server_default="{}"),
    Column("began_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index(
        "ix_air_device_findings_open",
        "device_id",
        "pollutant",
        "kind",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
)
"""`kind`: silent, stuck, drift, spikes, clock_ahead, clock_behind, alone. One row from its begin to its end."""

air_device_grades = Table(
    "air_device_grades",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("device_id", Id, ForeignKey("air_devices.id"), nullable=False),
    Column("grade", Text, nullable=False),
    Column("reason_ko", Text, nullable=False),
    Column("reason_en", Text, nullable=False),
    Column("facts", Json, nullable=False, server_default="{}"),
    Column("at", Moment, nullable=False),
    Index("ix_air_device_grades_device", "device_id", "at"),
)
"""Every change of a grade with its reason; the newest is also on the device."""

air_exceedances = Table(
    "air_exceedances",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("limit_name", Text, nullable=False),
    Column("pollutant", Text, nullable=False),
    Column("company", Text, nullable=False, server_default=""),
    Column("lead_id", Integer, ForeignKey("air_stations.id"), nullable=False),
    Column("site_ids", ARRAY(Integer), nullable=False),
    Column("value", Numeric, nullable=False),
    Column("peak", Numeric, nullable=False),
    Column("is_confirmed", Boolean, nullable=False),
    Column("reason_ko", Text, nullable=False),
    Column("reason_en", Text, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index("ix_air_exceedances_open", "city_id", "limit_name", postgresql_where=text("ended_at IS NULL")),
)
"""A limit passed, from its begin until nothing was over for a while; a confirmed one stays so until its end."""
