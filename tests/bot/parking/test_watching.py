"""자리 나면 알려줘, by the clock: who is told, once, and whose waiting ends without a word."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from bot.parking.watching import Watching
from bot.replies import Texts, find_sources
from civic.conversations.tables import conversations, outbound
from civic.parking import watching
from civic.parking.importing import import_lots
from civic.parking.tables import parking_lots, parking_realtime, parking_watches
from civic.parking.watching import WatchService
from core.clock import SetClock
from core.db import Database
from core.ids import new_id
from core.parking_rules import Watches
from core.settings import Settings, read
from tests.bot.memory_channel import MemoryChannel
from tests.civic.cases.rows import CITY, NOW, conversation
from tests.civic.parking.lots import file_of, lot

MINUTE = timedelta(minutes=1)
NIGHT = NOW.replace(hour=14)  # 23:00 in Seoul


class Delivering:
    """Notes whom it was asked to deliver to; `breaks` stands for a process that dies there."""

    def __init__(self) -> None:
        self.asked: list[UUID] = []
        self.breaks = False

    async def deliver(self, conversation_id: UUID) -> None:
        if self.breaks:
            raise RuntimeError("gone")
        self.asked.append(conversation_id)


class Street:
    """Two processes that look at one store, with one clock."""

    def __init__(self, one: Database, other: Database) -> None:
        self.db, self.clock = one, SetClock(NOW)
        settings: Settings = read()
        self.settings = settings.model_copy(update={"city": settings.city.model_copy(update={"id": CITY})})
        texts = Texts(find_sources(), {"ko": {}, "en": {}})
        self.channels = {"web": MemoryChannel(name="web")}
        self.desks = (Delivering(), Delivering())
        self.looks = [
            Watching(db, desk, self.channels, texts, self.settings, self.clock)
            for db, desk in zip((one, other), self.desks, strict=True)
        ]
        self.service = WatchService(one, CITY, Watches(), self.channels)

    async def lots(self, count: int = 1, **changes: Any) -> list[UUID]:
        uids = [f"P:{new_id()}" for _ in range(count)]
        file = file_of(*(lot(1, **{"uid": uid, "external_ids": (uid,), **changes}) for uid in uids))
        async with self.db.transaction() as tx:
            # Each under a source of its own: a publisher's file takes the place of what it published before.
            await import_lots(tx, CITY, f"test-{new_id()}", file.records, file.report, self.clock.now())
            found = await tx.execute(select(parking_lots.c.id).where(parking_lots.c.uid.in_(uids)))
            ids = list(found.scalars())
            for id in ids:
                at = self.clock.now()
                row = {"city_id": CITY, "source": "test", "updated_at": at, "fetched_at": at, "changed_at": at}
                await tx.execute(insert(parking_realtime).values(lot_id=id, free=0, capacity=50, **row))
        return ids

    async def number(self, lot_id: UUID, free: int | None, **values: Any) -> None:
        now = self.clock.now()
        row = {"free": free, "updated_at": now, "fetched_at": now, "changed_at": now, **values}
        async with self.db.transaction() as tx:
            await tx.execute(update(parking_realtime).where(parking_realtime.c.lot_id == lot_id).values(row))

    async def wait(self, lot_id: UUID, min_free: int = 1, minutes: int = 120, **who: Any) -> UUID:
        now = self.clock.now()
        async with self.db.transaction() as tx:
            thread = await conversation(tx, **who)
            assert await self.service.begin(tx, thread, lot_id, min_free, now + minutes * MINUTE, now)
        return thread

    async def look(self) -> int:
        """Both at once, twice."""
        ended = 0
        for _ in range(2):
            ended += sum(await asyncio.gather(*(one.look() for one in self.looks)))
        return ended

    async def told(self, thread: UUID) -> list[Any]:
        async with self.db.transaction() as tx:
            wanted = select(outbound).where(outbound.c.conversation_id == thread).order_by(outbound.c.seq)
            return list(await tx.execute(wanted))

    async def watch(self, thread: UUID) -> Any:
        async with self.db.transaction() as tx:
            wanted = select(parking_watches).where(parking_watches.c.conversation_id == thread)
            return (await tx.execute(wanted)).one()


@pytest.fixture
async def street(database: Database, database_url: str) -> AsyncIterator[Street]:
    async with database.transaction() as tx:
        await tx.execute(update(parking_watches).values(ended_at=NOW, ended_reason="stopped"))
    other = Database(database_url, pool_size=5)
    other.vault = database.vault
    yield Street(database, other)
    await other.close()


async def test_it_tells_once_when_a_fresh_number_says_enough(street: Street) -> None:
    [lot_id] = await street.lots(name="가람 공영주차장")
    thread = await street.wait(lot_id, min_free=3)
    await street.number(lot_id, 2)
    assert (await street.look(), await street.told(thread)) == (0, [])
    street.clock.move(2 * MINUTE)
    await street.number(lot_id, 3, updated_at=street.clock.now() - MINUTE)
    assert await street.look() == 1
    [message] = await street.told(thread)
    text = message.body["text"]
    assert "가람 공영주차장에 자리가 났습니다. 지금 3/50면 비어 있음(1분 전)." in text
    assert "1시간 요금: 1,500원" in text
    assert "https://map.kakao.com/link/map/" in text and ",37.600000,126.700000" in text
    assert [button["payload"] for button in message.body["buttons"]] == [f"do:parking_watch:{lot_id}"]
    ended = await street.watch(thread)
    assert (ended.ended_reason, ended.outbound_id, ended.told_at) == ("told", message.id, street.clock.now())
    await street.number(lot_id, 9)
    assert (await street.look(), len(await street.told(thread))) == (0, 1)


async def test_fifty_who_wait_are_told_once_each_by_two_processes_at_once(street: Street) -> None:
    [lot_id] = await street.lots()
    threads = [await street.wait(lot_id) for _ in range(50)]
    await street.number(lot_id, 1)
    assert await street.look() == 50
    assert [len(await street.told(thread)) for thread in threads] == [1] * 50
    assert sum(len(desk.asked) for desk in street.desks) >= 20


async def test_a_crash_before_the_commit_loses_nothing_and_one_after_it_tells_nobody_twice(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    [lot_id] = await street.lots()
    thread = await street.wait(lot_id)
    await street.number(lot_id, 1)

    async def dies(*given: Any) -> None:
        raise RuntimeError("killed between the message and the end of the watch")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(watching, "end", dies)
        await street.looks[0].look()
    assert await street.told(thread) == []
    street.desks[0].breaks = True
    with pytest.raises(RuntimeError):
        await street.looks[0].look()
    street.desks[0].breaks = False
    assert (await street.look(), len(await street.told(thread))) == (0, 1)


async def test_the_word_goes_out_at_night_too_and_is_not_sent_late(street: Street) -> None:
    """23:00 in Seoul: an alert that nobody asked for would wait until 08:00."""
    street.clock.move(NIGHT - NOW)
    [lot_id] = await street.lots()
    thread = await street.wait(lot_id)
    await street.number(lot_id, 1)
    assert await street.look() == 1
    [message] = await street.told(thread)
    rules = street.settings.messaging.purposes
    assert (message.purpose, message.priority) == ("alert", rules["reply"].priority)
    assert (message.next_attempt_at, message.valid_until) == (NIGHT, NIGHT + 10 * MINUTE)


@pytest.mark.parametrize(
    ("case", "values"),
    [
        ("doubted", {"free": 5, "reason": "frozen"}),
        ("closed, not full", {"free": 5, "opening_status": "CLOSED"}),
        ("older than half an hour", {"free": 5, "updated_at": NOW - 31 * MINUTE}),
        ("not known", {"free": None}),
        ("unlinked just now", {"free": None, "is_linked": False}),
    ],
)
async def test_a_number_that_is_not_believed_tells_nobody(street: Street, case: str, values: dict[str, Any]) -> None:
    [lot_id] = await street.lots()
    thread = await street.wait(lot_id)
    await street.number(lot_id, **values)
    assert (await street.look(), await street.told(thread)) == (0, []), case


async def test_it_ends_by_itself_without_a_word(street: Street) -> None:
    [lot_id] = await street.lots()
    thread = await street.wait(lot_id, minutes=60)
    street.clock.move(59 * MINUTE)
    await street.number(lot_id, 0)
    assert await street.look() == 0
    street.clock.move(MINUTE)
    await street.number(lot_id, 7)
    assert (await street.look(), await street.told(thread)) == (1, [])
    assert (await street.watch(thread)).ended_reason == "run_out"


@pytest.mark.parametrize(
    ("case", "values"),
    [
        ("no number for two hours", {"free": 0, "updated_at": NOW - 121 * MINUTE}),
        ("unlinked for half an hour", {"free": None, "is_linked": False, "changed_at": NOW - 31 * MINUTE}),
    ],
)
async def test_it_says_so_when_a_lot_falls_silent(street: Street, case: str, values: dict[str, Any]) -> None:
    [lot_id] = await street.lots(name="가람 공영주차장")
    thread = await street.wait(lot_id)
    await street.number(lot_id, **values)
    assert await street.look() == 1, case
    [message] = await street.told(thread)
    assert message.body["text"].startswith("가람 공영주차장에서 더 이상 실시간 정보가 오지 않아 자리 알림을 마칩니다.")
    assert (await street.watch(thread)).ended_reason == "silent"


async def test_it_says_so_when_the_lot_is_gone_and_follows_it_to_the_row_that_it_was_joined_to(street: Street) -> None:
    gone, joined, kept = [(await street.lots(name=name))[0] for name in ("나래 주차장", "다온 주차장", "다온")]
    first, second = await street.wait(gone), await street.wait(joined)
    async with street.db.transaction() as tx:
        await tx.execute(update(parking_lots).where(parking_lots.c.id == gone).values(gone_at=NOW))
        await tx.execute(update(parking_lots).where(parking_lots.c.id == joined).values(same_as=kept))
    await street.number(kept, 4)
    assert await street.look() == 2
    assert [one.body["text"] for one in await street.told(first)] == [
        "나래 주차장이 안내 목록에서 빠져 자리 알림을 마칩니다."
    ]
    assert "다온 주차장에 자리가 났습니다. 지금 4/50면" in (await street.told(second))[0].body["text"]


async def test_who_refused_messages_is_told_nothing(street: Street) -> None:
    [lot_id] = await street.lots()
    thread = await street.wait(lot_id, stopped_at=NOW)
    await street.number(lot_id, 1)
    assert (await street.look(), await street.told(thread)) == (1, [])
    assert (await street.watch(thread)).ended_reason == "opted_out"


async def test_a_turn_under_way_is_not_waited_for(street: Street) -> None:
    """The turn holds the conversation and will want the watch: a look that waited for it could stand in a ring."""
    [lot_id] = await street.lots()
    thread = await street.wait(lot_id)
    await street.number(lot_id, 1)
    async with street.db.transaction() as tx:
        await tx.execute(select(conversations.c.id).where(conversations.c.id == thread).with_for_update())
        assert await street.looks[1].look() == 0
        assert await street.service.stop(tx, thread, NOW) == 1
    assert (await street.look(), await street.told(thread)) == (0, [])


async def test_one_watch_a_lot_and_so_many_a_conversation(street: Street) -> None:
    ids = await street.lots(4)
    thread = await street.wait(ids[0])
    async with street.db.transaction() as tx:
        begin, until = street.service.begin, NOW + 60 * MINUTE
        assert await begin(tx, thread, ids[0], 3, until, NOW), "changed, not doubled"
        assert [await begin(tx, thread, one, 1, until, NOW) for one in ids[1:]] == [True, True, False]
    mine = await street.service.of(thread, NOW)
    assert [(one.lot_id, one.min_free, one.ends_at) for one in mine if one.lot_id == ids[0]] == [(ids[0], 3, until)]
    assert len(mine) == 3
    assert await street.service.of(thread, until) == [], "over, though no look has come by"


async def test_of_ten_thousand_who_wait_only_those_of_the_changed_lot_are_told(street: Street) -> None:
    ids = await street.lots(200)
    async with street.db.transaction() as tx:
        threads = [await conversation(tx) for _ in range(50)]
        rows = [
            {"id": new_id(), "city_id": CITY, "conversation_id": thread, "lot_id": lot_id, "created_at": NOW,
             "ends_at": NOW + 60 * MINUTE}
            for thread in threads for lot_id in ids
        ]  # fmt: skip
        await tx.execute(insert(parking_watches), rows)
    assert await street.looks[0].look() == 0
    await street.number(ids[0], 1)
    assert await street.look() == 50
    async with street.db.transaction() as tx:
        assert (await tx.execute(parking_watches.delete())).rowcount >= 10_000
