"""The sources of lots and numbers as staff see them: how they are, ask one now, switch one off and on with a reason."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from api.deps import Caller, House, HouseDep, VersionsDep, allowed
from api.fields import Plain
from civic.parking import overseeing
from civic.parking.overseeing import Overview
from civic.parking.sources import book_of
from civic.sources import overseeing as general
from civic.sources.book import korean_day
from civic.staff.permissions import Action
from core.errors import BadInput

router = APIRouter(prefix="/parking/sources", tags=["parking"])
Reader = Annotated[Caller, allowed(Action.CHANNEL_READ)]
Writer = Annotated[Caller, allowed(Action.PARKING_WRITE)]
SourceName = Annotated[str, Path(max_length=60, pattern=r"^[A-Za-z0-9_-]+$", examples=["kotsa"])]
Why = Annotated[Plain, Field(min_length=2, max_length=300, examples=["제공기관 점검 안내(10월 3일까지)"])]


class SourceRow(BaseModel):
    """`how`: we ask it, or it calls us; null while neither config.yml nor a neighbour names it. `numbers`: its lots by
    what is told of them: fresh, aged (with its age), withdrawn, unlinked, doubted, unknown.
    """

    name: str
    vendor: str
    how: Literal["pull", "push"] | None
    state: Literal["active", "backing_off", "failing", "off"]
    reason: str = Field(description="왜 실패하고 있는지, 왜 껐는지")
    next_at: datetime | None
    static_next_at: datetime | None
    last_try_at: datetime | None
    last_ok_at: datetime | None
    last_static_at: datetime | None
    failing_since: datetime | None
    failures: int
    calls_today: int
    daily_calls: int | None
    attribution: str
    lots: int
    numbers: dict[str, int]
    quarantined: int
    version: int

    @classmethod
    def values(cls, house: House, one: Overview) -> dict[str, Any]:
        row = one.row
        source = house.sources.get(row["name"])
        is_today = row["calls_day"] == korean_day(house.clock.now())
        known = {name: row[name] for name in cls.model_fields if name in row}
        return {
            **known,
            "how": _how(row, source),
            "calls_today": row["calls"] if is_today else 0,
            "daily_calls": source.terms.daily_calls if source else None,
            "attribution": source.terms.attribution if source else "",
            "lots": one.lots,
            "numbers": dict(one.numbers),
            "quarantined": one.quarantined,
        }


def _how(row: RowMapping, source: object | None) -> str | None:
    if source is not None:
        return "pull" if hasattr(source, "pull") else "push"
    return "pull" if row["vendor"] == "neighbour" else None


class SourceShown(SourceRow):
    """With what the last pull or push came to: rows taken and left out, each reason with its Korean sentence."""

    report: dict[str, Any] | None = Field(description="주차장 목록")
    realtime_report: dict[str, Any] | None = Field(description="실시간 숫자")

    @classmethod
    def of(cls, house: House, one: Overview) -> Self:
        return cls(**cls.values(house, one))


class Sources(BaseModel):
    items: list[SourceRow]


class AskNow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    with_lots: bool = Field(False, description="실시간 숫자뿐 아니라 주차장 목록도")


class Switch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    is_on: bool
    reason: Why


@router.get("", summary="주차장 출처의 상태 (how the sources are)")
async def list_sources(asking: Reader, house: HouseDep) -> Sources:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await overseeing.listed(tx, *_asked(house))
    return Sources(items=[SourceRow(**SourceRow.values(house, one)) for one in found])


@router.get("/{name}", summary="출처 하나와 마지막 보고 (one source and its last reports)")
async def read_source(name: SourceName, asking: Reader, house: HouseDep, response: Response) -> SourceShown:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        one = await overseeing.read(tx, house.settings.city.id, name, *_asked(house)[1:])
    return _answered(house, one, response)


@router.post("/{name}/pull", status_code=202, summary="지금 받기 (ask it now)")
async def ask_now(name: SourceName, given: AskNow, asking: Writer, house: HouseDep, response: Response) -> SourceShown:
    """The next round, within seconds, asks it. 409 when it is off or has no calls left today."""
    city_id, now, rules = _asked(house)
    source = house.sources.get(name)
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        one = await overseeing.read(tx, city_id, name, now, rules)
        if _how(one.row, source) == "push":
            raise BadInput("우리에게 보내 오는 출처라 청할 수 없습니다.", "This source calls us; it cannot be asked.")
        calls = source.terms.daily_calls if source else None
        await general.ask_now(
            tx,
            book_of(city_id, rules),
            name,
            now,
            with_static=given.with_lots,
            daily_calls=calls,
            by=asking.member.id,
        )
        one = await overseeing.read(tx, city_id, name, now, rules)
    return _answered(house, one, response)


@router.put("/{name}/state", summary="출처 끄기, 켜기 (switch off and on)")
async def switch_source(
    name: SourceName, given: Switch, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> SourceShown:
    """Needs If-Match. What is known of its lots stays; its numbers age and are then told no more."""
    city_id, now, rules = _asked(house)
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await general.switch(
            tx,
            book_of(city_id, rules),
            name,
            now,
            is_on=given.is_on,
            reason=given.reason,
            by=asking.member.id,
            versions=versions,
        )
        one = await overseeing.read(tx, city_id, name, now, rules)
    return _answered(house, one, response)


def _asked(house: House) -> tuple[str, datetime, Any]:
    return house.settings.city.id, house.clock.now(), house.settings.parking


def _answered(house: House, one: Overview, response: Response) -> SourceShown:
    response.headers["ETag"] = f'"{one.row["version"]}"'
    return SourceShown.of(house, one)
