"""A complaint goes coarse and nameless with its case and its person, and is handed out whole while it is kept."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.smell.forgetting import forget_old, forget_told, told_of
from civic.air.smell.tables import air_smell_reports
from civic.cases.tables import cases
from core.db import Database
from tests.civic.air.smell.crowds import LAT, NOW, complain, town
from tests.civic.cases.rows import CITY

YEAR = timedelta(days=365)


@pytest.fixture
async def tx(database: Database) -> AsyncIterator[AsyncConnection]:
    async with database.transaction() as made:
        yield made
        await made.rollback()


async def row(tx: AsyncConnection, id: UUID) -> Any:
    return (await tx.execute(select(air_smell_reports).where(air_smell_reports.c.id == id))).one()


async def test_it_goes_with_the_person_at_once(tx: AsyncConnection) -> None:
    await town(tx)
    id, _, thread = await complain(tx, north_m=437)
    assert [one["kind"] for one in await told_of(tx, [thread])] == ["타는 냄새·연기"]
    await forget_told(tx, [thread])
    after = await row(tx, id)
    assert (after.conversation_id, after.lat, after.strength) == (None, round(LAT, 2), 3)
    assert await told_of(tx, [thread]) == []


async def test_it_goes_with_its_cases_own_words_and_never_before(tx: AsyncConnection) -> None:
    await town(tx)
    id, case_id, thread = await complain(tx, north_m=437)
    tip, _, _ = await complain(tx, is_tip=True)
    late = NOW + 2 * YEAR
    assert await forget_old(tx, CITY, late - YEAR) == 1, "the tip alone: the case is open"
    assert (await row(tx, tip)).conversation_id is None
    assert (await row(tx, id)).conversation_id == thread
    closed = update(cases).where(cases.c.id == case_id)
    await tx.execute(closed.values(closed_at=late - YEAR + timedelta(days=1)))
    assert await forget_old(tx, CITY, late - YEAR) == 0
    await tx.execute(closed.values(closed_at=NOW + timedelta(days=3), hold_reason="소송"))
    assert await forget_old(tx, CITY, late - YEAR) == 0
    await tx.execute(closed.values(hold_reason=None))
    assert await forget_old(tx, CITY, late - YEAR) == 1
    assert await forget_old(tx, CITY, late - YEAR) == 0
    assert (await row(tx, id)).lat == round(LAT, 2)
