"""Where devices push their values over HTTP: one key a device, an account of every value."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from api.deps import House, HouseDep, any_body
from api.problems import described
from api.pushed import LARGE, MOST_TOLD, bearer, whole_body
from civic.air.devices import credentials, intake
from civic.air.devices.intake import Sent, Taken
from civic.air.devices.judging import REASONS
from civic.air.devices.registry import NAME
from core import metrics
from core.contracts.air import DEVICE, PERIOD, Pulled, Pushing
from core.errors import NotFound

router = APIRouter(prefix="/air/push", tags=["air"])
DeviceName = Annotated[str, Path(pattern=f"^{NAME}$", examples=["hagun-01"])]
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "측정기의 형식(docs/air-push.md). gzip이면 Content-Encoding: gzip.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


class RefusedValue(BaseModel):
    pollutant: str
    at: datetime
    reason: str
    reason_ko: str
    reason_en: str


class SkippedRow(BaseModel):
    """`line`: the row's place in the list, from 1."""

    line: int
    reason: str
    reason_ko: str
    detail: str


class ValuesTaken(BaseModel):
    """`values` that could be read = stored + repeated + corrected + refused. `doubted`: kept and used nowhere."""

    values: int
    stored: int
    repeated: int
    corrected: int
    doubted: int
    refused: list[RefusedValue]
    skipped: list[SkippedRow]


@router.post(
    "/{device}",
    summary="측정기가 값 보내기 (a device's push)",
    openapi_extra=BODY,
    responses={**described(400, 409, 413, 429)},
)
@any_body
async def push_values(device: DeviceName, request: Request, house: HouseDep) -> ValuesTaken:
    """Values in one transaction; sent again they change nothing. 401 without a valid key, 403 with another device's,
    409 when the city switched it off, 413 for a body that is too large (unpacked too), 422 when it is not the format
    at all, 429 above the key's calls a minute.
    """
    city_id, now, rules = house.settings.city.id, house.clock.now(), house.settings.air
    async with house.db.transaction() as tx:
        found = await credentials.use(tx, city_id, device, bearer(request), now)
    reader = _reader(house, found.source)
    body = await whole_body(request, rules.devices.most_bytes)
    headers = {DEVICE: found.name, PERIOD: str(found.period_s)}
    pulled = await _received(reader, body, headers, now)
    async with house.db.transaction() as tx:
        taken = await intake.take(tx, city_id, [Sent(found, pulled)], now, rules)
    for standing in ("stored", "repeated", "corrected"):
        metrics.AIR_VALUES.labels(found.source, standing).inc(getattr(taken, standing))
    return _told(pulled, taken)


def _reader(house: House, source: str) -> Pushing:
    found = house.air_sources.get(source)
    if found is None or not hasattr(found, "receive"):
        raise NotFound("이 측정기의 형식이 꺼져 있습니다.", "The format of this device is switched off.")
    return cast(Pushing, found)


async def _received(reader: Pushing, body: bytes, headers: Mapping[str, str], now: datetime) -> Pulled:
    if len(body) < LARGE:
        return reader.receive(body, headers, now)
    return await asyncio.to_thread(reader.receive, body, headers, now)


def _told(pulled: Pulled, taken: Taken) -> ValuesTaken:
    account = taken.accounts[0]
    words = pulled.report.reasons_ko
    refused = []
    for one in account.refused[:MOST_TOLD]:
        ko, en = REASONS[one.reason]
        row = RefusedValue(pollutant=one.pollutant, at=one.at, reason=one.reason, reason_ko=ko, reason_en=en)
        refused.append(row)
    return ValuesTaken(
        values=account.values,
        stored=taken.stored,
        repeated=taken.repeated,
        corrected=taken.corrected,
        doubted=account.doubted,
        refused=refused,
        skipped=[
            SkippedRow(line=one.line, reason=one.reason, reason_ko=words.get(one.reason, one.reason), detail=one.detail)
            for one in (*account.skipped, *pulled.report.doubts)[:MOST_TOLD]
        ],
    )
