"""Runs of notices: one level to many people, and the ledger of who got it, by which way, at which cost, or why not."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Json, Moment, metadata
from core.sealed import SealedJson, SealedText

arrears_runs = Table(
    "arrears_runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("criteria", Json, nullable=False),
    Column("per_second", Float),
    Column("begins_at", Moment),
    Column("status", Text, nullable=False, server_default="draft"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("reckoned_on", Date),
    Column("last_id", Id),
    Column("looked", Integer, nullable=False, server_default="0"),
    Column("next_at", Moment),
    Column("figures", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Column("reason", Text, nullable=False, server_default=""),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("approved_by", Id, ForeignKey("staff.id")),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("prepared_at", Moment),
    Column("approved_at", Moment),
    Column("filled_at", Moment),
    Column("paused_at", Moment),
    Column("cancelled_at", Moment),
    Column("ended_at", Moment),
    CheckConstraint(
        "status IN ('draft', 'preparing', 'prepared', 'filling', 'filled', 'cancelled', 'ended')", name="status"
    ),
    CheckConstraint("approved_by IS NULL OR approved_by <> staff_id", name="two_people"),
    CheckConstraint("status NOT IN ('filling', 'filled', 'ended') OR approved_by IS NOT NULL", name="approved"),
    CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled"),
    CheckConstraint("per_second IS NULL OR per_second > 0", name="per_second"),
    Index("ix_arrears_runs_list", "city_id", "created_at", "id"),
    Index(
        "ix_arrears_runs_open",
        "city_id",
        "created_at",
        postgresql_where=text("status IN ('preparing', 'filling', 'filled', 'cancelled') AND ended_at IS NULL"),
    ),
)
"""`criteria`: whom it is for (`writing.Criteria`), nothing of a person. `last_id`: the debtor that preparing came to,
`looked` at so many. `next_at`: when the next message of a run with a rate of its own may leave. `paused_at`: from its
commit on nothing leaves, and what was queued is taken back. `figures`: costs and counts as they stood when it ended.
`ended_at`: nothing of it is on its way any more."""

arrears_run_recipients = Table(
    "arrears_run_recipients",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_id", Id, ForeignKey("arrears_runs.id"), nullable=False),
    Column("city_id", Text, nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("bills", Json, nullable=False),
    Column("amount_krw", BigInteger, nullable=False),
    Column("way", Text, nullable=False, server_default=""),
    Column("first_way", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("lang", Text, nullable=False, server_default="ko"),
    Column("times", SmallInteger, nullable=False, server_default="0"),
    Column("address_key", Text),
    Column("address", SealedText("conversations.address")),
    Column("body", SealedJson("outbound.body"), nullable=False, server_default=text("'{}'::jsonb")),
    Column("message_id", Id),
    Column("anew", SmallInteger, nullable=False, server_default="0"),
    Column("letter_id", Id),
    Column("queued_at", Moment),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("run_id", "debtor_id"),
    CheckConstraint("state IN ('excluded', 'ready', 'queued', 'letter', 'stopped', 'done')", name="state"),
    CheckConstraint("way IN ('', 'alimtalk', 'sms', 'lms', 'letter')", name="way"),
    CheckConstraint("anew IN (0, 1)", name="anew"),
    Index("ix_arrears_run_recipients_state", "run_id", "state", "id"),
    Index("ix_arrears_run_recipients_message", "message_id", postgresql_where=text("message_id IS NOT NULL")),
    Index("ix_arrears_run_recipients_debtor", "debtor_id", "queued_at"),
)
"""One row, one person, for all his bills. `id` is also that of his first message and of the conversation that is opened
where none is: `body` and `address` are sealed to it and emptied once they stand there. `bills`: [{bill_id, total_krw}]
as they were frozen. `way`: the one it is on; `first_way`: the one it began by. `state`: excluded (`reason` says why);
ready: to be queued, or listed as a letter; queued: its message is in the outbox, which knows its receipts; letter: it
is on the letter list; stopped: `reason` came in between; done: no way is left. `message_id`: the message in question
where it is not the first. `queued_at`: when the ladder was told of it. `times`: how often he was told this level
before. `anew`: reckoned again once, as part was paid."""
