"""A request is decided: a plan or a stop begins, or it is refused with a reason. By an officer, or by the law."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.asking import plans, requests
from civic.arrears.asking.planning import Part
from civic.arrears.asking.requests import Request
from civic.arrears.asking.standing import seized
from civic.arrears.ledger import stops
from civic.arrears.ledger.stops import stop
from civic.arrears.money.owing import owed
from civic.arrears.seizure.handling import wish
from civic.staff.service import record_change
from core.clock import SEOUL
from core.errors import BadInput, Conflict

By = Literal["citizen", "staff", "system"]
DEFERRAL = "지방세징수법 제25조의2 징수유예"
DEEMED = "지방세징수법 제25조의3: 신청한 날부터 10일 안에 통지가 없어 승인한 것으로 봄"
PROTECTED = frozenset({"welfare", "living"})
"""Grounds of a release that the law names: such money is never seized (§40), and let go at once (§63)."""
WELFARE = "지방세징수법 제40조, 제63조: 압류하지 못하는 돈으로 확인"
DISPUTE = "체납자의 이의"
COURT = "체납자가 알린 법원 절차(파산·회생)를 담당자가 확인"
PROCEEDINGS = ("rehabilitation", "bankrupt")
"""What a court may be dealing with: kinds of stops, whose effect on a seizure is config.yml's (`seizure.stops_on`)."""


async def grant(
    tx: AsyncConnection,
    city_id: str,
    request: Request,
    staff_id: UUID,
    answer: str,
    now: datetime,
    *,
    parts: Sequence[Part] = (),
    until_on: date | None = None,
) -> Request:
    """By an officer. `parts`: of an instalment, changed by him (none: as asked). `until_on`: of a deferral, likewise.

    A release for welfare money is a stop, after which all that is held is let go at once (§63); for another ground
    it is a wish, which a second person decides (civic/arrears/seizure); what a part paid sets free needs neither.
    Raises BadInput, and Conflict where it is decided already or does not fit what runs.
    """
    on = now.astimezone(SEOUL).date()
    stop_id: UUID | None = None
    _fits(request, parts, until_on)
    if request.state != "open":
        raise Conflict("이미 결정된 신청입니다.", "This request is decided already.", state=request.state)
    if request.kind == "instalment":
        agreed = parts or wished_parts(request)
        await _covers(tx, city_id, request, parts, on)
        stop_id = (await plans.begin(tx, city_id, request.debtor_id, request.id, agreed, staff_id, on, now)).stop_id
    elif request.kind == "deferral":
        stop_id = await _defer(tx, city_id, request, until_on or wished_until(request), staff_id, DEFERRAL, on, now)
    elif request.kind == "release":
        stop_id = await _let_go(tx, city_id, request, staff_id, on, now)
    elif request.kind == "dispute":
        stop_id = await stop(tx, city_id, request.debtor_id, "dispute", on, None, DISPUTE, staff_id, now)
    elif request.kind == "court":
        which = cast("stops.Kind", request.wish["which"])
        stop_id = await stop(tx, city_id, request.debtor_id, which, on, None, COURT, staff_id, now)
    await requests.decide(tx, request, "granted", "staff", now, answer=answer, staff_id=staff_id, stop_id=stop_id)
    is_changed = bool(parts) or until_on is not None
    await _record(tx, city_id, request, "arrears.request_granted", now, staff_id=staff_id, is_changed=is_changed)
    return await requests.read(tx, city_id, request.id)


async def refuse(
    tx: AsyncConnection, city_id: str, request: Request, staff_id: UUID, answer: str, now: datetime
) -> Request:
    """With the reason that the citizen reads. Raises BadInput without one, Conflict."""
    if not answer.strip():
        raise BadInput("거절하는 까닭을 적어 주세요.", "Say why it is refused.")
    await requests.decide(tx, request, "refused", "staff", now, answer=answer, staff_id=staff_id)
    await _record(tx, city_id, request, "arrears.request_refused", now, staff_id=staff_id)
    return await requests.read(tx, city_id, request.id)


async def withdraw(tx: AsyncConnection, city_id: str, request: Request, now: datetime) -> None:
    """By the citizen himself, in his own chat."""
    await requests.decide(tx, request, "withdrawn", "citizen", now)
    await _record(tx, city_id, request, "arrears.request_withdrawn", now)


