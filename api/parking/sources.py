"""The sources of lots and numbers as staff see them: how they are, ask one now, switch one off and on with a reason."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from api.deps import Caller, House, HouseDep, VersionsDep, allowed
from api.sources_shown import BookRow, SourceName, Switch, how_of, values
from civic.parking import overseeing
from civic.parking.overseeing import Overview
from civic.parking.sources import book_of
from civic.sources import overseeing as general
from civic.staff.permissions import Action
from core.errors import BadInput

router = APIRouter(prefix="/parking/sources", tags=["parking"])
Reader = Annotated[Caller, allowed(Action.CHANNEL_READ)]
Writer = Annotated[Caller, allowed(Action.PARKING_WRITE)]


class SourceRow(BookRow):
    """`how`: null while neither config.yml nor a neighbour names it. `numbers`: its lots by what is told of them:
    fresh, aged (with its age), withdrawn, unlinked, doubted, unknown.
    """

    lots: int
    numbers: dict[str, int]
    quarantined: int

    @classmethod
    def values(cls, house: House, one: Overview) -> dict[str, Any]:
        source = house.sources.get(one.row["name"])
        return {
            **values(one.row, source, _how(one.row, source), house.clock.now()),
            "lots": one.lots,
            "numbers": dict(one.numbers),
            "quarantined": one.quarantined,
        }


def _how(row: RowMapping, source: object | None) -> str | None:
    return how_of(source) or ("pull" if row["vendor"] == "neighbour" else None)


class SourceShown(SourceRow):
    """With what the last pull or push came to: rows taken and left out, each reason with its Korean sentence."""

    report: dict[str, Any] | None = Field(description="주차장 목록")
    realtime_report: dict[str, Any] | None = Field(description="실시간 숫자")

    @classmethod
    def of(cls, house: House, one: Overview) -> Self:
        reports = {name: one.row[name] for name in ("report", "realtime_report")}
        return cls(**cls.values(house, one), **reports)


class Sources(BaseModel):
    items: list[SourceRow]


class AskNow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    with_lots: bool = Field(False, description="실시간 숫자뿐 아니라 주차장 목록도")


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
