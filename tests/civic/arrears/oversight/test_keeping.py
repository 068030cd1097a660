"""Tax records are sealed, stay while they are owed and some years after, and are told to the person himself alone."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from civic.arrears.asking.tables import arrears_identified
from civic.arrears.ledger.people import find, persons
from civic.arrears.money.owing import owed
from civic.arrears.oversight import keeping, keyring, proof
from civic.arrears.tables import arrears_bills, arrears_payments
from civic.cases.case import Actor
from civic.conversations import thread
from civic.conversations.retention import forget_conversation, forget_messages
from civic.people.service import name_citizen
from civic.subjects.service import as_text, export, forget
from core.db import Database, metadata
from core.ids import new_id
from core.loading import load_tables
from core.vault import vault_of
from tests.civic.arrears.made import CITY, NOW, TODAY
from tests.civic.arrears.oversight.timeline import WORDS, Told, happened
from tests.civic.cases.rows import conversation

NAME, PHONE, TAX_NO, STREET = "봉인가람", "010-7654-3210", "6666000999", "비밀길 77"
ACCOUNT = "352-0123-4567-89"


@pytest.fixture(scope="module")
async def told(database: Database) -> Told:
    async with database.transaction() as tx:
        made = await happened(tx, name=NAME, phone=PHONE, tax_no=TAX_NO, address=STREET, words=f"{WORDS} {ACCOUNT}")
        city = {"id": CITY, "ko": "김포시", "en": "Gimpo"}
        await proof.make(
            tx, city, made.debtor_id, bill_id=None, staff_id=made.officers[0], why="열람", anchor=None, now=NOW
        )
    return made


def test_every_table_of_the_arrears_is_found_and_carries_its_city() -> None:
    load_tables()
    mine = [table for table in metadata.sorted_tables if table.name.startswith("arrears_")]
    inherits = {table.name for table in mine if "city_id" not in table.c}
    of_others = {"arrears_letter_bills", "arrears_plan_parts", "arrears_payment_words"}
    assert len(mine) > 30 and inherits <= of_others | {"arrears_import_pieces", "arrears_import_rejects"}


async def test_no_table_shows_a_name_a_number_or_an_account(database: Database, told: Told) -> None:
    """What a dump of the store would hold, table by table, messages among them."""
    load_tables()
    names = [table.name for table in metadata.sorted_tables if table.name.startswith("arrears_")]
    plain = (NAME, PHONE, "01076543210", "+821076543210", "821076543210", TAX_NO, STREET, ACCOUNT, "613,000원")
    async with database.transaction() as tx:
        for name in (*names, "outbound", "inbound", "conversations"):
            rows = (await tx.exec_driver_sql(f"SELECT t::text FROM {name} t")).scalars().all()
            shown = [one for one in plain for row in rows if one in row]
            assert shown == [], f"{name}: {shown}"


async def test_a_private_key_is_sealed(database: Database, told: Told) -> None:
    async with database.transaction() as tx:
        key = await keyring.signing(tx, CITY, NOW)
        stored = (await tx.exec_driver_sql("SELECT private_key FROM arrears_proof_keys")).scalars().all()
    assert all(key.private.private_bytes_raw() not in bytes(one) for one in stored)


async def test_forgetting_a_chat_keeps_the_notices_and_the_debt(database: Database, told: Told) -> None:
    async with database.transaction() as tx:
        citizen = await name_citizen(tx, vault_of(tx), told.thread, CITY, NAME, PHONE, NOW)
        proven = {"id": new_id(), "city_id": CITY, "conversation_id": told.thread, "debtor_id": told.debtor_id}
        values = {**proven, "how": "tax_no", "at": NOW, "until": NOW + timedelta(minutes=30)}
        await tx.execute(insert(arrears_identified).values(values))
        own = await export(tx, vault_of(tx), CITY, citizen, NOW, sees_tax=True)
        others = await export(tx, vault_of(tx), CITY, citizen, NOW)
        actor, year = Actor.citizen(citizen), timedelta(days=365)
        await forget(tx, CITY, citizen, staff_id=None, actor=actor, keep=year, source="", now=NOW)
        (proven_row,) = (await tx.execute(select(arrears_identified.c.ended_at))).all()
        (kept,) = await thread.read(tx, told.thread, sees_tax=True)
        assert told.debtor_id in await owed(tx, CITY, [told.debtor_id], TODAY)
    assert [one["principal_krw"] for one in own["arrears"]["bills"]] == [500_000]
    assert "500,000원" in as_text(own) and "징수 부서에 열람을 신청" in as_text(others)
    assert "613,000" in str(own["conversations"]) and "613,000" not in str(others)
    assert proven_row.ended_at == NOW and "613,000" in kept.text


async def test_retention_of_talks_leaves_the_notices_of_arrears(database: Database, told: Told) -> None:
    async with database.transaction() as tx:
        other = await conversation(tx)
        await forget_messages(tx, CITY, NOW + timedelta(days=4000))
        await forget_conversation(tx, other)
        (kept,) = await thread.read(tx, told.thread, sees_tax=True)
    assert "613,000" in kept.text


async def test_who_owes_nothing_since_the_years_of_keeping_loses_his_name_and_who_owes_does_not(
    database: Database, told: Told
) -> None:
    later = NOW + timedelta(days=365 * 12)
    async with database.transaction() as tx:
        assert await keeping.forget_old(tx, CITY, 10, later) == 0  # it is still owed
        closed = {"state": "paid", "closed_on": TODAY}
        await tx.execute(update(arrears_bills).where(arrears_bills.c.debtor_id == told.debtor_id).values(closed))
        assert await keeping.forget_old(tx, CITY, 10, NOW + timedelta(days=365 * 9)) == 0
        assert await keeping.forget_old(tx, CITY, 10, later) == 1
        assert await keeping.forget_old(tx, CITY, 10, later) == 0
        (person,) = (await persons(tx, CITY, [told.debtor_id])).values()
        assert await find(tx, CITY, tax_no=TAX_NO) == []
        (kept,) = await thread.read(tx, told.thread, sees_tax=True)
        paid = (await tx.execute(select(arrears_payments.c.amount_krw))).scalars().all()
    assert (person.name, person.tax_no, person.phone, person.address) == ("", "", "", "")
    assert kept.text == "" and paid == [100_000]
