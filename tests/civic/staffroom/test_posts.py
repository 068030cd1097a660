"""What is noted of the histories and what is due of it: every card once, in order, and no flood of old cases."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from civic.cases.open import open_case
from civic.cases.stream import Happened
from civic.staffroom.service import Card, Line, posts, rooms
from civic.staffroom.tables import staff_lines, staff_posts, staff_rooms
from core.db import Database
from tests.civic.cases.rows import CITY, NOW, conversation, departments_of_city, draft

ROAD, OTHERS = "C0ROAD", "C0OTHERS"
WHERE = {"road": ROAD, "default": OTHERS}
TOLD = frozenset({"status", "note", "department"})


class Office:
    """Notes and asks on one store, for a messenger of its own in each test."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.channel = f"m-{uuid4().hex[:8]}"
        self.seq = 0

    async def file(self) -> UUID:
        async with self.db.transaction() as tx:
            await departments_of_city(tx)
            return (await open_case(tx, draft(await conversation(tx)), NOW)).id

    def happened(self, case_id: UUID, kind: str, **values: Any) -> Happened:
        self.seq += 1
        given: dict[str, Any] = {"from_value": None, "to_value": None, "status": "received", "department_id": "road"}
        given |= {"actor_kind": "staff", "actor_id": None, "receipt_no": "GP-2026-000001", "version": 1}
        given |= {"area_id": None, "owner_id": None, "txid": 1, "at": NOW, "seq": self.seq}
        return Happened(case_id=case_id, kind=kind, **{**given, **values})

    async def note(self, *happened: Happened, now: datetime = NOW, where: dict[str, str] | None = None) -> None:
        async with self.db.transaction() as tx:
            await posts.note(tx, CITY, self.channel, happened, WHERE if where is None else where, TOLD, now)

    async def due(self, now: datetime = NOW, ready: tuple[str, ...] = (ROAD, OTHERS)) -> tuple[list[Any], list[Card]]:
        async with self.db.transaction() as tx:
            return await posts.due(tx, CITY, self.channel, (ROAD, OTHERS), ready, now)

    async def post(self, card: Card, message_id: str) -> None:
        async with self.db.transaction() as tx:
            await posts.posted(tx, card, message_id, "digest", NOW)

    async def cards(self) -> list[tuple[UUID, str]]:
        wanted = select(staff_posts.c.case_id, staff_posts.c.room).where(staff_posts.c.channel == self.channel)
        async with self.db.transaction() as tx:
            return [(row.case_id, row.room) for row in await tx.execute(wanted.order_by(staff_posts.c.created_at))]


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def test_a_case_has_one_card_in_a_room_however_often_it_is_noted(office: Office) -> None:
    case_id = await office.file()
    opened = office.happened(case_id, "opened")
    await office.note(opened)
    await office.note(opened, office.happened(case_id, "status"))
    assert await office.cards() == [(case_id, ROAD)]


@pytest.mark.parametrize(
    ("kind", "status", "has_card"),
    [
        ("opened", "received", True),
        ("note", "in_progress", True),
        ("status", "reopened", True),
        ("due", "received", False),
        ("warned", "in_progress", False),
        ("progress", "in_progress", False),
        ("status", "answered", False),
        ("rated", "answered", False),
        ("anonymised", "answered", False),
    ],
)
async def test_an_old_case_gets_a_card_when_somebody_does_something_about_it(
    office: Office, kind: str, status: str, has_card: bool
) -> None:
    await office.note(office.happened(await office.file(), kind, status=status))
    assert bool(await office.cards()) is has_card


async def test_a_department_without_a_room_posts_nothing(office: Office) -> None:
    case_id = await office.file()
    await office.note(office.happened(case_id, "opened"), where={"parks": OTHERS})
    assert await office.cards() == []


