"""Extra pass over recorded files and answers: loaded twice, in other orders and pieces, they end in the same tables."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from civic.air import reading
from civic.air.records import Hour
from core.contracts.air import Observation, Pulled
from core.db import Database
from integrations.air import airkorea
from integrations.air.confirmed import Confirmed, Settings
from tests.civic.air.recorded import paths
from tests.civic.air.told import HOUR, new_city, tables, take_in

NOW = datetime(2026, 3, 5, tzinfo=UTC)
FILES = paths("airkorea_confirmed_2015q1.csv", "airkorea_confirmed_2017-05.csv")
FEBRUARY = datetime(2015, 2, 21, 15, tzinfo=UTC), datetime(2015, 2, 25, 15, tzinfo=UTC)
"""Yellow dust; the rest of the quarter would only take longer."""


def read(path: Path) -> Pulled:
    whole = Confirmed("confirmed", Settings()).read(path, NOW)
    first, last = FEBRUARY if "2015" in path.name else (datetime(2017, 5, 25, tzinfo=UTC), NOW)
    return replace(whole, observations=tuple(one for one in whole.observations if first < one.phenomenon_end <= last))


def answered(path: Path, at: datetime, station: str = "") -> Pulled:
    return airkorea.read_hours(path.read_bytes(), at, station=station)


async def hours(database: Database, city_id: str, name: str, at: datetime) -> list[Hour]:
    async with database.reading() as tx:
        sites = await reading.sites(tx, city_id, at)
        (site,) = [one.id for one in sites if one.name == name]
        return (await reading.hours(tx, [site], at - HOUR, at))[site]


async def test_a_file_in_pieces_and_twice_ends_like_the_file(database: Database) -> None:
    for path in FILES:
        file, (straight, mixed) = read(path), (new_city(), new_city())
        first = await take_in(database, straight, file, NOW, "confirmed")
        assert (first.stored, first.corrected) == (len(file.observations), 0)
        words: list[Observation] = [*file.observations, *file.observations[::7]]
        Random(1).shuffle(words)
        for piece in pieces(words, 3):
            await take_in(database, mixed, replace(file, observations=piece), NOW, "confirmed")
        again = await take_in(database, mixed, file, NOW, "confirmed")
        assert (again.stored, again.repeated) == (0, len(file.observations))
        assert await tables(database, straight) == await tables(database, mixed)


def pieces(words: Sequence[Observation], count: int) -> list[tuple[Observation, ...]]:
    return [tuple(words[at::count]) for at in range(count)]


async def test_it_gives_back_the_night_of_yellow_dust(database: Database) -> None:
    for path in paths("airkorea_confirmed_2015q1.csv"):
        city_id = new_city()
        await take_in(database, city_id, read(path), NOW, "confirmed")
        night = datetime(2015, 2, 22, 14, tzinfo=UTC)
        (hour,) = await hours(database, city_id, "구월동", night)
        assert hour.values["PM10"].value == 954
        (midnight,) = await hours(database, city_id, "구월동", night + HOUR)
        assert midnight.at == night + HOUR, "24:00 is the end of its day"
        assert (hour.index, hour.basis) == (None, "none"), "there were no bands before 2018"
        assert hour.values["PM10"].status == "confirmed"


async def test_an_answer_keeps_what_the_publisher_shows(database: Database) -> None:
    for path in paths("airkorea_api_seoul_2022-05-09T10.json"):
        city_id, at = new_city(), datetime(2022, 5, 9, 1, tzinfo=UTC)
        answer = answered(path, at + HOUR / 4)
        for _ in range(2):
            await take_in(database, city_id, answer, at + HOUR / 4, "airkorea")
        async with database.reading() as tx:
            sites = await reading.sites(tx, city_id, at)
            found = await reading.hours(tx, [site.id for site in sites], at - HOUR, at)
        shown = {one.station_uid: one.value for one in answer.indices}
        told = {site.uid: hour.index for site in sites for hour in found[site.id]}
        assert len(told) == 40
        assert told == shown
        bases = [hour.basis for site in sites for hour in found[site.id]]
        assert (bases.count("publisher"), bases.count("none")) == (38, 2)


async def test_an_old_answer_without_codes_is_a_station_by_name(database: Database) -> None:
    for path in paths("airkorea_api_legacy_bokjeong_2020-10-28.json"):
        city_id, newest = new_city(), datetime(2020, 10, 28, 6, tzinfo=UTC)
        answer = answered(path, newest + HOUR / 4, "복정동")
        await take_in(database, city_id, answer, newest + HOUR / 4, "airkorea")
        (row,) = await hours(database, city_id, "복정동", datetime(2020, 10, 28, 1, tzinfo=UTC))
        assert (row.index, row.grade, row.basis) == (166, 3, "publisher")
