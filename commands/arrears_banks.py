"""`./sinmungo arrears reconcile` and `arrears banks`: compare the banks' ledgers with ours now; how the banks stand."""

import asyncio
from datetime import UTC, datetime

from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from commands.asking import ago
from commands.house import console, running_store
from core import secret, store
from core.clock import SystemClock
from core.db import Database
from core.settings import Settings
from core.vault import old_secrets, open_vault

STATES = {"ok": "정상", "failing": "실패", "resting": "쉼", "unused": "아직 없음", "no_gateway": "연결 없음"}


def reconcile() -> int:
    """0 where everything agrees, 1 where something differs or a ledger could not be read."""
    with running_store() as (settings, url):
        store.migrate(url)
        return asyncio.run(_reconcile(url, settings))


async def _reconcile(url: str, settings: Settings) -> int:
    from bot.arrears.opening import open_gateways
    from bot.arrears.reconciling import Reconciling
    from civic.arrears.banks.reconciling import ask_for, open_differences

    clock, city_id, gateways = SystemClock(), settings.city.id, open_gateways(settings)
    db = Database(url, pool_size=2, days_off=settings.city.days_off)
    try:
        await open_vault(db, secret.load(settings.path(settings.var)), clock.now(), old_secrets())
        async with db.transaction() as tx:
            run_id = await ask_for(tx, city_id, None, clock.now())
        made = await Reconciling(db, gateways, settings.arrears, city_id, clock).run(run_id)
        async with db.reading() as tx:
            waiting = await open_differences(tx, city_id)
            failing = await _unread(tx, settings)
    finally:
        for gateway in gateways.values():
            await gateway.aclose()
        await db.close()
    if made is not None:
        console.print(f"은행 장부 {made.lines:,}줄, 맞은 것 {made.matched:,}줄, 새 차이 {made.differences:,}건")
        console.print(f"추심: 우리 {made.ours_krw:,}원, 은행 {made.theirs_krw:,}원")
    console.print(f"열려 있는 차이 {waiting:,}건")
    for name, why in failing:
        console.print(f"장부를 읽지 못한 은행: {name} ({why})", markup=False)
    return int(bool(waiting or failing))


async def _unread(tx: AsyncConnection, settings: Settings) -> list[tuple[str, str]]:
    from civic.arrears.banks.overview import standings

    found = await standings(tx, settings.city.id, settings.arrears.banks, datetime.now(UTC))
    return [(one.name, one.poll_failure) for one in found if one.poll_failure]


def banks() -> int:
    """Every bank in a line; 1 where one fails or something was given up."""
    with running_store() as (settings, url):
        store.migrate(url)
        return asyncio.run(_banks(url, settings))


async def _banks(url: str, settings: Settings) -> int:
    from civic.arrears.banks.overview import standings

    db, now = Database(url, pool_size=1, days_off=settings.city.days_off), datetime.now(UTC)
    try:
        async with db.reading() as tx:
            found = await standings(tx, settings.city.id, settings.arrears.banks, now)
    finally:
        await db.close()
    table = Table("은행", "연결", "상태", "마지막 답", "기다림", "늦은 답", "멈춤", "까닭")
    for one in found:
        counts = (f"{one.waiting:,}", f"{one.pending:,}", f"{one.dead:,}")
        why = one.failure or one.poll_failure
        table.add_row(f"{one.bank} {one.name}", one.gateway, STATES[one.state], ago(one.last_ok_at, now), *counts, why)
    console.print(table)
    return int(any(one.state in ("failing", "resting") or one.dead for one in found))
