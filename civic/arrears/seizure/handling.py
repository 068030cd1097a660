"""What officers do to a batch that goes by itself: hold it, let it go on, stop it; and letting go by hand, by two."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.seizure import orders, rows, states
from civic.arrears.seizure.reasons import STUCK, stuck_of
from civic.arrears.seizure.release import debtor_changed, letting_go, order_release
from civic.arrears.seizure.rows import Batch, Seizure
from civic.arrears.seizure.states import Actor, Step
from civic.arrears.seizure.tables import arrears_release_wishes
from civic.arrears.seizure.telling import tell_release
from civic.staff.service import record_change
from core.arrears_rules import Arrears
from core.errors import BadInput, Conflict, Forbidden, NotFound
from core.ids import new_id

LIVE = ("looking", "planned", "approved", "running")


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody asks to let go `amount_krw` of a seizure. `is_granted` None: nobody has decided. `without_bank`: the
    bank has said in writing that it holds nothing, so it ends here and nothing is ordered there."""

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
    without_bank: bool


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
    *,
    without_bank: bool = False,
) -> Wish:
    """Ask for a release, of all (None) or a part (지방세징수법 §63②). Raises NotFound, Conflict, BadInput.

    `without_bank` is for a seizure that has stopped, as a whole, and needs the bank's written word as its `basis`.
    """
    one = await rows.seizure(tx, city_id, seizure_id, lock=True)
    if without_bank:
        _may_end_here(one, amount_krw, basis)
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
    made["without_bank"] = without_bank
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
        if asked.without_bank:
            await _end_here(tx, one, step, asked, now, rules, Actor("staff", by))
        else:
            await order_release(tx, [step], now, rules, Actor("staff", by))
    values = {"decided_by": by, "decided_at": now, "is_granted": is_granted, "note": note}
    row = await tx.execute(update(table).where(table.c.id == wish_id).values(values).returning(*_columns()))
    await _record(
        tx, city_id, "granted" if is_granted else "refused", one.id, by, {"amount_krw": asked.amount_krw}, now
    )
    return Wish(*row.one())


def _may_end_here(one: Seizure, amount_krw: int | None, basis: str) -> None:
    if not one.why.startswith(STUCK):
        raise Conflict(
            "은행이 처리하지 않아 멈춘 압류만 은행 지시 없이 끝낼 수 있습니다.",
            "Only a seizure that the bank stopped ends without an order to it.",
        )
    if amount_krw is not None or len(basis.strip()) < 2:
        raise BadInput(
            "은행이 서면으로 확인한 문서의 번호를 적고, 전부에 대하여 요청해 주세요.",
            "Name the bank's written confirmation, and ask for all of it.",
        )


async def _end_here(
    tx: AsyncConnection, one: Seizure, step: Step, asked: Wish, now: datetime, rules: Arrears, actor: Actor
) -> None:
    """Nothing lies at the bank for us, by its own word: the debtor is free of it, and both hear of it (§64)."""
    detail = {"why": "manual", "without_bank": True, "basis": asked.basis}
    (going,) = await states.move(tx, [replace(step, detail=detail)], now, actor)
    await tell_release(tx, [going], now, rules)
    values = {"releasing_krw": 0, "released_krw": one.released_krw + one.left_krw, "released_at": now}
    await states.move(tx, [Step(going, "released", values, detail=detail)], now, actor)


async def again(
    tx: AsyncConnection, city_id: str, seizure_id: UUID, by: UUID, why: str, now: datetime, rules: Arrears
) -> Seizure:
    """After a word with the bank an officer has it asked once more: what had stopped is collected, or let go, again.

    What the law lets go by now is let go, whatever had stopped. Raises NotFound, Conflict where nothing has stopped.
    """
    one = await rows.seizure(tx, city_id, seizure_id)
    await orders.lock(tx, [one.debtor_id])
    one = await rows.seizure(tx, city_id, seizure_id, lock=True)
    if one.state not in ("held", "joined") or not one.why.startswith(STUCK):
        raise Conflict("멈춘 압류가 아닙니다.", "It has not stopped.")
    what, _ = stuck_of(one.why)
    await _record(tx, city_id, "again", one.id, by, {"reason": why}, now)
    if what in ("collect", "lookup", ""):
        await states.amend(tx, [one], now, why="")
        await debtor_changed(tx, city_id, [one.debtor_id], now, rules)
    else:
        await order_release(tx, [letting_go(one, what, now)], now, rules, Actor("staff", by))
    return await rows.seizure(tx, city_id, seizure_id)


def _columns() -> list[Column[Any]]:
    return [arrears_release_wishes.c[name] for name in Wish.__slots__]


async def _record(
    tx: AsyncConnection, city_id: str, verb: str, seizure_id: UUID, by: UUID, detail: Mapping[str, Any], now: datetime
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
