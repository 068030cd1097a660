"""민원 (Case) and 제보 (Inquiry): what citizens asked of the city, where it stands, what happened to it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from core.db import Id, Json, Moment, metadata

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
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("city_id", "receipt_no"),
    Index("ix_cases_list", "city_id", "received_at", "id"),
    Index("ix_cases_status", "city_id", "status", "received_at"),
    Index("ix_cases_department", "city_id", "department_id", "received_at"),
    Index("ix_cases_conversation", "conversation_id", "received_at"),
    Index("ix_cases_citizen", "citizen_id"),
    Index(
        "ix_cases_words",
        "title",
        "body",
        "place",
        postgresql_using="gin",
        postgresql_ops={"title": "gin_trgm_ops", "body": "gin_trgm_ops", "place": "gin_trgm_ops"},
    ),
)

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
    CheckConstraint("actor_kind IN ('citizen', 'staff', 'system')", name="actor_kind"),
    Index("ix_case_events_case", "case_id", "seq"),
)
"""`kind`: opened, status, department, owner, note, internal_note, photo, due (a recomputed due date)."""

receipt_numbers = Table(
    "receipt_numbers",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("series", Text, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)

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
