"""Canned answers: checked texts with an owner, the law they stand on and a day on which they must be looked at."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from core.db import Id, Moment, metadata

canned_answers = Table(
    "canned_answers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("body_en", Text, nullable=False, server_default=""),
    Column("category", Text),
    Column("department_id", Text),
    Column("law", Text, nullable=False, server_default=""),
    Column("owner_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("warned_at", Moment),
    Column("used", Integer, nullable=False, server_default="0"),
    Column("used_at", Moment),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    CheckConstraint("used >= 0", name="used"),
    Index("ix_canned_answers_list", "city_id", "updated_at", "id"),
    Index("ix_canned_answers_expiry", "city_id", "expires_at"),
    Index(
        "ix_canned_answers_words",
        "title",
        "body",
        postgresql_using="gin",
        postgresql_ops={"title": "gin_trgm_ops", "body": "gin_trgm_ops"},
    ),
)
"""`category`, `department_id`: null fits all. `warned_at`: when the owner was told of the coming end, null again after
a renewal. `body_en` is empty where nobody has written it yet."""
