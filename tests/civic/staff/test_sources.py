"""Password spraying: many logins, one address."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from civic.staff import sources
from civic.staff.sessions import SignedIn
from civic.staff.sign_in import Refused
from civic.staff.sources import source_of
from civic.staff.tables import sources as table
from core.db import Database
from core.errors import NotSignedIn, TooMany
from tests.civic.cases.rows import CITY, NOW
from tests.civic.staff.people import POLICY, add, first_step


async def spray(database: Database, ip: str, count: int, after: timedelta = timedelta()) -> None:
    for number in range(count):
        await first_step(database, f"nobody.{number}", "wrong password 1", now=NOW + after, ip=ip)


async def test_one_address_that_fails_on_many_logins_is_locked_and_others_are_not(database: Database) -> None:
    await add(database, "source.one")
    await spray(database, "203.0.113.7", POLICY.source_failures - 1)
    assert isinstance(await first_step(database, "source.one", ip="203.0.113.7"), SignedIn)
    await spray(database, "203.0.113.7", 1)
    refused = await first_step(database, "source.one", ip="203.0.113.7")
    assert isinstance(refused, Refused) and isinstance(refused.error(), TooMany)
    assert isinstance(await first_step(database, "source.one", ip="203.0.113.8"), SignedIn)
    free = NOW + timedelta(minutes=15)
    assert isinstance(await first_step(database, "source.one", now=free, ip="203.0.113.7"), SignedIn)


async def test_parallel_guesses_from_one_address_are_counted_one_by_one(database: Database) -> None:
    guesses = [f"nobody.parallel.{number}" for number in range(POLICY.source_failures)]
    await asyncio.gather(*(first_step(database, one, "wrong password 1", ip="203.0.113.20") for one in guesses))
    refused = await first_step(database, "nobody", "wrong password 1", ip="203.0.113.20")
    assert isinstance(refused, Refused) and refused.by_address


async def test_old_failures_are_not_held_against_an_address(database: Database) -> None:
    await spray(database, "203.0.113.30", POLICY.source_failures - 1)
    await spray(database, "203.0.113.30", 1, after=timedelta(minutes=15))
    refused = await first_step(database, "nobody", "x", now=NOW + timedelta(minutes=15), ip="203.0.113.30")
    assert isinstance(refused, Refused) and isinstance(refused.error(), NotSignedIn)


async def test_a_subscriber_of_ipv6_is_one_source(database: Database) -> None:
    for number in range(POLICY.source_failures):
        await first_step(database, "nobody", "wrong password 1", ip=f"2001:db8:1:2::{number:x}")
    refused = await first_step(database, "nobody", "wrong password 1", ip="2001:db8:1:2:ffff::1")
    assert isinstance(refused, Refused) and refused.by_address


@pytest.mark.parametrize(
    ("ip", "source"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("a name", ""),
    ],
)
def test_what_counts_as_one_source(ip: str, source: str) -> None:
    assert source_of(ip) == source


async def test_an_unknown_address_locks_nobody_out(database: Database) -> None:
    await add(database, "source.unknown")
    await spray(database, "", POLICY.source_failures + 1)
    assert isinstance(await first_step(database, "source.unknown"), SignedIn)


async def test_rows_long_over_are_swept_and_those_of_now_stay(database: Database) -> None:
    await spray(database, "203.0.113.40", 1)
    await spray(database, "203.0.113.41", 1, after=timedelta(hours=2))
    async with database.transaction() as tx:
        await sources.forget(tx, CITY, NOW + timedelta(hours=2))
        kept = select(func.array_agg(table.c.source)).where(table.c.source.in_(["203.0.113.40", "203.0.113.41"]))
        assert (await tx.execute(kept)).scalar_one() == ["203.0.113.41"]