async def test_a_line_waits_for_the_one_before_it_and_a_card_without_id_needs_none(office: Office) -> None:
    case_id = await office.file()
    await office.note(office.happened(case_id, "opened"), office.happened(case_id, "note"))
    (new,), stale = await office.due()
    assert isinstance(new, Card) and stale == []
    await office.post(new, "1.1")
    first, second = office.happened(case_id, "note"), office.happened(case_id, "status", status="in_progress")
    await office.note(first, second, first)
    (line,), (card,) = await office.due()
    assert isinstance(line, Line) and (line.seq, line.message_id, card.message_id) == (first.seq, "1.1", "1.1")
    async with office.db.transaction() as tx:
        await posts.failed(tx, line, "later", NOW + timedelta(seconds=5))
    assert (await office.due())[0] == []
    (again,), _ = await office.due(NOW + timedelta(seconds=5))
    assert again.seq == first.seq
    async with office.db.transaction() as tx:
        await posts.told(tx, again)
    assert [one.seq for one in (await office.due())[0]] == [second.seq]


async def test_the_oldest_new_message_of_a_room_comes_first_whatever_it_is(office: Office) -> None:
    older, newer = await office.file(), await office.file()
    await office.note(office.happened(older, "opened"))
    (card,), _ = await office.due()
    await office.post(card, "1.1")
    await office.note(office.happened(older, "note"), now=NOW + timedelta(seconds=1))
    await office.note(office.happened(newer, "opened"), now=NOW + timedelta(seconds=2))
    (first,), _ = await office.due(NOW + timedelta(seconds=3))
    assert isinstance(first, Line)
    async with office.db.transaction() as tx:
        await posts.told(tx, first)
    (second,), _ = await office.due(NOW + timedelta(seconds=3))
    assert isinstance(second, Card) and second.case_id == newer


async def test_a_change_of_department_is_told_in_both_rooms(office: Office) -> None:
    case_id = await office.file()
    await office.note(office.happened(case_id, "opened"))
    (card,), _ = await office.due()
    await office.post(card, "1.1")
    moved = {"department_id": "parks", "from_value": "road", "to_value": "parks"}
    await office.note(office.happened(case_id, "department", **moved))
    assert sorted(await office.cards()) == sorted([(case_id, ROAD), (case_id, OTHERS)])
    found = {one.room: type(one) for one in (await office.due())[0]}
    assert found == {ROAD: Line, OTHERS: Card}


async def test_one_process_posts_at_a_time_and_a_dead_ones_claim_ends(office: Office) -> None:
    async def claim(owner: str, now: datetime) -> bool:
        async with office.db.transaction() as tx:
            return await rooms.claim(tx, CITY, office.channel, owner, now)

    assert await claim("one", NOW)
    assert not await claim("other", NOW + timedelta(seconds=59))
    assert await claim("other", NOW + timedelta(seconds=60))
    async with office.db.transaction() as tx:
        await rooms.release(tx, CITY, office.channel, "one")
    assert not await claim("third", NOW + timedelta(seconds=61))


async def test_a_place_is_held_by_one_reader(office: Office) -> None:
    async with office.db.transaction() as tx:
        assert await rooms.hold_place(tx, CITY, office.channel, "1:1:", NOW) == "1:1:"
    async with office.db.transaction() as one, office.db.transaction() as other:
        assert await rooms.hold_place(one, CITY, office.channel, "9:9:", NOW) == "1:1:"
        assert await rooms.hold_place(other, CITY, office.channel, "9:9:", NOW) is None


async def test_what_is_old_and_told_is_forgotten_and_its_card_kept(office: Office) -> None:
    case_id = await office.file()
    await office.note(office.happened(case_id, "opened"))
    (card,), _ = await office.due()
    await office.post(card, "1.1")
    await office.note(office.happened(case_id, "note"))
    await office.note(office.happened(case_id, "note"))
    (line,), _ = await office.due()
    async with office.db.transaction() as tx:
        await posts.told(tx, line)
        assert await posts.forget_lines(tx, CITY, NOW + timedelta(seconds=1)) >= 1
        kept = (await tx.execute(select(staff_lines).where(staff_lines.c.post_id == card.id))).all()
        assert [one.status for one in kept] == ["queued"]
        assert (await tx.execute(select(staff_rooms).where(staff_rooms.c.channel == office.channel))).all() == []
    assert await office.cards() == [(case_id, ROAD)]
