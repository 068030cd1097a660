"""Agreed plans to pay in parts: begun, filled by what is paid (in order), kept or broken."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.asking.planning import Part, filled
from civic.arrears.asking.tables import arrears_plan_parts, arrears_plans
from civic.arrears.ledger.stops import end_stop, stop
from civic.arrears.tables import arrears_payments
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id

State = Literal["running", "kept", "broken", "cancelled"]
BASIS = "분납 승인"


@dataclass(frozen=True, slots=True)
class PlanPart:
    """`paid_krw`: what of it is paid. `reminded_at`, `missed_at`: when the debtor was told."""

    number: int
    due_on: date
    amount_krw: int
    paid_krw: int
    reminded_at: datetime | None
    missed_at: datetime | None

    @property
    def left_krw(self) -> int:
        return self.amount_krw - self.paid_krw


@dataclass(frozen=True, slots=True)
class Plan:
    id: UUID
    debtor_id: UUID
    request_id: UUID
    stop_id: UUID
    state: State
    total_krw: int
    started_at: datetime
    ended_at: datetime | None
    version: int
    parts: tuple[PlanPart, ...]

    @property
    def next_part(self) -> PlanPart | None:
        """The first that is not paid whole."""
        return next((part for part in self.parts if part.left_krw), None)

    def missed(self, on: date) -> tuple[PlanPart, ...]:
        """Parts whose day is over and that are not paid whole."""
        return tuple(part for part in self.parts if part.left_krw and part.due_on < on)


_COLUMNS = ("id", "debtor_id", "request_id", "stop_id", "state", "total_krw", "started_at", "ended_at", "version")


async def begin(
    tx: AsyncConnection,
    city_id: str,
    debtor_id: UUID,
    request_id: UUID,
    parts: Sequence[Part],
    staff_id: UUID | None,
    on: date,
    now: datetime,
) -> Plan:
    """The plan runs, and its stop with it. Raises Conflict while another one runs, BadInput for parts out of order."""
    days = [part.due_on for part in parts]
    if not parts or days != sorted(set(days)) or days[0] < on or min(part.amount_krw for part in parts) <= 0:
        raise BadInput("회차의 날짜나 금액을 다시 확인해 주세요.", "Check the days and amounts of the parts.")
    if await running_of(tx, city_id, debtor_id):
        raise Conflict("이미 진행 중인 분납이 있습니다.", "A plan is running already.")
    plan_id = new_id()
    stop_id = await stop(tx, city_id, debtor_id, "instalment", on, None, BASIS, staff_id, now)
    await tx.execute(
        insert(arrears_plans).values(
            id=plan_id,
            city_id=city_id,
            debtor_id=debtor_id,
            request_id=request_id,
            stop_id=stop_id,
            total_krw=sum(part.amount_krw for part in parts),
            started_at=now,
            updated_at=now,
        )
    )
    rows = [
        {"plan_id": plan_id, "number": number, "due_on": part.due_on, "amount_krw": part.amount_krw}
        for number, part in enumerate(parts, 1)
    ]
    await tx.execute(insert(arrears_plan_parts), rows)
    return await read(tx, city_id, plan_id)


async def read(tx: AsyncConnection, city_id: str, plan_id: UUID, *, lock: bool = False) -> Plan:
    """Raises NotFound."""
    wanted = select(*(arrears_plans.c[name] for name in _COLUMNS)).where(
        arrears_plans.c.city_id == city_id, arrears_plans.c.id == plan_id
    )
    rows = (await tx.execute(wanted.with_for_update() if lock else wanted)).all()
    if not rows:
        raise NotFound("분납을 찾을 수 없습니다.", "No such plan.")
    return (await _whole(tx, rows))[0]


async def running_of(tx: AsyncConnection, city_id: str, debtor_id: UUID) -> Plan | None:
    """The debtor's plan that runs."""
    found = await plans_of(tx, city_id, debtor_id, state="running")
    return found[0] if found else None


