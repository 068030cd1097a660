"""What the house knows of each source that it reads, whatever the source tells of: lots, free places, air."""

from sqlalchemy import CheckConstraint, Column, Date, Integer, Table, Text

from core.db import Json, Moment, metadata

sources = Table(
    "sources",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("vendor", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="active"),
    Column("next_at", Moment),
    Column("static_next_at", Moment),
    Column("last_try_at", Moment),
    Column("last_ok_at", Moment),
    Column("last_static_at", Moment),
    Column("failing_since", Moment),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("alarmed_at", Moment),
    Column("calls_day", Date),
    Column("calls", Integer, nullable=False, server_default="0"),
    Column("etag", Text, nullable=False, server_default=""),
    Column("last_modified", Text, nullable=False, server_default=""),
    Column("cursor", Text, nullable=False, server_default=""),
    Column("report", Json),
    Column("realtime_report", Json),
    Column("claimed_by", Text),
    Column("claimed_until", Moment),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_at", Moment, nullable=False),
    CheckConstraint("kind IN ('parking', 'air')", name="kind"),
    CheckConstraint("state IN ('active', 'backing_off', 'failing', 'off')", name="state"),
)
"""`kind`: what it tells of; a name is its own within a kind. `static_*`: of what seldom changes (lots, stations).
`backing_off`: failed a little, asked again later; `failing`: for so long that staff were told (`alarmed_at`)."""
