"""민원 (Case) and 제보 (Inquiry): what citizens asked of the city, where it stands, what happened to it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from core.db import Id, Json, Moment, metadata

RUNNING = text("closed_at IS NULL AND merged_into_id IS NULL")
"""Cases whose clock somebody must keep."""
_AROUND = text("closed_at IS NULL AND merged_into_id IS NULL AND lat IS NOT NULL")
_PLACED = text("closed_at IS NULL AND merged_into_id IS NULL AND place <> ''")
"""Among which every filing looks for its like (duplicates.py): open cases with a point, those with a named place."""
UNPLANNED = text(
    "closed_at IS NULL AND merged_into_id IS NULL AND (progress_at IS NULL"
    " OR (warn_at IS NULL AND warn_level < 3 AND paused_at IS NULL))"
)
"""Running cases whose next word to the citizen or next warning is still to be worked out, as their index knows them."""

cases = Table(
    "cases",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("receipt_no", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("department_id", Text, nullable=False),
    Column("staff_id", Id),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("place", Text, nullable=False, server_default=""),
    Column("lat", Float),
    Column("lon", Float),
    Column("occurred", Text, nullable=False, server_default=""),
    Column("conversation_id", Id, ForeignKey("conversations.id")),
    Column("citizen_id", Id, ForeignKey("citizens.id")),
    Column("channel", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("due_rule", Json, nullable=False),
    Column("closed_at", Moment),
    Column("answer", Text),
    Column("track", Text, nullable=False, server_default="long"),
    Column("track_reason", Text, nullable=False, server_default=""),
    Column("area_id", Text),
    Column("parent_id", Id, ForeignKey("cases.id")),
    Column("merged_into_id", Id, ForeignKey("cases.id")),
    Column("joined", Integer, nullable=False, server_default="0"),
    Column("mass_at", Moment),
    Column("repeat_of_id", Id, ForeignKey("cases.id")),
    Column("repeats", SmallInteger, nullable=False, server_default="0"),
    Column("extensions", SmallInteger, nullable=False, server_default="0"),
    Column("paused_at", Moment),
    Column("told_at", Moment),
    Column("progress_at", Moment),
    Column("warn_level", SmallInteger, nullable=False, server_default="0"),
    Column("warn_at", Moment),
    Column("rating", SmallInteger),
    Column("rating_text", Text, nullable=False, server_default=""),
    Column("rated_at", Moment),
    Column("review_at", Moment),
    Column("reopenings", SmallInteger, nullable=False, server_default="0"),
    Column("appeal", Text, nullable=False, server_default=""),
    Column("transferred_to", Text, nullable=False, server_default=""),
    Column("external_source", Text),
    Column("external_id", Text),
    Column("public_text", Text),
    Column("anonymised_at", Moment),
    Column("hold_reason", Text),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("city_id", "receipt_no"),
    UniqueConstraint("city_id", "external_source", "external_id"),
    CheckConstraint("track IN ('instant', 'long')", name="track"),
    CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
    CheckConstraint("id <> merged_into_id AND id <> parent_id", name="own_relation"),
    Index("ix_cases_list", "city_id", "received_at", "id"),
    Index("ix_cases_status", "city_id", "status", "received_at"),
    Index("ix_cases_department", "city_id", "department_id", "received_at"),
    Index("ix_cases_conversation", "conversation_id", "received_at"),
    Index("ix_cases_citizen", "citizen_id"),
    Index(
        "ix_cases_retention",
        "city_id",
        "closed_at",
        postgresql_where=text("closed_at IS NOT NULL AND anonymised_at IS NULL"),
    ),
    Index("ix_cases_near", "city_id", "lat", "lon", postgresql_where=text("lat IS NOT NULL")),
    Index("ix_cases_around", "city_id", "category", "lat", "lon", postgresql_where=_AROUND),
    Index("ix_cases_place", "city_id", "category", "place", postgresql_where=_PLACED),
    Index("ix_cases_mass", "city_id", "category", postgresql_where=text("mass_at IS NOT NULL")),
    Index("ix_cases_load", "staff_id", postgresql_where=text("closed_at IS NULL AND staff_id IS NOT NULL")),
    Index("ix_cases_repeat", "repeat_of_id", postgresql_where=text("repeat_of_id IS NOT NULL")),
    Index("ix_cases_parent", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    Index("ix_cases_merged", "merged_into_id", postgresql_where=text("merged_into_id IS NOT NULL")),
    Index("ix_cases_progress", "city_id", "progress_at", postgresql_where=text("progress_at IS NOT NULL")),
    Index("ix_cases_warn", "city_id", "warn_at", postgresql_where=text("warn_at IS NOT NULL")),
    Index("ix_cases_unplanned", "city_id", "id", postgresql_where=UNPLANNED),
    Index("ix_cases_review", "city_id", "review_at", postgresql_where=text("review_at IS NOT NULL")),
    Index("ix_cases_category", "city_id", "category", "received_at", "id"),
    Index("ix_cases_area", "city_id", "area_id", "received_at", "id", postgresql_where=text("area_id IS NOT NULL")),
    Index("ix_cases_staff", "city_id", "staff_id", "received_at", "id", postgresql_where=text("staff_id IS NOT NULL")),
    Index("ix_cases_open", "city_id", "received_at", "id", postgresql_where=text("closed_at IS NULL")),
    Index("ix_cases_desk", "city_id", "department_id", "received_at", "id", postgresql_where=text("closed_at IS NULL")),
    Index("ix_cases_due", "city_id", "due_at", "id", postgresql_where=text("closed_at IS NULL")),
    Index("ix_cases_closing", "city_id", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
    Index("ix_cases_updated", "city_id", "updated_at", "id"),
)

"""`track`: 즉결 (instant) or 장기 (long), with the reason. `mass_at`: 다수인관련민원 since. `paused_at`: the clock
stands since (보완 요청). `told_at`: when the citizen last heard of it; `progress_at`: when a progress notice is due.
`warn_level`: 0 nobody, 1 officer, 2 team head, 3 auditor; `warn_at`: when the next one is due. `review_at`: a low
rating waits for review. `appeal`: the way to object that a refusal named. `public_text`: what the public may read.
`anonymised_at`: nothing personal is left; `hold_reason`: why it must be kept all the same (a suit, an audit)."""

case_events = Table(
    "case_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("seq", BigInteger, Identity(always=True), nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Id),
    Column("kind", Text, nullable=False),
    Column("from_value", Text),
    Column("to_value", Text),
    Column("text", Text, nullable=False, server_default=""),
    Column("is_public", Boolean, nullable=False),
    Column("txid", BigInteger, nullable=False, server_default=text("pg_current_xact_id()::text::bigint")),
    CheckConstraint("actor_kind IN ('citizen', 'staff', 'system')", name="actor_kind"),
    Index("ix_case_events_case", "case_id", "seq"),
    Index("ix_case_events_txid", "txid"),
)
"""`kind`: one of `case.EventKind`. `txid`: the transaction that wrote it, so that a live screen can tell what it has
not seen yet, whatever order transactions end in (docs/adr/0018)."""

receipt_numbers = Table(
    "receipt_numbers",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("series", Text, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)

days_off = Table(
    "days_off",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("declared_at", Moment, nullable=False),
    Column("declared_by", Id, nullable=False),
    Column("withdrawn_at", Moment),
    Column("withdrawn_by", Id),
    Column("settled_at", Moment),
    Index("ix_days_off_unsettled", "city_id", "day", postgresql_where=text("settled_at IS NULL")),
)
"""임시공휴일 and the like that the city declared. `source`: the gazette or notice; `*_by`: who of the staff.
`settled_at`: every open case has been counted again since the day was declared or withdrawn."""

inquiries = Table(
    "inquiries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("receipt_no", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("department_id", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("place", Text, nullable=False, server_default=""),
    Column("lat", Float),
    Column("lon", Float),
    Column("conversation_id", Id, ForeignKey("conversations.id")),
    Column("channel", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    UniqueConstraint("city_id", "receipt_no"),
    Index("ix_inquiries_list", "city_id", "received_at", "id"),
)
"""제보: anonymous, no statutory clock; staff read it, nobody is owed an answer."""

case_joiners = Table(
    "case_joiners",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("citizen_id", Id, ForeignKey("citizens.id")),
    Column("merged_from_id", Id, ForeignKey("cases.id")),
    Column("text", Text, nullable=False, server_default=""),
    Column("joined_at", Moment, nullable=False),
    Column("left_at", Moment),
    UniqueConstraint("case_id", "conversation_id"),
    Index("ix_case_joiners_conversation", "conversation_id", "joined_at"),
)
"""Who said "me too" and is told like the one who filed. `merged_from_id`: the merged case that brought him."""

case_merges = Table(
    "case_merges",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("into_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("staff_id", Id),
    Column("kept", Json, nullable=False),
    Column("merged_at", Moment, nullable=False),
    Column("undone_at", Moment),
    Index("ux_case_merges_open", "case_id", unique=True, postgresql_where=text("undone_at IS NULL")),
)
"""`kept`: what merging took away from the case's row and undo puts back. `staff_id` null: the house merged by itself
(civic/air/smell)."""

case_terms = Table(
    "case_terms",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("department_id", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("terms", TSVECTOR, nullable=False),
    Index("ix_case_terms_list", "city_id", "received_at", "case_id"),
    Index("ix_case_terms_department", "city_id", "department_id", "received_at"),
    # No pending list: what was filed a moment ago is found as fast as the rest, and no filing pays for many.
    Index("ix_case_terms_terms", "terms", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
)
"""What a case is found by (`search.words.vector`). A table of its own: a case changes ten times, its words hardly ever,
and a new row version would be entered in the index under every word again. `department_id` follows the case by a
trigger (migration 0008): words that stand in other departments' cases are passed over by index."""

search_terms = Table(
    "search_terms",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("term", Text, primary_key=True),
    Column("keys", Text, nullable=False),
    Column("cases", Integer, nullable=False),
    Index("ix_search_terms_keys", "keys", postgresql_using="gin", postgresql_ops={"keys": "gin_trgm_ops"}),
)
"""Every term in use, the keys that type it, and in how many cases it stands: for slips of the keyboard."""
