"""The citizens' side of arrears: who showed who he is and who failed to, what was asked for, and agreed plans."""

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
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Moment, metadata
from core.sealed import SealedJson, SealedText

arrears_attempts = Table(
    "arrears_attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("phone_index", LargeBinary, nullable=False),
    Column("is_right", Boolean, nullable=False),
    Column("is_forgiven", Boolean, nullable=False, server_default="false"),
    Column("at", Moment, nullable=False),
    Index("ix_arrears_attempts_conversation", "conversation_id", "at"),
    Index("ix_arrears_attempts_phone", "city_id", "phone_index", "at"),
)
"""One secret given for one proven number. What was given is nowhere; a forgiven one (staff lifted the lock) counts no
more."""

arrears_locks = Table(
    "arrears_locks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("phone_index", LargeBinary, nullable=False),
    Column("failures", SmallInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("lifted_at", Moment),
    Column("staff_id", Id),
    Index("ix_arrears_locks_conversation", "conversation_id", postgresql_where=text("lifted_at IS NULL")),
    Index("ix_arrears_locks_phone", "city_id", "phone_index", postgresql_where=text("lifted_at IS NULL")),
    Index("ix_arrears_locks_until", "city_id", "until", postgresql_where=text("lifted_at IS NULL")),
)
"""Too many wrong secrets: nothing is told in this conversation, nor to this number in any other, until then or until
staff lift it."""

arrears_identified = Table(
    "arrears_identified",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("how", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("ended_at", Moment),
    CheckConstraint("how IN ('tax_no', 'pay_no', 'birth')", name="how"),
    Index("ix_arrears_identified_conversation", "conversation_id", "until"),
    Index("ix_arrears_identified_debtor", "debtor_id", "at"),
)
"""Who writes in this conversation is this debtor: his number was proven and a secret known (`how`: which)."""

arrears_requests = Table(
    "arrears_requests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id")),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("wish", SealedJson("arrears_requests.wish"), nullable=False),
    Column("answer", SealedText("arrears_requests.answer"), nullable=False, server_default=""),
    Column("stop_id", Id, ForeignKey("arrears_stops.id")),
    Column("received_at", Moment, nullable=False),
    Column("due_at", Moment),
    Column("deemed_on", Date),
    Column("warned_at", Moment),
    Column("decided_at", Moment),
    Column("decided_by", Text),
    Column("staff_id", Id),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_at", Moment, nullable=False),
    CheckConstraint("kind IN ('instalment', 'release', 'deferral', 'dispute', 'court', 'wrong_number')", name="kind"),
    CheckConstraint("state IN ('open', 'granted', 'refused', 'withdrawn')", name="state"),
    CheckConstraint("decided_by IN ('staff', 'law', 'citizen')", name="decided_by"),
    Index("ix_arrears_requests_debtor", "debtor_id", "received_at"),
    Index("ix_arrears_requests_open", "city_id", "received_at", "id", postgresql_where=text("state = 'open'")),
    Index("ix_arrears_requests_list", "city_id", "received_at", "id"),
    Index(
        "ix_arrears_requests_deemed",
        "city_id",
        "deemed_on",
        postgresql_where=text("state = 'open' AND deemed_on IS NOT NULL"),
    ),
)
"""`wish`, sealed: {text, which, months, first_on, parts, until_on, files}. `due_at`: by when officers should answer.
`deemed_on`: unanswered until the end of this day it counts as granted (지방세징수법 §25의3); `warned_at`: staff were
told of that. `decided_by` law: by that rule."""

arrears_plans = Table(
    "arrears_plans",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("request_id", Id, ForeignKey("arrears_requests.id"), nullable=False),
    Column("stop_id", Id, ForeignKey("arrears_stops.id"), nullable=False),
    Column("state", Text, nullable=False, server_default="running"),
    Column("total_krw", BigInteger, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("request_id"),
    CheckConstraint("state IN ('running', 'kept', 'broken', 'cancelled')", name="state"),
    CheckConstraint("total_krw > 0", name="total"),
    Index("uq_arrears_plans_running", "debtor_id", unique=True, postgresql_where=text("state = 'running'")),
    Index("ix_arrears_plans_running", "city_id", "id", postgresql_where=text("state = 'running'")),
)
"""An approved 분납: while it runs, its stop (`stop_id`) keeps messages and seizures away. One at a time a debtor."""

arrears_plan_parts = Table(
    "arrears_plan_parts",
    metadata,
    Column("plan_id", Id, ForeignKey("arrears_plans.id"), primary_key=True),
    Column("number", SmallInteger, primary_key=True),
    Column("due_on", Date, nullable=False),
    Column("amount_krw", BigInteger, nullable=False),
    Column("reminded_at", Moment),
    Column("missed_at", Moment),
    CheckConstraint("amount_krw > 0", name="amount"),
)
"""What was paid since the plan began fills the parts in their order. `missed_at`: when it was told that one was
missed."""

arrears_payment_words = Table(
    "arrears_payment_words",
    metadata,
    Column("payment_id", Id, ForeignKey("arrears_payments.id"), primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("noted_at", Moment, nullable=False),
    Column("told_at", Moment),
    Column("outbound_id", Id),
    Index("ix_arrears_payment_words_untold", "city_id", "debtor_id", postgresql_where=text("told_at IS NULL")),
)
"""Payments that the debtor is thanked for, once each; `outbound_id` none: there was nowhere to tell him."""
