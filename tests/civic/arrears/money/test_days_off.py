"""One calendar: a day off that stands in config.yml moves a deadline of money just as a declared one does."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from civic.arrears.money.explained import explain
from civic.arrears.money.owing import owed
from core.db import Database
from core.loading import ROOT
from core.vault import open_vault
from tests.civic.arrears import made
from tests.civic.arrears.made import CITY
from tests.conftest import SECRET

FOUNDING = date(2026, 4, 10)
"""A Friday that no public calendar knows."""


@pytest.fixture
async def festive(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, pool_size=2, days_off={FOUNDING: "시민의 날"})
    await open_vault(opened, SECRET, datetime(2026, 1, 1, tzinfo=UTC))
    yield opened
    await opened.close()


async def test_a_day_off_of_the_settings_moves_the_deadline_and_with_it_the_surcharge(
    database: Database, festive: Database
) -> None:
    async with database.transaction() as tx:
        who = await made.debtor(tx)
        bill_id = await made.bill(tx, who, due_on=FOUNDING, notified_on=date(2026, 3, 20))
        assert (await owed(tx, CITY, [who], date(2026, 4, 11)))[who].bills[0].surcharge_krw == 15_000
    async with festive.transaction() as tx:
        monday = date(2026, 4, 13)
        assert await owed(tx, CITY, [who], monday) == {}
        (bill,) = (await owed(tx, CITY, [who], date(2026, 4, 14)))[who].bills
        assert (bill.due_on, bill.surcharge_krw) == (monday, 15_000)
        lines = (await explain(tx, CITY, bill_id, date(2026, 4, 14))).lines
        assert any(f"{FOUNDING}이 쉬는 날" in line.text_ko for line in lines)


def test_a_store_that_reckons_arrears_is_opened_with_the_days_off_of_the_settings() -> None:
    opening = re.compile(r"Database\(url, [^)]*\)")
    paths = [*(ROOT / "commands").glob("arrears_*.py"), ROOT / "bot/bootstrap.py", ROOT / "bot/prepare.py"]
    opened = {path.name: opening.findall(path.read_text("utf-8")) for path in paths}
    found = [(name, call) for name, calls in opened.items() for call in calls]
    assert len(found) >= 10
    assert [one for one in found if "days_off=settings.city.days_off" not in one[1]] == []
