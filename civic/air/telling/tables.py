"""Who wants to be told what of the air, what there is to tell, and who has got it."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Json, Moment, metadata

air_wishes = Table(
    "air_wishes",
    metadata,
    Column("subscription_id", Id, ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True),
    Column("zone", Text),
    Column("site_id", Integer),
    Column("pollutants", ARRAY(Text)),
    Column("line", SmallInteger, nullable=False, server_default="3"),
    Column("from_minute", SmallInteger),
    Column("until_minute", SmallInteger),
    Column("is_sensitive", Boolean, nullable=False, server_default=text("false")),
    Column("wants_nights", Boolean, nullable=False, server_default=text("false")),
    Column("wants_evenings", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("line BETWEEN 1 AND 5", name="line"),
)
"""What a subscription to `air` narrows; without a row it means every zone and pollutant from 주의보 on. `line`: the
lowest rank that is told, 1 나쁨, 2 매우나쁨, 3 주의보, 4 경보, 5 중대경보. Minutes: of the Korean day, the second not
included; across midnight where the first is greater. `wants_nights`: 경보 may break the quiet hours for him."""

air_tellings = Table(
    "air_tellings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("series", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("site_id", Integer),
    Column("pollutant", Text, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("is_fall", Boolean, nullable=False),
    Column("episode", Text, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("facts", Json, nullable=False),
    Column("valid_until", Moment, nullable=False),
    Column("status", Text, nullable=False),
    Column("last_id", Id),
    Column("looked", Integer, nullable=False, server_default="0"),
    Column("queued", Integer, nullable=False, server_default="0"),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("staff_id", Id),
    UniqueConstraint("city_id", "key"),
    CheckConstraint("kind IN ('change', 'correction', 'official', 'forecast', 'notice')", name="kind"),
    CheckConstraint("rule IN ('criteria', 'grade', 'forecast', 'notice')", name="rule"),
    CheckConstraint("status IN ('open', 'filled', 'superseded', 'expired')", name="status"),
    Index("ix_air_tellings_open", "city_id", "created_at", postgresql_where=text("status = 'open'")),
    Index("ix_air_tellings_series", "city_id", "series", "created_at"),
)
"""One thing to tell, once. `key`: of the episode and change. `series`: what a newer telling makes old. `episode`: who
was told its rise is told its fall. `last_id`: the conversation up to which it is queued, so that a crash goes on there.
`facts`: what the texts say."""

air_told = Table(
    "air_told",
    metadata,
    Column("telling_id", Id, primary_key=True),
    Column("conversation_id", Id, primary_key=True),
    Column("part", SmallInteger, primary_key=True),
    Column("outbound_id", Id, nullable=False),
    Column("episode", Text, nullable=False),
    Column("is_counted", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_air_told_conversation", "conversation_id", "at"),
)
"""Who got a telling: the primary key is why nobody gets it twice, the index counts a day's messages. No foreign keys:
a hundred thousand of these are written at once, from rows that the same statement has locked."""
