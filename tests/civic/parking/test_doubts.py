"""Numbers that stand still, and feeds that go wrong as a whole: withheld, told to staff once, believed again later."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.parking.judging import Before, LotFacts, judge
from civic.parking.quarantine import alarm_all, lift_gone, owners
from civic.parking.stillness import open_time
from core.contracts.parking import RealtimeRecord
from core.db import Database
from core.parking_rules import Parking
from tests.civic.parking.lots import lot
from tests.civic.parking.test_realtime import HOUR, MINUTE, NOW, free, history, lots, notices, quarantined, says, take

RULES = Parking()
SMALL_FEED = Parking.model_validate({"doubts": {"feed_lots": 3}})


@pytest.fixture
async def city_id(database: Database) -> AsyncIterator[str]:
    yield f"city-{uuid4().hex[:8]}"


async def hourly(
    database: Database, city_id: str, number: int, hours: int, *, said: int = 12, since: datetime = NOW, **more: Any
) -> None:
    """The same number every hour, its stamp going on."""
    for hour in range(hours + 1):
        at = since + hour * HOUR
        await take(database, city_id, says(number, said, at, **more), now=at)


async def test_a_lot_whose_number_stands_still_while_its_stamp_goes_on_is_frozen(
    database: Database, city_id: str
) -> None:
    await lots(database, city_id, lot(1, opening_hours=None), lot(2, opening_hours=None))
    await hourly(database, city_id, 1, 23)
    assert await free(database, city_id) == {"P:1": (12, "")}
    await hourly(database, city_id, 1, 0, since=NOW + 24 * HOUR)
    assert await free(database, city_id) == {"P:1": (None, "frozen")}
    assert [(row.uid, row.reason, row.value["free"]) for row in await quarantined(database, city_id)] == [
        ("P:1", "frozen", 12)
    ]


async def test_without_stamps_a_number_that_stands_still_is_frozen_too(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1, opening_hours=None))
    for hour in range(25):
        await take(database, city_id, says(1, 12, NOW + hour * HOUR, updated_at=None))
    assert await free(database, city_id) == {"P:1": (None, "frozen")}


async def test_the_same_old_stamp_is_no_frozen_number_but_an_old_one(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1, opening_hours=None))
    for hour in range(30):
        await take(database, city_id, says(1, 12, NOW + hour * HOUR, updated_at=NOW))
    assert await free(database, city_id) == {"P:1": (12, "")}, "it is withdrawn by its age"


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"capacity": 9}, 4), ({}, 50), ({}, 0)],
    ids=["tiny", "empty", "full"],
)
async def test_lots_that_stand_still_honestly_have_longer(
    database: Database, city_id: str, changes: dict[str, Any], said: int
) -> None:
    await lots(database, city_id, lot(1, opening_hours=None, **changes))
    await hourly(database, city_id, 1, 95, said=said)
    assert await free(database, city_id) == {"P:1": (said, "")}
    await hourly(database, city_id, 1, 0, said=said, since=NOW + 96 * HOUR)
    assert await free(database, city_id) == {"P:1": (None, "frozen")}


async def test_only_hours_in_which_the_lot_is_open_count(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1, opening_hours="Mo-Su 09:00-18:00"))
    await hourly(database, city_id, 1, 48)
    assert await free(database, city_id) == {"P:1": (12, "")}, "two days of nine hours"
    await hourly(database, city_id, 1, 24, since=NOW + 49 * HOUR)
    assert await free(database, city_id) == {"P:1": (None, "frozen")}


async def test_a_shut_gate_an_unlinked_lot_and_a_gap_begin_anew(database: Database, city_id: str) -> None:
    await lots(database, city_id, *(lot(number, opening_hours=None) for number in (1, 2, 3)))
    for number in (1, 2, 3):
        await hourly(database, city_id, number, 20)
    at = NOW + 21 * HOUR
    await take(database, city_id, says(1, 12, at, opening_status="CLOSED"), now=at)
    await take(database, city_id, says(2, None, at, is_linked=False), now=at)
    for number in (1, 2):
        await hourly(database, city_id, number, 10, since=at + HOUR)
    await hourly(database, city_id, 3, 10, since=NOW + 24 * HOUR)
    assert await free(database, city_id) == {f"P:{number}": (12, "") for number in (1, 2, 3)}


async def test_a_number_is_believed_again_when_it_has_been_good_for_a_while(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1))
    await take(database, city_id, says(1, -3))
    await take(database, city_id, says(1, 4, NOW + 10 * MINUTE))
    assert await free(database, city_id) == {"P:1": (None, "negative")}, "not at once"
    await take(database, city_id, says(1, -1, NOW + 20 * MINUTE))
    await take(database, city_id, says(1, 5, NOW + 45 * MINUTE))
    assert await free(database, city_id) == {"P:1": (None, "negative")}, "counted from the last bad number"
    await take(database, city_id, says(1, 6, NOW + 50 * MINUTE))
    assert await free(database, city_id) == {"P:1": (6, "")}
    [row] = await quarantined(database, city_id, live=False)
    assert (row.count, row.since_at, row.lifted_at, row.lifted_by) == (2, NOW, NOW + 50 * MINUTE, None)


async def test_a_frozen_lot_that_moves_is_believed_after_a_while(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1, opening_hours=None))
    await hourly(database, city_id, 1, 24)
    at = NOW + 25 * HOUR
    await take(database, city_id, says(1, 11, at))
    assert await free(database, city_id) == {"P:1": (11, "")}, "an hour after it was last found frozen"
    assert await quarantined(database, city_id) == []


async def test_three_hundred_lots_at_once_are_one_alarm_and_one_row_for_the_feed(
    database: Database, city_id: str
) -> None:
    await lots(database, city_id, *(lot(number) for number in range(1, 401)))
    good = [says(number, 10) for number in range(1, 401)]
    await take(database, city_id, *good)
    at = NOW + MINUTE
    bad = [says(number, -1 if number <= 300 else 20, at) for number in range(1, 401)]
    taken = await take(database, city_id, *bad)
    assert taken.doubted == 400
    assert set((await free(database, city_id)).values()) == {(None, "feed")}
    [row] = await quarantined(database, city_id)
    assert (row.uid, row.reason, row.value) == ("", "feed", {"negative": 300, "lots": 400})
    [text] = await notices(database, city_id)
    assert "출처 전체" in text
    assert "빈자리가 음수 300곳" in text


async def test_a_bad_feed_withholds_its_lots_that_did_not_come_too(database: Database, city_id: str) -> None:
    await lots(database, city_id, *(lot(number) for number in range(1, 5)))
    await take(database, city_id, says(4, 10), rules=SMALL_FEED)
    await take(database, city_id, *(says(number, -1, NOW + MINUTE) for number in (1, 2, 3)), rules=SMALL_FEED)
    assert (await free(database, city_id))["P:4"] == (None, "feed")


async def test_a_few_bad_lots_are_no_bad_feed_and_one_alarm(database: Database, city_id: str) -> None:
    await lots(database, city_id, *(lot(number) for number in range(1, 41)))
    batch = [says(number, -1 if number <= 12 else 20) for number in range(1, 41)]
    await take(database, city_id, *batch)
    assert len(await quarantined(database, city_id)) == 12
    assert (await free(database, city_id))["P:40"] == (20, "")
    [text] = await notices(database, city_id)
    assert "일부 주차장" in text
    assert "12곳" in text


async def test_what_joins_the_quarantine_later_waits_for_the_next_alarm(database: Database, city_id: str) -> None:
    await lots(database, city_id, *(lot(number) for number in range(1, 6)))
    for number in range(1, 6):
        await take(database, city_id, says(number, -1, NOW + number * MINUTE))
    assert len(await notices(database, city_id)) == 1
    late = NOW + 7 * HOUR
    await take(database, city_id, says(2, -1, late))
    texts = await notices(database, city_id)
    assert len(texts) == 2
    assert "4곳" in texts[1], "the four that were not told yet"
    await take(database, city_id, says(1, -1, late + 7 * HOUR))
    assert len(await notices(database, city_id)) == 2, "known and told: no third"


async def test_a_feed_is_believed_again_when_it_has_been_good_for_a_while(database: Database, city_id: str) -> None:
    await lots(database, city_id, *(lot(number) for number in range(1, 4)))
    await take(database, city_id, *(says(number, -1) for number in (1, 2, 3)), rules=SMALL_FEED)
    for minutes, expected in ((10, (None, "feed")), (29, (None, "feed")), (30, (7, ""))):
        at = NOW + minutes * MINUTE
        await take(database, city_id, *(says(number, 7, at) for number in (1, 2, 3)), rules=SMALL_FEED)
        assert set((await free(database, city_id)).values()) == {expected}
    assert await quarantined(database, city_id) == []


async def test_a_feed_of_which_nothing_moves_stands_still_sooner_than_a_lot(database: Database, city_id: str) -> None:
    await lots(database, city_id, *(lot(number, opening_hours=None) for number in range(1, 4)))
    for hour in range(13):
        at = NOW + hour * HOUR
        expected = (None, "feed") if hour == 12 else (10, "")
        await take(database, city_id, *(says(number, 10, at) for number in (1, 2, 3)), rules=SMALL_FEED)
        assert set((await free(database, city_id)).values()) == {expected}
    [row] = await quarantined(database, city_id)
    assert row.value == {"still": 3, "lots": 3}


async def test_a_feed_of_which_one_lot_moves_does_not_stand_still(database: Database, city_id: str) -> None:
    await lots(database, city_id, *(lot(number, opening_hours=None) for number in range(1, 4)))
    for hour in range(14):
        at = NOW + hour * HOUR
        await take(database, city_id, says(1, 10, at), says(2, 10, at), says(3, hour, at), rules=SMALL_FEED)
    assert await quarantined(database, city_id) == []


def test_alarms_go_to_the_heads_of_the_department_that_owns_parking() -> None:
    assert owners(Parking.model_validate({"department": "traffic"})) == {"role": "manager", "department_id": "traffic"}
    assert owners(RULES) == {"role": "admin"}


@given(
    claimed=st.integers(-1000, 100_000),
    capacity=st.one_of(st.none(), st.integers(-5, 5000)),
    lot_capacity=st.integers(0, 5000),
    status=st.sampled_from(["OPEN", "CLOSED", "UNKNOWN"]),
    is_linked=st.booleans(),
    still_hours=st.integers(0, 300),
    ahead_minutes=st.integers(-10_000, 10_000),
)
def test_whatever_a_source_claims_a_told_number_is_within_bounds_and_moves(
    claimed: int,
    capacity: int | None,
    lot_capacity: int,
    status: Any,
    is_linked: bool,
    still_hours: int,
    ahead_minutes: int,
) -> None:
    stamp = NOW + timedelta(minutes=ahead_minutes)
    record = RealtimeRecord(
        "s", "u", claimed, NOW, updated_at=stamp, capacity=capacity, opening_status=status, is_linked=is_linked
    )
    since = NOW - still_hours * HOUR
    before = Before(claimed, claimed, capacity, status, True, "", NOW - MINUTE, NOW - MINUTE, since)
    judged = judge(record, LotFacts(lot_capacity, None), before, NOW, RULES)
    assert judged.at <= NOW + timedelta(seconds=RULES.doubts.skew_s)
    if judged.free is None:
        assert judged.reason
    else:
        assert is_linked
        assert judged.reason == ""
        assert judged.free == claimed
        assert 0 <= judged.free <= judged.capacity
        assert still_hours < RULES.doubts.still_hours or status == "CLOSED"


def test_open_time_leaves_out_closed_hours_and_counts_unknown_ones() -> None:
    monday = datetime(2026, 10, 12, tzinfo=UTC) - 9 * HOUR  # midnight in Korea
    week = monday + timedelta(days=7)
    assert open_time("Mo-Fr 09:00-18:00", monday, week) == timedelta(hours=45)
    assert open_time("24/7", monday, week) == open_time(None, monday, week) == timedelta(days=7)
    assert open_time("Mo-Fr 09:00-18:00; Sa-Su unknown", monday, week) == timedelta(hours=45 + 48)


async def test_what_waited_is_told_also_when_its_source_sends_nothing_more(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1), lot(2))
    await take(database, city_id, says(1, -1))
    await take(database, city_id, says(2, -1, NOW + MINUTE))
    for hours, told in ((1, 1), (7, 2), (20, 2)):
        async with database.transaction() as tx:
            await alarm_all(tx, city_id, NOW + hours * HOUR, RULES)
        assert len(await notices(database, city_id)) == told


async def test_a_lot_that_is_listed_no_more_leaves_the_quarantine(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1), lot(2))
    await take(database, city_id, says(1, -1), says(2, -1))
    await lots(database, city_id, lot(2))
    async with database.transaction() as tx:
        assert await lift_gone(tx, city_id, NOW) == 1
    assert [row.uid for row in await quarantined(database, city_id)] == ["P:2"]


async def test_a_late_number_of_a_lot_in_doubt_is_no_history(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1))
    await take(database, city_id, says(1, -1))
    await take(database, city_id, says(1, 20, NOW - 20 * MINUTE), now=NOW + MINUTE)
    assert await history(database, city_id) == []
