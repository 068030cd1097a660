"""Lots in the canonical form (core.contracts.parking), what is free, where it comes from, what people asked to know."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Json, Moment, metadata
from core.sealed import SealedBytes, SealedJson, SealedText

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
    Column("provider", Text, nullable=False, server_default=""),
    Column("provider_name", Text, nullable=False, server_default=""),
    Column("owner", Text, nullable=False, server_default=""),
    Column("attribution", Text, nullable=False, server_default=""),
    Column("group_uid", Text, nullable=False, server_default=""),
    Column("purpose", Text, nullable=False, server_default="CAR"),
    Column("road_address", Text, nullable=False, server_default=""),
    Column("zone_grade", Text, nullable=False, server_default=""),
    Column("rotation", Text, nullable=False, server_default=""),
    Column("capacity_disabled", Integer),
    Column("capacity_charging", Integer),
    Column("capacity_family", Integer),
    Column("capacity_woman", Integer),
    Column("capacity_compact", Integer),
    Column("capacity_senior", Integer),
    Column("capacity_truck", Integer),
    Column("capacity_bus", Integer),
    Column("capacity_motorcycle", Integer),
    Column("capacity_carsharing", Integer),
    Column("max_height_cm", Integer),
    Column("max_width_cm", Integer),
    Column("max_stay_minutes", Integer),
    Column("park_and_ride", Boolean),
    Column("supervision", Text, nullable=False, server_default="UNKNOWN"),
    Column("has_lighting", Boolean),
    Column("is_covered", Boolean),
    Column("has_realtime", Boolean, nullable=False, server_default="false"),
    Column("fee_description", Text, nullable=False, server_default=""),
    Column("public_url", Text, nullable=False, server_default=""),
    Column("photo_url", Text, nullable=False, server_default=""),
    Column("static_data_updated_at", Moment),
    Column("gone_at", Moment),
    Column("same_as", Id, ForeignKey("parking_lots.id", ondelete="SET NULL")),
    UniqueConstraint("city_id", "source", "uid"),
    Index("ix_parking_lots_box", "city_id", "lat", "lon"),
    Index("ix_parking_lots_changed", "city_id", "updated_at", "id"),
    Index("ix_parking_lots_same_as", "same_as", postgresql_where=text("same_as IS NOT NULL")),
)
"""`type`: ON_STREET, OFF_STREET_PARKING_GROUND, CAR_PARK, UNDERGROUND, OTHER. `tariff`: core.contracts.tariff.Tariff as
JSON (civic.parking.tariffs), absent when unknown. `opening_hours`: OSM syntax. `gone_at`: its publisher lists it no
more; the row stays for history and feeds. `same_as`: staff found it to be another row's lot, which is shown instead.
What is offered to citizens has both empty."""

parking_versions = Table(
    "parking_versions",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)
"""One row, raised as a transaction that touched lots commits (triggers of migration 0016), so that what a process
keeps of the lots can be compared with one number."""

parking_touched = Table("parking_touched", metadata, Column("xid", BigInteger, primary_key=True, autoincrement=False))
"""Transactions that touched lots and have not committed yet: rows that nobody else ever sees."""

parking_realtime = Table(
    "parking_realtime",
    metadata,
    Column("lot_id", Id, ForeignKey("parking_lots.id", ondelete="CASCADE"), primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("claimed", Integer),
    Column("free", Integer),
    Column("capacity", Integer),
    Column("opening_status", Text, nullable=False, server_default="UNKNOWN"),
    Column("is_linked", Boolean, nullable=False, server_default="true"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("free_by", Json),
    Column("capacity_by", Json),
    Column("updated_at", Moment, nullable=False),
    Column("fetched_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    CheckConstraint("opening_status IN ('OPEN', 'CLOSED', 'UNKNOWN')", name="opening_status"),
    postgresql_with={"fillfactor": 70},
)
"""What is known now, a row a lot, already judged: `free` is within 0…capacity or None, and `reason` says why None.
`updated_at`: when it was counted (fetched, where the source does not say). `claimed`: the source's own number, as it
came; `changed_at`: since when it is the same, counted anew after a gap or a shut gate (civic.parking.judging).
No index but the key, so that an update stays on its page (HOT)."""

parking_history = Table(
    "parking_history",
    metadata,
    Column("lot_id", Id, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("free", Integer),
    Column("capacity", Integer),
    Index("ix_parking_history_at", "at", postgresql_using="brin"),
)
"""Raw counts of the last days, written once a lot and moment; folded into `parking_days` and then deleted by age. It
has no foreign key: the key would be looked up for each of many rows, and history outlives its lot for a while."""

parking_days = Table(
    "parking_days",
    metadata,
    Column("lot_id", Id, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("capacity", Integer),
    Column("free", ARRAY(Integer), nullable=False),
    Index("ix_parking_days_day", "city_id", "day"),
)
"""One Korean day of a lot in 96 quarters: mean free places in each, None where nothing was known. About 450 bytes a
lot and day, so that years of 100,000 lots stay readable for forecasts and use-rate reports."""

parking_quarantine = Table(
    "parking_quarantine",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("uid", Text, nullable=False, server_default=""),
    Column("lot_id", Id),
    Column("reason", Text, nullable=False),
    Column("value", Json),
    Column("count", Integer, nullable=False, server_default="1"),
    Column("since_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("alarmed_at", Moment),
    Column("lifted_at", Moment),
    Column("lifted_by", Id),
    Index(
        "uq_parking_quarantine_live",
        "city_id",
        "source",
        "uid",
        "reason",
        unique=True,
        postgresql_where=text("lifted_at IS NULL"),
    ),
    Index("ix_parking_quarantine_list", "city_id", "since_at", "id"),
)
"""Feeds and lots whose numbers are not believed: frozen, negative, over_capacity… `uid` "": the whole feed.
`lifted_by` None with `lifted_at`: the numbers became believable by themselves."""

parking_same = Table(
    "parking_same",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("one_id", Id, ForeignKey("parking_lots.id", ondelete="CASCADE"), nullable=False),
    Column("other_id", Id, ForeignKey("parking_lots.id", ondelete="CASCADE"), nullable=False),
    Column("state", Text, nullable=False, server_default="proposed"),
    Column("score", Float, nullable=False),
    Column("distance_m", Float),
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("decided_by", Id),
    Column("decided_at", Moment),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("one_id", "other_id"),
    CheckConstraint("one_id < other_id", name="order"),
    CheckConstraint("state IN ('proposed', 'same', 'different')", name="state"),
    Index("ix_parking_same_list", "city_id", "state", "created_at", "id"),
    Index("ix_parking_same_other", "other_id"),
)
"""Lots of two sources that may be one, by place, name and lot number; staff decide. `decided_by` None: by rule."""

parking_keys = Table(
    "parking_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("key_hash", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("minute_at", Moment),
    Column("used", Integer, nullable=False, server_default="0"),
    Column("last_used_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Id, nullable=False),
    Column("revoked_at", Moment),
    UniqueConstraint("key_hash"),
    Index("ix_parking_keys_city", "city_id", "created_at"),
)
"""Keys by which operators push. `source`: the one source that this key writes. The rest as in `api_keys`."""

parking_pushes = Table(
    "parking_pushes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("key_id", Id, ForeignKey("parking_keys.id"), nullable=False),
    Column("push_key", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("report", Json, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("key_id", "push_key"),
    Index("ix_parking_pushes_at", "at", postgresql_using="brin"),
)
"""Pushes taken, so that a repeat is answered and not done again. `push_key`: the caller's key of the call, else the
body's digest; `digest`: SHA-256 of the body."""

