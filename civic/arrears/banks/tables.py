"""What was asked of banks under which id and answered, how each way to a bank stands, what their own ledgers say."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Moment, metadata
from core.sealed import SealedJson, SealedText

arrears_bank_requests = Table(
    "arrears_bank_requests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("bank", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("amount_krw", BigInteger, nullable=False),
    Column("asked", SealedJson("arrears_bank_requests.asked"), nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("gateway", Text, nullable=False, server_default=""),
    Column("is_practice", Boolean),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Moment, nullable=False),
    Column("claimed_by", Text, nullable=False, server_default=""),
    Column("claimed_until", Moment),
    Column("is_unknown", Boolean, nullable=False, server_default="false"),
    Column("failure", Text, nullable=False, server_default=""),
    Column("status", Text),
    Column("answered_krw", BigInteger),
    Column("reason", Text, nullable=False, server_default=""),
    Column("found", SealedJson("arrears_bank_requests.found")),
    Column("effective_at", Moment),
    Column("answered_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    CheckConstraint("kind IN ('lookup', 'seize', 'join', 'collect', 'release')", name="kind"),
    CheckConstraint("state IN ('waiting', 'pending', 'answered', 'dead')", name="state"),
    CheckConstraint("status IN ('done', 'partly', 'refused')", name="status"),
    CheckConstraint("(state = 'answered') = (status IS NOT NULL)", name="answered"),
    CheckConstraint("amount_krw >= 0 AND answered_krw >= 0", name="amount"),
    Index(
        "ix_arrears_bank_requests_due",
        "city_id",
        "bank",
        "priority",
        "next_at",
        postgresql_where=text("state IN ('waiting', 'pending')"),
    ),
    Index("ix_arrears_bank_requests_dead", "city_id", "updated_at", postgresql_where=text("state = 'dead'")),
    Index(
        "ix_arrears_bank_requests_booked",
        "city_id",
        "bank",
        "answered_at",
        postgresql_where=text("state = 'answered' AND kind <> 'lookup'"),
    ),
    Index(
        "ix_arrears_bank_requests_named",
        "city_id",
        "answered_at",
        postgresql_where=text("state = 'answered' AND asked <> '{}'::jsonb"),
    ),
)
"""`id` is the request's id at the bank. `asked`, sealed: {tax_no, name, is_company, account, document}. `found`,
sealed, of a lookup: {accounts: […]}. `is_unknown`: an attempt ended without an answer, so the bank may have done it.
dead: given up until staff resume it; an answer that comes all the same still counts."""

arrears_bank_ways = Table(
    "arrears_bank_ways",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("gateway", Text, primary_key=True),
    Column("bank", Text, primary_key=True),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("resting_until", Moment),
    Column("last_ok_at", Moment),
    Column("failing_since", Moment),
    Column("failure", Text, nullable=False, server_default=""),
    Column("poll_failure", Text, nullable=False, server_default=""),
    Column("told_at", Moment),
    Column("answers_after", Text, nullable=False, server_default=""),
    Column("polled_at", Moment),
    Column("ledger_after", Text, nullable=False, server_default=""),
    Column("ledger_at", Moment),
)
"""How each bank stands behind its gateway. `failures` in a row; it is left alone until `resting_until`. `*_after`:
positions in its late answers and in its ledger, moved in the transaction that stores what was read. `poll_failure`: why
late answers or the ledger cannot be read. `told_at`: when staff heard that the bank fails."""

arrears_bank_booked = Table(
    "arrears_bank_booked",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("gateway", Text, nullable=False),
    Column("bank", Text, nullable=False),
    Column("request_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("account", SealedText("arrears_bank_booked.account"), nullable=False),
    Column("amount_krw", BigInteger, nullable=False),
    Column("booked_at", Moment, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("matched_at", Moment),
    Index("ix_arrears_bank_booked_request", "city_id", "request_id"),
    Index("ix_arrears_bank_booked_open", "city_id", "booked_at", postgresql_where=text("matched_at IS NULL")),
)
"""Lines of the banks' own ledgers, as they came."""

arrears_bank_reconciliations = Table(
    "arrears_bank_reconciliations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("staff_id", Id),
    Column("until_at", Moment, nullable=False),
    Column("lines", Integer, nullable=False, server_default="0"),
    Column("matched", Integer, nullable=False, server_default="0"),
    Column("new_differences", Integer, nullable=False, server_default="0"),
    Column("ours_krw", BigInteger, nullable=False, server_default="0"),
    Column("theirs_krw", BigInteger, nullable=False, server_default="0"),
    Column("unread", Text, nullable=False, server_default=""),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index("ix_arrears_bank_reconciliations_at", "city_id", "started_at"),
)
"""One comparison. `until_at`: what we were answered before it is compared. `*_krw`: collected by all of it, as we say
and as the banks do. `unread`: banks whose ledger could not be read."""

arrears_bank_differences = Table(
    "arrears_bank_differences",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("reconciliation_id", Id, ForeignKey("arrears_bank_reconciliations.id"), nullable=False),
    Column("gateway", Text, nullable=False),
    Column("bank", Text, nullable=False),
    Column("request_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("ours_krw", BigInteger),
    Column("theirs_krw", BigInteger),
    Column("state", Text, nullable=False, server_default="open"),
    Column("found_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("closed_by", Id),
    Column("reason", Text, nullable=False, server_default=""),
    Column("version", Integer, nullable=False, server_default="1"),
    CheckConstraint(
        "what IN ('ours_missing', 'theirs_missing', 'amount', 'kind', 'twice', 'payment_missing', 'payment_amount')",
        name="what",
    ),
    CheckConstraint("state IN ('open', 'closed')", name="state"),
    CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
    UniqueConstraint("city_id", "request_id", "what"),
    Index("ix_arrears_bank_differences_open", "city_id", "found_at", postgresql_where=text("state = 'open'")),
)
"""What does not agree, each a matter for an officer, who closes it with a reason. ours_missing: the bank booked what we
never asked or have no answer to. theirs_missing: we were answered, the bank booked nothing. payment_*: collected money
that is not among the payments to the won."""
