"""Live screens: each change once, in every process, over breaks and bursts, within scope, until the session ends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from sqlalchemy import insert, select, text, update

from api.deps import Caller
from api.live import feed as feed_module
from api.live import screen as screen_module
from api.live.feed import Feed
from api.live.screen import Screen
from civic.cases.case import Actor
from civic.cases.change import add_note, assign
from civic.cases.stream import Place
from civic.cases.stream import here as here_in_stream
from civic.cases.tables import cases
from civic.cases.visible import within
from civic.staff.notices import notify
from civic.staff.scope import Scope
from civic.staff.tables import staff_sessions
from core.bus import Bus
from core.db import Database
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.api.opened import opened
from tests.civic.cases.rows import NOW


@dataclass
class Heard:
    """One parsed line of the stream."""

    event: str
    id: str
    data: dict[str, Any] = field(default_factory=dict)


def parsed(lines: bytes) -> Heard:
    said: dict[str, str] = {}
    for line in lines.decode().strip().split("\n"):
        name, _, value = line.partition(": ")
        said[name] = value
    return Heard(said.get("event", ""), said.get("id", ""), orjson.loads(said["data"]) if "data" in said else {})


class Process:
    """Another process of the same house: its own connections, its own bus, its own reader."""

    def __init__(self, house: SmallHouse, url: str) -> None:
        self.house = house
        self.db = Database(url, pool_size=3)
        self.bus = Bus(self.db)
        self.feed = Feed(self.db, self.bus, house.settings.city.id)

    async def up(self) -> "Process":
        await self.bus.start()
        return self

    async def down(self) -> None:
        await self.bus.stop()
        await self.db.close()

    async def screen(self, role: str = "agent") -> Screen:
        async with self.db.transaction() as tx:
            session_id = new_id()
            await tx.execute(
                insert(staff_sessions).values(
                    id=session_id,
                    staff_id=self.house.members[role].id,
                    token_hash=str(session_id),
                    created_at=self.house.clock.now(),
                    expires_at=self.house.clock.now() + timedelta(hours=1),
                )
            )
        asking = Caller(self.house.members[role], "", "10.1.2.3", session_id)
        return Screen(self.house, asking, self.feed)


class Listener:
    """Hears one screen until it is closed; `last_id` is what a browser would send on the next connection."""

    def __init__(self, lines: AsyncIterator[bytes]) -> None:
        self._lines = lines
        self.last_id = ""

    async def hear(self, event: str) -> Heard:
        """The next event of this kind; what comes before it is dropped."""
        while True:
            heard = parsed(await asyncio.wait_for(anext(self._lines), 20))
            self.last_id = heard.id or self.last_id
            if heard.event == event:
                return heard

    async def close(self) -> None:
        await self._lines.aclose()  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def listening(screen: Screen, last_id: str = "") -> AsyncIterator[Listener]:
    listener = Listener(screen.events(last_id))
    await listener.hear("inbox")
    try:
        yield listener
    finally:
        await listener.close()


@pytest.fixture
async def here(house: SmallHouse, database_url: str) -> AsyncIterator[Process]:
    made = await Process(house, database_url).up()
    yield made
    await made.down()


@pytest.fixture
async def there(house: SmallHouse, database_url: str) -> AsyncIterator[Process]:
    made = await Process(house, database_url).up()
    yield made
    await made.down()


async def write(db: Database, case_id: UUID) -> None:
    async with db.transaction() as tx:
        await add_note(tx, case_id, "메모", Actor.system(), NOW, is_internal=True)


async def test_a_change_is_heard_in_every_process(house: SmallHouse, here: Process, there: Process) -> None:
    case = await opened(house)
    async with listening(await here.screen()) as one, listening(await there.screen()) as two:
        await write(house.db, case.id)
        for listener in (one, two):
            heard = await listener.hear("case")
            assert (heard.data["receipt_no"], heard.data["kind"], heard.data["by"]) == (
                case.receipt_no,
                "internal_note",
                "system",
            )
            assert "메모" not in str(heard.data)


async def test_after_a_break_another_process_tells_the_rest_once(
    house: SmallHouse, here: Process, there: Process
) -> None:
    """Broken off in the middle of one transaction's changes; one more ends late, some come while nobody listens."""
    case, slow = await opened(house), await opened(house)
    async with listening(await here.screen()) as listener:
        async with house.db.transaction() as late:
            await add_note(late, slow.id, "늦게 끝나는 일", Actor.system(), house.clock.now(), is_internal=True)
            async with house.db.transaction() as tx:
                for number in range(3):
                    await add_note(tx, case.id, str(number), Actor.system(), house.clock.now(), is_internal=True)
            seen = [(await listener.hear("case")).data for _ in range(2)]
        last_id = listener.last_id
    for _ in range(2):
        await write(house.db, case.id)
    async with listening(await there.screen(), last_id) as listener:
        await write(house.db, case.id)
    # What was told before "inbox" is dropped by `listening`; so read the missed part itself.
    missed: list[Heard] = []
    async for lines in (await there.screen()).events(last_id, is_following=False):
        heard = parsed(lines)
        if heard.event == "case":
            missed.append(heard)
    versions = [one["version"] for one in seen]
    assert len(seen) == 2 and versions == [versions[0]] * 2
    assert [one.data["receipt_no"] for one in missed].count(slow.receipt_no) == 1
    assert [one.data["receipt_no"] for one in missed].count(case.receipt_no) == 1 + 2 + 1
    again = [parsed(lines) async for lines in (await here.screen()).events(missed[-1].id, is_following=False)]
    assert [one.event for one in again if one.event == "case"] == []


