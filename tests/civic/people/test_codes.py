"""Codes and links where two come at once: each guess counts, one code is used once, one person comes of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from civic.cases.open import open_case
from civic.conversations import addresses
from civic.conversations.hidden import HIDDEN, shown
from civic.conversations.retention import forget_messages
from civic.conversations.tables import conversations, outbound
from civic.people import codes
from civic.people.codes import Judged, judge, open_thread, phone_index, send_code, tidy
from civic.people.links import link_by_phone, members
from civic.people.service import forget_citizens, notice_conversation, one_each
from civic.people.tables import citizens, phone_challenges, phone_proofs
from core import rotation
from core.db import Database
from core.settings import People
from core.vault import vault_of
from tests.civic.cases.rows import CITY, NOW, conversation, draft

RULES = People()
_numbers = iter(range(1_000_000))


def number() -> str:
    return f"010-{2000 + next(_numbers) // 10_000:04}-{next(_numbers) % 10_000:04}"


async def asked(database: Database, of: UUID, phone: str, now: datetime = NOW, rules: People = RULES) -> str:
    """Send a code; "" or why not."""
    async with database.transaction() as tx:
        return await send_code(
            tx, rules, city_id=CITY, conversation_id=of, sms_channel="sms", phone=phone, text=f"번호 {HIDDEN}",
            lang="ko", priority=1, now=now,
        )  # fmt: skip


async def code_of(database: Database, of: UUID) -> str:
    async with database.transaction() as tx:
        wanted = select(outbound.c.body).join(phone_challenges, phone_challenges.c.outbound_id == outbound.c.id)
        newest = wanted.where(phone_challenges.c.conversation_id == of).order_by(phone_challenges.c.created_at.desc())
        body = (await tx.scalars(newest)).first()
    assert body
    return shown(body).removeprefix("번호 ")


async def tried(database: Database, of: UUID, code: str, now: datetime = NOW) -> Judged:
    async with database.transaction() as tx:
        return await judge(tx, RULES, of, code, now)


@pytest.fixture
async def chat(database: Database) -> AsyncIterator[UUID]:
    async with database.transaction() as tx:
        made = await conversation(tx)
    yield made


async def test_a_right_code_sent_twice_at_once_is_used_once(database: Database, chat: UUID) -> None:
    await asked(database, chat, number())
    code = await code_of(database, chat)
    both = await asyncio.gather(tried(database, chat, code), tried(database, chat, code))
    assert sorted(one.verdict for one in both) == ["expired", "right"]


async def test_guesses_side_by_side_are_all_counted_and_lock(database: Database, chat: UUID) -> None:
    await asked(database, chat, number())
    code = await code_of(database, chat)
    wrong = [f"{(int(code) + step) % 1_000_000:06}" for step in range(1, 8)]
    async with AsyncExitStack() as stack:
        # Every guess is begun before any is over.
        under_way = [await stack.enter_async_context(database.transaction()) for _ in range(4)]
        seen = [
            asyncio.create_task(judge(tx, RULES, chat, guess, NOW)) for tx, guess in zip(under_way, wrong, strict=False)
        ]
        first = await asyncio.wait(seen, return_when=asyncio.FIRST_COMPLETED)
        assert len(first[0]) == 1
        await under_way[seen.index(next(iter(first[0])))].commit()
        for _ in range(3):
            done, _pending = await asyncio.wait(
                [one for one in seen if not one.done()], return_when=asyncio.FIRST_COMPLETED
            )
            await under_way[seen.index(next(iter(done)))].commit()
    verdicts = sorted((one.result().verdict, one.result().left) for one in seen)
    assert verdicts == [("wrong", 1), ("wrong", 2), ("wrong", 3), ("wrong", 4)]
    assert (await tried(database, chat, wrong[4])).verdict == "locked"
    assert (await tried(database, chat, code)).verdict == "locked"
    later = NOW + timedelta(minutes=RULES.lock_minutes, seconds=1)
    assert await asked(database, chat, number(), later) == ""


async def test_the_bound_of_a_number_holds_against_many_who_ask_at_once(database: Database) -> None:
    phone = number()
    async with database.transaction() as tx:
        strangers = [await conversation(tx) for _ in range(8)]
    said = []
    for some in (strangers[:4], strangers[4:]):
        said += await asyncio.gather(*(asked(database, one, phone) for one in some))
    assert sorted(said) == [""] * 5 + ["number"] * 3
    async with database.transaction() as tx:
        sms = addresses.key(vault_of(tx), "+82" + phone.replace("-", "")[1:], is_phone=True)
        threads = select(func.count()).select_from(conversations).where(conversations.c.address == sms)
        assert await tx.scalar(threads) == 1


async def test_the_whole_city_has_a_bound_which_looks_like_the_numbers(database: Database, chat: UUID) -> None:
    async with database.transaction() as tx:
        sent = await tx.scalar(select(func.count()).select_from(phone_challenges)) or 0
    full = RULES.model_copy(update={"codes_per_city_day": max(sent, 1)})
    if not sent:
        await asked(database, chat, number())
    assert await asked(database, chat, number(), rules=full) == "number"


async def test_a_look_writes_nothing_and_says_what_settling_says(database: Database, chat: UUID) -> None:
    await asked(database, chat, number())
    code = await code_of(database, chat)
    async with database.transaction() as tx:
        looks = [(await judge(tx, RULES, chat, code, NOW, settles=False)).verdict for _ in range(3)]
        wrong = await judge(tx, RULES, chat, "x", NOW, settles=False)
    assert looks == ["right"] * 3 and (wrong.verdict, wrong.left) == ("wrong", 4)
    assert (await tried(database, chat, code)).verdict == "right"


async def test_a_code_is_nowhere_but_in_its_message_and_leaves_it(database: Database, chat: UUID) -> None:
    await asked(database, chat, number())
    code = await code_of(database, chat)
    async with database.transaction() as tx:
        row = (await tx.execute(select(phone_challenges).where(phone_challenges.c.conversation_id == chat))).one()
        assert code.encode() not in row.code_hash and len(row.code_hash) == 32
        assert await tidy(tx, NOW) == 0
        assert await tidy(tx, NOW + timedelta(minutes=5)) >= 1
        body = await tx.scalar(select(outbound.c.body).where(outbound.c.id == row.outbound_id))
        await tidy(tx, NOW + timedelta(days=3))
        left = await tx.scalar(select(func.count()).select_from(phone_challenges))
    assert body == {"text": f"번호 {HIDDEN}", "lang": "ko"} and left == 0


def test_codes_are_six_digits_of_every_kind() -> None:
    made = {codes.new_code() for _ in range(2000)}
    assert {len(one) for one in made} == {6} and len(made) > 1950
    assert any(one.startswith("0") for one in made) and all(one.isascii() and one.isdigit() for one in made)


async def linked(database: Database, chat: UUID, phone: str, now: datetime = NOW) -> Any:
    async with database.transaction() as tx:
        sms = await open_thread(tx, vault_of(tx), CITY, "sms", phone, now)
        return await link_by_phone(
            tx, RULES, city_id=CITY, conversation_id=chat, sms_conversation_id=sms, phone=phone,
            number=phone_index(vault_of(tx), phone), now=now,
        )  # fmt: skip


async def test_two_who_prove_one_number_at_once_are_one_person(database: Database) -> None:
    phone = number()
    async with database.transaction() as tx:
        first, second = await conversation(tx, channel="kakao"), await conversation(tx, channel="line")
    one, other = await asyncio.gather(linked(database, first, phone), linked(database, second, phone))
    assert one.citizen_id == other.citizen_id
    async with database.transaction() as tx:
        assert len(await members(tx, one.citizen_id)) == 3
        made = select(func.count()).select_from(citizens)
        number_of = made.where(citizens.c.phone_index == phone_index(vault_of(tx), phone))
        assert await tx.scalar(number_of) == 1


async def test_linking_again_changes_nothing(database: Database, chat: UUID) -> None:
    phone = number()
    first = await linked(database, chat, phone)
    again = await linked(database, chat, phone)
    assert (first.moved, again.moved) == (2, 0) and first.citizen_id == again.citizen_id


async def test_of_a_persons_conversations_one_is_told_and_the_chosen_one_wherever_he_wrote(
    database: Database, chat: UUID
) -> None:
    person = await linked(database, chat, number())
    async with database.transaction() as tx:
        sms = next(one.conversation_id for one in await members(tx, person.citizen_id) if one.channel == "sms")
        stranger = await conversation(tx)
        assert set(await one_each(tx, [chat, sms, stranger], sms)) == {sms, stranger}
        assert await notice_conversation(tx, chat) == chat
        choice = update(citizens).where(citizens.c.id == person.citizen_id)
        await tx.execute(choice.values(notice_conversation_id=sms))
        assert [await notice_conversation(tx, one) for one in (chat, sms, stranger)] == [sms, sms, stranger]
        out = update(conversations).where(conversations.c.id == sms)
        await tx.execute(out.values(stopped_at=NOW))
        assert await notice_conversation(tx, chat) == chat
        await tx.execute(out.values(stopped_at=None, citizen_id=None))
        assert await notice_conversation(tx, chat) == chat


@pytest.mark.parametrize("written", ["+821099998888", "+82 10-9999-8888", "+82-10 9999 8888"])
async def test_a_number_is_one_address_however_written_and_another_channels_is_plain(
    database: Database, written: str
) -> None:
    async with database.transaction() as tx:
        vault = vault_of(tx)
        assert addresses.key(vault, written, is_phone=True) == addresses.key(vault, "+821099998888", is_phone=True)
        assert addresses.key(vault, written, is_phone=False) == written
        assert addresses.sealed(vault, UUID(int=1), written, is_phone=False) is None


async def test_a_rotation_seals_numbers_anew_and_they_are_found_as_before(database: Database) -> None:
    phone = number()
    async with database.transaction() as tx:
        vault = vault_of(tx)
        one = await open_thread(tx, vault, CITY, "sms", phone, NOW)
    await rotation.new_key(database, vault, NOW)
    told: dict[str, int] = {}
    await rotation.reseal(database, vault, lambda place, rows: told.__setitem__(place, told.get(place, 0) + rows))
    assert told["conversations.address_sealed"] >= 1
    async with database.transaction() as tx:
        row = (await tx.execute(select(conversations).where(conversations.c.id == one))).one()
        assert row.address_sealed == "+82" + phone.replace("-", "")[1:]
        assert await open_thread(tx, vault, CITY, "sms", phone, NOW) == one


async def test_a_number_goes_with_its_time_of_keeping_and_stays_while_a_case_is_open(database: Database) -> None:
    silent, busy = number(), number()
    async with database.transaction() as tx:
        gone = await open_thread(tx, vault_of(tx), CITY, "sms", silent, NOW)
        kept = await open_thread(tx, vault_of(tx), CITY, "sms", busy, NOW)
        await open_case(tx, draft(kept), NOW)
        await forget_messages(tx, CITY, NOW + timedelta(days=1))
        both = select(conversations).where(conversations.c.id.in_([gone, kept]))
        rows = {row.id: row for row in await tx.execute(both)}
        anew = await open_thread(tx, vault_of(tx), CITY, "sms", silent, NOW)
    assert not rows[gone].address_sealed and rows[gone].address == f"forgotten:{gone}" and rows[gone].unreachable_at
    assert rows[kept].address_sealed == "+82" + busy.replace("-", "")[1:] and rows[kept].unreachable_at is None
    assert anew != gone


async def test_a_proof_is_kept_no_longer_than_the_city_keeps_names(database: Database, chat: UUID) -> None:
    await linked(database, chat, number())
    wanted = select(func.count()).select_from(phone_proofs).where(phone_proofs.c.conversation_id == chat)
    async with database.transaction() as tx:
        await forget_citizens(tx, CITY, NOW, NOW)
        assert await tx.scalar(wanted) == 1
        await forget_citizens(tx, CITY, NOW + timedelta(seconds=1), NOW)
        assert await tx.scalar(wanted) == 0
