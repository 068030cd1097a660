"""`./sinmungo arrears money …`: the pool of virtual accounts, keys of banks, last days of claims."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from civic.arrears.money import accounts, accounts_file, keys
from civic.arrears.money.interruptions import refresh_all
from commands.house import console, running_store
from core import secret, store
from core.clock import SEOUL
from core.db import Database
from core.errors import BadInput
from core.settings import Settings
from core.vault import old_secrets, open_vault

money = typer.Typer(no_args_is_help=True, help="체납의 돈: 가상계좌, 수납 통지 키, 소멸시효 (money)")
_TOLD = 20


@money.command("accounts")
def add_accounts(
    file: Annotated[
        Path | None, typer.Argument(help="CSV: 은행코드, 은행명, 계좌번호, 예금주", exists=True, dir_okay=False)
    ] = None,
    practice: Annotated[int, typer.Option(help="지어낸 연습용 계좌 수", min=0, max=100_000)] = 0,
) -> None:
    """가상계좌를 넣고 현황을 보여 줍니다. 이미 있는 번호는 그대로 둡니다. 거절된 줄이 있으면 1로 끝납니다."""
    new, refused = accounts_file.read(file.read_bytes()) if file else ([], [])
    if practice and new:
        raise BadInput("진짜 계좌와 연습용 계좌를 함께 넣지 마세요.", "Do not mix practice accounts with real ones.")
    new += accounts.practice(practice)

    async def work(db: Database, settings: Settings) -> None:
        now = datetime.now(UTC)
        async with db.transaction() as tx:
            count = await accounts.import_accounts(tx, settings.city.id, new, now)
            pool = await accounts.pool(tx, settings.city.id, now.astimezone(SEOUL).date())
        console.print(f"새로 넣은 계좌 {count:,}개, 이미 있던 계좌 {len(new) - count:,}개")
        console.print(f"모두 {pool.all:,}개: 쓰는 중 {pool.given:,}, 빈 것 {pool.free:,}, 쉬는 중 {pool.resting:,}")
        if pool.is_practice:
            console.print(f"모두 {accounts.PRACTICE}")

    _run(work)
    for one in refused[:_TOLD]:
        console.print(f"{one.line}번째 줄: {one.reason_ko}")
    raise typer.Exit(1 if refused else 0)


@money.command("key")
def new_key(source: Annotated[str, typer.Argument(help="수납을 알려 올 곳의 이름, 예: van")]) -> None:
    """은행·VAN이 수납을 알려 올 키를 만듭니다. 한 번만 보이고, 앞의 키는 바로 끝납니다."""

    async def work(db: Database, settings: Settings) -> None:
        async with db.transaction() as tx:
            per_minute = settings.arrears.money.key_per_minute
            _, key = await keys.rotate(tx, settings.city.id, source, per_minute, datetime.now(UTC), by=None)
        console.print(f"{source}의 수납 통지 키(한 번만 보입니다):")
        sys.stdout.write(f"{key}\n")

    _run(work)


@money.command("prescriptions")
def prescriptions() -> None:
    """모든 과세 건의 소멸시효 완성일을 지금 다시 계산합니다."""

    async def work(db: Database, settings: Settings) -> None:
        console.print(f"바뀐 건 {await refresh_all(db, settings.city.id):,}개")

    _run(work)


def _run(work: Callable[[Database, Settings], Awaitable[None]]) -> None:
    async def run(settings: Settings, url: str) -> None:
        db = Database(url, pool_size=2, days_off=settings.city.days_off)
        try:
            await open_vault(db, secret.load(settings.path(settings.var)), datetime.now(UTC), old_secrets())
            await work(db, settings)
        finally:
            await db.close()

    with running_store() as (settings, url):
        store.migrate(url)
        asyncio.run(run(settings, url))
