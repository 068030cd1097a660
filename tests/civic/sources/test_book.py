"""The book of sources: one name in two kinds is two sources, and a part that failed is neither all nor nothing."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from civic.sources.book import Book, Next, claim, enrol, failed, is_ours, release, row_of, succeeded
from civic.staff.tables import staff_notices
from core.contracts.sources import Mark
from core.db import Database
from core.source_rules import Asking

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WHY = ("경보: 인증키가 거절되었습니다.", "alerts: the key is refused")


@pytest.fixture
def city_id() -> str:
    return f"city-{uuid4().hex[:8]}"


async def test_one_name_in_two_kinds_is_claimed_and_marked_apart(database: Database, city_id: str) -> None:
    lots, air = Book("parking", city_id), Book("air", city_id)
    async with database.transaction() as tx:
        for book in (lots, air):
            await enrol(tx, book, {"town": "vendor"}, NOW)
        assert [one.name for one in await claim(tx, lots, ["town"], "one", NOW, 60, 5)] == ["town"]
        assert await claim(tx, lots, ["town"], "two", NOW, 60, 5) == []
        assert [one.by for one in await claim(tx, air, ["town"], "two", NOW, 60, 5)] == ["two"]
        assert await is_ours(tx, lots, "town", "one")
        assert not await is_ours(tx, air, "town", "one")
        await succeeded(tx, air, "town", Mark(cursor="7"), 3, Next(NOW + MINUTE, None), NOW)
        await release(tx, lots, "town", "one")
        one, other = await row_of(tx, lots, "town"), await row_of(tx, air, "town")
    assert one is not None
    assert other is not None
    assert (one["cursor"], one["calls"], one["last_ok_at"], one["claimed_by"]) == ("", 0, None, None)
    assert (other["cursor"], other["calls"], other["last_ok_at"]) == ("7", 3, NOW)


async def test_a_part_that_failed_keeps_the_mark_and_is_told_once(database: Database, city_id: str) -> None:
    air = Book("air", city_id, Asking(), {"role": "admin"})
    following = Next(NOW + 10 * MINUTE, NOW + timedelta(days=1))
    async with database.transaction() as tx:
        await enrol(tx, air, {"keco": "airkorea"}, NOW)
        for number in range(3):
            now = NOW + number * 10 * MINUTE
            [claimed] = await claim(tx, air, ["keco"], "one", now, 60, 5)
            brought = (Mark(cursor=f"{number}"), Next(now + 10 * MINUTE, following.static_at))
            await failed(tx, air, claimed, "refused", WHY, now + 10 * MINUTE, now, calls=4, brought=brought)
        row = await row_of(tx, air, "keco")
        notices = select(staff_notices.c.kind, staff_notices.c.text_ko).where(staff_notices.c.city_id == city_id)
        told = (await tx.execute(notices)).all()
    assert row is not None
    assert (row["state"], row["cursor"], row["calls"]) == ("failing", "2", 12)
    assert (row["last_ok_at"], row["static_next_at"]) == (NOW + 20 * MINUTE, following.static_at)
    assert [one.kind for one in told] == ["air.source_refused"]
    assert "대기질 출처 ‘keco’" in told[0].text_ko
    assert WHY[0] in told[0].text_ko
