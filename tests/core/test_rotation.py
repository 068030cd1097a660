"""Keys change under load and nothing is lost; the old key goes only when nothing needs it; secrets change too."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from civic.conversations import thread
from civic.conversations.intake import Arrival, store
from civic.conversations.tables import inbound
from civic.people.sealing import seal_plain
from civic.people.service import contact_of, find_by_phone, name_citizen
from civic.people.tables import citizens
from core import rotation
from core.contracts.channel import IncomingMessage
from core.db import Database
from core.ids import new_id
from core.sealed import places
from core.vault import KeyLost, data_keys, open_vault, vault_of
from tests.civic.cases.rows import CITY, conversation, said
from tests.conftest import SECRET

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)


def test_every_sealed_column_is_known() -> None:
    assert {(place.table, place.column, place.type.where) for place in places()} >= {
        ("citizens", "name_sealed", "citizens.name"),
        ("citizens", "phone_sealed", "citizens.phone"),
        ("conversations", "state", "conversations.state"),
        ("inbound", "text", "inbound.text"),
        ("inbound", "content", "inbound.content"),
        ("outbound", "body", "outbound.body"),
    }


async def test_what_lay_plain_is_sealed_and_emptied(database: Database) -> None:
    vault = database.vault
    assert vault is not None
    async with database.transaction() as tx:
        of = await conversation(tx, state={"form": {"slots": {"name": "홍길동"}}})
        await said(tx, of, "홍길동입니다", content={"payload": "x"})
        person = new_id()
        row = {"id": person, "city_id": CITY, "name": "홍길동", "phone": "010-1234-5678", "created_at": NOW}
        await tx.execute(citizens.insert().values(**row, updated_at=NOW))
        assert await seal_plain(tx, vault) == 1
        assert await seal_plain(tx, vault) == 0
    assert await rotation.reseal(database, vault) == 3
    assert await rotation.reseal(database, vault) == 0
    async with database.transaction() as tx:
        stored = (
            await tx.execute(
                text(
                    "SELECT i.text || i.content::text || c.state::text FROM inbound i, conversations c WHERE c.id = :c"
                ),
                {"c": of},
            )
        ).scalar_one()
        assert "홍길동" not in stored and '"x"' not in stored
        assert [entry.text for entry in await thread.read(tx, of)] == ["홍길동입니다"]
        kept = (await tx.execute(select(citizens).where(citizens.c.id == person))).one()
        assert (kept.name, kept.phone) == (None, None)
        assert await contact_of(tx, vault, person) == ("홍길동", "010-1234-5678")
        assert await find_by_phone(tx, vault, CITY, "+82 10 1234 5678") == [person]
        assert await find_by_phone(tx, vault, "paju", "010-1234-5678") == []


async def test_a_rotation_under_load_loses_nothing(database: Database, database_url: str) -> None:
    vault = database.vault
    assert vault is not None
    async with database.transaction() as tx:
        people = [
            await name_citizen(tx, vault, await conversation(tx), CITY, "김민지", f"010-2222-{number:04}", NOW)
            for number in range(30)
        ]
    slow = Database(database_url, pool_size=2)  # a process that has not heard of the new key
    await open_vault(slow, SECRET, NOW)
    is_over = asyncio.Event()

    async def writes(to: Database, address: str) -> int:
        number = 0
        while not is_over.is_set() or number < 30:
            arrival = Arrival(
                CITY, "memory", IncomingMessage(f"{address}-{number}", address, "text", f"말 {number}"), NOW
            )
            async with to.transaction() as tx:
                await store(tx, [arrival], owner="me", lease_s=15)
            number += 1
        return number

    async def rotates() -> None:
        for _ in range(3):
            await rotation.new_key(database, vault, NOW)
            await rotation.reseal(database, vault)
        is_over.set()

    counts = await asyncio.gather(writes(database, "quick"), writes(slow, "slow"), rotates())
    assert slow.vault is not None and slow.vault.active < vault.active
    async with database.transaction() as tx:
        for address, count in zip(("quick", "slow"), counts, strict=False):
            of = await thread.conversation_id(tx, CITY, "memory", address)
            assert of is not None and count is not None
            entries = await thread.read(tx, of, limit=count + 1)
            assert [entry.text for entry in entries] == [f"말 {number}" for number in range(count)]
        contacts = [await contact_of(tx, vault, one) for one in people]
    assert contacts == [("김민지", f"010-2222-{number:04}") for number in range(30)]
    await slow.close()


async def test_a_key_is_destroyed_only_when_nothing_needs_it_and_its_time_has_come(database: Database) -> None:
    vault = database.vault
    assert vault is not None
    async with database.transaction() as tx:
        of = await conversation(tx)
        await store(tx, [Arrival(CITY, "memory", IncomingMessage("last", str(of), "text", "마지막"), NOW)],
                    owner="me", lease_s=15)  # fmt: skip
    old = vault.active
    new = await rotation.new_key(database, vault, NOW)
    assert old not in await rotation.destroy(database, LATER)
    await rotation.reseal(database, vault)
    assert await rotation.destroy(database, NOW + timedelta(minutes=1)) == []
    assert old in await rotation.destroy(database, LATER)
    async with database.transaction() as tx:
        row = (await tx.execute(select(data_keys).where(data_keys.c.id == old))).one()
        assert (row.wrapped, row.destroyed_at) == (None, LATER)
        await vault.refresh(tx)
        texts = list(await tx.scalars(select(inbound.c.text)))
    assert "마지막" in texts and vault.active == new


async def test_a_new_secret_takes_over_without_touching_a_value(database: Database, database_url: str) -> None:
    vault = database.vault
    assert vault is not None
    new = b"the city's next secret 0123456789abcd"
    sealed = vault.seal("홍길동", "citizens.name:1")
    process = Database(database_url, pool_size=1)
    opened = await open_vault(process, new, NOW, older=[SECRET])
    async with process.transaction() as tx:
        assert await rotation.rewrap(tx, vault_of(tx)) >= 3
        assert await rotation.rewrap(tx, vault_of(tx)) == 0
    again = await open_vault(process, new, NOW)
    assert again.open(sealed, "citizens.name:1") == opened.open(sealed, "citizens.name:1") == "홍길동"
    assert again.index("citizens.phone", "x") == vault.index("citizens.phone", "x")
    assert again.mac(b"x") == vault.mac(b"x")
    with pytest.raises(KeyLost):
        await open_vault(process, SECRET, NOW)
    back = await open_vault(process, SECRET, NOW, older=[new])
    async with process.transaction() as tx:
        await rotation.rewrap(tx, back)
    await process.close()
