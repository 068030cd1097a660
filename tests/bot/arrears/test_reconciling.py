"""The banks' ledger and ours agree to the won, and each planted difference is found, told and closed with a reason."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from bot.arrears.reconciling import Reconciling
from civic.arrears.banks import reconciling
from civic.arrears.banks.reconciling import Compared
from civic.arrears.banks.tables import arrears_bank_differences as differences
from civic.arrears.banks.tables import arrears_bank_requests as requests_table
from civic.arrears.tables import arrears_payments
from civic.staff.tables import staff_notices
from core.clock import SetClock
from core.contracts.banks import BankRequest
from core.db import Database
from core.errors import BadInput, Conflict, PreconditionFailed
from core.ids import new_id
from tests.bot.arrears.banked import CITY, House, rules
from tests.civic.arrears.banks.asked import SOMEBODY, request
from tests.integrations.banks.kits import BANK, Kit, over_http


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[tuple[House, Kit]]:
    async with over_http(tmp_path) as kit:
        clock = SetClock(datetime.now(UTC))
        made = House(database, clock, rules(BANK), {"practice": kit.gateway})
        await made.empty()
        async with database.transaction() as tx:
            await tx.execute(delete(arrears_payments))
        for number in range(6):
            with kit.book.writing() as writing:
                writing.open(BANK, f"901-{number}", SOMEBODY.tax_no, SOMEBODY.name, "deposit", 1_000_000)
        yield made, kit


async def done(house: House, kind: Any, account: str, amount_krw: int) -> BankRequest:
    """One request that was asked and answered; a collection is paid in as well."""
    one = request(kind, account=account, amount_krw=amount_krw)
    await house.ask([one])
    await house.asking().go()
    if kind == "collect":
        row = {
            "id": new_id(),
            "city_id": CITY,
            "source": "seizure",
            "payment_no": str(one.request_id),
            "amount_krw": amount_krw,
            "way": "seizure",
            "state": "unmatched",
            "paid_on": house.clock.now().date(),
            "received_at": house.clock.now(),
        }
        async with house.db.transaction() as tx:
            await tx.execute(insert(arrears_payments).values(row))
    return one


async def compared(house: House) -> Compared:
    house.clock.move(timedelta(hours=2))
    desk = Reconciling(house.db, house.gateways, house.arrears, CITY, house.clock)
    async with house.db.transaction() as tx:
        run_id = await reconciling.ask_for(tx, CITY, None, house.clock.now())
    made = await desk.run(run_id)
    assert made is not None
    return made


async def found(house: House) -> list[tuple[str, int | None, int | None]]:
    async with house.db.reading() as tx:
        rows = await tx.execute(select(differences).order_by(differences.c.what))
        return [(row.what, row.ours_krw, row.theirs_krw) for row in rows]


async def test_two_ledgers_that_agree_leave_nothing_to_look_at(house: tuple[House, Kit]) -> None:
    home, _ = house
    await done(home, "seize", "901-0", 700_000)
    await done(home, "collect", "901-0", 500_000)
    await done(home, "release", "901-0", 200_000)
    await done(home, "seize", "901-9", 1)  # refused: nothing is booked
    assert await compared(home) == Compared(3, 3, 0, 500_000, 500_000)
    assert await compared(home) == Compared(3, 3, 0, 500_000, 500_000)
    assert await found(home) == []


async def test_each_planted_difference_is_found_once_and_told(house: tuple[House, Kit]) -> None:
    home, kit = house
    at = datetime.now(UTC).isoformat()
    stranger, twice = new_id(), await done(home, "seize", "901-0", 10)
    amount, kind = await done(home, "seize", "901-1", 20), await done(home, "seize", "901-2", 30)
    with kit.book.writing() as writing:
        writing.book(BANK, str(stranger), "collect", "901-5", 77, at)
        writing.book(BANK, str(twice.request_id), "seize", "901-0", 10, at)
    await done(home, "seize", "901-3", 400)
    unpaid, short = await done(home, "collect", "901-3", 50), await done(home, "collect", "901-3", 60)
    missing = await done(home, "seize", "901-4", 40)
    async with home.db.transaction() as tx:
        table = requests_table
        await tx.execute(update(table).where(table.c.id == amount.request_id).values(answered_krw=21))
        await tx.execute(update(table).where(table.c.id == kind.request_id).values(kind="join"))
        paid = arrears_payments
        await tx.execute(delete(paid).where(paid.c.payment_no == str(unpaid.request_id)))
        await tx.execute(update(paid).where(paid.c.payment_no == str(short.request_id)).values(amount_krw=59))
    kit.book.rows("DELETE FROM booked WHERE request_id = ?", str(missing.request_id))
    expected = [
        ("amount", 21, 20),
        ("kind", 30, 30),
        ("ours_missing", None, 77),
        ("payment_amount", 59, 60),
        ("payment_missing", None, 50),
        ("theirs_missing", 40, None),
        ("twice", 10, 20),
    ]
    made = await compared(home)
    assert (await found(home), made.differences) == (expected, 7)
    assert (made.ours_krw, made.theirs_krw) == (110, 187)
    assert (await compared(home)).differences == 0
    assert await found(home) == expected
    async with home.db.reading() as tx:
        texts = list((await tx.execute(select(staff_notices.c.text_ko))).scalars())
    assert len(texts) == 1 and "7건" in texts[0]


async def test_a_line_whose_answer_is_still_under_way_is_not_a_difference_yet(house: tuple[House, Kit]) -> None:
    home, kit = house
    home.clock = SetClock(datetime.now(UTC) - timedelta(hours=3))
    one = request("seize", account="901-0", amount_krw=10)
    await home.ask([one])
    await kit.gateway.ask(BANK, [one])  # its answer was lost
    await compared(home)
    assert await found(home) == []
    home.clock = SetClock(datetime.now(UTC))
    await home.asking().go()
    made = await compared(home)
    assert (made.matched, made.differences, await found(home)) == (1, 0, [])


async def test_a_ledger_that_cannot_be_read_makes_nothing_missing(house: tuple[House, Kit]) -> None:
    home, kit = house
    await done(home, "seize", "901-0", 10)
    gone: Any = kit.away()
    await gone
    made = await compared(home)
    assert (made.lines, made.differences, await found(home)) == (0, 0, [])


async def test_a_difference_is_closed_once_by_an_officer_with_a_reason(house: tuple[House, Kit]) -> None:
    home, kit = house
    with kit.book.writing() as writing:
        writing.book(BANK, str(new_id()), "collect", "901-5", 77, datetime.now(UTC).isoformat())
    await compared(home)
    async with home.db.transaction() as tx:
        one = (await tx.execute(select(differences))).one()
        now, officer = home.clock.now(), new_id()
        with pytest.raises(BadInput):
            await reconciling.close(tx, CITY, one.id, {1}, " ", officer, now)
        with pytest.raises(PreconditionFailed):
            await reconciling.close(tx, CITY, one.id, {2}, "은행 착오", officer, now)
        row = await reconciling.close(tx, CITY, one.id, {1}, "은행 착오, 반환 확인", officer, now)
        assert (row.state, row.reason, row.closed_by, row.version) == ("closed", "은행 착오, 반환 확인", officer, 2)
        with pytest.raises(Conflict):
            await reconciling.close(tx, CITY, one.id, {2}, "또", officer, now)
