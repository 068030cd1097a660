"""A run's life: drafted, prepared, looked at, approved by a second person, paused, resumed, cancelled."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.runs.tables import arrears_run_recipients, arrears_runs
from civic.staff.service import record_change
from core.arrears_rules import Arrears
from core.errors import BadInput, Conflict, NotFound, PreconditionFailed
from core.ids import new_id

Run = Mapping[str, Any]

MOVES: Mapping[str, tuple[str, ...]] = {
    "prepare": ("draft", "prepared"),
    "approve": ("prepared",),
    "pause": ("filling", "filled"),
    "resume": ("filling", "filled"),
    "cancel": ("draft", "preparing", "prepared", "filling", "filled"),
}
"""What may be done to a run, and in which states."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """Whom a run is for, of those whom the ladder finds due. Amounts in won over all bills of the level; days are of a
    bill's due date; `area`: a part of the address, as it stands there; `tax_items`: any bill of one of them."""

    minimum_krw: int = 0
    maximum_krw: int | None = None
    tax_items: tuple[str, ...] = ()
    area: str = ""
    due_from: date | None = None
    due_until: date | None = None
    companies: bool | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        kept = asdict(self)
        days = {name: kept[name].isoformat() if kept[name] else None for name in ("due_from", "due_until")}
        return {**kept, **days, "tax_items": list(self.tax_items)}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Criteria":
        given = {name: kept[name] for name in cls.__dataclass_fields__ if name in kept}
        for name in ("due_from", "due_until"):
            given[name] = date.fromisoformat(given[name]) if given.get(name) else None
        return cls(**{**given, "tax_items": tuple(given.get("tax_items", ()))})


@dataclass(frozen=True, slots=True)
class Draft:
    """`per_second`: at most so many messages a second of this run, beside the channel's own rate. `begins_at`: nothing
    leaves before."""

    title: str
    level: str
    criteria: Criteria = field(default_factory=Criteria)
    per_second: float | None = None
    begins_at: datetime | None = None

    def check(self, rules: Arrears) -> None:
        """Raises BadInput."""
        if not self.title.strip():
            raise BadInput("이름을 적어 주세요.", "A run needs a title.")
        if self.level not in rules.notices.levels:
            raise BadInput(f"'{self.level}' 단계가 설정에 없습니다.", f"The settings have no level {self.level}.")
        if self.criteria.maximum_krw is not None and self.criteria.maximum_krw < self.criteria.minimum_krw:
            raise BadInput("금액의 끝이 처음보다 작습니다.", "The largest amount is below the smallest.")
        if self.per_second is not None and self.per_second <= 0:
            raise BadInput("1초에 보낼 수는 0보다 커야 합니다.", "A rate is more than nothing.")


def listed(city_id: str) -> Select[Any]:
    """For a page of runs, in the order the caller asks for."""
    return select(arrears_runs).where(arrears_runs.c.city_id == city_id)


async def read(tx: AsyncConnection, city_id: str, run_id: UUID, *, lock: bool = False) -> Run:
    """Raises NotFound."""
    wanted = listed(city_id).where(arrears_runs.c.id == run_id)
    row: Run | None = (await tx.execute(wanted.with_for_update() if lock else wanted)).mappings().one_or_none()
    if row is None:
        raise NotFound("그런 발송이 없습니다.", "No such run.")
    return row


async def add(tx: AsyncConnection, city_id: str, draft: Draft, rules: Arrears, staff_id: UUID, now: datetime) -> Run:
    """A draft. Raises BadInput."""
    draft.check(rules)
    values = {"id": new_id(), "city_id": city_id, **_columns(draft), "staff_id": staff_id}
    made = insert(arrears_runs).values(**values, created_at=now, updated_at=now).returning(arrears_runs)
    row: Run = (await tx.execute(made)).mappings().one()
    await _record(tx, row, staff_id, "arrears_run.drafted", now, {"level": draft.level, **draft.criteria.plain()})
    return row


async def prepare(tx: AsyncConnection, before: Run, staff_id: UUID, on: date, now: datetime) -> Run:
    """Reckon the ledger of recipients, anew where there is one already: who comes after is told the day's amounts.

    Whoever asks for it stands for the list, so that somebody else must approve it. Raises Conflict.
    """
    _may("prepare", before)
    await tx.execute(delete(arrears_run_recipients).where(arrears_run_recipients.c.run_id == before["id"]))
    given = {"status": "preparing", "reckoned_on": on, "last_id": None, "looked": 0, "prepared_at": None, "reason": ""}
    return await _change(tx, before, staff_id, "arrears_run.prepared", now, staff_id=staff_id, **given)