async def deem(tx: AsyncConnection, city_id: str, request: Request, now: datetime) -> Request:
    """Nobody answered in time: it counts as granted (§25의3), from the day on which that was so."""
    assert request.kind == "deferral" and request.deemed_on is not None
    until_on = max(wished_until(request), request.deemed_on)
    stop_id = await _defer(tx, city_id, request, until_on, None, DEEMED, request.deemed_on, now)
    await requests.decide(tx, request, "granted", "law", now, stop_id=stop_id)
    await _record(tx, city_id, request, "arrears.request_deemed", now)
    return await requests.read(tx, city_id, request.id)


def wished_parts(request: Request) -> list[Part]:
    """As the citizen confirmed them."""
    return [
        Part(number, date.fromisoformat(day), int(krw))
        for number, (day, krw) in enumerate(request.wish.get("parts", ()), 1)
    ]


def wished_until(request: Request) -> date:
    found = request.wish.get("until_on")
    received = request.received_at.astimezone(SEOUL).date()
    return date.fromisoformat(found) if found else received + timedelta(days=30)


def _fits(request: Request, parts: Sequence[Part], until_on: date | None) -> None:
    if parts and request.kind != "instalment":
        raise BadInput("분납 신청에만 회차를 정할 수 있습니다.", "Only a request for instalments has parts.")
    if until_on is not None and request.kind != "deferral":
        raise BadInput("유예 신청에만 기한을 정할 수 있습니다.", "Only a deferral has an end.")


async def _covers(tx: AsyncConnection, city_id: str, request: Request, parts: Sequence[Part], on: date) -> None:
    """Parts that an officer changed pay what was asked to be split, or what is left of it where he has paid meanwhile.

    A plan of less would stop every measure for a share of the debt, and end as kept. Raises BadInput with both sums.
    """
    owing = (await owed(tx, city_id, [request.debtor_id], on)).get(request.debtor_id)
    least = min(sum(one.amount_krw for one in wished_parts(request)), owing.total_krw if owing else 0)
    given = sum(one.amount_krw for one in parts)
    if parts and given < least:
        raise BadInput(
            f"회차의 합 {given:,}원이 나눠 내실 금액 {least:,}원보다 적습니다.",
            f"The parts sum up to {given:,} won, less than the {least:,} that are to be paid.",
        )


async def _let_go(
    tx: AsyncConnection, city_id: str, request: Request, staff_id: UUID, on: date, now: datetime
) -> UUID | None:
    """The stop that it rests on, where there is one."""
    ground = request.wish.get("ground", "")
    if ground in PROTECTED:
        return await stop(tx, city_id, request.debtor_id, "welfare", on, None, WELFARE, staff_id, now)
    if ground != "part":
        held = {one.id for one in await seized(tx, request.debtor_id)}
        for one in request.wish.get("seizures", ()):
            if UUID(one) in held:
                await wish(tx, city_id, UUID(one), None, ground or "other", str(request.id), staff_id, now)
    return None


async def _defer(
    tx: AsyncConnection,
    city_id: str,
    request: Request,
    until_on: date,
    staff_id: UUID | None,
    basis: str,
    on: date,
    now: datetime,
) -> UUID:
    """The bills that he named, or all; the id of the first stop."""
    bills = cast("Sequence[str]", request.wish.get("bill_ids", ()))
    debtor_id = request.debtor_id
    made = [
        await stop(tx, city_id, debtor_id, "deferral", on, until_on, basis, staff_id, now, UUID(one) if one else None)
        for one in (bills or ("",))
    ]
    return made[0]


async def _record(
    tx: AsyncConnection,
    city_id: str,
    request: Request,
    action: str,
    now: datetime,
    *,
    staff_id: UUID | None = None,
    is_changed: bool = False,
) -> None:
    """No word of the request or the answer: they are sealed where they belong."""
    kind: By = "staff" if staff_id else "citizen" if action.endswith("withdrawn") else "system"
    await record_change(
        tx,
        city_id=city_id,
        actor_kind=kind,
        actor_id=staff_id or (request.debtor_id if kind == "citizen" else None),
        action=action,
        object_kind="arrears_request",
        object_id=str(request.id),
        detail={"kind": request.kind, "debtor_id": str(request.debtor_id), "is_changed": is_changed},
        now=now,
    )
