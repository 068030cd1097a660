"""Files that overlap, repeat and correct one another: what was told last stands, and again changes nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from civic.arrears.ledger.practice import Practice
from civic.arrears.ledger.rows import NewBill
from civic.arrears.tables import arrears_bills
from core.db import Database
from tests.civic.arrears.ledger.taken import STRICT, taken
from tests.civic.arrears.ledger.told import file_of

PRACTICE = Practice(5, date(2026, 11, 20))
ORIGINALS = list(PRACTICE.bills())
_CITIES = count(1)


def _corrected(bill: NewBill, what: int) -> NewBill:
    """The bill as it is, with another amount, taxed object, deadline or demand."""
    if what == 1:
        return replace(bill, principal_krw=bill.principal_krw + 10)
    if what == 2:
        return replace(bill, detail="다른 물건")
    if what == 3:
        return replace(bill, due_on=bill.due_on + timedelta(days=1), dunned_on=None, dun_due_on=None)
    return bill


_FILES = st.lists(
    st.lists(
        st.tuples(st.integers(0, len(ORIGINALS) - 1), st.integers(0, 3)),
        min_size=1,
        max_size=8,
        unique_by=lambda x: x[0],
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_FILES)
async def test_what_was_told_last_stands_and_telling_it_again_changes_nothing(
    database: Database, files: list[list[tuple[int, int]]]
) -> None:
    city = f"again-{next(_CITIES)}"
    await taken(database, "debtors", file_of("debtors", PRACTICE.people()), city)
    last: dict[str, NewBill] = {}
    for rows in files:
        told = [_corrected(ORIGINALS[index], what) for index, what in rows]
        body = file_of("bills", told)
        done = await taken(database, "bills", body, city, STRICT)
        changed = sum(one.bill_no in last and last[one.bill_no] != one for one in told)
        new = sum(one.bill_no not in last for one in told)
        assert (done.new_rows, done.changed_rows, done.same_rows) == (new, changed, len(told) - new - changed)
        last |= {one.bill_no: one for one in told}
        before = await _rows(database, city)
        again = await taken(database, "bills", body, city, STRICT)
        assert (again.new_rows, again.changed_rows, again.same_rows) == (0, 0, len(told))
        assert await _rows(database, city) == before
    assert await _shown(database, city) == {
        number: (one.principal_krw, one.detail, one.due_on) for number, one in last.items()
    }


async def _rows(db: Database, city: str) -> Sequence[Any]:
    async with db.transaction() as tx:
        tables = ("arrears_bills", "arrears_touched", "arrears_changes")
        return [
            [
                tuple(row)
                for row in await tx.execute(text(f"SELECT * FROM {one} WHERE city_id = :c ORDER BY id"), {"c": city})
            ]
            for one in tables
        ]


async def _shown(db: Database, city: str) -> dict[str, Any]:
    columns = (arrears_bills.c[name] for name in ("bill_no", "principal_krw", "detail", "due_on"))
    async with db.transaction() as tx:
        rows = await tx.execute(select(*columns).where(arrears_bills.c.city_id == city))
        return {row[0]: tuple(row[1:]) for row in rows}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
async def test_the_practice_enters_through_its_own_files_and_is_the_same_for_a_seed(
    database: Database, ending: str
) -> None:
    made, city = Practice(40, date(2026, 11, 20), seed=3), f"practice-{ending}"
    rows = {"debtors": made.people, "bills": made.bills, "payments": made.payments}
    for kind, several in rows.items():
        body = file_of(kind, several(), ending)
        done = await taken(database, kind, body, city, STRICT, is_whole=True)  # type: ignore[arg-type]
        assert (done.state, done.refused_rows, done.reason_ko) == ("done", 0, "")
        assert done.new_rows == len(list(several()))
    assert list(made.bills()) == list(Practice(40, date(2026, 11, 20), seed=3).bills())
    assert list(made.bills()) != list(Practice(40, date(2026, 11, 20), seed=4).bills())
    assert all("연습용" in one.address for one in made.people())
