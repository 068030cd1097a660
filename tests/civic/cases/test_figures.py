"""Figures worked out by hand, and a public board from which no small number can be worked out."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from civic.cases.figures import Figures, Period, apart, board, public
from civic.cases.tables import cases
from core.clock import SEOUL
from core.db import Database
from core.errors import BadInput
from core.ids import new_id

CITY = "paju"
NOW = datetime(2026, 9, 30, 3, tzinfo=UTC)


def at(day: int, hour: int = 10) -> datetime:
    """A moment of September 2026, Korean time; the 24th to the 26th are 추석."""
    return datetime(2026, 9, day, hour, tzinfo=SEOUL)


async def case(database: Database, received_at: datetime, closed_at: datetime | None = None, **values: Any) -> None:
    row = {
        "id": new_id(),
        "city_id": CITY,
        "receipt_no": f"PJ-{new_id()}",
        "status": "answered" if closed_at else "in_progress",
        "category": "street_light",
        "department_id": "road",
        "title": "가로등",
        "body": "가로등",
        "channel": "web",
        "received_at": received_at,
        "due_at": received_at + timedelta(days=7),
        "due_rule": {},
        "closed_at": closed_at,
        "updated_at": closed_at or received_at,
        **values,
    }
    async with database.transaction() as tx:
        await tx.execute(insert(cases).values(row))


async def merged(database: Database, received_at: datetime, closed_at: datetime) -> None:
    """Ended by being put into another: nobody answered it, so nobody is measured by it."""
    into = new_id()
    await case(database, received_at, received_at, id=into, city_id="goyang")
    await case(database, received_at, closed_at, merged_into_id=into)


@pytest.fixture(scope="module")
async def filed(database: Database) -> None:
    await case(database, at(21), at(22), rating=5)
    await case(database, at(23), at(28), rating=2, reopenings=1, extensions=1)  # 추석과 주말을 빼면 이틀
    await case(database, at(7), at(18), due_at=at(15))
    await case(database, at(28, 9), at(28, 10), track="instant", due_at=at(28, 12))
    await case(database, at(28), at(29), status="withdrawn", due_at=at(28))
    await case(database, at(21), at(22, 9), status="transferred", department_id="parks")  # 7 working hours
    await case(database, at(21), at(22, 18), status="transferred", department_id="parks")  # 15 working hours
    await case(database, at(1), due_at=at(8))
    await case(database, at(2), due_at=at(20), paused_at=at(10))
    await case(database, at(1) - timedelta(days=400), at(1) - timedelta(days=390), department_id="parks")
    await merged(database, at(20) - timedelta(days=60), at(22))


async def read(database: Database, **values: Any) -> Any:
    async with database.transaction() as tx:
        return await board(tx, CITY, Period(date(2026, 9, 1), date(2026, 9, 30)), NOW, **values)


async def test_a_department_is_measured_as_the_law_counts(database: Database, filed: None) -> None:
    found = await read(database)
    assert found.departments["road"] == Figures(
        received=7,
        closed=5,
        open=2,
        overdue=1,
        median_working_days=2.0,  # of 2, 2, 10 and 1
        median_days=3.0,  # of 1, 5, 11 and an hour
        on_time=0.75,
        median_instant_minutes=60.0,
        reopened=0.2,
        rating=3.5,
        rated=2,
        extensions=1,
    )
    assert found.departments["parks"].transferred == 2
    assert found.departments["parks"].transferred_late == 1
    assert (found.city.received, found.city.closed, found.city.open, found.city.overdue) == (9, 7, 2, 1)


async def test_weeks_begin_on_monday_and_add_up(database: Database, filed: None) -> None:
    weeks = (await read(database)).weeks
    assert {week: (one.received, one.closed) for week, one in weeks.items()} == {
        date(2026, 8, 31): (2, 0),
        date(2026, 9, 7): (1, 0),
        date(2026, 9, 14): (0, 1),
        date(2026, 9, 21): (4, 3),
        date(2026, 9, 28): (2, 3),
    }


async def test_a_day_that_is_declared_off_is_not_counted(database: Database, filed: None) -> None:
    found = await read(database, days_off={date(2026, 9, 22): "임시공휴일"})
    assert found.departments["parks"].median_working_days == 1.0
    assert found.departments["parks"].transferred_late == 0


async def test_one_department_alone(database: Database, filed: None) -> None:
    found = await read(database, department_id="parks")
    assert list(found.departments) == ["parks"]
    assert found.city.closed == 2


async def test_an_empty_period_has_no_shares(database: Database, filed: None) -> None:
    async with database.transaction() as tx:
        found = await board(tx, "nowhere", Period(date(2026, 9, 1), date(2026, 9, 1)), NOW)
    assert (found.city, found.departments, found.weeks) == (Figures(), {}, {})


@pytest.mark.parametrize(("first", "last"), [(2, 1), (1, 400)])
def test_a_period_has_a_day_to_a_year(first: int, last: int) -> None:
    with pytest.raises(BadInput):
        Period(date(2026, 1, 1) + timedelta(days=first), date(2026, 1, 1) + timedelta(days=last))


async def test_the_public_board_of_a_small_city_says_nothing(database: Database, filed: None) -> None:
    async with database.transaction() as tx:
        found = await public(tx, CITY, 30, 10, NOW)
    assert (found.total, found.departments) == (None, [])


async def test_the_public_board_shows_large_departments_and_the_rest_as_one(database: Database) -> None:
    for name, count in (("road", 12), ("bus", 6), ("parks", 3), ("tax", 1)):
        for _ in range(count):
            values = {"city_id": "goyang", "department_id": name}
            await case(database, at(21), at(22), **values)
    async with database.transaction() as tx:
        found = await public(tx, "goyang", 30, 5, NOW)
    assert [(row.department_id, row.received, row.closed) for row in found.departments] == [
        ("road", 12, 12),
        (None, 10, 10),
    ]
    assert found.others == 3
    assert found.total is not None and (found.total.received, found.total.on_time) == (22, 1.0)


@given(
    st.dictionaries(
        st.text("abcdefgh", min_size=1, max_size=3), st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=12
    ),
    st.integers(5, 12),
)
def test_no_hidden_number_can_be_worked_out_from_the_total(counts: dict[str, tuple[int, int]], k: int) -> None:
    alone, together = apart(counts, k)
    assert not set(alone) & set(together)
    assert all(min(counts[name]) >= k for name in alone)
    if alone:
        assert set(alone) | set(together) == set(counts)
        hidden = [counts[name] for name in together]
        # What total less shown tells is a sum of two or more departments, and k or more cases, in every column.
        assert len(hidden) != 1
        assert not hidden or all(sum(column) >= k for column in zip(*hidden, strict=True))
