"""Stations, their hours packed by day, words that were replaced, indices, wind, alerts and forecasts (ADR 36)."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Json, Moment, metadata

air_stations = Table(
    "air_stations",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("network", Text, nullable=False, server_default="unknown"),
    Column("region", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Column("lat", Float),
    Column("lon", Float),
    Column("measures", ARRAY(Text), nullable=False, server_default="{}"),
    Column("since_year", SmallInteger),
    Column("company", Text, nullable=False, server_default=""),
    Column("grade", Text, nullable=False, server_default=""),
    Column("names", Json, nullable=False, server_default="{}"),
    Column("told", Json, nullable=False, server_default="{}"),
    Column("told_at", Moment),
    Column("same_as", Integer, ForeignKey("air_stations.id")),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("city_id", "source", "uid"),
    Index("ix_air_stations_same_as", "same_as", postgresql_where=text("same_as IS NOT NULL")),
)
"""`names`: each name it had, with the newest moment at which it was told so. `told`: each fact with the moment it
speaks for, so that an old file changes nothing newer. `told_at`: the newest hour or list that spoke of it. `same_as`:
found to be another row's station (an answer without codes met one with them); its hours are there."""

air_station_uids = Table(
    "air_station_uids",
    metadata,
    Column("city_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("station_id", Integer, ForeignKey("air_stations.id"), nullable=False),
    PrimaryKeyConstraint("city_id", "source", "uid"),
    Index("ix_air_station_uids_station_id", "station_id"),
)
"""What each source calls a station: its code, or its name where the source has no codes."""

air_days = Table(
    "air_days",
    metadata,
    Column("site_id", Integer, ForeignKey("air_stations.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("pollutants", ARRAY(Text), nullable=False),
    Column("values", ARRAY(Integer), nullable=False),
    Column("qualities", LargeBinary, nullable=False),
    Column("first_told", ARRAY(BigInteger), nullable=False),
    Column("last_told", ARRAY(BigInteger)),
    Column("flags", Json),
    PrimaryKeyConstraint("site_id", "day", "confirmed"),
)
"""The hours that ended at 01:00 … 24:00 of a Korean day, packed (civic/air/packing.py says how): 24 places for each of
`pollutants`. `values` in 1/10,000 of the unit, NULL where there is none."""

air_versions = Table(
    "air_versions",
    metadata,
    Column("site_id", Integer, ForeignKey("air_stations.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("pollutant", Text, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("value", Integer),
    Column("quality", SmallInteger, nullable=False),
    Column("flag", Text, nullable=False),
    Column("first_told", BigInteger, nullable=False),
    Column("last_told", BigInteger, nullable=False),
    Index("ix_air_versions_hour", "site_id", "at"),
)
"""What a value was said to be before, or besides: every word of the same status that does not stand now."""

air_indices = Table(
    "air_indices",
    metadata,
    Column("site_id", Integer, ForeignKey("air_stations.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("indices", ARRAY(SmallInteger), nullable=False),
    Column("grades", LargeBinary, nullable=False),
    Column("bases", LargeBinary, nullable=False),
    Column("means", ARRAY(Integer), nullable=False),
    Column("told", ARRAY(BigInteger)),
    PrimaryKeyConstraint("site_id", "day"),
)
"""The index of each of the 24 hours. `bases`: 0 none, 1 the publisher's, 2 ours. `means`: 24 of PM10, then 24 of PM25,
24 h predicted means in 1/10,000 µg/m³. `told`: when the publisher's word was received, NULL where ours stands."""

air_winds = Table(
    "air_winds",
    metadata,
    Column("city_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("from_degrees", Numeric),
    Column("speed", Numeric),
    Column("u", Numeric),
    Column("v", Numeric),
    Column("temperature", Numeric),
    Column("humidity", Numeric),
    Column("rain", Numeric),
    PrimaryKeyConstraint("city_id", "at", "source", "place"),
)

air_official_alerts = Table(
    "air_official_alerts",
    metadata,
    Column("city_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("pollutant", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("lifted_at", Moment),
    Column("received_at", Moment, nullable=False),
    Column("issued_value", Numeric),
    Column("lifted_value", Numeric),
    PrimaryKeyConstraint("city_id", "source", "uid"),
    Index("ix_air_official_alerts_issued", "city_id", "issued_at"),
)
"""As the publisher words them; the newest word stands, and a lifted one is not taken up again by an older word."""

air_forecasts = Table(
    "air_forecasts",
    metadata,
    Column("city_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("pollutant", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("grades", Json, nullable=False),
    Column("overall", Text, nullable=False),
    Column("cause", Text, nullable=False),
    PrimaryKeyConstraint("city_id", "day", "source", "uid", "issued_at"),
)
"""Every word on a day as it was issued; the newest is told."""

air_raw = Table(
    "air_raw",
    metadata,
    Column("at", Moment, nullable=False),
    Column("site_id", Integer, nullable=False),
    Column("value", Integer),
    Column("quality", SmallInteger, nullable=False),
    Column("pollutant", Text, nullable=False),
    Index(
        "uq_air_raw_word",
        "site_id",
        "at",
        "value",
        "quality",
        "pollutant",
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
    postgresql_partition_by="RANGE (at)",
)
"""What own sensors and stacks say by the second, a partition a UTC day (civic/air/partitions.py). A word that comes
again is known by its content. No foreign key, which would be asked a thousand times a second: `air_running` has one."""

air_running = Table(
    "air_running",
    metadata,
    Column("site_id", Integer, ForeignKey("air_stations.id"), nullable=False),
    Column("pollutant", Text, nullable=False),
    Column("hour", Moment, nullable=False),
    Column("valid", Integer, nullable=False),
    Column("flagged", Integer, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("parts", SmallInteger, nullable=False),
    Column("newest_at", Moment, nullable=False),
    Column("is_open", Boolean, nullable=False, server_default="true"),
    Column("rolled", BigInteger),
    PrimaryKeyConstraint("hour", "site_id", "pollutant"),
    Index("ix_air_running_open", "hour", postgresql_where=text("is_open")),
    postgresql_with={"fillfactor": 50},
)
"""Sums of raw values by the hour that ends at `hour`, kept up as they come. `parts`: a bit for each five minutes in
which a valid value came. `is_open`: something came since the hour was written into `air_days`, last told `rolled`."""

air_current = Table(
    "air_current",
    metadata,
    Column("site_id", Integer, ForeignKey("air_stations.id"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("index", SmallInteger),
    Column("grade", SmallInteger),
    Column("dominant", Text, nullable=False),
    Column("values", Json, nullable=False),
    Column("parts", Json, nullable=False),
    Column("before", Json),
    Column("before_hour", Moment),
    Column("reckoned_at", Moment, nullable=False),
    postgresql_with={"fillfactor": 50},
)
"""The index of own sensors as of their newest second, from the running hour: provisional, never in `air_days`.
`before`: dust of the eleven hours before `before_hour`, so that they are read once an hour."""