async def approve(tx: AsyncConnection, before: Run, rules: Arrears, staff_id: UUID, on: date, now: datetime) -> Run:
    """From now on it is queued. Raises Conflict for one's own list, one of a day gone by, or none at all."""
    _may("approve", before)
    if before["staff_id"] == staff_id:
        raise Conflict(
            "명단을 만든 사람이 아닌 다른 담당자가 승인해야 합니다.",
            "Somebody else than who prepared the list must approve it.",
        )
    oldest = now - timedelta(hours=rules.runs.prepared_hours)
    if before["prepared_at"] < oldest or before["reckoned_on"].month != on.month:
        raise Conflict(
            "명단을 만든 지 오래되었습니다. 금액이 달라졌을 수 있으니 다시 준비해 주세요.",
            "The list was reckoned too long ago; amounts may have changed. Please prepare it again.",
        )
    given = {"status": "filling", "approved_by": staff_id, "approved_at": now}
    return await _change(tx, before, staff_id, "arrears_run.approved", now, **given)


async def pause(tx: AsyncConnection, before: Run, staff_id: UUID, now: datetime) -> Run:
    """From this commit on nothing leaves but what the provider has in hand. Raises Conflict."""
    _may("pause", before)
    if before["paused_at"] is not None:
        raise Conflict("이미 멈춰 있습니다.", "It is paused already.")
    return await _change(tx, before, staff_id, "arrears_run.paused", now, paused_at=now)


async def resume(tx: AsyncConnection, before: Run, staff_id: UUID, now: datetime) -> Run:
    """Who had no message yet gets his. Raises Conflict."""
    _may("resume", before)
    if before["paused_at"] is None:
        raise Conflict("멈춰 있지 않습니다.", "It is not paused.")
    given = {"paused_at": None, "status": "filling", "filled_at": None}
    return await _change(tx, before, staff_id, "arrears_run.resumed", now, **given)


async def cancel(tx: AsyncConnection, before: Run, staff_id: UUID, reason: str, now: datetime) -> Run:
    """Nobody else gets it; what has left has left. Raises Conflict."""
    _may("cancel", before)
    given = {"status": "cancelled", "cancelled_at": now, "paused_at": None, "reason": reason}
    return await _change(tx, before, staff_id, "arrears_run.cancelled", now, **given)


def must_be_read(one: Run, versions: frozenset[int]) -> None:
    """Raises PreconditionFailed when it changed since it was read."""
    if one["version"] not in versions:
        raise PreconditionFailed(
            "그사이 달라졌습니다. 다시 읽어 주세요.",
            "It changed meanwhile. Please read it again.",
            version=one["version"],
        )


def _may(move: str, one: Run) -> None:
    if one["status"] not in MOVES[move]:
        raise Conflict(
            "지금은 할 수 없는 일입니다.", f"A run that is {one['status']} cannot do this.", status=one["status"]
        )


def _columns(draft: Draft) -> dict[str, Any]:
    given = {"title": draft.title.strip(), "level": draft.level, "criteria": draft.criteria.plain()}
    return {**given, "per_second": draft.per_second, "begins_at": draft.begins_at}


async def _change(tx: AsyncConnection, before: Run, staff: UUID, action: str, now: datetime, /, **values: Any) -> Run:
    changing = update(arrears_runs).where(arrears_runs.c.id == before["id"])
    changed = changing.values(**values, version=before["version"] + 1, updated_at=now).returning(arrears_runs)
    row: Run = (await tx.execute(changed)).mappings().one()
    await _record(tx, row, staff, action, now, {"reason": row["reason"]} if row["reason"] else {})
    return row


async def _record(
    tx: AsyncConnection, row: Run, staff_id: UUID, action: str, now: datetime, detail: dict[str, Any]
) -> None:
    await record_change(
        tx,
        city_id=row["city_id"],
        actor_kind="staff",
        actor_id=staff_id,
        action=action,
        object_kind="arrears_run",
        object_id=str(row["id"]),
        detail=detail,
        now=now,
    )
