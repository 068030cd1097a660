"""Until when a claim can be collected: the terms, what begins them anew, what stretches them."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert, select, update

from civic.arrears.ledger.stops import stop
from civic.arrears.money.interruptions import (
    end_interruption,
    expiring,
    explained,
    interrupt,
    refresh_all,
    refresh_debtors,
)
from civic.arrears.money.prescription import Event, prescribes_on
from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.seizure.tables import (
    arrears_accounts_found,
    arrears_batch_debtors,
    arrears_batches,
    arrears_seizures,
)
from civic.arrears.tables import arrears_bills, arrears_entries
from core.db import Database
from core.ids import new_id
from core.vault import vault_of
from tests.civic.arrears.made import CITY, NOW, TODAY, bill, debtor

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


async def test_a_seizure_of_a_deposit_interrupts_while_it_is_held(database: Database) -> None:
    """Read from the seizures themselves, so that nobody has to remember to tell of it."""
    served = datetime(2026, 5, 31, 16, 0, tzinfo=UTC)  # 1 June in Korea
    async with database.transaction() as tx:
        someone = await debtor(tx)
        mine = await bill(tx, someone, due_on=date(2022, 9, 30), notified_on=date(2022, 9, 10))
        other = await bill(tx, someone, due_on=date(2022, 9, 30), notified_on=date(2022, 9, 10))
        ids = [new_id() for _ in range(4)]
        batch = {"id": ids[0], "city_id": CITY, "title": "t", "drafted_by": new_id()}
        await tx.execute(insert(arrears_batches).values(**batch, created_at=NOW, updated_at=NOW))
        case = {"id": ids[1], "city_id": CITY, "batch_id": ids[0], "debtor_id": someone, "state": "in"}
        await tx.execute(insert(arrears_batch_debtors).values(**case, bills=[str(mine)]))
        account = {"id": ids[2], "city_id": CITY, "batch_id": ids[0], "debtor_id": someone, "bank": "020"}
        sealed = vault_of(tx).seal_text("1-2-3", f"arrears_accounts_found.account:{ids[2]}")
        await tx.execute(
            insert(arrears_accounts_found).values(
                **account, account=sealed, kind="deposit", balance_krw=500_000, found_at=NOW
            )
        )
        seizure = {"id": ids[3], "city_id": CITY, "batch_id": ids[0], "debtor_id": someone, "found_id": ids[2]}
        seizure |= {"bank": "020", "kind": "seize", "state": "held", "turn": 1, "planned_krw": 100_000}
        seizure |= {"asked_krw": 100_000, "held_krw": 100_000, "held_at": served}
        await tx.execute(insert(arrears_seizures).values(**seizure, created_at=NOW, updated_at=NOW))
        found = await explained(tx, CITY, [mine, other])
        assert [found[one][-1].last_on for one in (mine, other)] == [None, date(2027, 9, 30)]
        paid = NewPayment("van", "seized first", 1_000, TODAY, "virtual_account", debtor_id=someone)
        await take_payment(tx, CITY, paid, NOW)
        entries = select(arrears_entries.c.bill_id).where(arrears_entries.c.debtor_id == someone)
        assert (await tx.execute(entries)).scalar_one() == mine, "what is seized for is paid first"
        gone = update(arrears_seizures).where(arrears_seizures.c.id == ids[3])
        await tx.execute(gone.values(state="released", released_at=NOW, ended_at=NOW, released_krw=100_000))
        assert (await explained(tx, CITY, [mine]))[mine][-1].last_on == date(2031, 11, 20)


def test_a_kind_that_the_city_says_does_nothing_leaves_the_last_day_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [Event("instalment", date(2021, 1, 5), date(2021, 3, 5))]
    assert prescribes_on(100_000, DUE, parts) == date(2025, 11, 29), "sixty days more"
    monkeypatch.setattr("civic.arrears.money.prescription.effect", lambda kind, day: {"value": "nothing"})
    assert prescribes_on(100_000, DUE, parts) == date(2025, 9, 30)
    assert prescribes_on(100_000, DUE, [Event("instalment", date(2021, 1, 5), None)]) == date(2025, 9, 30)
