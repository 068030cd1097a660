"""`./sinmungo demo day`: a whole bad day of a city in a few minutes, each promise checked, on a database of its own."""

import asyncio
from datetime import UTC, datetime
from time import perf_counter

from rich.console import Console
from rich.table import Table

from commands.drill import afternoon, morning
from commands.drill.stage import Stage, stage
from core import logs

BEGINS = datetime(2026, 9, 22, 23, 30, tzinfo=UTC)
"""Wednesday 2026-09-23, 08:30 in Korea, the eve of 추석."""


def day(console: Console | None = None) -> int:
    """Play it; the number of promises that did not hold."""
    logs.configure(level="ERROR")
    return asyncio.run(_day(console or Console()))


async def _day(console: Console) -> int:
    began = perf_counter()
    console.print("[bold]훈련: 2026년 9월 23일, 추석 전날의 하루[/bold] (임시 데이터베이스, 옮겨지는 시계)")
    async with stage(BEGINS, console) as played:
        await morning.small_matters(played)
        tree = await morning.one_tree_many_eyes(played)
        await morning.finish_the_tree(played, tree)
        hole = await morning.step_by_step(played)
        await morning.two_pens(played, hole)
        await afternoon.silent_hour(played)
        await afternoon.refusal_and_transfer(played)
        owner = next(citizen for citizen in played.citizens if citizen.name == "홍길동")
        await afternoon.unhappy(played, hole, owner)
        await afternoon.holiday(played)
        await afternoon.forgotten(played)
        _report(played, perf_counter() - began)
    return sum(not check.held for check in played.checks)


def _report(played: Stage, seconds: float) -> None:
    table = Table(title="훈련 결과", show_edge=False)
    table.add_column("약속")
    table.add_column("지켰나", justify="center")
    table.add_column("본 것")
    for check in played.checks:
        table.add_row(check.promise, "예" if check.held else "[red]아니요[/red]", " ".join(check.seen.split())[:60])
    played.console.print(table)
    held = sum(check.held for check in played.checks)
    told = f"시민 {len(played.citizens)}명, 받은 메시지 {played.inbound}건, 보낸 메시지 {len(played.provider.keys)}건"
    played.console.print(f"약속 {len(played.checks)}가지 중 {held}가지를 지켰습니다. {told}, {seconds:.0f}초.")
