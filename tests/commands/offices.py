"""The people and the store behind commands that a test calls within its own process."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.members import add_staff
from civic.staff.permissions import Role
from core.db import Database

T = TypeVar("T")


def within(url: str, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    async def run() -> T:
        db = Database(url, pool_size=1)
        try:
            async with db.transaction() as tx:
                return await work(tx)
        finally:
            await db.close()

    return asyncio.run(run())


def hire(url: str, login: str, role: Role) -> None:
    async def add(tx: AsyncConnection) -> None:
        await add_staff(
            tx, city_id="gimpo", login=login, name="김세무", role=role, department_id=None,
            password="sinmungo-북소리-2026", now=datetime.now(UTC),
        )  # fmt: skip

    within(url, add)
