"""What officers do to a batch that goes by itself: hold it, let it go on, stop it; and letting go by hand, by two."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.seizure import orders, rows, states
from civic.arrears.seizure.release import letting_go, order_release
from civic.arrears.seizure.rows import Batch
from civic.arrears.seizure.states import Actor, Step
from civic.arrears.seizure.tables import arrears_release_wishes
from civic.staff.service import record_change
from core.arrears_rules import Arrears
from core.errors import BadInput, Conflict, Forbidden, NotFound
from core.ids import new_id

LIVE = ("looking", "planned", "approved", "running")


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody asks to let go `amount_krw` of a seizure. `is_granted` None: nobody has decided."""

    id: UUID
    seizure_id: UUID
    amount_krw: int
    why: str
    basis: str
    asked_by: UUID
    asked_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    is_granted: bool | None
    note: str


async def pause(tx: AsyncConnection, batch: Batch, staff_id: UUID, why: str, now: datetime) -> Batch:
    """Nothing more is asked, seized or collected until it is started again; releases go on. Raises Conflict."""
    if batch.state not in LIVE or batch.paused_at is not None:
        raise Conflict("진행 중인 묶음이 아닙니다.", "The batch is not going on.")
    return await states.amend_batch(
        tx, batch, "paused", now, Actor("staff", staff_id), detail={"reason": why}, paused_at=now
    )


async def start(tx: AsyncConnection, batch: Batch, staff_id: UUID, now: datetime) -> Batch:
    """Raises Conflict for a batch that is not paused."""
    if batch.state not in LIVE or batch.paused_at is None:
        raise Conflict("멈춘 묶음이 아닙니다.", "The batch is not paused.")
    return await states.amend_batch(tx, batch, "started", now, Actor("staff", staff_id), paused_at=None)


async def stop(tx: AsyncConnection, batch: Batch, staff_id: UUID, why: str, now: datetime) -> Batch:
    """Nothing more is seized, for good; what is held is collected or let go. Raises Conflict before it runs."""
    if batch.state not in ("approved", "running") or batch.stopped_at is not None:
        raise Conflict("승인되어 진행 중인 묶음만 중지할 수 있습니다.", "Only a running batch can be stopped.")
    values: dict[str, Any] = {"stopped_at": now, "paused_at": None}
    return await states.amend_batch(
        tx, batch, "stopped", now, Actor("staff", staff_id), detail={"reason": why}, **values
    )


async def wish(
    tx: AsyncConnection,
    city_id: str,
    seizure_id: UUID,
    amount_krw: int | None,
    why: str,
    basis: str,
    by: UUID,
    now: datetime,
) -> Wish:
    """Ask for a release, of all (None) or a part (지방세징수법 §63②). Raises NotFound, Conflict, BadInput."""
    one = await rows.seizure(tx, city_id, seizure_id, lock=True)
    if one.state not in ("held", "joined"):
        raise Conflict("지금 압류되어 있지 않습니다.", "It is not held now.")
    most = one.left_krw if one.state == "held" else one.asked_krw
    amount = most if amount_krw is None else amount_krw
    if not 0 < amount <= most:
        raise BadInput(f"해제할 금액은 1원부터 {most:,}원까지입니다.", f"From 1 to {most:,} won can be let go.")
    if one.state == "joined" and amount < most:
        raise BadInput("참가압류는 전부만 거둘 수 있습니다.", "A join is taken back as a whole.")
    table = arrears_release_wishes
    waiting = select(table.c.id).where(table.c.seizure_id == seizure_id, table.c.decided_by.is_(None))
    if (await tx.execute(waiting)).one_or_none() is not None:
        raise Conflict("이미 해제를 기다리고 있습니다.", "A release awaits its decision already.")
    made = {"id": new_id(), "city_id": city_id, "seizure_id": seizure_id, "amount_krw": amount, "why": why}
    row = await tx.execute(insert(table).values(**made, basis=basis, asked_by=by, asked_at=now).returning(*_columns()))
    await _record(tx, city_id, "asked", seizure_id, by, {"amount_krw": amount}, now)
    return Wish(*row.one())


async def decide_wish(
    tx: AsyncConnection,
    city_id: str,
    wish_id: UUID,
    by: UUID,
    now: datetime,
    rules: Arrears,
    *,
    is_granted: bool,
    note: str = "",
) -> Wish:
    """Another person grants or refuses it; granted, the order to the bank is part of this transaction.

    Raises NotFound, Forbidden for the one who asked, Conflict for a decided one or one whose seizure has moved on.
    """
    table = arrears_release_wishes
    wanted = select(*_columns()).where(table.c.city_id == city_id, table.c.id == wish_id)
    found = (await tx.execute(wanted)).one_or_none()
    if found is None:
        raise NotFound("그런 해제 요청이 없습니다.", "No such wish for a release.")
    one = await rows.seizure(tx, city_id, found.seizure_id)
    await orders.lock(tx, [one.debtor_id])
    one = await rows.seizure(tx, city_id, found.seizure_id, lock=True)
    asked = Wish(*(await tx.execute(wanted.with_for_update())).one())
    if asked.asked_by == by:
        raise Forbidden("요청한 사람은 정할 수 없습니다.", "Who asked for it cannot decide it.")
    if asked.decided_by is not None:
        raise Conflict("이미 정해졌습니다.", "It has been decided.")
    if is_granted:
        left = one.left_krw if one.state == "held" else one.asked_krw
        if one.state not in ("held", "joined") or asked.amount_krw > left:
            raise Conflict("그 사이 압류가 달라졌습니다.", "The seizure has changed meanwhile.")
        part = Step(one, "easing", {"releasing_krw": asked.amount_krw}, detail={"why": "manual"})
        step = letting_go(one, "manual", asked.asked_at) if asked.amount_krw == left else part
        await order_release(tx, [step], now, rules, Actor("staff", by))
    values = {"decided_by": by, "decided_at": now, "is_granted": is_granted, "note": note}
    row = await tx.execute(update(table).where(table.c.id == wish_id).values(values).returning(*_columns()))
    await _record(
        tx, city_id, "granted" if is_granted else "refused", one.id, by, {"amount_krw": asked.amount_krw}, now
    )
    return Wish(*row.one())


def _columns() -> list[Column[Any]]:
    return [arrears_release_wishes.c[name] for name in Wish.__slots__]


async def _record(
    tx: AsyncConnection, city_id: str, verb: str, seizure_id: UUID, by: UUID, detail: dict[str, int], now: datetime
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=by,
        action=f"arrears_release.{verb}",
        object_kind="arrears_seizure",
        object_id=str(seizure_id),
        detail=detail,
        now=now,
    )
