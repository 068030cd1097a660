"""What the oversight keeps: simulations, proofs of notice with the keys that sign them, commissions to other cities."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Json, Moment, metadata
from core.sealed import SealedBytes, SealedText

arrears_simulations = Table(
    "arrears_simulations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("on_day", Date, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("selection", Json, nullable=False),
    Column("people", Json),
    Column("judged", Integer, nullable=False, server_default="0"),
    Column("basis", Json, nullable=False),
    Column("summary", Json, nullable=False),
    Column("digest", Text, nullable=False),
    Column("why_ko", Text, nullable=False, server_default=""),
    Column("why_en", Text, nullable=False, server_default=""),
    Column("staff_id", Id, nullable=False),
    Column("created_at", Moment, nullable=False),
    CheckConstraint("state IN ('waiting', 'running', 'made', 'failed')", name="state"),
    Index("ix_arrears_simulations_list", "city_id", "created_at", "id"),
    Index("ix_arrears_simulations_due", "created_at", postgresql_where=text("state IN ('waiting', 'running')")),
)
"""`selection`: which bills were asked for; `people`: the debtors that were named, or nothing. `judged`: how many
were so far. Once made, `basis`: the rows of the dated tables that were valid on the day, with article and source;
`digest`: SHA-256 over selection, basis, summary and all rows in their order. `why_ko`, `why_en`: why it failed."""

arrears_simulated = Table(
    "arrears_simulated",
    metadata,
    Column("simulation_id", Id, ForeignKey("arrears_simulations.id"), primary_key=True),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("owed_krw", BigInteger, nullable=False),
    Column("would_krw", BigInteger, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("bills", Json, nullable=False),
    CheckConstraint("would_krw BETWEEN 0 AND owed_krw", name="would"),
    Index("ix_arrears_simulated_largest", "simulation_id", text("owed_krw DESC"), "debtor_id"),
)
"""`would_krw`: 0 for whoever is left out; `reasons` [{code, article, text_ko, text_en}] say why. `bills`: [{bill_id,
tax_item, total_krw}]."""

arrears_proof_keys = Table(
    "arrears_proof_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("private_key", SealedBytes("arrears_proof_keys.private_key"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("retired_at", Moment),
    Index("ix_arrears_proof_keys_city", "city_id", "id"),
)
"""Pairs that sign proofs and commissions. A retired one signs nothing new; its public half is told for ever, so that
what it signed stays checkable."""

arrears_proofs = Table(
    "arrears_proofs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("bill_id", Id, ForeignKey("arrears_bills.id")),
    Column("document", SealedText("arrears_proofs.document"), nullable=False),
    Column("digest", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("events", Integer, nullable=False),
    Column("staff_id", Id, nullable=False),
    Column("made_at", Moment, nullable=False),
    Index("ix_arrears_proofs_debtor", "debtor_id", "made_at"),
)
"""`document`, sealed: the signed file as it was handed out, byte by byte. `digest`: SHA-256 of those bytes."""

arrears_commissions = Table(
    "arrears_commissions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("on_day", Date, nullable=False),
    Column("asked_krw", BigInteger, nullable=False),
    Column("collected_krw", BigInteger, nullable=False, server_default="0"),
    Column("costs_krw", BigInteger, nullable=False, server_default="0"),
    Column("fee_krw", BigInteger, nullable=False, server_default="0"),
    Column("results", Integer, nullable=False, server_default="0"),
    Column("document", SealedText("arrears_commissions.document"), nullable=False),
    Column("digest", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("staff_id", Id, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("city_id", "way", "partner", "number"),
    CheckConstraint("way IN ('out', 'in')", name="way"),
    CheckConstraint("state IN ('open', 'collected', 'refused', 'withdrawn')", name="state"),
    Index("ix_arrears_commissions_list", "city_id", "created_at", "id"),
    Index("ix_arrears_commissions_debtor", "debtor_id"),
)
"""징수촉탁 (지방세징수법 §18). `way`: out to another city, in from one. `number`: the asking city's. `document`,
sealed: the signed file. `collected_krw`: remitted of what was asked; `costs_krw`: what the collecting city spent and
took; `fee_krw`: its fee, settled between the cities. `results`: how many result files were made or taken."""

arrears_commission_bills = Table(
    "arrears_commission_bills",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("commission_id", Id, ForeignKey("arrears_commissions.id"), nullable=False),
    Column("bill_id", Id, ForeignKey("arrears_bills.id"), nullable=False),
    Column("bill_no", Text, nullable=False),
    Column("asked_krw", BigInteger, nullable=False),
    UniqueConstraint("commission_id", "bill_id"),
    Index("ix_arrears_commission_bills_bill", "bill_id"),
)
"""`bill_no`: the asking city's number, by which both sides name it; `bill_id`: the row in this ledger."""

arrears_days = Table(
    "arrears_days",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("on_day", Date, primary_key=True),
    Column("figures", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Column("made_at", Moment, nullable=False),
)
"""What stood in the ledger at the end of a day, so that a month later the day can still be told."""
