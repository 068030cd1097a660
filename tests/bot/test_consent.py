"""Advertising goes to those who agreed, by day, once each and marked; every way of ending it is obeyed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from bot.campaigning import Campaigning, sender_of
from civic.campaigns.service import Draft, add, cancel, fill, read, start
from civic.campaigns.tables import campaign_recipients, campaigns
from civic.consent.service import latest, refuse_phone
from civic.consent.tables import consent_notices, refused_phones
from civic.conversations import thread
from civic.conversations.tables import conversations, outbound
from civic.people.service import name_citizen
from civic.people.tables import consents
from civic.staff.service import add_staff
from core.ids import new_id
from core.vault import vault_of
from tests.bot.city import Citizen, City
from tests.bot.sending import NIGHT, drain, put, row, texts

PHONE = "010-2345-6789"


@pytest.fixture
async def quiet(town: City) -> AsyncIterator[City]:
    """Nobody has agreed yet, and no campaign runs."""
    async with town.house.db.transaction() as tx:
        for table in (consent_notices, consents, refused_phones, campaign_recipients, campaigns):
            await tx.execute(delete(table))
    yield town


async def number_of(city: City, citizen: Citizen) -> UUID:
    async with city.house.db.reading() as tx:
        found = await thread.conversation_id(tx, city.house.settings.city.id, city.channel.name, citizen.address)
    assert found
    return found


async def agreeing(city: City) -> Citizen:
    citizen = city.citizen()
    await citizen.say("홍보 소식 받을게요")
    await citizen.press("동의합니다")
    return citizen


async def said_by(city: City, citizen: Citizen) -> list[tuple[bool, str]]:
    """Every word of his on advertising, the oldest first."""
    wanted = select(consents.c.is_given, consents.c.source).where(
        consents.c.conversation_id == await number_of(city, citizen), consents.c.purpose == "advertising"
    )
    async with city.house.db.reading() as tx:
        return [(one.is_given, one.source) for one in await tx.execute(wanted.order_by(consents.c.at, consents.c.id))]


async def officer(city: City) -> UUID:
    async with city.house.db.transaction() as tx:
        login = f"officer.{new_id().hex[-8:]}"
        given: dict[str, Any] = {"login": login, "name": "김담당", "role": "manager", "department_id": None}
        now = city.clock.now()
        member = await add_staff(tx, city_id=city.house.settings.city.id, password="long enough 1", now=now, **given)
        return member.id


async def started(city: City, text: str = "금요일 7시, 라베니체에서 음악회가 열립니다.") -> UUID:
    """A campaign that an officer wrote and started."""
    staff_id, city_id, now = await officer(city), city.house.settings.city.id, city.clock.now()
    async with city.house.db.transaction() as tx:
        one = await add(tx, city_id, Draft("음악회", text), staff_id, now)
        await start(tx, city_id, one, staff_id, now)
    return one.id


def rounds(city: City) -> Campaigning:
    return Campaigning(city.house.db, city.house.channels, city.house.settings, city.clock)


# -- the citizen's word ------------------------------------------------------------------------------------------------


async def test_a_yes_is_asked_for_in_full_kept_word_for_word_and_told(quiet: City) -> None:
    citizen = quiet.citizen()
    asked = (await citizen.say("광고 문자 수신 동의"))[-1].text
    assert "동의하지 않아도 민원과 상담은 똑같이" in asked
    assert await said_by(quiet, citizen) == []
    told = (await citizen.press("동의합니다"))[-1].text
    assert "2026년 11월 23일 광고성 정보 수신에 동의하셨습니다" in told
    async with quiet.house.db.reading() as tx:
        word = await latest(tx, await number_of(quiet, citizen))
    assert word is not None
    assert (word.is_given, word.source, word.wording) == (True, "chat", asked)
    assert "2026-11-23에 광고성 정보 수신에 동의" in (await citizen.say("내 수신동의 내역"))[-1].text


async def test_a_no_is_kept_too(quiet: City) -> None:
    citizen = quiet.citizen()
    await citizen.say("홍보 소식 받을게요")
    assert "보내지 않겠습니다" in (await citizen.press("동의하지 않습니다"))[-1].text
    assert await said_by(quiet, citizen) == [(False, "chat")]


async def test_ending_advertising_leaves_notices_about_cases(quiet: City) -> None:
    citizen = await agreeing(quiet)
    mine = await number_of(quiet, citizen)
    quiet.clock.move(NIGHT - quiet.clock.now())
    advertised, notice = await put(quiet, mine, "축제", "campaign"), await put(quiet, mine, "접수 안내", "case_notice")
    assert "수신거부를 처리했습니다" in (await citizen.say("광고 수신거부"))[-1].text
    assert [(await row(quiet, one)).status for one in (advertised, notice)] == ["cancelled", "queued"]
    assert await said_by(quiet, citizen) == [(True, "chat"), (False, "chat")]


async def test_stopping_everything_ends_it_and_resuming_notices_does_not_bring_it_back(quiet: City) -> None:
    citizen = await agreeing(quiet)
    await citizen.say("수신거부")
    await citizen.say("수신동의")
    assert await said_by(quiet, citizen) == [(True, "chat"), (False, "stop")]
    await started(quiet)
    await rounds(quiet).fill()
    async with quiet.house.db.reading() as tx:
        assert list(await tx.scalars(select(campaign_recipients.c.conversation_id))) == []


# -- campaigns ---------------------------------------------------------------------------------------------------------


async def test_only_those_who_agreed_get_it_once_and_marked(quiet: City) -> None:
    keen, silent, unwilling = await agreeing(quiet), quiet.citizen(), quiet.citizen()
    await silent.say("안녕하세요")
    await unwilling.say("광고 수신거부")
    for citizen in (keen, silent, unwilling):
        quiet.channel.sent[citizen.address].clear()
    await started(quiet)
    for _ in range(2):
        await rounds(quiet).fill()
    await drain(quiet)
    (text,) = texts(quiet, keen)
    assert text.startswith("(광고) 김포시 031-980-2114\n금요일 7시") and text.endswith(
        "‘광고 수신거부’라고 보내 주세요"
    )
    assert texts(quiet, silent) == texts(quiet, unwilling) == []


async def test_a_person_on_two_channels_gets_it_once(quiet: City) -> None:
    first, second = await agreeing(quiet), await agreeing(quiet)
    ids = [await number_of(quiet, one) for one in (first, second)]
    city_id, now = quiet.house.settings.city.id, quiet.clock.now()
    async with quiet.house.db.transaction() as tx:
        person = await name_citizen(tx, vault_of(tx), ids[0], city_id, "홍길동", "010-9999-1111", now)
        await tx.execute(update(conversations).where(conversations.c.id == ids[1]).values(citizen_id=person))
    await started(quiet)
    sender = sender_of(quiet.house.settings, quiet.house.channels)
    for _ in range(4):  # one conversation a step: the second meets what the first has written
        async with quiet.house.db.transaction() as tx:
            await fill(tx, quiet.house.settings.messaging, city_id, sender, now, 1)
    async with quiet.house.db.reading() as tx:
        assert len(list(await tx.scalars(select(campaign_recipients.c.conversation_id)))) == 1


async def test_nothing_is_queued_or_sent_at_night(quiet: City) -> None:
    citizen = await agreeing(quiet)
    quiet.channel.sent[citizen.address].clear()
    await started(quiet)
    quiet.clock.move(NIGHT - quiet.clock.now())
    assert await rounds(quiet).fill() == 0
    quiet.clock.move(timedelta(hours=10))
    await rounds(quiet).fill()
    quiet.clock.move(timedelta(hours=14))  # queued by day, and the drain comes to it at ten in the evening
    await drain(quiet)
    assert texts(quiet, citizen) == []
    quiet.clock.move(timedelta(hours=10))
    await drain(quiet)
    assert len(texts(quiet, citizen)) == 1


async def test_no_telephone_gets_it_without_a_free_number(quiet: City) -> None:
    await agreeing(quiet)
    city_id, now = quiet.house.settings.city.id, quiet.clock.now()
    name = quiet.channel.name
    paid = replace(sender_of(quiet.house.settings, quiet.house.channels), phone_channels=frozenset({name}))
    await started(quiet)
    async with quiet.house.db.transaction() as tx:
        await fill(tx, quiet.house.settings.messaging, city_id, paid, now, 50)
    async with quiet.house.db.reading() as tx:
        assert list(await tx.scalars(select(campaign_recipients.c.conversation_id))) == []


async def test_a_cancelled_campaign_takes_back_what_waits(quiet: City) -> None:
    citizen = await agreeing(quiet)
    quiet.channel.sent[citizen.address].clear()
    campaign_id, city_id = await started(quiet), quiet.house.settings.city.id
    await rounds(quiet).fill()
    async with quiet.house.db.transaction() as tx:
        one = await read(tx, city_id, campaign_id, lock=True)
        await cancel(tx, city_id, one, one.staff_id, quiet.clock.now())
    await drain(quiet)
    assert texts(quiet, citizen) == []


# -- refusals by number ------------------------------------------------------------------------------------------------


async def test_a_refusal_by_the_free_number_ends_a_consent_and_is_told(quiet: City) -> None:
    citizen = await agreeing(quiet)
    mine, city, now = await number_of(quiet, citizen), quiet.house.settings.city, quiet.clock.now()
    staff_id = await officer(quiet)
    async with quiet.house.db.transaction() as tx:
        await name_citizen(tx, vault_of(tx), mine, city.id, "홍길동", PHONE, now)
        given: dict[str, Any] = {"city_id": city.id, "city": city.name.ko, "source": "080", "staff_id": staff_id}
        ended = await refuse_phone(tx, quiet.house.settings.messaging, "01023456789", now, **given)
        again = await refuse_phone(tx, quiet.house.settings.messaging, PHONE, now, **given)
        kept = list(await tx.execute(select(refused_phones)))
    assert (ended, again, len(kept)) == (1, 0, 1)
    assert PHONE not in str(kept) and "2345" not in str(kept)
    await drain(quiet)
    assert "수신거부를 처리했습니다" in texts(quiet, citizen)[-1]
    assert await said_by(quiet, citizen) == [(True, "chat"), (False, "080")]


async def test_a_number_that_refused_before_it_wrote_gets_nothing_until_it_agrees_itself(quiet: City) -> None:
    city, now = quiet.house.settings.city, quiet.clock.now()
    async with quiet.house.db.transaction() as tx:
        given: dict[str, Any] = {"city_id": city.id, "city": city.name.ko, "source": "080", "staff_id": None}
        await refuse_phone(tx, quiet.house.settings.messaging, PHONE, now, **given)
    citizen = await agreeing(quiet)
    mine = await number_of(quiet, citizen)
    async with quiet.house.db.transaction() as tx:
        await name_citizen(tx, vault_of(tx), mine, city.id, "홍길동", PHONE, now)
    await started(quiet)
    await rounds(quiet).fill()
    async with quiet.house.db.reading() as tx:
        assert list(await tx.scalars(select(campaign_recipients.c.conversation_id))) == []
    await citizen.say("광고 수신거부")
    await citizen.say("홍보 소식 받을게요")
    await citizen.press("동의합니다")
    await started(quiet)
    await rounds(quiet).fill()
    async with quiet.house.db.reading() as tx:
        assert list(await tx.scalars(select(campaign_recipients.c.conversation_id))) == [mine]


# -- every two years ---------------------------------------------------------------------------------------------------


async def test_those_who_agreed_are_reminded_once_every_two_years(quiet: City) -> None:
    citizen, left = await agreeing(quiet), await agreeing(quiet)
    await left.say("광고 수신거부")
    quiet.channel.sent[citizen.address].clear()
    assert await rounds(quiet).remind() == 0
    quiet.clock.move(timedelta(days=721))
    assert [await rounds(quiet).remind() for _ in range(2)] == [1, 0]
    await drain(quiet)
    (text,) = texts(quiet, citizen)
    assert "2026년 11월 23일 광고성 정보 수신에 동의하신 것을 2년마다" in text
    quiet.clock.move(timedelta(days=721))
    assert await rounds(quiet).remind() == 1
    mine = await number_of(quiet, citizen)
    async with quiet.house.db.reading() as tx:
        sent = select(outbound.c.purpose).where(outbound.c.conversation_id == mine, outbound.c.dedupe_key.is_not(None))
        assert len(list(await tx.scalars(sent))) == 2
