"""Seizures: batches, who is in them, accounts found, approvals, orders to banks, seizures and each of their steps."""

from sqlalchemy import (
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
from core.sealed import SealedText

arrears_batches = Table(
    "arrears_batches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("selection", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Column("drafted_by", Id, nullable=False),
    Column("ordered_by", Id),
    Column("order_no", Text, nullable=False, server_default=""),
    Column("order_basis", Text, nullable=False, server_default=""),
    Column("digest", LargeBinary),
    Column("round", Integer, nullable=False, server_default="0"),
    Column("needed", Integer, nullable=False, server_default="2"),
    Column("paused_at", Moment),
    Column("stopped_at", Moment),
    Column("looked_at", Moment),
    Column("waits_until", Moment),
    Column("planned_at", Moment),
    Column("approved_at", Moment),
    Column("started_at", Moment),
    Column("closed_at", Moment),
    Column("report", Json),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    CheckConstraint(
        "state IN ('draft', 'judged', 'looking', 'planned', 'approved', 'running', 'closed', 'cancelled')",
        name="state",
    ),
    CheckConstraint("needed >= 2", name="needed"),
    CheckConstraint("state IN ('draft', 'judged', 'cancelled') OR ordered_by IS NOT NULL", name="ordered"),
    CheckConstraint("state NOT IN ('planned', 'approved', 'running') OR digest IS NOT NULL", name="digest"),
    Index("ix_arrears_batches_live", "city_id", postgresql_where=text("state NOT IN ('closed', 'cancelled')")),
)
"""`ordered_by`, `order_no`, `order_basis`: who as the responsible person had the banks asked (금융실명법 §4①ii).
`digest`: of exactly the list that approvals are given to; `round` counts the lists, so approvals of an older one are
void. `stopped_at`: nothing more is seized; what is held is brought to its end. `waits_until`: when the batch goes on
without the banks that have not told what they hold."""

arrears_batch_debtors = Table(
    "arrears_batch_debtors",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("batch_id", Id, ForeignKey("arrears_batches.id"), nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("owed_krw", BigInteger, nullable=False, server_default="0"),
    Column("planned_krw", BigInteger, nullable=False, server_default="0"),
    Column("bills", Json, nullable=False, server_default=text("'[]'::jsonb")),
    Column("reasons", Json, nullable=False, server_default=text("'[]'::jsonb")),
    UniqueConstraint("batch_id", "debtor_id"),
    CheckConstraint("state IN ('in', 'excluded', 'over')", name="state"),
    CheckConstraint("owed_krw >= 0 AND planned_krw >= 0", name="amounts"),
    Index("ix_arrears_batch_debtors_live", "debtor_id", unique=True, postgresql_where=text("state = 'in'")),
)
"""A debtor is in one live batch at most: two batches together would seize too much (지방세징수법 §43). `reasons`: codes
of `reasons.py` with the bill where one alone is meant. over: his part of the batch has ended."""

arrears_accounts_found = Table(
    "arrears_accounts_found",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("batch_id", Id, ForeignKey("arrears_batches.id"), nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("bank", Text, nullable=False),
    Column("account", SealedText("arrears_accounts_found.account"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("balance_krw", BigInteger, nullable=False),
    Column("held_krw", BigInteger, nullable=False, server_default="0"),
    Column("why_not", Text, nullable=False, server_default=""),
    Column("is_late", Boolean, nullable=False, server_default="false"),
    Column("is_others", Boolean, nullable=False, server_default="false"),
    Column("found_at", Moment, nullable=False),
    CheckConstraint("balance_krw >= 0 AND held_krw >= 0", name="amounts"),
    Index("ix_arrears_accounts_found_debtor", "batch_id", "debtor_id"),
)
"""What the lookup told. `held_krw`: seized there before by others. `why_not`: code why the account is left alone.
`is_late`: told after the batch had gone on, so it is no part of its plan. `is_others`: the bank names another."""

arrears_seizures = Table(
    "arrears_seizures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("batch_id", Id, ForeignKey("arrears_batches.id"), nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("found_id", Id, ForeignKey("arrears_accounts_found.id"), nullable=False),
    Column("bank", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="planned"),
    Column("turn", Integer, nullable=False),
    Column("planned_krw", BigInteger, nullable=False),
    Column("cost_krw", BigInteger, nullable=False, server_default="0"),
    Column("asked_krw", BigInteger, nullable=False, server_default="0"),
    Column("held_krw", BigInteger, nullable=False, server_default="0"),
    Column("collecting_krw", BigInteger, nullable=False, server_default="0"),
    Column("collected_krw", BigInteger, nullable=False, server_default="0"),
    Column("releasing_krw", BigInteger, nullable=False, server_default="0"),
    Column("released_krw", BigInteger, nullable=False, server_default="0"),
    Column("document", Text, nullable=False, server_default=""),
    Column("why", Text, nullable=False, server_default=""),
    Column("freed_by", Moment),
    Column("sent_at", Moment),
    Column("held_at", Moment),
    Column("told_at", Moment),
    Column("collected_at", Moment),
    Column("released_at", Moment),
    Column("ended_at", Moment),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("found_id"),
    CheckConstraint("kind IN ('seize', 'join')", name="kind"),
    CheckConstraint(
        "state IN ('planned', 'approved', 'dropped', 'sent', 'refused', 'joined', 'held', 'easing', 'collecting', "
        "'collected', 'releasing', 'released', 'done')",
        name="state",
    ),
    CheckConstraint("planned_krw > 0 AND asked_krw BETWEEN 0 AND planned_krw", name="only_shrinks"),
    CheckConstraint("held_krw BETWEEN 0 AND asked_krw", name="held"),
    CheckConstraint(
        "collected_krw >= 0 AND released_krw >= 0 AND collected_krw + released_krw <= held_krw", name="kept"
    ),
    CheckConstraint(
        "collecting_krw >= 0 AND collected_krw + released_krw + collecting_krw <= held_krw", name="collecting"
    ),
    CheckConstraint("releasing_krw BETWEEN 0 AND asked_krw", name="releasing"),
    CheckConstraint(
        "state NOT IN ('done', 'released') OR collected_krw + released_krw = held_krw", name="ends_with_nothing_held"
    ),
    CheckConstraint("state NOT IN ('planned', 'approved', 'dropped') OR held_krw = 0", name="nothing_before"),
    Index("ix_arrears_seizures_batch", "batch_id", "state"),
    Index(
        "ix_arrears_seizures_live",
        "debtor_id",
        postgresql_where=text("state NOT IN ('planned', 'dropped', 'refused', 'released', 'done')"),
    ),
    Index(
        "ix_arrears_seizures_untold",
        "city_id",
        postgresql_where=text("told_at IS NULL AND state IN ('held', 'collecting', 'collected', 'releasing')"),
    ),
)
"""One account of one debtor. Written by `states.py` alone. `asked_krw`: what the order said, never more than what was
approved (`planned_krw`). `why`: code of what excluded it or lets it go. `freed_by`: moment of the change (a payment, a
deferral) that lets it go, from which the way to the release is measured."""

arrears_orders = Table(
    "arrears_orders",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("batch_id", Id, ForeignKey("arrears_batches.id"), nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("seizure_id", Id, ForeignKey("arrears_seizures.id")),
    Column("kind", Text, nullable=False),
    Column("bank", Text, nullable=False),
    Column("amount_krw", BigInteger, nullable=False, server_default="0"),
    Column("document", Text, nullable=False, server_default=""),
    Column("asked_at", Moment, nullable=False),
    Column("answered_at", Moment),
    Column("passed_at", Moment),
    Column("status", Text, nullable=False, server_default=""),
    Column("answered_krw", BigInteger, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("kind IN ('lookup', 'seize', 'join', 'collect', 'release')", name="kind"),
    CheckConstraint("status IN ('', 'pending', 'done', 'partly', 'refused')", name="status"),
    CheckConstraint("(kind = 'lookup') = (seizure_id IS NULL)", name="seizure"),
    Index("ix_arrears_orders_open", "batch_id", "kind", postgresql_where=text("answered_at IS NULL")),
    Index("ix_arrears_orders_seizure", "seizure_id", postgresql_where=text("seizure_id IS NOT NULL")),
)
"""What was asked of which bank; `id` is the request's id, made from what it is about, so it cannot be asked twice.
`passed_at`: of a lookup, when nobody waited for its answer any more; the answer is still taken."""

arrears_approvals = Table(
    "arrears_approvals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("batch_id", Id, ForeignKey("arrears_batches.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("staff_id", Id, nullable=False),
    Column("is_approved", Boolean, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("at", Moment, nullable=False),
    UniqueConstraint("batch_id", "round", "staff_id"),
)
"""A person's word on one list, by its digest. It counts while the batch still has that digest and round."""

arrears_release_wishes = Table(
    "arrears_release_wishes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("seizure_id", Id, ForeignKey("arrears_seizures.id"), nullable=False),
    Column("amount_krw", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("basis", Text, nullable=False, server_default=""),
    Column("asked_by", Id, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("decided_by", Id),
    Column("decided_at", Moment),
    Column("is_granted", Boolean),
    Column("note", Text, nullable=False, server_default=""),
    Column("without_bank", Boolean, nullable=False, server_default="false"),
    CheckConstraint("amount_krw > 0", name="amount"),
    CheckConstraint("(decided_by IS NULL) = (is_granted IS NULL)", name="decided"),
    CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="two_people"),
    Index("ix_arrears_release_wishes_open", "seizure_id", unique=True, postgresql_where=text("decided_by IS NULL")),
)
"""An officer asks to let go (all or part, 지방세징수법 §63); another one decides. `without_bank`: the bank has said in
writing that it holds nothing, so no order goes there and the seizure ends here."""

arrears_seizure_events = Table(
    "arrears_seizure_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("batch_id", Id, ForeignKey("arrears_batches.id"), nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id")),
    Column("seizure_id", Id, ForeignKey("arrears_seizures.id")),
    Column("at", Moment, nullable=False),
    Column("step", Text, nullable=False),
    Column("article", Text, nullable=False, server_default=""),
    Column("document", Text, nullable=False, server_default=""),
    Column("actor_kind", Text, nullable=False),
    Column("staff_id", Id),
    Column("from_state", Text),
    Column("to_state", Text),
    Column("detail", Json, nullable=False, server_default=text("'{}'::jsonb")),
    CheckConstraint("actor_kind IN ('staff', 'bank', 'system')", name="actor_kind"),
    Index("ix_arrears_seizure_events_batch", "batch_id", "at", "id"),
    Index("ix_arrears_seizure_events_seizure", "seizure_id", postgresql_where=text("seizure_id IS NOT NULL")),
)
"""Every step with its article, document and actor. `detail`: amounts and codes, nobody's name or account."""
