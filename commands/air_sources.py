"""`./sinmungo air sources|try|fetch|import-confirmed`: how the sources of air are, what they bring, files of hours."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from commands.asking import STATES, ago, asked_by_us, pulled_once
from commands.house import console, running_store
from core import loading, store
from core.clock import SEOUL
from core.contracts.air import POLLUTANTS, Mark, Observation, Pulled, ReadReport, RowNote, Station
from core.db import Database
from core.errors import BadInput
from core.http import Outside
from core.settings import Settings, read

_SHOWN = 6
_LINES = 4_000
"""Of a file, stored at once: some eight megabytes of records, and a second of holding the stations' lock."""
CONFIRMED = "airkorea_confirmed"


def sources() -> int:
    """A line a source; 1 when one of them fails or is silent."""
    with running_store() as (settings, url):
        store.migrate(url)
        return asyncio.run(_sources(url, settings))


async def _sources(url: str, settings: Settings) -> int:
    from civic.air.asking import book_of, listed

    db, now = Database(url, pool_size=1), datetime.now(UTC)
    try:
        async with db.reading() as tx:
            found = await listed(tx, book_of(settings.city.id, settings.air), now)
    finally:
        await db.close()
    table = Table("출처", "상태", "마지막 성공", "측정소", "가장 새 시각", "오늘 호출", "까닭")
    for one in found:
        row = one.row
        cells = (row["name"], STATES[row["state"]], ago(row["last_ok_at"], now), f"{one.stations:,}")
        table.add_row(*cells, ago(one.newest_at, now), f"{row['calls']:,}", row["reason"])
    console.print(table if found else "켜진 대기질 출처가 없습니다. config.yml의 air.sources를 보세요.")
    return int(any(one.row["state"] == "failing" for one in found))


def try_out(name: str) -> int:
    """Ask a source of config.yml once, for its stations too, and show what came. Nothing is stored."""
    return asyncio.run(_try_out(name, read()))


async def _try_out(name: str, settings: Settings) -> int:
    from bot.sources.opening import open_air_sources

    found = asked_by_us(open_air_sources(settings).get(name), name, "air.sources")
    now, deadline_s = datetime.now(UTC), settings.air.asking.deadline_s
    pulled = await pulled_once(settings, deadline_s, lambda http: found.pull(http, now, Mark(), wants_stations=True))
    if pulled is None:
        return 1
    console.print(found.terms.attribution, highlight=False, markup=False)
    _tell(pulled)
    if pulled.failure is not None:
        console.print(f"일부는 받지 못했습니다: {pulled.failure.reason_ko}", highlight=False, markup=False)
    console.print("저장하지 않았습니다.")
    return int(pulled.failure is not None)


def _local(at: datetime | None) -> str:
    return f"{at.astimezone(SEOUL):%Y-%m-%d %H:%M}" if at else "없음"


def _tell(pulled: Pulled) -> None:
    report = pulled.report
    counts = f"읽은 행 {report.rows:,}, 받아들임 {report.accepted:,}, 건너뜀 {len(report.skipped):,}"
    console.print(f"{counts} (호출 {pulled.calls}번)", highlight=False)
    places = sum(one.lat is not None for one in pulled.stations or ())
    console.print(f"측정소 {len(pulled.stations or ()):,}곳, 자리를 아는 곳 {places:,}", highlight=False)
    newest = max((one.phenomenon_end for one in pulled.observations), default=None)
    told = [one for one in pulled.observations if one.usable is not None]
    console.print(
        f"값 {len(pulled.observations):,}개, 쓸 수 있는 값 {len(told):,}, 가장 새 시각 {newest}", highlight=False
    )
    for one in [one for one in told if one.phenomenon_end == newest][:_SHOWN]:
        console.print(f"  {one.station_uid}  {one.pollutant} {one.value} {one.unit}", highlight=False, markup=False)
    for wind in pulled.winds[-_SHOWN:]:
        console.print(f"  바람 {wind.place} {_local(wind.at)} {wind.from_degrees}° {wind.speed} m/s", highlight=False)
    console.print(f"경보 {len(pulled.alerts):,}건, 예보 {len(pulled.forecasts):,}건", highlight=False)
    _reasons(report)


