"""What the house remembers about money beyond the ledger: interruptions of prescription, accounts to pay into, keys of
those who tell us of payments, money given back, reductions that wait for a second person."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Moment, metadata
from core.sealed import SealedText

arrears_interruptions = Table(
    "arrears_interruptions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("bill_id", Id, ForeignKey("arrears_bills.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date),
    Column("basis", Text, nullable=False, server_default=""),
    Column("staff_id", Id),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("bill_id", "kind", "source_id"),
    CheckConstraint("until_on IS NULL OR until_on >= from_on", name="span"),
    Index("ix_arrears_interruptions_bill", "bill_id"),
)
"""`kind`: a row of prescription.csv. `until_on`: its last day (the demand's deadline, the day of release); None: it
holds still. `source_id`: what it comes of, so that telling it again changes that row."""

arrears_accounts = Table(
    "arrears_accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("bank", Text, nullable=False),
    Column("bank_name", Text, nullable=False),
    Column("number", SealedText("arrears_accounts.number"), nullable=False),
    Column("number_index", LargeBinary, nullable=False),
    Column("holder", Text, nullable=False),
    Column("is_practice", Boolean, nullable=False, server_default="false"),
    Column("is_off", Boolean, nullable=False, server_default="false"),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id")),
    Column("given_at", Moment),
    Column("until_on", Date),
    Column("free_from", Date),
    Column("imported_at", Moment, nullable=False),
    UniqueConstraint("city_id", "number_index"),
    Index(
        "ix_arrears_accounts_debtor",
        "debtor_id",
        unique=True,
        postgresql_where=text("debtor_id IS NOT NULL"),
    ),
    Index(
        "ix_arrears_accounts_free", "city_id", "free_from", postgresql_where=text("debtor_id IS NULL AND NOT is_off")
    ),
)
"""The pool of virtual accounts (가상계좌). One debtor has one while he owes; afterwards it rests until `free_from`."""

arrears_account_uses = Table(
    "arrears_account_uses",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("account_id", Id, ForeignKey("arrears_accounts.id"), nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("given_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index("ix_arrears_account_uses_account", "account_id", "given_at"),
    Index("ix_arrears_account_uses_debtor", "debtor_id"),
)
"""Whose an account was when: money that comes late finds whom it was meant for."""

arrears_payment_keys = Table(
    "arrears_payment_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("key_hash", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("minute_at", Moment),
    Column("used", Integer, nullable=False, server_default="0"),
    Column("last_used_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Id),
    Column("revoked_at", Moment),
    UniqueConstraint("key_hash"),
    Index(
        "uq_arrears_payment_keys_live",
        "city_id",
        "source",
        unique=True,
        postgresql_where=text("revoked_at IS NULL"),
    ),
)
"""Keys by which a bank or a VAN tells us of payments; `source` is whose, and the payments are its."""

arrears_refunds = Table(
    "arrears_refunds",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("payment_id", Id, ForeignKey("arrears_payments.id"), nullable=False),
    Column("amount_krw", BigInteger, nullable=False),
    Column("refunded_on", Date, nullable=False),
    Column("way", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("staff_id", Id),
    Column("created_at", Moment, nullable=False),
    CheckConstraint("amount_krw > 0", name="amount"),
    CheckConstraint("way IN ('account', 'cash', 'offset')", name="way"),
    Index("ix_arrears_refunds_payment", "payment_id"),
)
"""Excess (과오납금) that was given back, or set against another bill (충당, `offset`)."""

arrears_reductions = Table(
    "arrears_reductions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("bill_id", Id, ForeignKey("arrears_bills.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("costs_krw", BigInteger, nullable=False, server_default="0"),
    Column("tax_krw", BigInteger, nullable=False, server_default="0"),
    Column("surcharge_krw", BigInteger, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_by", Id, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("decided_by", Id),
    Column("decided_at", Moment),
    Column("version", Integer, nullable=False, server_default="1"),
    CheckConstraint("kind IN ('reduce', 'cancel', 'write_off')", name="kind"),
    CheckConstraint("state IN ('waiting', 'done', 'refused')", name="state"),
    CheckConstraint("costs_krw >= 0 AND tax_krw >= 0 AND surcharge_krw >= 0", name="amounts"),
    Index("ix_arrears_reductions_bill", "bill_id"),
    Index("uq_arrears_reductions_waiting", "bill_id", unique=True, postgresql_where=text("state = 'waiting'")),
)
"""감액, 부과취소 and 정리보류 of a bill. Above a setting a second person decides."""
