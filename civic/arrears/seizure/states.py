"""The lives of a batch, of a seizure and of a bill: which state follows which. The only place that writes a state.

Every write says which state and version it saw (`WHERE state = …`), so of two who decide at once one is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.seizure.paths import PATH
from civic.arrears.seizure.rows import Batch, Seizure
from civic.arrears.seizure.tables import arrears_batches, arrears_seizure_events, arrears_seizures
from civic.staff.service import change_row, record_change, record_changes
from core.errors import Conflict
from core.ids import new_id

BatchState = Literal["draft", "judged", "looking", "planned", "approved", "running", "closed", "cancelled"]
State = Literal[
    "planned", "approved", "dropped", "sent", "refused", "joined", "held", "easing", "collecting", "collected",
    "releasing", "released", "done",
]  # fmt: skip
BATCH_FOLLOWS: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"judged", "cancelled"}),
    "judged": frozenset({"judged", "looking", "cancelled"}),
    "looking": frozenset({"planned", "cancelled"}),
    "planned": frozenset({"planned", "approved", "cancelled"}),
    "approved": frozenset({"planned", "running", "cancelled"}),
    "running": frozenset({"closed"}),
    "closed": frozenset(),
    "cancelled": frozenset(),
}
"""A list that changes is a new list (planned → planned, approved → planned): its approvals are void."""
FOLLOWS: Mapping[str, frozenset[str]] = {
    "planned": frozenset({"approved", "dropped"}),
    "approved": frozenset({"planned", "sent", "dropped"}),
    "sent": frozenset({"held", "joined", "refused", "approved", "dropped"}),
    "joined": frozenset({"held", "refused", "releasing"}),
    "held": frozenset({"easing", "collecting", "releasing"}),
    "easing": frozenset({"held"}),
    "collecting": frozenset({"collected", "held"}),
    "collected": frozenset({"releasing", "easing", "held", "done"}),
    "releasing": frozenset({"released", "held", "joined"}),
    "released": frozenset(),
    "done": frozenset(),
    "dropped": frozenset(),
    "refused": frozenset(),
}
"""sent → approved: another authority was first, so it is ordered again as a 참가압류 (§67). sent → dropped: the order
was taken back before the bank had it. collecting → held and releasing → held: the bank refused, so it is as before and
an officer is asked; collected → held or easing the same, where it paid over less than it held."""
ENDED = frozenset(state for state, after in FOLLOWS.items() if not after)
LIVE = frozenset(FOLLOWS) - ENDED - {"planned"}
AUDITED = frozenset({"sent", "joined", "held", "easing", "collecting", "collected", "releasing", "released", "refused"})
"""Where money or rights move: beside its event each gets its row in the audit log."""
NAMES: Mapping[str, tuple[str, str]] = {
    "planned": ("계획", "Planned"),
    "approved": ("승인", "Approved"),
    "dropped": ("제외", "Left out"),
    "sent": ("압류 지시", "Ordered"),
    "refused": ("은행 거부", "Refused"),
    "joined": ("참가압류", "Joined"),
    "held": ("압류", "Seized"),
    "easing": ("일부 해제 중", "Being eased"),
    "collecting": ("추심 중", "Being collected"),
    "collected": ("추심·충당", "Collected"),
    "releasing": ("해제 중", "Being released"),
    "released": ("해제", "Released"),
    "done": ("종료", "Done"),
}
BATCH_NAMES: Mapping[str, tuple[str, str]] = {
    "draft": ("기안", "Draft"),
    "judged": ("심사됨", "Judged"),
    "looking": ("예금 조회 중", "Looking up"),
    "planned": ("승인 대기", "Awaiting approval"),
    "approved": ("승인됨", "Approved"),
    "running": ("진행 중", "Running"),
    "closed": ("종료", "Closed"),
    "cancelled": ("취소", "Cancelled"),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a member of staff, a bank by what it answered, or the house itself."""

    kind: Literal["staff", "bank", "system"]
    staff_id: UUID | None = None


HOUSE, BANK = Actor("system"), Actor("bank")