async def plans_of(tx: AsyncConnection, city_id: str, debtor_id: UUID, *, state: State | None = None) -> Sequence[Plan]:
    """The newest first."""
    wanted = select(*(arrears_plans.c[name] for name in _COLUMNS)).where(
        arrears_plans.c.city_id == city_id, arrears_plans.c.debtor_id == debtor_id
    )
    if state is not None:
        wanted = wanted.where(arrears_plans.c.state == state)
    return await _whole(tx, (await tx.execute(wanted.order_by(arrears_plans.c.started_at.desc()))).all())


async def running(
    tx: AsyncConnection, city_id: str, *, after: UUID | None = None, limit: int = 200, lock: bool = False
) -> Sequence[Plan]:
    """Plans that run, by id from behind `after` on. `lock`: another process's are left alone."""
    wanted = select(*(arrears_plans.c[name] for name in _COLUMNS)).where(
        arrears_plans.c.city_id == city_id, arrears_plans.c.state == "running"
    )
    if after is not None:
        wanted = wanted.where(arrears_plans.c.id > after)
    wanted = wanted.order_by(arrears_plans.c.id).limit(limit)
    rows = (await tx.execute(wanted.with_for_update(skip_locked=True) if lock else wanted)).all()
    return await _whole(tx, rows)


async def finish(tx: AsyncConnection, city_id: str, plan: Plan, state: State, now: datetime) -> None:
    """End a running plan that the caller has locked, and its stop. Raises Conflict for one that has ended."""
    if plan.state != "running":
        raise Conflict("이미 끝난 분납입니다.", "This plan has ended already.", state=plan.state)
    values = {"state": state, "ended_at": now, "updated_at": now, "version": arrears_plans.c.version + 1}
    await tx.execute(update(arrears_plans).where(arrears_plans.c.id == plan.id).values(values))
    await end_stop(tx, city_id, plan.stop_id, now)


async def told(
    tx: AsyncConnection, plan: Plan, numbers: Collection[int], what: Literal["reminded_at", "missed_at"], now: datetime
) -> None:
    here = update(arrears_plan_parts).where(
        arrears_plan_parts.c.plan_id == plan.id, arrears_plan_parts.c.number.in_(list(numbers))
    )
    await tx.execute(here.values({what: now}))


async def _whole(tx: AsyncConnection, rows: Sequence[Any]) -> list[Plan]:
    """Plans with their parts and what has been paid since they began."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    parts: dict[UUID, list[Any]] = defaultdict(list)
    wanted = select(arrears_plan_parts).where(arrears_plan_parts.c.plan_id.in_(ids))
    for part in await tx.execute(wanted.order_by(arrears_plan_parts.c.number)):
        parts[part.plan_id].append(part)
    paid = await _paid(tx, ids)
    made = []
    for row in rows:
        own = parts[row.id]
        took = filled([part.amount_krw for part in own], paid.get(row.id, 0))
        shown = tuple(_part(one, krw) for one, krw in zip(own, took, strict=True))
        made.append(Plan(**row._mapping, parts=shown))
    return made


def _part(row: Any, paid_krw: int) -> PlanPart:
    return PlanPart(row.number, row.due_on, row.amount_krw, paid_krw, row.reminded_at, row.missed_at)


async def _paid(tx: AsyncConnection, plan_ids: Collection[UUID]) -> dict[UUID, int]:
    """What of the debtors' payments was set against their bills since each plan began, until it ended."""
    until = func.coalesce(arrears_plans.c.ended_at, func.now())
    used = func.sum(arrears_payments.c.amount_krw - arrears_payments.c.excess_krw)
    wanted = (
        select(arrears_plans.c.id, used.label("krw"))
        .join(arrears_payments, arrears_payments.c.debtor_id == arrears_plans.c.debtor_id)
        .where(
            arrears_plans.c.id.in_(list(plan_ids)),
            arrears_payments.c.state == "allocated",
            arrears_payments.c.received_at >= arrears_plans.c.started_at,
            arrears_plans.c.ended_at.is_(None) | (arrears_payments.c.received_at <= until),
        )
        .group_by(arrears_plans.c.id)
    )
    return {row.id: int(row.krw) for row in await tx.execute(wanted)}
