"""The ledger of arrears: who owes, which bills, what was paid, and what bids us wait. Amounts are whole won."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Moment, metadata
from core.sealed import SealedJson, SealedText

arrears_debtors = Table(
    "arrears_debtors",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("tax_no_index", LargeBinary, nullable=False),
    Column("name_index", LargeBinary),
    Column("phone_index", LargeBinary),
    Column("person", SealedJson("arrears_debtors.person"), nullable=False),
    Column("is_company", Boolean, nullable=False, server_default="false"),
    Column("lang", Text, nullable=False, server_default="ko"),
    Column("told", LargeBinary),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("city_id", "tax_no_index"),
    Index("ix_arrears_debtors_name", "city_id", "name_index", postgresql_where=text("name_index IS NOT NULL")),
    Index("ix_arrears_debtors_phone", "city_id", "phone_index", postgresql_where=text("phone_index IS NOT NULL")),
)
"""`person`, sealed: {tax_no, name, phone, address, postcode, birth}; phone as `civic.people` normalises it, "" where
unknown. `*_index`: keyed hashes (`vault.index("arrears.tax_no" | "citizens.name" | "citizens.phone", …)`). `told`:
keyed hash of the row as its source told it last (civic/arrears/ledger/rows.py)."""

arrears_bills = Table(
    "arrears_bills",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("bill_no", Text, nullable=False),
    Column("pay_no", Text, nullable=False, server_default=""),
    Column("tax_item", Text, nullable=False),
    Column("tax_year", SmallInteger, nullable=False),
    Column("period", Text, nullable=False, server_default=""),
    Column("detail", SealedText("arrears_bills.detail"), nullable=False, server_default=""),
    Column("principal_krw", BigInteger, nullable=False),
    Column("notified_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("dunned_on", Date),
    Column("dun_due_on", Date),
    Column("prescribes_on", Date),
    Column("state", Text, nullable=False, server_default="open"),
    Column("closed_on", Date),
    Column("told", LargeBinary),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("city_id", "bill_no"),
    CheckConstraint("principal_krw > 0", name="principal"),
    CheckConstraint("state IN ('open', 'paid', 'cancelled', 'written_off')", name="state"),
    Index("ix_arrears_bills_debtor", "debtor_id"),
    Index("ix_arrears_bills_pay_no", "city_id", "pay_no", postgresql_where=text("pay_no <> ''")),
    Index("ix_arrears_bills_open", "city_id", "due_on", postgresql_where=text("state = 'open'")),
    Index("ix_arrears_bills_prescribes", "city_id", "prescribes_on", "id", postgresql_where=text("state = 'open'")),
)
"""`bill_no`: 과세번호. `pay_no`: 전자납부번호. `tax_item`: 세목 as the source writes it. `detail`, sealed: what was
taxed (a plate, an address). `dunned_on`, `dun_due_on`: 독촉장 and its deadline. `prescribes_on`: 소멸시효, as last
reckoned."""

arrears_payments = Table(
    "arrears_payments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("payment_no", Text, nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id")),
    Column("bill_id", Id, ForeignKey("arrears_bills.id")),
    Column("amount_krw", BigInteger, nullable=False),
    Column("excess_krw", BigInteger, nullable=False, server_default="0"),
    Column("way", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("paid_at", Moment),
    Column("received_at", Moment, nullable=False),
    Column("bill_ids", ARRAY(Id), nullable=False, server_default="{}"),
    Column("seizure_id", Id),
    Column("told", SealedJson("arrears_payments.told")),
    Column("reversed_at", Moment),
    UniqueConstraint("city_id", "source", "payment_no"),
    CheckConstraint("amount_krw > 0 AND excess_krw BETWEEN 0 AND amount_krw", name="amount"),
    CheckConstraint("state IN ('allocated', 'unmatched', 'reversed')", name="state"),
    Index("ix_arrears_payments_debtor", "debtor_id"),
    Index("ix_arrears_payments_excess", "city_id", "id", postgresql_where=text("excess_krw > 0")),
    Index("ix_arrears_payments_unmatched", "city_id", "received_at", postgresql_where=text("state = 'unmatched'")),
)
"""`way`: virtual_account, bank, card, counter, seizure, third_party, import. `excess_krw`: more than was owed, to be
given back (과오납금). `bill_ids`: the order in which it is set against bills, as it was when it came; a payment that is
reckoned anew keeps it. `told`, sealed: {bill_no, pay_no, tax_no, account, payer} as the source told them."""

arrears_entries = Table(
    "arrears_entries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("bill_id", Id, ForeignKey("arrears_bills.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("happened_on", Date, nullable=False),
    Column("costs_krw", BigInteger, nullable=False, server_default="0"),
    Column("tax_krw", BigInteger, nullable=False, server_default="0"),
    Column("surcharge_krw", BigInteger, nullable=False, server_default="0"),
    Column("payment_id", Id, ForeignKey("arrears_payments.id")),
    Column("seizure_id", Id),
    Column("reason", Text, nullable=False, server_default=""),
    Column("staff_id", Id),
    Column("created_at", Moment, nullable=False),
    CheckConstraint("kind IN ('cost', 'payment', 'reduction', 'reversal')", name="kind"),
    Index("ix_arrears_entries_bill", "bill_id", "happened_on"),
    Index("ix_arrears_entries_payment", "payment_id", postgresql_where=text("payment_id IS NOT NULL")),
)
"""Never changed, only added to. A positive amount lowers what is owed (payment, reduction), a negative one raises it
(cost of 체납처분; reversal of a payment). What is owed on a day is reckoned from these (civic/arrears/money)."""

arrears_stops = Table(
    "arrears_stops",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("bill_id", Id, ForeignKey("arrears_bills.id")),
    Column("kind", Text, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date),
    Column("basis", Text, nullable=False, server_default=""),
    Column("staff_id", Id),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    CheckConstraint(
        "kind IN ('deferral', 'instalment', 'dispute', 'wrong_number', 'died', 'bankrupt', 'rehabilitation', "
        "'welfare', 'suspended', 'other')",
        name="kind",
    ),
    Index("ix_arrears_stops_debtor", "debtor_id"),
)
"""Why a debtor (or one bill of his) is left alone for now. deferral: 징수유예 (지방세징수법 §25–28). instalment: 분납.
suspended: 체납처분 유예. wrong_number stops messages to his telephone alone. `until_on`: the last day, None:
until it is ended."""

arrears_touched = Table(
    "arrears_touched",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("why", Text, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("at", Moment, nullable=False),
    CheckConstraint("why IN ('payment', 'bill', 'stop', 'stop_ended', 'contact')", name="why"),
    Index("ix_arrears_touched_order", "city_id", "rank", "at", "id"),
    Index("ix_arrears_touched_debtor", "debtor_id"),
)
"""Debtors of whom something changed, until messages and seizures have followed (civic/arrears/touched.py). `rank`: 0
goes first; a payment never waits behind the bills of a large file."""