def _reasons(report: ReadReport) -> None:
    for reason, count in sorted(Counter(note.reason for note in (*report.skipped, *report.doubts)).items()):
        console.print(f"  - {report.reasons_ko.get(reason, reason)}: {count:,}", highlight=False, markup=False)


def fetch() -> int:
    """One round now: every source that is due is asked and stored, where no server or worker does it."""
    with running_store() as (settings, url):
        store.migrate(url)
        asyncio.run(_fetch(url, settings))
        return asyncio.run(_sources(url, settings))


async def _fetch(url: str, settings: Settings) -> None:
    from bot.air.rounds import Rounds
    from bot.sources.opening import open_air_sources
    from core.clock import SystemClock

    db, named = Database(url, pool_size=2), open_air_sources(settings)
    try:
        async with Outside(settings.outside.allowed_hosts) as outside:
            await Rounds(db, named, outside, settings.air, settings.city.id, SystemClock(), "command").go()
    finally:
        await db.close()


def import_confirmed(file: Path, zero_is_missing: str) -> int:
    """확정자료: a file of checked hours goes before what was told in real time, and that stays to be seen."""
    if not file.exists():
        raise BadInput(f"파일이 없습니다: {file}", f"No such file: {file}")
    nothing = tuple(one.strip().upper() for one in zero_is_missing.split(",") if one.strip())
    if unknown := sorted(set(nothing) - set(POLLUTANTS)):
        raise BadInput(f"모르는 항목입니다: {', '.join(unknown)}", f"No such pollutant: {', '.join(unknown)}")
    module = loading.file("integrations.air", "confirmed")
    reader = module.build(CONFIRMED, module.Settings(zero_is_missing=nothing))
    with running_store() as (settings, url):
        store.migrate(url)
        return asyncio.run(_import(url, settings, reader, file, module.REASONS_KO))


async def _import(url: str, settings: Settings, reader: Any, file: Path, reasons_ko: dict[str, str]) -> int:
    from civic.air.storing import Taken, take

    db, now = Database(url, pool_size=1), datetime.now(UTC)
    total, rows, notes = dict.fromkeys((one.name for one in fields(Taken)), 0), 0, Counter[str]()
    try:
        for stations, observations, left_out, lines in _batches(reader.lines(file, now)):
            report = ReadReport(CONFIRMED, "", lines, lines)
            pulled = Pulled(tuple(observations), report, tuple(stations.values()))
            async with db.transaction() as tx:
                taken = await take(tx, settings.city.id, CONFIRMED, pulled, now)
            for name in total:
                total[name] += getattr(taken, name)
            rows += lines
            notes.update(note.reason for note in left_out)
    finally:
        await db.close()
    console.print(f"읽은 행 {rows:,}, 새 값 {total['stored']:,}, 이미 아는 값 {total['repeated']:,}", highlight=False)
    console.print(f"전에 달리 말한 값 {total['corrected']:,}: 확정값이 앞서고 먼저 값도 남습니다.", highlight=False)
    for reason, count in sorted(notes.items()):
        console.print(f"  - {reasons_ko.get(reason, reason)}: {count:,}", highlight=False)
    return 0


Batch = tuple[dict[str, Station], list[Observation], list[RowNote], int]


def _batches(lines: Iterator[tuple[Station, Sequence[Observation], Sequence[RowNote]] | RowNote]) -> Iterator[Batch]:
    stations: dict[str, Station] = {}
    observations: list[Observation] = []
    notes: list[RowNote] = []
    count = 0
    for found in lines:
        count += 1
        if isinstance(found, RowNote):
            notes.append(found)
        else:
            station, values, doubts = found
            stations[station.uid] = station
            observations += values
            notes += doubts
        if count == _LINES:
            yield stations, observations, notes, count
            stations, observations, notes, count = {}, [], [], 0
    if count:
        yield stations, observations, notes, count
