"""`./sinmungo parking`: how the sources of lots are, and trying one out before the city relies on it."""

import asyncio
from datetime import UTC, datetime

from rich.table import Table

from commands.asking import STATES, ago, asked_by_us, pulled_once
from commands.house import console, running_store
from core import store
from core.contracts.parking import Mark, Pulled
from core.db import Database
from core.settings import Settings, read

_STANDINGS = {
    "fresh": "새 숫자",
    "aged": "시간을 밝힘",
    "withdrawn": "너무 오래됨",
    "unlinked": "미연계",
    "doubted": "격리",
    "unknown": "숫자 없음",
}
_SHOWN = 5


def sources() -> int:
    """A line a source; 1 when one of them fails or is silent."""
    with running_store() as (settings, url):
        store.migrate(url)
        return asyncio.run(_sources(url, settings))


async def _sources(url: str, settings: Settings) -> int:
    from civic.parking import overseeing

    db, now = Database(url, pool_size=1), datetime.now(UTC)
    try:
        async with db.reading() as tx:
            found = await overseeing.listed(tx, settings.city.id, now, settings.parking)
    finally:
        await db.close()
    table = Table("출처", "상태", "마지막 성공", "주차장", "숫자", "까닭")
    for one in found:
        numbers = ", ".join(f"{_STANDINGS[name]} {count:,}" for name, count in sorted(one.numbers.items()))
        state = STATES[one.row["state"]]
        table.add_row(
            one.row["name"], state, ago(one.row["last_ok_at"], now), f"{one.lots:,}", numbers, one.row["reason"]
        )
    console.print(table if found else "켜진 주차장 출처가 없습니다. config.yml의 parking.sources를 보세요.")
    return int(any(one.row["state"] == "failing" for one in found))


def try_out(name: str) -> int:
    """Ask a source of config.yml once, for its lots and numbers, and show what came. Nothing is stored."""
    return asyncio.run(_try_out(name, read()))


async def _try_out(name: str, settings: Settings) -> int:
    from bot.sources.opening import open_sources

    found = asked_by_us(open_sources(settings).get(name), name, "parking.sources")
    now, deadline_s = datetime.now(UTC), settings.parking.asking.deadline_s
    pulled = await pulled_once(settings, deadline_s, lambda http: found.pull(http, now, Mark(), wants_static=True))
    if pulled is None:
        return 1
    _tell(pulled)
    return 0


def _tell(pulled: Pulled) -> None:
    report = pulled.report
    console.print(
        f"주차장: 읽은 행 {report.rows:,}, 받아들임 {report.accepted:,}, 건너뜀 {len(report.skipped):,} "
        f"(호출 {pulled.calls}번)",
        highlight=False,
    )
    for lot in (pulled.static or ())[:_SHOWN]:
        console.print(f"  {lot.uid}  {lot.name}  {lot.capacity}면  {lot.address}", highlight=False, markup=False)
    told = [one for one in pulled.realtime if one.free is not None]
    console.print(f"실시간: {len(pulled.realtime):,}곳, 빈자리를 알린 곳 {len(told):,}", highlight=False)
    for number in told[:_SHOWN]:
        capacity = f"/{number.capacity}" if number.capacity is not None else ""
        console.print(f"  {number.uid}  {number.free}{capacity}", highlight=False, markup=False)
    notes = (*report.skipped, *(pulled.realtime_report.skipped if pulled.realtime_report else ()))
    reasons = {**report.reasons_ko, **(pulled.realtime_report.reasons_ko if pulled.realtime_report else {})}
    for reason in sorted({note.reason for note in notes}):
        count = sum(note.reason == reason for note in notes)
        console.print(f"  - {reasons.get(reason, reason)}: {count:,}", highlight=False, markup=False)
    console.print("저장하지 않았습니다.")