async def test_every_cut_of_a_long_stream_is_resumed_exactly(house: SmallHouse, here: Process) -> None:
    """Cut behind each single event in turn: the rest is always the rest."""
    first = await opened(house)
    async with house.db.reading() as tx:
        start = str(Place(await here_in_stream(tx)))
    for size in (1, 3, 2):
        async with house.db.transaction() as tx:
            for number in range(size):
                await add_note(tx, first.id, str(number), Actor.system(), house.clock.now(), is_internal=True)

    async def rest(last_id: str) -> list[str]:
        lines = [parsed(one) async for one in (await here.screen()).events(last_id, is_following=False)]
        return [one.id for one in lines if one.event == "case"]

    ids = await rest(start)
    assert len(ids) == 6
    for position, last_id in enumerate(ids):
        assert len(await rest(last_id)) == 5 - position


async def test_nobody_hears_of_cases_outside_his_scope(house: SmallHouse, here: Process) -> None:
    foreign, mine = await opened(house, department_id="parks"), await opened(house)
    async with listening(await here.screen("agent")) as agent, listening(await here.screen("admin")) as admin:
        await write(house.db, foreign.id)
        await write(house.db, mine.id)
        assert (await agent.hear("case")).data["receipt_no"] == mine.receipt_no
        assert (await admin.hear("case")).data["receipt_no"] == foreign.receipt_no
        assert (await admin.hear("case")).data["receipt_no"] == mine.receipt_no


async def test_one_hears_that_a_case_goes_to_another_department(house: SmallHouse, here: Process) -> None:
    case = await opened(house)
    async with listening(await here.screen("agent")) as agent:
        async with house.db.transaction() as tx:
            actor = Actor.staff(house.members["admin"].id, "admin")
            await assign(tx, case.id, actor, house.clock.now(), expected_version=1, department_id="parks")
        heard = await agent.hear("case")
        while heard.data["kind"] != "department":
            heard = await agent.hear("case")
    assert (heard.data["from"], heard.data["to"], heard.data["department_id"]) == ("road", "parks", "parks")


async def test_scope_in_words_is_scope_in_sql(house: SmallHouse, here: Process) -> None:
    screen = await here.screen()
    agent = house.members["agent"].id
    rows = [await opened(house, department_id=department) for department in ("road", "parks") for _ in range(3)]
    async with house.db.transaction() as tx:
        for case, (area, owner) in zip(rows, [("a", None), (None, agent), ("b", None)] * 2, strict=True):
            await tx.execute(update(cases).where(cases.c.id == case.id).values(area_id=area, staff_id=owner))
        for scope in (
            Scope(agent),
            Scope(agent, frozenset({"road"})),
            Scope(agent, frozenset({"road", "parks"}), frozenset({"a"})),
            Scope(agent, frozenset()),
            Scope(agent, frozenset(), None, owns=False),
            Scope(new_id(), None, frozenset({"b"})),
        ):
            condition = within(scope)
            found = select(cases).where(cases.c.id.in_([case.id for case in rows]))
            inside = {row.id for row in await tx.execute(found if condition is None else found.where(condition))}
            screen.scope = scope
            every = (await tx.execute(found)).all()
            assert {row.id for row in every if screen._sees(row.department_id, row.area_id, row.staff_id)} == inside


