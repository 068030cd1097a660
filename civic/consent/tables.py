"""Numbers that refused advertising by other ways than writing to us, and what was told of whose consent."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint, text

from core.db import Id, Moment, metadata

refused_phones = Table(
    "refused_phones",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("phone_index", LargeBinary, nullable=False),
    Column("address", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("staff_id", Id),
    Column("at", Moment, nullable=False),
    Column("lifted_at", Moment),
    CheckConstraint("source IN ('080', 'phone', 'letter', 'visit')", name="source"),
    Index("ix_refused_phones_phone", "city_id", "phone_index", postgresql_where=text("lifted_at IS NULL")),
    Index("ix_refused_phones_address", "city_id", "address", postgresql_where=text("lifted_at IS NULL")),
)
"""A refusal counts for a number also before anybody has written from it. Two keyed hashes of the number: as a citizen
gives it, and as the address of a conversation by SMS; the number itself is not kept."""

consent_notices = Table(
    "consent_notices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("consent_id", Id, ForeignKey("consents.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("outbound_id", Id),
    Column("at", Moment, nullable=False),
    UniqueConstraint("consent_id", "kind", "at"),
    CheckConstraint("kind IN ('result', 'renewal')", name="kind"),
)
"""What a citizen was told of his consent: `result` within 14 days (정보통신망법 §50⑦), `renewal` every two years (⑧).
`outbound_id` is empty where the answer in the conversation itself told it."""
