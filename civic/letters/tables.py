"""우편 발송 명부: notices that reached nobody by wire and go by post."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, UniqueConstraint, text

from core.db import Id, Moment, metadata
from core.sealed import SealedJson, SealedText

letters = Table(
    "letters",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("citizen_id", Id, ForeignKey("citizens.id"), nullable=False),
    Column("follows_id", Id, ForeignKey("outbound.id")),
    Column("kind", Text, nullable=False),
    Column("recipient", SealedJson("letters.recipient"), nullable=False),
    Column("text", SealedText("letters.text"), nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("tracking_no", Text),
    Column("reason", Text),
    Column("staff_id", Id, ForeignKey("staff.id")),
    Column("dedupe_key", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("printed_at", Moment),
    Column("sent_at", Moment),
    Column("cancelled_at", Moment),
    UniqueConstraint("city_id", "dedupe_key"),
    CheckConstraint("state IN ('waiting', 'printed', 'sent', 'cancelled')", name="state"),
    Index("ix_letters_list", "city_id", "created_at", "id"),
    Index("ix_letters_open", "city_id", "state", postgresql_where=text("state IN ('waiting', 'printed')")),
    Index("ix_letters_case", "case_id"),
    Index("ix_letters_follows", "follows_id", postgresql_where=text("follows_id IS NOT NULL")),
)
"""`recipient`, sealed: {name, address, postcode}; the address is what staff found. `text`, sealed: what it says.
`follows_id`: the message that did not arrive. `staff_id`: who touched it last."""
