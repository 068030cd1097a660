"""One key is one matter: its facts move forward, and what was closed begins again only when it is over anew."""

import asyncio
from decimal import Decimal

from sqlalchemy import select

from civic.air.matters.opening import open_matter
from civic.air.matters.record import HOUSE, change, read
from civic.staff.tables import staff_notices
from core.db import Database
from tests.civic.air.matters.town import CITY, MINUTE, NOON, RULES, draft, employ, lanes, timeline


async def test_one_key_is_one_matter_whose_facts_move_forward(database: Database) -> None:
    one = draft()
    async with database.transaction() as tx:
        first = await open_matter(tx, CITY, one, NOON, RULES)
        higher = draft(key=one.key, value=Decimal(171), site_ids=(4,), first_message_at=NOON - 5 * MINUTE)
        again = await open_matter(tx, CITY, higher, NOON + MINUTE, RULES)
        lower = draft(key=one.key, value=Decimal(120))
        await open_matter(tx, CITY, lower, NOON + 2 * MINUTE, RULES)
        matter = await read(tx, CITY, first.id)
        said = await timeline(tx, first.id)
    assert (first.is_new, again.is_new, again.id) == (True, False, first.id)
    assert (matter.value, matter.peak, matter.site_ids) == (Decimal(120), Decimal(171), (3, 4))
    assert (matter.last_at, matter.first_message_at) == (NOON + 2 * MINUTE, NOON - 5 * MINUTE)
    assert said == ["opened", "peak"]


async def test_a_key_opened_by_two_processes_at_once_is_one_matter(database: Database) -> None:
    one = draft()

    async def opened() -> tuple[object, bool]:
        async with database.transaction() as tx:
            done = await open_matter(tx, CITY, one, NOON, RULES)
            return done.id, done.is_new

    made = await asyncio.gather(*(opened() for _ in range(4)))
    assert len({id for id, _ in made}) == 1
    assert sorted(is_new for _, is_new in made) == [False, False, False, True]


async def test_a_closed_matter_begins_again_only_when_the_trouble_began_after_the_closing(database: Database) -> None:
    one = draft(began_at=NOON)
    async with database.transaction() as tx:
        opened = await open_matter(tx, CITY, one, NOON, RULES)
        matter = await read(tx, CITY, opened.id, lock=True)
        await change(tx, matter, HOUSE, "closed", NOON + MINUTE, to_state="closed", closed_at=NOON + MINUTE)
        late = await open_matter(tx, CITY, draft(key=one.key, began_at=NOON), NOON + 2 * MINUTE, RULES)
        still = await read(tx, CITY, opened.id)
        anew = draft(key=one.key, began_at=NOON + 3 * MINUTE, value=Decimal(200))
        again = await open_matter(tx, CITY, anew, NOON + 4 * MINUTE, RULES)
        after = await read(tx, CITY, opened.id)
    assert (late.is_new, still.state, again.is_new) == (False, "closed", True)
    assert (after.state, after.round, after.first_message_at) == ("open", 2, NOON + 4 * MINUTE)
    assert after.peak == Decimal(200)


async def test_without_wind_the_near_companies_and_the_duty_list_have_chains(database: Database) -> None:
    async with database.transaction() as tx:
        opened = await open_matter(tx, CITY, draft(), NOON, RULES)
        matter = await read(tx, CITY, opened.id)
        chains = await lanes(tx, opened.id)
    assert (matter.companies, matter.traced["basis"]) == (("metal",), "near")
    assert {lane: row.next_at for lane, row in chains.items()} == {"duty": NOON, "metal": NOON}


async def test_a_sensor_in_doubt_is_a_notice_and_wakes_nobody(database: Database) -> None:
    async with database.transaction() as tx:
        await employ(tx, "head", "manager")
        opened = await open_matter(tx, CITY, draft(kind="sensor"), NOON, RULES)
        assert await lanes(tx, opened.id) == {}
        wanted = select(staff_notices.c.role).where(staff_notices.c.dedupe_key.startswith(f"air_matter:{opened.id}"))
        assert (await tx.execute(wanted)).scalar_one() == "manager"
