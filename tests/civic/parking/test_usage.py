"""Use rates: only known quarters of open hours count, like days are compared with like days, and doubts are marked."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from civic.parking.days import day_kind
from civic.parking.figures.past import Span
from civic.parking.figures.towns import town_of
from civic.parking.hours import spells
from civic.parking.tables import parking_days, parking_lots, parking_same
from civic.parking.usage import Asked, Group, Row, Usage, bay_hours, usage
from core.clock import SEOUL
from core.db import Database
from core.ids import new_id
from core.parking_rules import Figures
from tests.civic.cases.rows import NOW

RULES = Figures()
AFTER = Span(date(2026, 3, 2), date(2026, 3, 29))
BEFORE = Span(date(2026, 2, 2), date(2026, 3, 1))
"""Four weeks each; the earlier one has the three days of 설날."""
ASKED = Asked(AFTER, BEFORE)
Free = Callable[[date], Sequence[int | None] | None]


@pytest.fixture
async def city_id(database: Database) -> AsyncIterator[str]:
    yield f"city-{uuid4().hex[:8]}"


async def listed(database: Database, city_id: str, name: str = "가람 주차장", **values: object) -> UUID:
    id = new_id()
    given = {
        "id": id,
        "city_id": city_id,
        "source": "one",
        "uid": str(id),
        "external_ids": [],
        "name": name,
        "ownership": "public",
        "type": "CAR_PARK",
        "address": "나래시 가람동 1",
        "capacity": 100,
        "opening_hours": "24/7",
        "fee_kind": "paid",
        "operator": "나래시",
        "updated_at": NOW,
        **values,
    }
    async with database.transaction() as tx:
        await tx.execute(insert(parking_lots).values(given))
    return id


async def lived(database: Database, city_id: str, lot: UUID, free: Free, *spans: Span, capacity: int = 100) -> None:
    rows = [
        {"lot_id": lot, "day": day, "city_id": city_id, "capacity": capacity, "free": list(quarters)}
        for span in spans or (BEFORE, AFTER)
        for day in span.days()
        if (quarters := free(day)) is not None
    ]
    async with database.transaction() as tx:
        await tx.execute(insert(parking_days), rows)


async def told(database: Database, city_id: str, asked: Asked = ASKED, group: Group = "lot") -> Usage:
    async with database.reading() as tx:
        return await usage(tx, city_id, asked, group, RULES)


async def only(database: Database, city_id: str, asked: Asked = ASKED) -> Row:
    (row,) = (await told(database, city_id, asked)).rows
    return row


def by_kind(day: date) -> int:
    """Free places of a lot that is full of commuters and empty on Sundays, a little different each day."""
    usual = {"weekday": 20, "saturday": 60, "sunday": 90, "holiday": 90}[day_kind(day)]
    return usual + day.toordinal() % 3 - 1


def flat(free: int | None) -> list[int | None]:
    return [free] * 96


async def test_ten_points_more_are_found_as_ten_points_and_their_percent(database: Database, city_id: str) -> None:
    lot = await listed(database, city_id)
    await lived(database, city_id, lot, lambda day: flat(50 + day.toordinal() % 3 - 1), BEFORE)
    await lived(database, city_id, lot, lambda day: flat(40 + day.toordinal() % 3 - 1), AFTER)
    change = (await only(database, city_id)).change
    assert change is not None
    assert change.points == pytest.approx(10, abs=0.2)
    assert change.percent == pytest.approx(20, abs=0.5), "of one half"
    assert change.low < 10 < change.high
    assert change.low > 9, "and it is sure of it"
    assert change.is_clear


async def test_another_mix_of_days_is_no_change(database: Database, city_id: str) -> None:
    """The earlier month has two days off more, on which nobody parks there."""
    lot = await listed(database, city_id)
    await lived(database, city_id, lot, lambda day: flat(by_kind(day) - day.toordinal() % 3 + 1))
    found = await told(database, city_id)
    (row,) = found.rows
    assert row.change is not None
    assert row.before is not None
    assert found.days_by_kind == {"weekday": (17, 19), "saturday": (4, 4), "holiday": (7, 5)}
    assert row.now.used is not None
    assert row.before.used is not None
    assert row.now.used - row.before.used > 0.04, "the bare means differ"
    assert row.change.points == pytest.approx(0)
    assert not row.change.is_clear
    assert row.kinds == ("weekday", "saturday", "holiday")


async def test_what_moves_from_day_to_day_alone_is_not_clear(database: Database, city_id: str) -> None:
    lot = await listed(database, city_id)
    await lived(database, city_id, lot, lambda day: flat(50 + day.toordinal() * 37 % 31))
    change = (await only(database, city_id)).change
    assert change is not None
    assert change.low < 0 < change.high


async def test_asked_twice_it_says_the_same(database: Database, city_id: str) -> None:
    lot = await listed(database, city_id)
    await lived(database, city_id, lot, lambda day: flat(by_kind(day)))
    assert await told(database, city_id) == await told(database, city_id)


async def test_closed_hours_are_left_out(database: Database, city_id: str) -> None:
    lot = await listed(database, city_id, opening_hours="Mo-Su 09:00-21:00; PH off")
    hours = [100] * 36 + [25] * 48 + [100] * 12
    await lived(database, city_id, lot, lambda _: hours)
    row = await only(database, city_id)
    assert (row.now.used, row.now.known) == (0.75, 1.0)
    assert row.before is not None
    assert row.before.used == 0.75
    assert row.marks == ()
    assert row.change is not None
    assert row.kinds == ("weekday", "saturday", "holiday")


async def test_hours_that_nobody_tells_count_and_are_marked(database: Database, city_id: str) -> None:
    lot = await listed(database, city_id, opening_hours="Mo-Sa 09:00-21:00; Su,PH unknown")
    await lived(database, city_id, lot, lambda _: flat(25))
    row = await only(database, city_id)
    assert row.marks == ("hours_unknown",)
    assert row.change is not None


async def test_an_unknown_quarter_is_not_an_empty_one(database: Database, city_id: str) -> None:
    lot = await listed(database, city_id)
    await lived(database, city_id, lot, lambda _: [20] * 72 + [None] * 24)
    row = await only(database, city_id)
    assert row.now.used == pytest.approx(0.8)
    assert row.now.known == 0.75
    assert row.change is not None
    assert row.change.points == pytest.approx(0)


async def test_days_known_for_a_part_only_are_not_compared(database: Database, city_id: str) -> None:
    """Else a feed that is dead at night would look like more use."""
    lot = await listed(database, city_id)
    quarters: list[int | None] = [*([100] * 48), *([0] * 48)]
    nightless = [None] * 48 + quarters[48:]
    await lived(database, city_id, lot, lambda _: quarters, BEFORE)
    await lived(database, city_id, lot, lambda day: nightless if day.day % 2 else quarters, AFTER)
    row = await only(database, city_id)
    assert row.now.used is not None
    assert row.now.used > 0.6
    assert row.change is not None
    assert row.change.points == pytest.approx(0)


async def test_a_lot_that_was_mostly_unknown_is_marked_and_not_compared(database: Database, city_id: str) -> None:
    lot = await listed(database, city_id)
    await lived(database, city_id, lot, lambda _: flat(50), BEFORE)
    await lived(database, city_id, lot, lambda day: flat(20) if day.day > 20 else None, AFTER)
    found = await told(database, city_id)
    assert found.rows[0].marks == ("mostly_unknown",)
    assert found.rows[0].change is None
    assert found.rows[0].now.used == pytest.approx(0.8)
    assert found.rows[0].now.known == pytest.approx(9 / 28)
    assert found.whole.change is None


async def test_few_days_are_not_enough(database: Database, city_id: str) -> None:
    lot = await listed(database, city_id)
    span, then = Span(date(2026, 3, 9), date(2026, 3, 13)), Span(date(2026, 3, 2), date(2026, 3, 6))
    await lived(database, city_id, lot, lambda _: flat(50))
    row = await only(database, city_id, Asked(span, then))
    assert row.marks == ("few_days",)
    assert row.change is None


async def test_a_changed_capacity_is_marked_and_out_of_the_whole(database: Database, city_id: str) -> None:
    grown, steady = await listed(database, city_id, "가"), await listed(database, city_id, "나")
    await lived(database, city_id, grown, lambda _: flat(50), BEFORE)
    await lived(database, city_id, grown, lambda _: flat(150), AFTER, capacity=200)
    await lived(database, city_id, steady, lambda _: flat(50))
    found = await told(database, city_id)
    assert [row.marks for row in found.rows] == [("capacity_changed",), ()]
    assert (found.rows[0].bays_before, found.rows[0].bays) == (100, 200)
    assert found.whole.change is not None
    assert (found.whole.lots, found.whole.compared) == (2, 1)
    assert found.whole.change.points == pytest.approx(0)


async def test_one_slip_of_the_capacity_is_no_change(database: Database, city_id: str) -> None:
    lot = await listed(database, city_id)
    slip = Span(date(2026, 3, 10), date(2026, 3, 10))
    await lived(database, city_id, lot, lambda day: None if day == slip.first else flat(50))
    await lived(database, city_id, lot, lambda _: flat(50), slip, capacity=99)
    assert (await only(database, city_id)).marks == ()


async def test_a_lot_joined_with_a_twin_meanwhile_is_marked(database: Database, city_id: str) -> None:
    lot = await listed(database, city_id)
    twin = await listed(database, city_id, "가람 주차장 (둘째)", source="two", same_as=lot)
    await lived(database, city_id, lot, lambda _: flat(50))
    pair = {"id": new_id(), "city_id": city_id, "one_id": min(lot, twin), "other_id": max(lot, twin), "score": 1.0}
    said = {
        "state": "same",
        "reason": "지번 같음",
        "created_at": NOW,
        "decided_at": datetime(2026, 3, 5, 3, tzinfo=UTC),
    }
    async with database.transaction() as tx:
        await tx.execute(insert(parking_same).values(pair | said))
    assert (await only(database, city_id)).marks == ("source_changed",)


async def test_lots_together_weigh_their_bays_and_are_the_same_lots_in_both_periods(
    database: Database, city_id: str
) -> None:
    """A full newcomer is in today's use and no change of anybody's."""
    big, small = await listed(database, city_id, "가"), await listed(database, city_id, "나", owner="다라공사")
    new = await listed(database, city_id, "다", address="나래시 새동 3")
    await lived(database, city_id, big, lambda _: flat(300), capacity=300)
    await lived(database, city_id, small, lambda _: flat(0), capacity=100)
    await lived(database, city_id, new, lambda _: flat(0), AFTER)
    found = await told(database, city_id, group="owner")
    assert found.whole.before is not None
    assert found.whole.change is not None
    assert found.whole.before.used == pytest.approx(0.25)
    assert found.whole.now.used == pytest.approx(0.4)
    assert found.whole.change.points == pytest.approx(0)
    assert found.whole.compared == 2
    assert [(row.key, row.lots) for row in found.rows] == [("나래시", 2), ("다라공사", 1)]
    areas = await told(database, city_id, group="area")
    assert [(row.key, row.lots) for row in areas.rows] == [("가람동", 2), ("새동", 1)]
    types = await told(database, city_id, group="type")
    assert [(row.key, row.lots) for row in types.rows] == [("CAR_PARK", 3)]


async def test_the_peak_hour_and_the_time_that_it_was_full(database: Database, city_id: str) -> None:
    lot = await listed(database, city_id)
    quarters: list[int | None] = [50] * 96
    quarters[56:60], quarters[60:64] = [5, 5, 4, 0], [6] * 4
    await lived(database, city_id, lot, lambda _: quarters, AFTER)
    row = await only(database, city_id, replace(ASKED, compare=None))
    assert row.now.peak_hour == 14
    assert row.now.full == pytest.approx(4 / 96)
    assert row.now.peak_used == pytest.approx(0.965)
    assert (row.before, row.change) == (None, None)


async def test_lots_and_owners_can_be_chosen_and_other_cities_stay_out(database: Database, city_id: str) -> None:
    one, two = await listed(database, city_id, "가"), await listed(database, city_id, "나", owner="다라공사")
    far = await listed(database, f"{city_id}x")
    for lot in (one, two):
        await lived(database, city_id, lot, lambda _: flat(50))
    await lived(database, f"{city_id}x", far, lambda _: flat(0))
    chosen = await told(database, city_id, replace(ASKED, lots=(two, far)))
    assert [row.key for row in chosen.rows] == [str(two)]
    owned = await told(database, city_id, replace(ASKED, owner="나래시"))
    assert [row.key for row in owned.rows] == [str(one)]
    nothing = await told(database, city_id, replace(ASKED, owner="없음"))
    assert (nothing.rows, nothing.whole.now.used, nothing.whole.change) == ([], None, None)


async def test_bay_hours_in_use_by_month(database: Database, city_id: str) -> None:
    lot = await listed(database, city_id)
    await lived(database, city_id, lot, lambda _: [50] * 48 + [None] * 48, AFTER)
    async with database.reading() as tx:
        found = await bay_hours(tx, city_id, Span(date(2026, 3, 1), date(2026, 3, 31)), RULES)
    assert found is not None
    assert found["2026-03"] == pytest.approx(28 * 12 * 50)


@pytest.mark.parametrize(
    ("address", "road", "town"),
    [
        ("나래시 가람동 1", "", "가람동"),
        ("경기도 나래시 새말읍 한들리 12-3", "", "새말읍"),
        ("", "나래시 가람로 1 (나루2동, 지하동)", "나루2동"),
        ("나래시 가람로 1", "", ""),
        ("", "", ""),
    ],
)
def test_a_town_is_what_the_address_says(address: str, road: str, town: str) -> None:
    assert town_of(address, road) == town


def test_both_periods_have_four_weeks() -> None:
    assert len(AFTER.days()) == len(BEFORE.days()) == 28
    assert BEFORE.last + timedelta(days=1) == AFTER.first


def test_hours_over_new_year_are_told_without_a_gap_and_holidays_on_weekends_too() -> None:
    start, end = datetime(2026, 9, 30, tzinfo=SEOUL), datetime(2027, 1, 5, tzinfo=SEOUL)
    found = spells("Mo-Su 09:00-21:00; PH off", start, end)
    assert (found[0][0], found[-1][1]) == (start, end)
    assert all(one[1] == other[0] for one, other in pairwise(found))
    opened = {since.date() for since, _, is_open in found if is_open}
    assert date(2026, 12, 31) in opened
    assert not opened & {date(2026, 10, 3), date(2026, 10, 5), date(2027, 1, 1)}, (
        "개천절 is a Saturday, then its Monday"
    )
    assert spells(None, start, end) == spells("아침부터 밤까지", start, end) == [(start, end, None)]
