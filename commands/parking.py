"""`./sinmungo parking`: how the sources of lots are, and trying one out before the city relies on it."""

import asyncio
from datetime import UTC, datetime, timedelta

from rich.table import Table

from commands.house import console, running_store
from core import store
from core.contracts.parking import Mark, Pulled
from core.db import Database
from core.errors import NotFound, SinmungoError
from core.http import Outside
from core.settings import Settings, read

_STATES = {"active": "정상", "backing_off": "다시 부름", "failing": "실패", "off": "꺼짐"}
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
        state = _STATES[one.row["state"]]
        table.add_row(
            one.row["name"], state, _ago(one.row["last_ok_at"], now), f"{one.lots:,}", numbers, one.row["reason"]
        )
    console.print(table if found else "켜진 주차장 출처가 없습니다. config.yml의 parking.sources를 보세요.")
    return int(any(one.row["state"] == "failing" for one in found))


def _ago(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "없음"
    minutes = (now - at) // timedelta(minutes=1)
    return f"{minutes}분 전" if minutes < 120 else f"{minutes // 60}시간 전"


def try_out(name: str) -> int:
    """Ask a source of config.yml once, for its lots and numbers, and show what came. Nothing is stored."""
    return asyncio.run(_try_out(name, read()))


async def _try_out(name: str, settings: Settings) -> int:
    from bot.sources.opening import open_sources

    found = open_sources(settings).get(name)
    if found is None or not hasattr(found, "pull"):
        raise NotFound(
            f"켜져 있고 우리가 부르는 출처가 아닙니다: {name} (config.yml의 parking.sources)",
            f"No source that is switched on and asked by us: {name}",
        )
    async with Outside(settings.outside.allowed_hosts) as outside:
        try:
            async with asyncio.timeout(settings.parking.asking.deadline_s):
                pulled = await found.pull(outside, datetime.now(UTC), Mark(), wants_static=True)
        except SinmungoError as error:
            console.print(f"받지 못했습니다: {error.reason_ko}")
            return 1
        except TimeoutError:
            console.print(f"{settings.parking.asking.deadline_s}초 안에 답이 오지 않았습니다.")
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