async def test_who_writes_is_told_to_those_who_may_see_the_case(
    house: SmallHouse, here: Process, agent: httpx.AsyncClient
) -> None:
    case = await opened(house)
    async with listening(await here.screen("colleague")) as listener:
        await agent.post(f"/api/v1/cases/{case.id}/writing")
        heard = await listener.hear("writer")
        assert (heard.data["receipt_no"], heard.data["writer"]["name"]) == (case.receipt_no, "김agent")
        await agent.delete(f"/api/v1/cases/{case.id}/writing")
        assert (await listener.hear("writer")).data["writer"] is None


async def test_a_notice_rings_for_whom_it_is(house: SmallHouse, here: Process) -> None:
    text: Any = {
        "kind": "due",
        "text_ko": "기한이 다가옵니다.",
        "text_en": "Due soon.",
        "city_id": house.settings.city.id,
    }
    async with listening(await here.screen("manager")) as manager, listening(await here.screen("agent")) as agent:
        async with house.db.transaction() as tx:
            await notify(tx, **text, now=NOW, role="manager", department_id="road")
        before = (await manager.hear("inbox")).data["unread"]
        async with house.db.transaction() as tx:
            await notify(tx, **text, now=NOW, staff_ids=[house.members["manager"].id])
            await notify(tx, **text, now=NOW, staff_ids=[house.members["agent"].id])
        assert (await manager.hear("inbox")).data == {"unread": before + 1}
        assert (await agent.hear("inbox")).data == {"unread": 1}


async def test_it_ends_with_the_session(house: SmallHouse, here: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_module, "RECHECK_S", 0.0)
    case, screen = await opened(house), await here.screen()
    async with listening(screen) as listener:
        await write(house.db, case.id)
        await listener.hear("case")
        async with house.db.transaction() as tx:
            mine = staff_sessions.c.id == screen.asking.session_id
            await tx.execute(update(staff_sessions).where(mine).values(revoked_at=house.clock.now()))
        await write(house.db, case.id)
        await listener.hear("over")
        with pytest.raises(StopAsyncIteration):
            await listener.hear("case")


async def test_a_quiet_stream_beats_and_moves_the_place_on(
    house: SmallHouse, here: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen_module, "HEARTBEAT_S", 0.01)
    foreign = await opened(house, department_id="parks")
    async with listening(await here.screen("agent")) as listener:
        before = listener.last_id
        await write(house.db, foreign.id)
        while listener.last_id == before:
            await listener.hear("")
    assert Place.read(listener.last_id) is not None


async def test_a_slow_screen_is_told_to_read_everything_again(
    house: SmallHouse, here: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "MAX_WAITING", 2)
    case = await opened(house)
    async with listening(await here.screen()) as slow, listening(await here.screen("admin")) as quick:
        for _ in range(4):
            await write(house.db, case.id)
            await quick.hear("case")
        resync = await slow.hear("resync")
        await write(house.db, case.id)
        assert (await slow.hear("case")).data["version"] == 6
    missed = [parsed(one) async for one in (await here.screen()).events(resync.id, is_following=False)]
    assert len([one for one in missed if one.event == "case"]) == 1


@pytest.mark.parametrize("last_id", ["17", "x", "999999999999:999999999999:"])
async def test_a_foreign_place_leads_to_a_resync(house: SmallHouse, here: Process, last_id: str) -> None:
    heard = [parsed(one) async for one in (await here.screen()).events(last_id, is_following=False)]
    assert [one.event for one in heard] == ["", "resync", "inbox"]


async def test_who_missed_too_much_reads_his_lists_again(
    house: SmallHouse, here: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen_module, "MOST", 2)
    case = await opened(house)
    async with house.db.reading() as tx:
        start = str(Place(await here_in_stream(tx)))
    for _ in range(3):
        await write(house.db, case.id)
    heard = [parsed(one) async for one in (await here.screen()).events(start, is_following=False)]
    assert "resync" in [one.event for one in heard] and "case" not in [one.event for one in heard]


async def test_a_lost_connection_of_the_bus_loses_nothing(house: SmallHouse, here: Process) -> None:
    """Its listening connection is cut; the change made meanwhile is told when it is back."""
    case = await opened(house)
    async with listening(await here.screen()) as listener:
        async with house.db.transaction() as tx:
            await tx.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'sinmungo-bus' AND datname = current_database()"
                )
            )
        await write(house.db, case.id)
        assert (await listener.hear("case")).data["receipt_no"] == case.receipt_no


async def test_over_http_it_is_an_event_stream_and_the_look_is_noted(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    await house.bus.start()
    try:
        answer = await agent.get("/api/v1/live", params={"follow": "false"})
    finally:
        await house.bus.stop()
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-store", "no")
    assert "event: ready" in answer.text and "event: inbox" in answer.text