@dataclass(frozen=True, slots=True)
class Step:
    """A seizure goes to `to`, with the columns that change; `document` and `detail` are for its event, which
    `event` names where the new state does not say what happened."""

    seizure: Seizure
    to: State
    values: Mapping[str, Any] = field(default_factory=dict)
    document: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    event: str = ""


def may_follow(state: str, wanted: str) -> bool:
    return wanted in FOLLOWS[state]


def must_follow(follows: Mapping[str, frozenset[str]], names: Mapping[str, tuple[str, str]], was: str, to: str) -> None:
    """Raises Conflict for a jump that the table does not have."""
    if to not in follows[was]:
        raise Conflict(
            f"'{names[was][0]}' 상태에서는 '{names[to][0]}'(으)로 바꿀 수 없습니다.",
            f"{names[was][1]} does not lead to {names[to][1]}.",
        )


_MOVE = text(
    """UPDATE arrears_seizures AS s SET
         state = n.state, kind = n.kind, version = s.version + 1, updated_at = n.updated_at, asked_krw = n.asked_krw,
         held_krw = n.held_krw, collecting_krw = n.collecting_krw, collected_krw = n.collected_krw,
         releasing_krw = n.releasing_krw, released_krw = n.released_krw, cost_krw = n.cost_krw, document = n.document,
         why = n.why, freed_by = n.freed_by, sent_at = n.sent_at, held_at = n.held_at, told_at = n.told_at,
         collected_at = n.collected_at, released_at = n.released_at, ended_at = n.ended_at
       FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n(
         id uuid, was text, version int, state text, kind text, updated_at timestamptz, asked_krw bigint,
         held_krw bigint, collecting_krw bigint, collected_krw bigint, releasing_krw bigint, released_krw bigint,
         cost_krw bigint,
         document text, why text, freed_by timestamptz, sent_at timestamptz, held_at timestamptz, told_at timestamptz,
         collected_at timestamptz, released_at timestamptz, ended_at timestamptz)
       WHERE s.id = n.id AND s.state = n.was AND s.version = n.version
       RETURNING s.id"""
)


async def move(tx: AsyncConnection, steps: Sequence[Step], now: datetime, actor: Actor = HOUSE) -> list[Seizure]:
    """The seizures after their steps, each with its event. Raises Conflict for an illegal jump or a stale row."""
    if not steps:
        return []
    moved = []
    for step in steps:
        must_follow(FOLLOWS, NAMES, step.seizure.state, step.to)
        ended = {"ended_at": now} if step.to in ENDED else {}
        moved.append(step.seizure.after(state=step.to, updated_at=now, **ended, **step.values))
    await _write(tx, [(step.seizure, after) for step, after in zip(steps, moved, strict=True)])
    await tell(tx, [_event(step, after, now, actor) for step, after in zip(steps, moved, strict=True)])
    await record_changes(tx, [_audited(after, now, actor) for after in moved if after.state in AUDITED])
    return moved


async def amend(tx: AsyncConnection, seizures: Sequence[Seizure], now: datetime, **values: Any) -> list[Seizure]:
    """Change what is no state: that somebody was told, or why it must be let go once the bank has answered."""
    after = [one.after(updated_at=now, **values) for one in seizures]
    if after:
        await _write(tx, list(zip(seizures, after, strict=True)))
    return after


async def _write(tx: AsyncConnection, pairs: Sequence[tuple[Seizure, Seizure]]) -> None:
    rows = [{**after.changeable(), "was": was.state, "version": was.version} for was, after in pairs]
    written = (await tx.execute(_MOVE, {"rows": orjson.dumps(rows).decode()})).all()
    if len(written) != len(rows):
        raise Conflict("그 사이 압류 상태가 바뀌었습니다.", "A seizure was changed meanwhile.")


