"""What is watched hour by hour, the state after each hour, and the changes of level that came of it.

Nothing here concerns a person. Of a change that a late or corrected hour takes back, the row stays and says so.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Json, Moment, metadata

air_watches = Table(
    "air_watches",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("site_id", Integer),
    Column("pollutant", Text, nullable=False),
    Column("last_at", Moment),
    UniqueConstraint("city_id", "rule", "zone", "site_id", "pollutant", postgresql_nulls_not_distinct=True),
    CheckConstraint("rule IN ('criteria', 'grade')", name="rule"),
)
"""`rule`: criteria (주의보·경보의 기준, of a zone) or grade (나쁨·매우나쁨 by index, of a zone or one of its sites).
`last_at`: the newest hour taken. The row is the lock: who steps or replays a watch holds it."""

air_watch_hours = Table(
    "air_watch_hours",
    metadata,
    Column("watch_id", Integer, ForeignKey("air_watches.id"), primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("value", Numeric),
    Column("sites", SmallInteger, nullable=False),
    Column("site_id", Integer),
    Column("state", Json, nullable=False),
    Column("taken_at", Moment, nullable=False),
)
"""An hour as it was taken: the zone's value, of how many valid stations, the station that decided (ozone, the highest
index), and `State.written` after it. A replay rewrites those from the hour that changed."""

air_watch_changes = Table(
    "air_watch_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("watch_id", Integer, ForeignKey("air_watches.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Column("level", Text),
    Column("before", Text),
    Column("value", Numeric, nullable=False),
    Column("site_id", Integer),
    Column("began_at", Moment, nullable=False),
    Column("noted_at", Moment, nullable=False),
    Column("is_late", Boolean, nullable=False, server_default=text("false")),
    Column("first_value", Numeric),
    Column("corrected_at", Moment),
    Column("withdrawn_at", Moment),
    Column("told_at", Moment),
    CheckConstraint("kind IN ('reached', 'stepped_down', 'lifted')", name="kind"),
    Index("uq_air_watch_changes_live", "watch_id", "at", unique=True, postgresql_where=text("withdrawn_at IS NULL")),
    Index("ix_air_watch_changes_city", "city_id", "at"),
)
"""`at`: the end of the deciding hour. `began_at`: of the episode that it belongs to. `is_late`: found by a replay.
`first_value`: what was said before `corrected_at`. `withdrawn_at`: corrected hours say that it never was. `told_at`:
when a telling was made of it (civic/air/telling)."""
