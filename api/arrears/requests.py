"""What debtors ask for: read with their words, granted (as asked or changed) or refused; they are told at once."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from api.arrears.parts import Reader, Writer, reason_of
from api.deps import HouseDep, VersionsDep
from bot.arrears.telling import Word
from civic.arrears.asking import deciding, plans, requests
from civic.arrears.asking.planning import Part
from civic.arrears.asking.requests import Kind, Request, State
from civic.cases.cursor import read_cursor, write_cursor
from core.errors import PreconditionFailed

router = APIRouter(prefix="/arrears/requests", tags=["arrears"])
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]


class RequestRow(BaseModel):
    """Without anybody's words. `deemed_on`: unanswered until the end of this day it counts as granted (§25의3)."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    debtor_id: UUID
    kind: Kind
    state: State
    received_at: datetime
    due_at: datetime | None
    deemed_on: date | None
    decided_at: datetime | None
    decided_by: str | None
    version: int


class RequestPage(BaseModel):
    items: list[RequestRow]
    next_cursor: str | None = None


class RequestWhole(RequestRow):
    """`wish`: {text, ground, months, parts: [[day, won]], until_on, bill_ids, seizures, files}, what its kind has."""

    conversation_id: UUID | None
    wish: dict[str, Any]
    answer: str
    stop_id: UUID | None


class GivenPart(BaseModel):
    model_config = ConfigDict(extra="forbid")

    due_on: date
    amount_krw: Annotated[int, Field(gt=0, le=10**13)]


class Granting(BaseModel):
    """`answer`: what the citizen reads besides. `parts`: of an instalment, changed; `until_on`: of a deferral."""

    model_config = ConfigDict(extra="forbid")

    answer: Words = ""
    parts: Annotated[list[GivenPart], Field(max_length=60)] = []
    until_on: date | None = None


class Refusing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answer: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


@router.get("", summary="신청 목록, 오래된 것부터 (list requests)")
async def list_requests(
    asking: Reader,
    house: HouseDep,
    state: State | None = "open",
    kind: Kind | None = None,
    debtor_id: UUID | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RequestPage:
    """Counts and dates; who it is and what he wrote is in the one request."""
    after = read_cursor(cursor) if cursor else None
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await requests.listing(
            tx, city_id, state=state, kind=kind, debtor_id=debtor_id, after=after, limit=limit + 1
        )
    more = write_cursor(found[limit - 1].received_at, found[limit - 1].id) if len(found) > limit else None
    return RequestPage(items=[RequestRow.model_validate(one) for one in found[:limit]], next_cursor=more)


@router.get("/{request_id}", summary="신청 하나, 시민의 말과 함께 (read one request)")
async def read_request(request_id: UUID, asking: Reader, house: HouseDep, response: Response) -> RequestWhole:
    reason_of(asking)
    async with house.db.transaction() as tx:
        found = await requests.read(tx, house.settings.city.id, request_id)
        await asking.looked(tx, house, "arrears_debtor", str(found.debtor_id), action="arrears.request.read")
    return _whole(found, response)


@router.post("/{request_id}/grant", summary="신청 승인 (grant, as asked or changed)")
async def grant_request(
    request_id: UUID, given: Granting, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> RequestWhole:
    """A plan or a stop begins, or a release; the citizen is told. Needs If-Match."""
    city_id, now = house.settings.city.id, house.clock.now()
    parts = [Part(number, one.due_on, one.amount_krw) for number, one in enumerate(given.parts, 1)]
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await _locked(tx, city_id, request_id, versions)
        done = await deciding.grant(
            tx, city_id, found, asking.member.id, given.answer, now, parts=parts, until_on=given.until_on
        )
        await asking.looked(tx, house, "arrears_debtor", str(found.debtor_id), action="arrears.request.grant")
        plan = await plans.running_of(tx, city_id, done.debtor_id) if done.kind == "instalment" else None
        is_changed = bool(parts) or given.until_on is not None
        await Word(house.fitter.texts, house.settings, house.channels).decided(
            tx, done, now, plan=plan, is_changed=is_changed
        )
    return _whole(done, response)


@router.post("/{request_id}/refuse", summary="신청 거절, 까닭과 함께 (refuse with a reason)")
async def refuse_request(
    request_id: UUID, given: Refusing, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> RequestWhole:
    """The citizen reads the reason. Needs If-Match."""
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await _locked(tx, city_id, request_id, versions)
        done = await deciding.refuse(tx, city_id, found, asking.member.id, given.answer, now)
        await asking.looked(tx, house, "arrears_debtor", str(found.debtor_id), action="arrears.request.refuse")
        await Word(house.fitter.texts, house.settings, house.channels).decided(tx, done, now)
    return _whole(done, response)


async def _locked(
    tx: AsyncConnection, city_id: str, request_id: UUID, versions: Sequence[int] | frozenset[int]
) -> Request:
    found = await requests.read(tx, city_id, request_id, lock=True)
    if found.version not in versions:
        raise PreconditionFailed(
            "그 사이 바뀌었습니다. 다시 읽고 결정해 주세요.", "It has changed meanwhile.", version=found.version
        )
    return found


def _whole(found: Request, response: Response) -> RequestWhole:
    response.headers["ETag"] = f'"{found.version}"'
    return RequestWhole.model_validate(found)
