"""Who works here, who is signed in, who looked at whose data, and what was changed."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Json, Moment, metadata
from core.sealed import SealedBytes

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
    Column("departments", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("areas", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("sees_all", Boolean, nullable=False, server_default="false"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("temporary_until", Moment),
    Column("totp_sealed", SealedBytes("staff.totp_sealed")),
    Column("totp_confirmed_at", Moment),
    Column("totp_last_step", BigInteger),
    Column("totp_asked_at", Moment),
    UniqueConstraint("city_id", "login"),
    CheckConstraint("role IN ('agent', 'manager', 'admin', 'auditor')", name="role"),
)
"""`departments`: further ones beside `department_id`; `areas`: none means all of them. `temporary_until`: the password
was given by somebody else, must be changed, and is worth nothing after that moment. `totp_sealed`: the second factor's
secret, sealed by the vault; it counts from `totp_confirmed_at`; `totp_last_step`: the newest time step whose code was
taken; `totp_asked_at`: when the days of grace began."""

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("last_seen_at", Moment),
    Column("source_ip", Text, nullable=False, server_default=""),
    Column("user_agent", Text, nullable=False, server_default=""),
    Index("ix_staff_sessions_staff", "staff_id"),
)
"""`last_seen_at` is at most a minute old; `user_agent` is its beginning."""

recovery_codes = Table(
    "staff_recovery_codes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("code_hash", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("used_at", Moment),
    UniqueConstraint("staff_id", "code_hash"),
)
"""For a lost second factor: SHA-256 of 80 random bits, each good once."""

challenges = Table(
    "staff_challenges",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Index("ix_staff_challenges_staff", "staff_id"),
    Index("ix_staff_challenges_expires", "expires_at"),
)
"""The password was right, the second factor is asked."""

sources = Table(
    "staff_sign_in_sources",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("locked_until", Moment),
    Index("ix_staff_sign_in_sources_began", "began_at"),
)
"""Failed sign-ins by address (IPv6: by its /64), against one password tried on many logins."""

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
    Column("citizen_id", Id),
    Column("why", Text, nullable=False, server_default=""),
    Index("ix_access_log_at", "city_id", "at"),
    Index("ix_access_log_subject", "subject_kind", "subject_id", "at"),
    Index("ix_access_log_citizen", "citizen_id", "at", postgresql_where=text("citizen_id IS NOT NULL")),
)
"""개인정보의 안전성 확보조치 기준 §8: who, when, from where, whose, what; kept a year or more. `reason`: which rows a
list showed; `why`: the reader's own reason. Rows are written once: a trigger refuses changes (migration 0011)."""

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
    Column("seq", BigInteger),
    Column("prev_hash", LargeBinary),
    Column("hash", LargeBinary),
    UniqueConstraint("city_id", "seq"),
    Index("ix_audit_log_object", "object_kind", "object_id", "at"),
    Index("ix_audit_log_at", "city_id", "at", "id"),
    Index("ix_audit_log_unchained", "city_id", "id", postgresql_where=text("seq IS NULL")),
)
"""`seq`, `prev_hash`, `hash`: the chain, put on a row once after its commit (civic/staff/chain.py)."""

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("base_seq", BigInteger, nullable=False),
    Column("base_hash", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("updated_at", Moment, nullable=False),
)
"""Where the chain ends (`seq`, `hash`), and where it begins since the last purge (`base_*`); `mac` binds all four."""

staff_notices = Table(
    "staff_notices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("staff_id", Id, ForeignKey("staff.id")),
    Column("role", Text),
    Column("department_id", Text),
    Column("kind", Text, nullable=False),
    Column("case_id", Id),
    Column("text_ko", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("dedupe_key", Text),
    Column("created_at", Moment, nullable=False),
    Column("read_at", Moment),
    Column("read_by", Id),
    UniqueConstraint("city_id", "dedupe_key"),
    CheckConstraint("(staff_id IS NULL) <> (role IS NULL)", name="recipient"),
    Index("ix_staff_notices_person", "staff_id", "created_at", "id"),
    Index("ix_staff_notices_role", "city_id", "role", "created_at", "id"),
)
"""The staff inbox. To one person, or to a role (of one department, or of all): there the first who reads it takes it.
`text_*` hold receipt numbers and facts, never a citizen's words, so that an auditor may be written to as well."""
