"""The audit chain: whoever changes, cuts, puts in or moves a row is shown, in the table and in an exported file."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from civic.staff import chain, verify
from civic.staff.service import record_change
from core.db import Database
from core.ids import new_id
from core.vault import Vault, vault_of

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)


async def note(database: Database, city: str, count: int = 1, at: datetime = NOW) -> None:
    for number in range(count):
        async with database.transaction() as tx:
            await record_change(
                tx, city_id=city, actor_kind="staff", actor_id=new_id(), action="case.status", object_kind="case",
                object_id=str(new_id()), detail={"from": "received", "to": f"하나 {number}", "n": 1.5}, now=at,
            )  # fmt: skip


async def linked(database: Database, city: str) -> int:
    total = 0
    while True:
        async with database.transaction() as tx:
            done = await chain.chain(tx, vault_of(tx), city, NOW)
        total += done
        if not done:
            return total


async def verdict(database: Database, city: str, now: datetime = NOW, **given: Any) -> verify.Verdict:
    async with database.transaction() as tx:
        return await verify.verify(tx, vault_of(tx), city, now, **given)


@pytest.fixture
async def city(database: Database) -> AsyncIterator[str]:
    """A city of its own with a chain of ten."""
    name = f"city-{new_id().hex[-8:]}"
    await note(database, name, 10)
    assert await linked(database, name) == 10
    yield name


async def forge(database: Database, *statements: LiteralString, **values: Any) -> None:
    """As somebody with every right on the database: the triggers are off."""
    async with await psycopg.AsyncConnection.connect(database.url) as connection:
        await connection.execute("SET session_replication_role = 'replica'")
        for statement in statements:
            await connection.execute(statement, values)


async def test_it_finds_nothing_wrong_with_what_was_written(database: Database, city: str) -> None:
    found = await verdict(database, city)
    assert (found.rows, found.head.seq, found.finding) == (10, 10, None)
    await note(database, city, 3)
    await linked(database, city)
    found = await verdict(database, city)
    assert (found.rows, found.head.seq, found.finding) == (13, 13, None)


async def test_an_empty_chain_is_whole(database: Database) -> None:
    assert (await verdict(database, "nowhere")).finding is None


TAMPERING: dict[str, tuple[tuple[LiteralString, ...], int]] = {
    "an edited detail": (('UPDATE audit_log SET detail = \'{"to": "x"}\' WHERE city_id = %(city)s AND seq = 4',), 4),
    "an edited actor": (("UPDATE audit_log SET actor_id = NULL WHERE city_id = %(city)s AND seq = 5",), 5),
    "a moved moment": (("UPDATE audit_log SET at = at + '1 microsecond' WHERE city_id = %(city)s AND seq = 1",), 1),
    "a deleted row": (("DELETE FROM audit_log WHERE city_id = %(city)s AND seq = 6",), 6),
    "a deleted first row": (("DELETE FROM audit_log WHERE city_id = %(city)s AND seq = 1",), 1),
    "a cut tail": (("DELETE FROM audit_log WHERE city_id = %(city)s AND seq > 8",), 9),
    "a cut tail and head": (
        (
            "DELETE FROM audit_log WHERE city_id = %(city)s AND seq > 8",
            """UPDATE audit_heads SET seq = 8, hash = (SELECT hash FROM audit_log WHERE city_id = %(city)s AND seq = 8)
               WHERE city_id = %(city)s""",
        ),
        8,
    ),
    "two rows in each other's place": (
        (
            "UPDATE audit_log SET seq = -seq WHERE city_id = %(city)s AND seq IN (3, 4)",
            "UPDATE audit_log SET seq = 7 + seq WHERE city_id = %(city)s AND seq IN (-3, -4)",
        ),
        3,
    ),
    "a row put in": (
        (
            "UPDATE audit_log SET seq = -1 - seq WHERE city_id = %(city)s AND seq > 5",
            "UPDATE audit_log SET seq = -seq WHERE city_id = %(city)s AND seq < 0",
            """INSERT INTO audit_log SELECT gen_random_uuid(), city_id, at, actor_kind, actor_id, action, object_kind,
               object_id, detail, 6, hash, hash FROM audit_log WHERE city_id = %(city)s AND seq = 5""",
        ),
        6,
    ),
    "a deleted row and the rest renumbered": (
        (
            "DELETE FROM audit_log WHERE city_id = %(city)s AND seq = 5",
            "UPDATE audit_log SET seq = 1 - seq WHERE city_id = %(city)s AND seq > 5",
            "UPDATE audit_log SET seq = -seq WHERE city_id = %(city)s AND seq < 0",
        ),
        5,
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
async def test_tampering_is_shown_with_the_first_broken_row(database: Database, city: str, what: str) -> None:
    statements, row = TAMPERING[what]
    await forge(database, *statements, city=city)
    finding = (await verdict(database, city)).finding
    assert finding is not None
    assert finding.seq == row
    assert finding.ko and finding.en


async def test_a_chain_made_anew_without_the_key_is_shown(database: Database, city: str) -> None:
    stranger = Vault("", ())
    previous = chain.START
    async with database.transaction() as tx:
        rows = (await tx.execute(text("SELECT * FROM audit_log WHERE city_id = :c ORDER BY seq"), {"c": city})).all()
    for row in rows:
        values = dict(row._mapping) | {"action": "nothing.happened"}
        made = chain.link(stranger, previous, row.seq, values)
        await forge(
            database,
            "UPDATE audit_log SET action = 'nothing.happened', prev_hash = %(prev)s, hash = %(hash)s WHERE id = %(id)s",
            prev=previous, hash=made, id=row.id,
        )  # fmt: skip
        previous = made
    finding = (await verdict(database, city)).finding
    assert finding is not None and finding.seq == 1


async def test_an_older_copy_of_the_store_does_not_fit_the_anchor(database: Database, city: str) -> None:
    anchor = {"seq": 12, "hash": "00" * 32}
    finding = (await verdict(database, city, anchors=[anchor])).finding
    assert finding is not None and finding.seq == 11
    finding = (await verdict(database, city, anchors=[{"seq": 7, "hash": "00" * 32}])).finding
    assert finding is not None and finding.seq == 7


async def test_a_row_that_nobody_links_is_told(database: Database, city: str) -> None:
    await note(database, city)
    assert (await verdict(database, city)).finding is None
    late = await verdict(database, city, NOW + timedelta(minutes=11))
    assert late.finding is not None and late.finding.seq == 11


async def test_transactions_do_not_wait_for_one_another_and_one_links_at_a_time(database: Database, city: str) -> None:
    async with database.transaction() as one:
        await record_change(
            one, city_id=city, actor_kind="system", actor_id=None, action="a.b", object_kind="c", object_id="d",
            detail={}, now=NOW,
        )  # fmt: skip
        await note(database, city)  # a second transaction writes while the first is open
        async with database.transaction() as linking:
            assert await chain.chain(linking, vault_of(linking), city, NOW) == 1
            async with database.transaction() as other:
                assert await chain.chain(other, vault_of(other), city, NOW) == 0
    assert await linked(database, city) == 1
    assert (await verdict(database, city)).finding is None


@pytest.mark.parametrize("log", ["access_log", "audit_log"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET action = 'x'", "TRUNCATE {}"])
async def test_rows_are_written_once(database: Database, city: str, log: str, statement: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            text(
                """INSERT INTO access_log (id, city_id, at, staff_id, action, subject_kind, subject_id, source_ip)
                   VALUES (:id, :city, now(), :id, 'case.read', 'case', 'x', '')"""
            ),
            {"id": new_id(), "city": city},
        )
    with pytest.raises(DBAPIError, match="written once"):
        async with database.transaction() as tx:
            await tx.execute(text(statement.format(log)))


async def test_no_purge_takes_what_is_younger_than_a_year(database: Database, city: str) -> None:
    for log in ("access_log", "audit_log"):
        with pytest.raises(DBAPIError, match="a year or more"):
            async with database.transaction() as tx:
                await tx.execute(text("SELECT purge_log(:log, :city, now() - interval '364 days', 10)"),
                                 {"log": log, "city": city})  # fmt: skip
