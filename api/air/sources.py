"""The sources of air as staff see them: how they are, ask one now, switch one off and on with a reason."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Caller, House, HouseDep, VersionsDep, allowed
from api.sources_shown import BookRow, SourceName, Switch, how_of, values
from civic.air.asking import Overview, book_of, listed, read
from civic.sources import overseeing
from civic.sources.book import Book
from civic.staff.permissions import Action
from core.errors import BadInput

router = APIRouter(prefix="/air/sources", tags=["air"])
Reader = Annotated[Caller, allowed(Action.CHANNEL_READ)]
Writer = Annotated[Caller, allowed(Action.AIR_WRITE)]


class AirSourceRow(BookRow):
    """`stations`: whose newest word is this source's. `newest_at`: end of the newest hour that any of them told.
    `keeps_as`: of a source of missed hours the one that it fills for, else its own name.
    """

    stations: int
    newest_at: datetime | None
    keeps_as: str

    @classmethod
    def values(cls, house: House, one: Overview) -> dict[str, Any]:
        source = house.air_sources.get(one.row["name"])
        how = how_of(source) or ("pull" if one.keeps_as in house.air_sources else None)
        return {
            **values(one.row, source, how, house.clock.now()),
            "stations": one.stations,
            "newest_at": one.newest_at,
            "keeps_as": one.keeps_as,
        }


class AirSourceShown(AirSourceRow):
    """With what the last pull or push came to: rows read and left out, and what became of the values."""

    report: dict[str, Any] | None = Field(description="측정소 목록")
    realtime_report: dict[str, Any] | None = Field(description="값, 경보, 예보")

    @classmethod
    def of(cls, house: House, one: Overview) -> Self:
        reports = {name: one.row[name] for name in ("report", "realtime_report")}
        return cls(**cls.values(house, one), **reports)


class AirSources(BaseModel):
    items: list[AirSourceRow]


class AskAirNow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    with_stations: bool = Field(False, description="값뿐 아니라 측정소 목록도")


@router.get("", summary="대기질 출처의 상태 (how the sources of air are)")
async def list_air_sources(asking: Reader, house: HouseDep) -> AirSources:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await listed(tx, _book(house), house.clock.now())
    return AirSources(items=[AirSourceRow(**AirSourceRow.values(house, one)) for one in found])


@router.get("/{name}", summary="대기질 출처 하나와 마지막 보고 (one source and its last reports)")
async def read_air_source(name: SourceName, asking: Reader, house: HouseDep, response: Response) -> AirSourceShown:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        one = await read(tx, _book(house), name, house.clock.now())
    return _answered(house, one, response)


@router.post("/{name}/pull", status_code=202, summary="지금 받기 (ask it now)")
async def ask_air_now(
    name: SourceName, given: AskAirNow, asking: Writer, house: HouseDep, response: Response
) -> AirSourceShown:
    """The next round, within seconds, asks it. 409 when it is off or has no calls left today."""
    book, now, source = _book(house), house.clock.now(), house.air_sources.get(name)
    if how_of(source) == "push":
        raise BadInput("우리에게 보내 오는 출처라 청할 수 없습니다.", "This source calls us; it cannot be asked.")
    calls = source.terms.daily_calls if source else None
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await overseeing.ask_now(
            tx, book, name, now, with_static=given.with_stations, daily_calls=calls, by=asking.member.id
        )
        one = await read(tx, book, name, now)
    return _answered(house, one, response)


@router.put("/{name}/state", summary="대기질 출처 끄기, 켜기 (switch off and on)")
async def switch_air_source(
    name: SourceName, given: Switch, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> AirSourceShown:
    """Needs If-Match. What it told stays; hours that it does not tell meanwhile are missing and never guessed."""
    book, now = _book(house), house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await overseeing.switch(
            tx,
            book,
            name,
            now,
            is_on=given.is_on,
            reason=given.reason,
            by=asking.member.id,
            versions=versions,
        )
        one = await read(tx, book, name, now)
    return _answered(house, one, response)


def _book(house: House) -> Book:
    return book_of(house.settings.city.id, house.settings.air)


def _answered(house: House, one: Overview, response: Response) -> AirSourceShown:
    response.headers["ETag"] = f'"{one.row["version"]}"'
    return AirSourceShown.of(house, one)