parking_peers = Table(
    "parking_peers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("is_active", Boolean, nullable=False, server_default="true"),
    Column("last_sequence", Text, nullable=False, server_default=""),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Id),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("city_id", "name"),
)
"""Other installations whose feed we read; `name` is the source's name, so that its state lies in civic.sources.
`public_key`: Ed25519, base64. `last_sequence`: the newest page seen, so that an old one cannot be played again."""

parking_feed_keys = Table(
    "parking_feed_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("private_key", SealedBytes("parking_feed_keys.private_key"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("retired_at", Moment),
)
"""The pair of keys that sign our own feed (Ed25519); the private one is sealed."""

parking_watches = Table(
    "parking_watches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("lot_id", Id, ForeignKey("parking_lots.id", ondelete="CASCADE"), nullable=False),
    Column("min_free", Integer, nullable=False, server_default="1"),
    Column("created_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("told_at", Moment),
    Column("outbound_id", Id),
    Column("ended_at", Moment),
    Column("ended_reason", Text, nullable=False, server_default=""),
    Index(
        "uq_parking_watches_live",
        "conversation_id",
        "lot_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index("ix_parking_watches_lot", "lot_id", postgresql_where=text("ended_at IS NULL")),
    Index("ix_parking_watches_ends", "city_id", "ends_at", postgresql_where=text("ended_at IS NULL")),
)
"""자리 나면 알려줘: ends by itself, told (`told_at`), run out, stopped, or the lot is gone."""

parking_places = Table(
    "parking_places",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("place", SealedJson("parking_places.place"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("conversation_id", "kind"),
    CheckConstraint("kind IN ('home', 'work')", name="kind"),
)
"""Home and work of one conversation. `place`: sealed {label, lat, lon} and what else he told (when he leaves)."""

parking_reports = Table(
    "parking_reports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("case_id", Id, ForeignKey("cases.id")),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("area", Text, nullable=False, server_default=""),
    Column("plate", SealedText("parking_reports.plate")),
    Column("place", SealedJson("parking_reports.place")),
    Column("photos", ARRAY(Id), nullable=False, server_default="{}"),
    Column("photo_times", ARRAY(Moment), nullable=False, server_default="{}"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("closed_at", Moment),
    CheckConstraint("state IN ('open', 'taken', 'guided', 'dropped')", name="state"),
    Index("ix_parking_reports_conversation", "conversation_id", "created_at"),
    Index("ix_parking_reports_month", "city_id", "created_at", "id"),
    Index("ix_parking_reports_case", "case_id", postgresql_where=text("case_id IS NOT NULL")),
)
"""Illegal parking told of in a chat. `guided`: the rule of evidence could not be met here (`reason`), so the official
app was named. `area`: the 동, for the month's figures; plate and exact place are sealed, photos are file ids."""

parking_models = Table(
    "parking_models",
    metadata,
    Column("lot_id", Id, ForeignKey("parking_lots.id", ondelete="CASCADE"), primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("model", Json, nullable=False),
    Column("days", SmallInteger, nullable=False),
    Column("fitted_at", Moment, nullable=False),
)
"""What was learned of a lot for forecasts; `days` of history went into it."""

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
