"""Until when a claim can be collected: the terms, what begins them anew, what stretches them."""

from datetime import date

import pytest
from sqlalchemy import select

from civic.arrears.ledger.stops import stop
from civic.arrears.money.interruptions import (
    end_interruption,
    expiring,
    interrupt,
    refresh_all,
    refresh_debtors,
)
from civic.arrears.money.prescription import Event, prescribes_on
from civic.arrears.tables import arrears_bills
from core.db import Database
from tests.civic.arrears.made import CITY, NOW, bill, debtor

DUE = date(2020, 9, 30)
CASES = {
    "a tax below 50 million won: five years from the day after the deadline": (49_999_999, [], date(2025, 9, 30)),
    "50 million won or more: ten years": (50_000_000, [], date(2030, 9, 30)),
    "a demand begins it anew when its deadline has passed": (
        100_000,
        [Event("demand", date(2020, 11, 2), date(2020, 11, 20))],
        date(2025, 11, 20),
    ),
    "a seizure that is held leaves no last day": (100_000, [Event("seizure", date(2021, 1, 5), None)], None),
    "a released one begins it anew on the day after": (
        100_000,
        [Event("seizure", date(2021, 1, 5), date(2023, 3, 3))],
        date(2028, 3, 3),
    ),
    "what comes after the last day revives nothing": (
        100_000,
        [Event("seizure", date(2025, 10, 1), None)],
        date(2025, 9, 30),
    ),
    "an instalment plan stretches it by its days": (
        100_000,
        [Event("instalment", date(2021, 1, 1), date(2021, 1, 31))],
        date(2025, 10, 31),
    ),
    "a day in two pauses counts once": (
        100_000,
        [
            Event("instalment", date(2021, 1, 1), date(2021, 1, 31)),
            Event("deferral", date(2021, 1, 20), date(2021, 2, 9)),
        ],
        date(2025, 11, 9),
    ),
    "a pause without an end leaves no last day": (100_000, [Event("deferral", date(2021, 1, 1), None)], None),
    "a pause before an interruption is forgotten with the old term": (
        100_000,
        [
            Event("instalment", date(2021, 1, 1), date(2021, 1, 31)),
            Event("participation", date(2022, 1, 1), date(2022, 6, 30)),
        ],
        date(2027, 6, 30),
    ),
}


@pytest.mark.parametrize("case", list(CASES), ids=list(CASES))
def test_it_reckons_the_last_day(case: str) -> None:
    tax, events, last_on = CASES[case]
    assert prescribes_on(tax, DUE, events) == last_on


def test_a_term_from_a_leap_day_ends_with_february() -> None:
    assert prescribes_on(100_000, date(2024, 2, 28), []) == date(2029, 2, 28)


async def test_it_keeps_the_last_day_of_bills_fresh(database: Database) -> None:
    async def last(bill_id: object) -> date | None:
        query = select(arrears_bills.c.prescribes_on).where(arrears_bills.c.id == bill_id)
        async with database.transaction() as tx:
            return (await tx.execute(query)).scalar_one()  # type: ignore[no-any-return]

    async with database.transaction() as tx:
        someone = await debtor(tx)
        plain = await bill(tx, someone, due_on=date(2022, 9, 30), notified_on=date(2022, 9, 10))
        dunned = await bill(
            tx,
            someone,
            due_on=date(2022, 9, 30),
            notified_on=date(2022, 9, 10),
            dunned_on=date(2022, 11, 1),
            dun_due_on=date(2022, 11, 21),
        )
    await refresh_all(database, CITY, only_new=True)
    assert [await last(plain), await last(dunned)] == [date(2027, 9, 30), date(2027, 11, 21)]
    async with database.transaction() as tx:
        soon = await expiring(tx, CITY, date(2027, 10, 31), 10)
        assert [one.bill_id for one in soon] == [plain]
        await interrupt(tx, CITY, [plain], "seizure", date(2026, 5, 1), None, "seizure 1", NOW)
        await interrupt(tx, CITY, [plain], "seizure", date(2026, 5, 1), None, "seizure 1", NOW)
    assert await last(plain) is None
    async with database.transaction() as tx:
        await end_interruption(tx, CITY, "seizure", "seizure 1", date(2026, 11, 20), NOW)
        await stop(tx, CITY, someone, "instalment", date(2026, 12, 1), date(2026, 12, 31), "", None, NOW, dunned)
        await refresh_debtors(tx, CITY, [someone])
    assert [await last(plain), await last(dunned)] == [date(2031, 11, 20), date(2027, 12, 22)]
    assert await refresh_all(database, CITY) == 0
