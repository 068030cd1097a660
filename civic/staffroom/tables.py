"""Staff in their own messenger: who is who there, what they did there, and what is posted for them."""

from sqlalchemy import (
    BigInteger,
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

from core.db import Id, Moment, metadata
from core.sealed import SealedJson

staff_links = Table(
    "staff_links",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("until_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("ended_reason", Text, nullable=False, server_default=""),
    Index(
        "uq_staff_links_member", "city_id", "channel", "member", unique=True, postgresql_where=text("ended_at IS NULL")
    ),
    Index(
        "uq_staff_links_staff", "city_id", "channel", "staff_id", unique=True, postgresql_where=text("ended_at IS NULL")
    ),
)
"""`member`: his key in the messenger. One member is one person and the other way round, until `until_at` or the end."""

staff_link_codes = Table(
    "staff_link_codes",
    metadata,
    Column("staff_id", Id, ForeignKey("staff.id"), primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("code_hash", Text, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)
"""The newest code of each; it goes when it is used."""

staff_link_tries = Table(
    "staff_link_tries",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("member", Text, primary_key=True),
    Column("failures", SmallInteger, nullable=False),
    Column("locked_until", Moment),
    Column("updated_at", Moment, nullable=False),
)
"""Wrong codes by who typed them."""

staff_events = Table(
    "staff_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("content", SealedJson("staff_events.content")),
    Column("received_at", Moment, nullable=False),
    Column("claimed_until", Moment, nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default="1"),
    Column("done_at", Moment),
    Column("outcome", Text, nullable=False, server_default=""),
    UniqueConstraint("city_id", "channel", "external_id"),
    Index("ix_staff_events_waiting", "city_id", "claimed_until", postgresql_where=text("done_at IS NULL")),
    Index("ix_staff_events_received", "city_id", "received_at"),
)
"""What staff did in the messenger, once each. `content` (sealed) goes when it is done: it may hold what is said to a
citizen, which then stands in his conversation."""

staff_rooms = Table(
    "staff_rooms",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("room", Text, primary_key=True),
    Column("next_at", Moment),
    Column("resting_until", Moment),
    Column("down_since", Moment),
    Column("reason", Text, nullable=False, server_default=""),
    Column("place", Text),
    Column("claimed_by", Text),
    Column("claimed_until", Moment),
    Column("updated_at", Moment, nullable=False),
)
"""`room` "*" is the workspace: `place` (how far the histories are read, civic/cases/stream.py) and the claim of whoever
posts stand there. `down_since`, `reason`: nothing can be posted, and why, for staff to read."""

staff_posts = Table(
    "staff_posts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("message_id", Text),
    Column("changes", Integer, nullable=False, server_default="1"),
    Column("shown", Integer, nullable=False, server_default="0"),
    Column("digest", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False, server_default="open"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("attempted_at", Moment),
    Column("next_attempt_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("posted_at", Moment),
    Column("heard_at", Moment),
    UniqueConstraint("city_id", "channel", "room", "case_id"),
    CheckConstraint("status IN ('open', 'failed')", name="status"),
    Index("ix_staff_posts_case", "case_id"),
    Index("ix_staff_posts_message", "city_id", "channel", "room", "message_id"),
    Index(
        "ix_staff_posts_due",
        "city_id",
        "channel",
        "room",
        "created_at",
        postgresql_where=text("status = 'open' AND shown < changes"),
    ),
    Index("ix_staff_posts_talk", "city_id", "channel", postgresql_where=text("heard_at IS NOT NULL")),
)
"""One card per case and room. `changes` counts what happened, `shown` what the card says: it is due while they differ.
`attempted_at`: an attempt whose end nobody knows, so the message is looked for before it is posted again. `heard_at`:
an officer talks with the citizen from here, and what came until then is known to him."""

staff_lines = Table(
    "staff_lines",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("post_id", Id, ForeignKey("staff_posts.id"), nullable=False),
    Column("kind", Text, nullable=False, server_default="event"),
    Column("seq", BigInteger, nullable=False),
    Column("status", Text, nullable=False, server_default="queued"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("attempted_at", Moment),
    Column("next_attempt_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("post_id", "kind", "seq"),
    CheckConstraint("kind IN ('event', 'heard')", name="kind"),
    CheckConstraint("status IN ('queued', 'sent', 'failed')", name="status"),
    Index("ix_staff_lines_due", "city_id", "created_at", "seq", postgresql_where=text("status = 'queued'")),
    Index("ix_staff_lines_created", "city_id", "created_at"),
)
"""What is told in the thread below a card, in its order: lines of the case's history (`seq` is `case_events.seq`), and
that the citizen wrote to the officer who talks with him (`seq` is the moment in microseconds)."""
