"""`./sinmungo keys`: the data keys that seal personal data: list, rotate, wrap anew with the present secret."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from rich.table import Table
from sqlalchemy import select

from commands.house import console, running_store
from core import rotation, secret, store
from core.db import Database
from core.settings import Settings
from core.vault import Vault, data_keys, old_secrets, open_vault


def _with_vault(work: Callable[[Database, Vault], Awaitable[None]]) -> None:
    async def run(settings: Settings, url: str) -> None:
        db = Database(url, pool_size=2)
        try:
            vault = await open_vault(db, secret.load(settings.path(settings.var)), datetime.now(UTC), old_secrets())
            await work(db, vault)
        finally:
            await db.close()

    with running_store() as (settings, url):
        store.migrate(url)
        asyncio.run(run(settings, url))


def rotate() -> None:
    """A new data key; everything sealed anew while the service runs. Broken off, it is simply run again."""

    async def work(db: Database, vault: Vault) -> None:
        from core.loading import load_tables

        load_tables()
        made = await rotation.new_key(db, vault, datetime.now(UTC))
        console.print(f"새 데이터 키 {made}번을 만들었습니다.")
        counted: dict[str, int] = {}

        def tell(place: str, rows: int) -> None:
            counted[place] = counted.get(place, 0) + rows

        with console.status("새 키로 다시 봉인합니다… (서비스는 계속 쓸 수 있습니다)"):
            total = await rotation.reseal(db, vault, tell)
            gone = await rotation.destroy(db, datetime.now(UTC))
        for place, rows in counted.items():
            console.print(f"  {place}: {rows:,}", highlight=False)
        console.print(f"{total:,}건을 다시 봉인했습니다.")
        ended = f"지난 키 {', '.join(map(str, gone))}번을 폐기했습니다." if gone else ""
        console.print(ended or "지난 키는 쓰이지 않게 된 뒤 매일 05:00 점검에서 폐기합니다.")

    _with_vault(work)


def rewrap() -> None:
    """After the secret was changed: every data key wrapped with the present one."""

    async def work(db: Database, vault: Vault) -> None:
        async with db.transaction() as tx:
            done = await rotation.rewrap(tx, vault)
        console.print(f"데이터 키 {done}개를 지금의 비밀키(지문 {vault.keks[0].fingerprint})로 다시 감쌌습니다.")
        console.print("이제 SINMUNGO_OLD_SECRETS에서 지난 값을 지울 수 있습니다. 지난 백업을 열려면 따로 보관하세요.")

    _with_vault(work)


def show() -> None:
    """Which keys there are and what state they are in. No key is shown."""

    async def work(db: Database, vault: Vault) -> None:
        async with db.transaction() as tx:
            rows = (await tx.execute(select(data_keys).order_by(data_keys.c.id))).all()
        table = Table("번호", "쓰임", "상태", "만든 때", "감싼 비밀키(지문)")
        for row in rows:
            state = "폐기" if row.destroyed_at else "물러남" if row.retired_at else "사용 중"
            table.add_row(str(row.id), row.purpose, state, f"{row.created_at:%Y-%m-%d %H:%M}", row.kek)
        console.print(table)

    _with_vault(work)
