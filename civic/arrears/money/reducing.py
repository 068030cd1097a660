"""Less is owed than the bill said: 감액, 부과취소 and 정리보류. Above a setting a second person must agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.allocating import Share
from civic.arrears.money.books import BILL, ENTRY, calendar, deferrals, hold, terms_of
from civic.arrears.money.interruptions import refresh
from civic.arrears.money.reckoning import Entry, Reckoned, reckon
from civic.arrears.money.settling import settle
from civic.arrears.money.tables import arrears_reductions
from civic.arrears.tables import arrears_bills, arrears_entries
from civic.arrears.touched import touch
from civic.staff.service import record_change
from core.arrears_rules import Money
from core.clock import SEOUL
from core.errors import BadInput, Conflict, Forbidden, NotFound, PreconditionFailed
from core.ids import new_id

Kind = Literal["reduce", "cancel", "write_off"]
State = Literal["waiting", "done", "refused"]
_TABLE = arrears_reductions.c


@dataclass(frozen=True, slots=True)
class Reduction:
    """`waiting`: for a second person, `asked_by` not being one. Amounts are what it lowers; of a `write_off` what was
    owed when it was asked."""

    id: UUID
    bill_id: UUID
    kind: Kind
    costs_krw: int
    tax_krw: int
    surcharge_krw: int
    reason: str
    state: State
    asked_by: UUID
    asked_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    version: int

    @property
    def share(self) -> Share:
        return Share(self.costs_krw, self.tax_krw, self.surcharge_krw)


_COLUMNS = tuple(_TABLE[name] for name in Reduction.__slots__)


async def ask(
    tx: AsyncConnection,
    city_id: str,
    bill_id: UUID,
    kind: Kind,
    share: Share,
    reason: str,
    staff_id: UUID,
    now: datetime,
    rules: Money,
) -> Reduction:
    """Lower what a bill owes. `share` counts for `reduce` alone; `cancel` takes the whole tax and open costs away.
    Below `second_person_krw` it is done at once. Raises NotFound, BadInput, Conflict for a closed bill, for more than
    there is, and while another waits."""
    if not reason.strip():
        raise BadInput("사유와 근거를 적어 주세요.", "Say why, and on what ground.")
    bill, now_owed, tax_left = await _standing(tx, city_id, bill_id, now)
    if kind == "reduce":
        _must_fit(share, now_owed, tax_left)
    else:
        share = Share(now_owed.costs_krw, tax_left if kind == "cancel" else now_owed.tax_krw, now_owed.surcharge_krw)
    reduction_id = new_id()
    is_waiting = share.krw >= rules.second_person_krw
    values = {"id": reduction_id, "city_id": city_id, "bill_id": bill_id, "kind": kind, "reason": reason.strip()}
    values |= {"costs_krw": share.costs_krw, "tax_krw": share.tax_krw, "surcharge_krw": share.surcharge_krw}
    values |= {"state": "waiting", "asked_by": staff_id, "asked_at": now}
    try:
        async with tx.begin_nested():
            await tx.execute(insert(arrears_reductions).values(values))
    except IntegrityError as error:
        raise Conflict("승인을 기다리는 감액이 있습니다.", "Another reduction of this bill is waiting.") from error
    await _record(tx, city_id, staff_id, "arrears_reduction.ask", reduction_id, share, kind, now)
    if not is_waiting:
        await _do(tx, city_id, bill, await read(tx, city_id, reduction_id), staff_id, now)
    return await read(tx, city_id, reduction_id)


async def decide(
    tx: AsyncConnection,
    city_id: str,
    reduction_id: UUID,
    staff_id: UUID,
    now: datetime,
    *,
    agrees: bool,
    versions: frozenset[int] | None = None,
) -> Reduction:
    """Another person agrees or refuses. Raises NotFound, Forbidden for who asked, PreconditionFailed for an older
    version, Conflict for one that is decided or no longer fits."""
    found = await read(tx, city_id, reduction_id)
    if versions is not None and found.version not in versions:
        raise PreconditionFailed("그사이 바뀌었습니다.", "It has changed meanwhile.")
    if found.asked_by == staff_id:
        raise Forbidden("요청한 사람이 승인할 수 없습니다.", "Who asked for it may not decide.")
    bill, now_owed, tax_left = await _standing(tx, city_id, found.bill_id, now)
    found = await read(tx, city_id, reduction_id)
    if found.state != "waiting":
        raise Conflict("이미 결정되었습니다.", "It has been decided already.")
    if not agrees:
        await _decided(tx, reduction_id, "refused", staff_id, now)
        await _record(tx, city_id, staff_id, "arrears_reduction.refuse", reduction_id, found.share, found.kind, now)
        return await read(tx, city_id, reduction_id)
    if found.kind == "reduce":
        _must_fit(found.share, now_owed, tax_left)
    await _do(tx, city_id, bill, found, staff_id, now)
    return await read(tx, city_id, reduction_id)


async def read(tx: AsyncConnection, city_id: str, reduction_id: UUID) -> Reduction:
    """Raises NotFound."""
    query = select(*_COLUMNS).where(_TABLE.city_id == city_id, _TABLE.id == reduction_id)
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        raise NotFound("감액 요청을 찾을 수 없습니다.", "No such reduction.")
    return Reduction(*row)


async def listed(
    tx: AsyncConnection, city_id: str, *, bill_id: UUID | None = None, state: State | None = None, most: int = 100
) -> Sequence[Reduction]:
    """Newest first: of one bill, or in one state."""
    query = select(*_COLUMNS).where(_TABLE.city_id == city_id)
    if bill_id:
        query = query.where(_TABLE.bill_id == bill_id)
    if state:
        query = query.where(_TABLE.state == state)
    return [Reduction(*row) for row in await tx.execute(query.order_by(_TABLE.id.desc()).limit(most))]


async def _standing(
    tx: AsyncConnection, city_id: str, bill_id: UUID, now: datetime
) -> tuple[Row[tuple[object, ...]], Reckoned, int]:
    """The bill, held; what is owed today; what is left of its tax, paid or not."""
    bills, entries = arrears_bills.c, arrears_entries.c
    query = select(*BILL).where(bills.city_id == city_id, bills.id == bill_id)
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        raise NotFound("과세 건을 찾을 수 없습니다.", "No such bill.")
    await hold(tx, [row.debtor_id])
    row = (await tx.execute(query)).one()
    if row.state in ("cancelled", "written_off"):
        raise Conflict("이미 취소되었거나 정리보류된 건입니다.", "The bill is cancelled or written off.")
    lines = [Entry(*one) for one in await tx.execute(select(*ENTRY).where(entries.bill_id == bill_id))]
    deferred = (await deferrals(tx, city_id, [row.debtor_id])).get(row.debtor_id, [])
    owed = reckon(terms_of(row, await calendar(tx, city_id), deferred), lines, now.astimezone(SEOUL).date())
    return row, owed, row.principal_krw - sum(one.tax_krw for one in lines if one.kind == "reduction")


def _must_fit(share: Share, owed: Reckoned, tax_left: int) -> None:
    """Tax may be lowered below what was paid (the rest is given back); costs and surcharge only as far as owed."""
    if share.krw <= 0 or min(share.costs_krw, share.tax_krw, share.surcharge_krw) < 0:
        raise BadInput("줄일 금액을 적어 주세요.", "Say how much to reduce.")
    if share.costs_krw > owed.costs_krw or share.surcharge_krw > owed.surcharge_krw or share.tax_krw > tax_left:
        raise Conflict("남은 금액보다 많이 줄일 수 없습니다.", "It would reduce more than there is.")


async def _do(
    tx: AsyncConnection,
    city_id: str,
    bill: Row[tuple[object, ...]],
    one: Reduction,
    staff_id: UUID,
    now: datetime,
) -> None:
    debtor_id, today = bill.debtor_id, now.astimezone(SEOUL).date()
    if one.kind != "write_off":
        # The surcharge of a cancelled tax falls away with it; only what was named is an entry of its own.
        surcharge = one.surcharge_krw if one.kind == "reduce" else 0
        row = {"id": new_id(), "city_id": city_id, "debtor_id": debtor_id, "bill_id": one.bill_id, "kind": "reduction"}
        row |= {"happened_on": today, "costs_krw": one.costs_krw, "tax_krw": one.tax_krw, "surcharge_krw": surcharge}
        await tx.execute(insert(arrears_entries).values(**row, reason=one.reason, staff_id=staff_id, created_at=now))
    bills = arrears_bills.c
    if one.kind != "reduce":
        state = "cancelled" if one.kind == "cancel" else "written_off"
        closed = update(arrears_bills).where(bills.id == one.bill_id)
        await tx.execute(closed.values(state=state, closed_on=today, version=bills.version + 1, updated_at=now))
    await settle(tx, city_id, [debtor_id], now, one.reason)
    await refresh(tx, city_id, [one.bill_id])
    await _decided(tx, one.id, "done", staff_id, now)
    await touch(tx, city_id, [debtor_id], "bill", now)
    await _record(tx, city_id, staff_id, f"arrears_bill.{one.kind}", one.bill_id, one.share, one.kind, now)


async def _decided(tx: AsyncConnection, reduction_id: UUID, state: State, staff_id: UUID, now: datetime) -> None:
    decided = update(arrears_reductions).where(_TABLE.id == reduction_id)
    values = {"state": state, "decided_by": staff_id, "decided_at": now}
    await tx.execute(decided.values(**values, version=func.coalesce(_TABLE.version, 0) + 1))


async def _record(
    tx: AsyncConnection, city_id: str, staff_id: UUID, action: str, one: UUID, share: Share, kind: str, now: datetime
) -> None:
    detail = {
        "kind": kind,
        "costs_krw": share.costs_krw,
        "tax_krw": share.tax_krw,
        "surcharge_krw": share.surcharge_krw,
    }
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=staff_id,
        action=action,
        object_kind=action.split(".", maxsplit=1)[0],
        object_id=str(one),
        detail=detail,
        now=now,
    )
