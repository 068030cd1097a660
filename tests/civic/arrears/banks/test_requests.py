"""What banks are asked is written down once, sealed, and one id stands for one thing."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import cast, func, select
from sqlalchemy.dialects.postgresql import JSONB

from civic.arrears.banks.requests import ask
from civic.arrears.banks.tables import arrears_bank_requests as table
from core.db import Database
from core.errors import Conflict
from tests.civic.arrears.banks.asked import request

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)


async def test_a_request_asked_twice_is_asked_once(database: Database) -> None:
    some = [request(), request("seize", account="110-1", amount_krw=5_000)]
    async with database.transaction() as tx:
        assert await ask(tx, "gimpo", some, "batch", NOW) == 2
        assert await ask(tx, "gimpo", [*some, request()], "batch", NOW) == 1
        kept = await tx.scalar(select(func.count()).select_from(table))
        assert kept == 3


async def test_a_request_keeps_names_and_accounts_sealed(database: Database) -> None:
    one = request("seize", account="110-222-333", amount_krw=5_000)
    async with database.transaction() as tx:
        await ask(tx, "gimpo", [one], "batch", NOW)
        where = table.c.id == one.request_id
        raw = str(await tx.scalar(select(func.to_jsonb(cast(table.c.asked, JSONB))).where(where)))
        assert one.person.name not in raw and one.person.tax_no not in raw and "110-222-333" not in raw
        opened = (await tx.execute(select(table.c.asked).where(where))).scalar_one()
        assert opened["account"] == "110-222-333" and opened["tax_no"] == one.person.tax_no


async def test_a_request_id_cannot_be_used_for_something_else(database: Database) -> None:
    one = request("seize", account="110-1", amount_krw=5_000)
    async with database.transaction() as tx:
        await ask(tx, "gimpo", [one], "batch", NOW)
    with pytest.raises(Conflict):
        async with database.transaction() as tx:
            await ask(tx, "gimpo", [replace(one, amount_krw=6_000)], "batch", NOW)