def _event(step: Step, after: Seizure, now: datetime, actor: Actor) -> dict[str, Any]:
    name = step.event or step.to
    found = PATH.get("sent_join" if name == "sent" and after.kind == "join" else name)
    amounts = {
        column: getattr(after, column)
        for column in ("asked_krw", "held_krw", "collected_krw", "released_krw")
        if getattr(after, column)
    }
    return {
        "batch_id": after.batch_id,
        "city_id": after.city_id,
        "debtor_id": after.debtor_id,
        "seizure_id": after.id,
        "at": now,
        "step": name,
        "article": found.article if found else "",
        "document": step.document or (found.document if found else ""),
        "actor_kind": actor.kind,
        "staff_id": actor.staff_id,
        "from_state": step.seizure.state,
        "to_state": step.to,
        "detail": {**amounts, **({"why": after.why} if after.why else {}), **step.detail},
    }


def _audited(after: Seizure, now: datetime, actor: Actor) -> dict[str, Any]:
    names = ("asked_krw", "held_krw", "collected_krw", "released_krw", "why")
    return change_row(
        city_id=after.city_id,
        actor_kind="staff" if actor.kind == "staff" else "system",
        actor_id=actor.staff_id,
        action=f"arrears_seizure.{after.state}",
        object_kind="arrears_seizure",
        object_id=str(after.id),
        detail={name: value for name in names if (value := getattr(after, name))},
        now=now,
    )


async def tell(tx: AsyncConnection, events: Sequence[Mapping[str, Any]]) -> None:
    """Lines of the timeline, as `arrears_seizure_events` has them."""
    if events:
        await tx.execute(insert(arrears_seizure_events), [{"id": new_id(), **one} for one in events])


async def move_batch(
    tx: AsyncConnection,
    batch: Batch,
    to: BatchState,
    now: datetime,
    actor: Actor,
    *,
    document: str = "",
    detail: Mapping[str, Any] | None = None,
    **values: Any,
) -> Batch:
    """The batch, locked by the caller, in its new state, with event and audit row. Raises Conflict."""
    must_follow(BATCH_FOLLOWS, BATCH_NAMES, batch.state, to)
    return await amend_batch(tx, batch, to, now, actor, document=document, detail=detail, state=to, **values)


async def amend_batch(
    tx: AsyncConnection,
    batch: Batch,
    step: str,
    now: datetime,
    actor: Actor,
    *,
    document: str = "",
    detail: Mapping[str, Any] | None = None,
    **values: Any,
) -> Batch:
    """Change the batch (a pause, an order, a new state by `move_batch`) and note who did it."""
    row = arrears_batches.c
    changed = (
        update(arrears_batches)
        .where(row.id == batch.id, row.state == batch.state, row.version == batch.version)
        .values(version=batch.version + 1, updated_at=now, **values)
    )
    written = (await tx.execute(changed.returning(*arrears_batches.c))).one_or_none()
    if written is None:
        raise Conflict("그 사이 묶음이 바뀌었습니다.", "The batch was changed meanwhile.")
    after, found = Batch.of(written), PATH.get(f"batch_{step}")
    await tell(
        tx,
        [
            {
                "batch_id": batch.id,
                "city_id": batch.city_id,
                "at": now,
                "step": step,
                "article": found.article if found else "",
                "document": document or (found.document if found else ""),
                "actor_kind": actor.kind,
                "staff_id": actor.staff_id,
                "from_state": batch.state,
                "to_state": after.state,
                "detail": dict(detail or {}),
            }
        ],
    )
    await record_change(
        tx,
        city_id=batch.city_id,
        actor_kind="staff" if actor.kind == "staff" else "system",
        actor_id=actor.staff_id,
        action=f"arrears_batch.{step}",
        object_kind="arrears_batch",
        object_id=str(batch.id),
        detail=dict(detail or {}),
        now=now,
    )
    return after


async def drop_all(tx: AsyncConnection, batch_id: UUID, why: str, now: datetime, actor: Actor) -> int:
    """What of a batch no bank has heard of yet is left out; how many."""
    table = arrears_seizures
    unsent = (table.c.batch_id == batch_id, table.c.state.in_(("planned", "approved")))
    rows = await tx.execute(select(table).where(*unsent).order_by(table.c.id).with_for_update())
    steps = [Step(Seizure.of(row), "dropped", {"why": why}) for row in rows]
    return len(await move(tx, steps, now, actor))
