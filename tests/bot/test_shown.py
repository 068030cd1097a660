"""Answers as other channels show them: cards that say no more than the text, notices in pieces, whole ones in order."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from civic.conversations.offered import offered_since
from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from civic.conversations.tables import conversations
from core.contracts.channel import OutgoingMessage
from tests.bot.city import Citizen, City
from tests.bot.memory_channel import TEXT_MESSAGES, MemoryChannel

CARDS = replace(MemoryChannel().capabilities, cards=5)


def words_of(message: OutgoingMessage) -> list[str]:
    return [line for card in message.cards for line in (card.title, *card.text.split("\n")) if line]


@pytest.mark.parametrize(
    ("said", "titles"),
    [
        ("구래동 주차장", ["구래동행복나눔공영주차장", "구래1", "양곡 노상"]),
        ("구래동 주차장|1", ["구래동행복나눔공영주차장"]),
        ("가로등은 어느 부서에서 담당해요?", ["도로관리과"]),
        ("김포시청 전화번호", ["김포시청"]),
    ],
)
async def test_a_list_is_shown_as_cards_whose_words_are_all_in_the_text(
    town: City, said: str, titles: list[str]
) -> None:
    town.channel.capabilities = CARDS
    citizen = town.citizen()
    shown = [(await citizen.say(one))[-1] for one in said.split("|")][-1]
    assert [card.title for card in shown.cards] == titles
    assert all(card.text for card in shown.cards)
    assert [line for line in words_of(shown) if line not in shown.text] == []


async def test_ones_own_cases_are_cards_too(town: City) -> None:
    town.channel.capabilities = CARDS
    citizen = town.citizen()
    for what in ("장기동 가로등이 꺼졌어요", "구래동 공원에 쓰레기가 쌓여 있어요"):
        for said in (what, "네", "오늘", "없음", "동의하고 민원", "홍길동", "010-1234-5678", "네"):
            answers = await citizen.say(said)
            if "홍길동" in answers[-1].text and "접수할까요" in answers[-1].text:
                answers = await citizen.say("네")
                break
    shown = (await citizen.say("민원 조회"))[-1]
    assert len(shown.cards) == 2 and all(card.title.startswith("GP-") for card in shown.cards)
    assert [line for line in words_of(shown) if line not in shown.text] == []


async def told(town: City, citizen: Citizen, text: str, *labels: str) -> list[OutgoingMessage]:
    """A notice queued whole, as the city's nouns queue it, and sent."""
    house, now = town.house, town.clock.now()
    before = len(town.channel.sent[citizen.address])
    async with house.db.transaction() as tx:
        row = (await tx.execute(select(conversations).where(conversations.c.channel == town.channel.name))).one()
        timing = schedule(house.settings.messaging, "case_notice", now)
        draft = Draft(
            city_id=row.city_id,
            conversation_id=row.id,
            channel=row.channel,
            body={"text": text, "buttons": [{"label": one, "payload": f"do:help:{one}"} for one in labels]},
            purpose="case_notice",
            priority=timing.priority,
            valid_until=timing.valid_until,
            next_attempt_at=timing.next_attempt_at,
        )
        await queue(tx, draft, now)
    await house.desk.deliver(row.id)
    await house.desk.idle()
    return citizen.seen(before)


async def offer_of(town: City) -> list[str]:
    async with town.house.db.transaction() as tx:
        query = select(conversations.c.id).where(conversations.c.channel == town.channel.name)
        offer = await offered_since(tx, (await tx.execute(query)).scalar_one())
        return [one["label"] for one in offer.choices]


async def test_a_notice_asks_last_until_the_next_turn(town: City) -> None:
    town.channel.capabilities = TEXT_MESSAGES
    citizen = town.citizen()
    await citizen.say("구래동 주차장")
    assert await offer_of(town) == []
    await told(town, citizen, "여쭙니다.", "yes", "no")
    assert await offer_of(town) == ["yes", "no"]
    await told(town, citizen, "소식입니다.")
    assert await offer_of(town) == ["yes", "no"], "a notice without choices asks nothing"
    shown = await citizen.say("2")
    assert "구래1" not in shown[0].text, "the notice has asked last, not the list of car parks"
    assert await offer_of(town) == []


async def test_a_long_notice_goes_out_in_pieces_in_order_without_anything_a_carrier_refuses(town: City) -> None:
    town.channel.capabilities = TEXT_MESSAGES
    citizen = town.citizen()
    await citizen.say("안녕하세요")
    text = "민원(GP-2026-000777)에 답변드립니다 🚧 " + "도로를 — 고쳤습니다. " * 150
    sent = await told(town, citizen, text, "고맙습니다 👍")
    assert len(sent) == 2
    assert all(one.text.startswith("[GP-2026-000777] ") for one in sent)
    assert all(len(one.text.encode("cp949")) <= 2000 for one in sent)
    assert sum(one.text.count("도로를 - 고쳤습니다.") for one in sent) == 150
    assert sent[-1].text.endswith("1. 고맙습니다 [좋아요]\n번호로 답해 주세요.")
    assert all(not one.buttons for one in sent)
