"""`./sinmungo arrears commission-…`: files of 징수촉탁 taken in at the terminal; the work is the room's own."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.oversight import commission_results, commission_taking
from civic.arrears.oversight.commission import City
from civic.staff.tables import staff
from commands.house import console, running_store
from core import secret, store
from core.db import Database
from core.errors import BadInput, NotFound
from core.settings import Settings
from core.vault import old_secrets, open_vault


def take(file: Path, login: str) -> None:
    """A commission of another city into our ledger. Raises Broken, Conflict."""

    async def work(tx: AsyncConnection, settings: Settings, by: UUID, now: datetime) -> str:
        rules = settings.arrears.oversight.commission
        made = await commission_taking.take(tx, _city(settings), _bytes(file), by, now, rules)
        return f"촉탁을 받았습니다: {made}"

    console.print(_run(login, work))


def take_result(file: Path, login: str) -> None:
    """What another city collected for us. Raises Broken, NotFound."""

    async def work(tx: AsyncConnection, settings: Settings, by: UUID, now: datetime) -> str:
        rules = settings.arrears.oversight.commission
        found = await commission_results.take_result(tx, _city(settings), _bytes(file), by, now, rules)
        return f"결과를 반영했습니다: {found.state}, 받은 금액 {found.collected_krw:,}원, 수수료 {found.fee_krw:,}원"

    console.print(_run(login, work))


def make_result(commission_id: UUID, file: Path, login: str) -> None:
    """The result of a commission that we took, as a signed file."""
    made: list[bytes] = []

    async def work(tx: AsyncConnection, settings: Settings, by: UUID, now: datetime) -> str:
        rules = settings.arrears.oversight.commission
        found = await commission_results.result(tx, _city(settings), commission_id, by, now, rules)
        made.append(found.data)
        return f"{file}에 썼습니다: {found.state}, {found.collected_krw:,}원"

    told = _run(login, work)
    file.write_bytes(made[0])
    console.print(told)


def _run(login: str, work: Callable[[AsyncConnection, Settings, UUID, datetime], Awaitable[str]]) -> str:
    async def run(settings: Settings, url: str) -> str:
        db, now = Database(url, pool_size=1, days_off=settings.city.days_off), datetime.now(UTC)
        try:
            await open_vault(db, secret.load(settings.path(settings.var)), now, old_secrets())
            async with db.transaction() as tx:
                by = await tx.scalar(
                    select(staff.c.id).where(staff.c.city_id == settings.city.id, staff.c.login == login)
                )
                if by is None:
                    raise NotFound("직원을 찾을 수 없습니다.", "No such member of staff.")
                return await work(tx, settings, by, now)
        finally:
            await db.close()

    with running_store() as (settings, url):
        store.migrate(url)
        return asyncio.run(run(settings, url))


def _city(settings: Settings) -> City:
    return City(settings.city.id, settings.city.name.ko, settings.city.name.en)


def _bytes(file: Path) -> bytes:
    if not file.is_file():
        raise BadInput(f"파일이 없습니다: {file}", f"No such file: {file}")
    return file.read_bytes()
