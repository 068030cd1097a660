"""The people the city talks to, and what they agreed to. A citizen row exists once somebody names himself."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from core.db import Id, Moment, metadata
from core.sealed import SealedBytes

citizens = Table(
    "citizens",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("name", Text),
    Column("phone", Text),
    Column("name_sealed", SealedBytes("citizens.name")),
    Column("phone_sealed", SealedBytes("citizens.phone")),
    Column("name_index", LargeBinary),
    Column("phone_index", LargeBinary),
    Column("notice_conversation_id", Id),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("ix_citizens_name", "city_id", "name_index", postgresql_where=text("name_index IS NOT NULL")),
    Index("ix_citizens_phone", "city_id", "phone_index", postgresql_where=text("phone_index IS NOT NULL")),
)
"""`name`, `phone`: only in rows from before the vault, until `civic.people.sealing` has sealed them at the next start.
`*_index`: keyed hashes, to find a person by an exact value. `notice_conversation_id`: where he wants to be told of his
cases; none: wherever he filed them."""

phone_challenges = Table(
    "phone_challenges",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("sms_conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("outbound_id", Id),
    Column("phone_index", LargeBinary, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failed_at", Moment),
    Column("used_at", Moment),
    Index("ix_phone_challenges_conversation", "conversation_id", "created_at"),
    Index("ix_phone_challenges_phone", "city_id", "phone_index", "created_at"),
    Index("ix_phone_challenges_city", "city_id", "created_at"),
)
"""One code sent to a number for one conversation. The code itself is nowhere but in the message that carries it."""

phone_proofs = Table(
    "phone_proofs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("phone_index", LargeBinary, nullable=False),
    Column("how", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("revoked_at", Moment),
    CheckConstraint("how IN ('code', 'inbound')", name="how"),
    Index("ix_phone_proofs_phone", "city_id", "phone_index", postgresql_where=text("revoked_at IS NULL")),
    Index("ix_phone_proofs_conversation", "conversation_id", postgresql_where=text("revoked_at IS NULL")),
)
"""Who writes in this conversation has this number: he gave the code that was sent there, or writes from it."""

person_links = Table(
    "person_links",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("act_id", Id, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("from_citizen_id", Id, ForeignKey("citizens.id")),
    Column("to_citizen_id", Id, ForeignKey("citizens.id"), nullable=False),
    Column("how", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("undone_at", Moment),
    Column("undone_by", Text),
    Column("undone_by_id", Id),
    Column("reason", Text),
    CheckConstraint("undone_by IN ('citizen', 'staff')", name="undone_by"),
    Index("ix_person_links_conversation", "conversation_id", "at"),
    Index("ix_person_links_from", "from_citizen_id", postgresql_where=text("undone_at IS NULL")),
    Index("ix_person_links_to", "to_citizen_id", postgresql_where=text("undone_at IS NULL")),
)
"""The history of merging, one row a conversation that came to another person; `act_id` names one linking. Never
deleted: an undone row says when, by whom and why."""

consents = Table(
    "consents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("citizen_id", Id, ForeignKey("citizens.id")),
    Column("conversation_id", Id, nullable=False),
    Column("channel", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("is_given", Boolean, nullable=False),
    Column("wording", Text, nullable=False),
    Column("source", Text, nullable=False, server_default="chat"),
    Column("staff_id", Id),
    Column("at", Moment, nullable=False),
    Index("ix_consents_conversation", "conversation_id", "purpose", "at"),
    Index("ix_consents_given", "city_id", "purpose", "at", postgresql_where=text("is_given")),
)
"""`source`: chat, stop (수신거부 of everything), 080 (the free number), phone, letter, visit; `staff_id` took it
down."""

retention_runs = Table(
    "retention_runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Column("before", Moment, nullable=False),
    Column("rows", Integer, nullable=False),
    Index("ix_retention_runs_at", "city_id", "at"),
)
"""The batch log of forgetting: which kind, up to which moment, how many rows."""
