"""Who works here, who is signed in, who looked at whose data, and what was changed."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from core.db import Id, Json, Moment, metadata

staff = Table(
    "staff",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("department_id", Text),
    Column("is_active", Boolean, nullable=False),
    Column("failed_logins", Integer, nullable=False, server_default="0"),
    Column("locked_until", Moment),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("city_id", "login"),
    CheckConstraint("role IN ('agent', 'manager', 'admin', 'auditor')", name="role"),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

access_log = Table(
    "access_log",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("staff_id", Id, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("source_ip", Text, nullable=False),
    Index("ix_access_log_at", "city_id", "at"),
    Index("ix_access_log_subject", "subject_kind", "subject_id", "at"),
)
"""개인정보의 안전성 확보조치 기준 §8: who, when, from where, whose, what; kept a year or more."""

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Id),
    Column("action", Text, nullable=False),
    Column("object_kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("detail", Json, nullable=False),
    Index("ix_audit_log_object", "object_kind", "object_id", "at"),
)
