"""Where operators push their lots and numbers: one key a source, one effect a call, an account of every row."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, cast

from fastapi import APIRouter, Header, Path, Request
from pydantic import BaseModel

from api.deps import House, HouseDep, any_body
from api.fields import Plain
from api.problems import described
from api.pushed import LARGE, MOST_TOLD, bearer, whole_body
from civic.parking.federation import push_keys, pushes
from civic.parking.sources import Stored, book_of, pushed
from civic.sources.book import is_off
from core.contracts.parking import Pulled, Pushing, RowNote
from core.errors import BadInput, Conflict, NotFound

router = APIRouter(prefix="/parking/push", tags=["parking"])
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="이 호출의 이름. 같은 이름으로 다시 보내면 한 번만 저장합니다.",
    ),
]
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "출처의 형식(docs/parking-push.md). gzip이면 Content-Encoding: gzip.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


class Skipped(BaseModel):
    """`line`: the row's place in the list, from 1. `detail`: the field that is wrong, where one is."""

    line: int
    uid: str
    reason: str
    reason_ko: str
    detail: str


class LotsTaken(BaseModel):
    rows: int
    accepted: int
    added: int
    changed: int
    unchanged: int
    kept_newer: int
    removed: int
    skip_reasons: dict[str, int]
    skipped: list[Skipped]


class NumbersTaken(BaseModel):
    """`stored` of them `doubted`: kept and told to nobody. `older` than what is known; `unknown_uid`: no such lot."""

    rows: int
    accepted: int
    stored: int
    unchanged: int
    doubted: int
    older: int
    beside: int
    unknown_uid: int
    unknown: list[str]
    skipped: list[Skipped]


class PushTaken(BaseModel):
    """`is_repeat`: the call was stored before; this is its account of then."""

    is_repeat: bool
    lots: LotsTaken | None
    realtime: NumbersTaken | None


@router.post(
    "/{source}",
    summary="운영사가 주차장 자료 보내기 (an operator's push)",
    openapi_extra=BODY,
    responses={**described(400, 409, 413, 429)},
)
@any_body
async def push(
    source: Annotated[Plain, Path(max_length=100)], request: Request, house: HouseDep, idempotency_key: Key = None
) -> PushTaken:
    """Lots and numbers in one transaction. 401 without a valid key, 403 with another source's, 409 when staff switched
    the source off, 413 for a body that is too large (unpacked too), 422 when it is not the source's form at all or an
    Idempotency-Key comes with another body, 429 above the key's calls a minute.
    """
    city_id, now, rules = house.settings.city.id, house.clock.now(), house.settings.parking
    async with house.db.transaction() as tx:
        key = await push_keys.use(tx, city_id, bearer(request), source, now)
    reader = _reader(house, source)
    given = _named(idempotency_key)
    body = await whole_body(request, rules.pushes.most_bytes)
    headers = {name.lower(): value for name, value in request.headers.items() if name.lower() != "authorization"}
    pulled = await _received(reader, body, headers, house)
    async with house.db.transaction() as tx:
        claim = await pushes.claim(tx, city_id, key.id, given, body, now, rules.pushes.repeat_s)
        if claim.report is not None:
            return PushTaken.model_validate({**claim.report, "is_repeat": True})
        if await is_off(tx, book_of(city_id, rules), source):
            raise Conflict("시가 이 출처를 꺼 두었습니다.", "The city has switched this source off.")
        vendor = str(rules.sources.get(source, {}).get("vendor", ""))
        stored = await pushed(tx, city_id, source, vendor, pulled, now, rules)
        taken = _told(pulled, stored)
        await pushes.settle(tx, claim.id, taken.model_dump(mode="json"))
    return taken


def _reader(house: House, source: str) -> Pushing:
    found = house.sources.get(source)
    if found is None or not hasattr(found, "receive"):
        raise NotFound("보낼 수 있는 출처가 아닙니다.", "No source that takes pushes has this name.")
    return cast(Pushing, found)


def _named(key: str | None) -> str:
    if key is not None and not (key and key.isprintable()):
        raise BadInput("Idempotency-Key는 1~200자입니다.", "An Idempotency-Key has 1 to 200 characters.")
    return key or ""


async def _received(reader: Pushing, body: bytes, headers: Mapping[str, str], house: House) -> Pulled:
    now = house.clock.now()
    if len(body) < LARGE:
        return reader.receive(body, headers, now)
    return await asyncio.to_thread(reader.receive, body, headers, now)


def _told(pulled: Pulled, stored: Stored) -> PushTaken:
    lots, numbers, read = stored.lots, stored.numbers, pulled.realtime_report
    told_lots = told_numbers = None
    if lots is not None:
        told_lots = LotsTaken(
            rows=lots.rows,
            accepted=lots.accepted,
            added=lots.added,
            changed=lots.changed,
            unchanged=lots.unchanged,
            kept_newer=lots.kept_newer,
            removed=lots.removed,
            skip_reasons=dict(lots.skip_reasons),
            skipped=_skipped(pulled.report.skipped, pulled.report.reasons_ko),
        )
    if read is not None or pulled.realtime:
        notes = read.skipped if read else ()
        told_numbers = NumbersTaken(
            rows=read.rows if read else len(pulled.realtime),
            accepted=len(pulled.realtime),
            stored=numbers.stored,
            unchanged=numbers.unchanged,
            doubted=numbers.doubted,
            older=numbers.older,
            beside=numbers.beside,
            unknown_uid=numbers.unknown_uid,
            unknown=list(numbers.unknown),
            skipped=_skipped(notes, read.reasons_ko if read else {}),
        )
    return PushTaken(is_repeat=False, lots=told_lots, realtime=told_numbers)


def _skipped(notes: tuple[RowNote, ...], reasons_ko: Mapping[str, str]) -> list[Skipped]:
    return [
        Skipped(
            line=one.line,
            uid=one.uid,
            reason=one.reason,
            reason_ko=reasons_ko.get(one.reason, one.reason),
            detail=one.detail,
        )
        for one in notes[:MOST_TOLD]
    ]
