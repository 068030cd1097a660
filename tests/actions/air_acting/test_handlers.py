"""A contact in his messenger: the words that tie and untie him, and the button under a notice."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from actions.air_acting import handlers
from bot.air.acting import Acting
from civic.air.matters.desk import MatterDesk
from civic.air.matters.forgetting import forget_contact
from civic.air.matters.links import new_code
from civic.air.matters.opening import open_matter
from civic.air.matters.record import read
from civic.conversations.tables import outbound
from core.clock import SetClock
from core.contracts.channel import IncomingMessage
from core.contracts.dialogue import Reply, Turn
from core.db import Database
from core.settings import read as read_settings
from tests.actions.parking.turns import turn
from tests.bot.air.acting_texts import acting_texts
from tests.bot.memory_channel import MemoryChannel
from tests.civic.air.matters.town import CITY, NOON, RULES, draft, employ
from tests.civic.cases.rows import conversation

CHANNELS = {"telegram": MemoryChannel(name="telegram"), "kakao": MemoryChannel(name="kakao", replies="in_response")}
DESK = MatterDesk(CITY, RULES, CHANNELS)
TEXTS = acting_texts()


class Nobody:
    async def deliver(self, conversation_id: UUID) -> None:
        return None


@pytest.fixture
async def thread(database: Database) -> AsyncIterator[UUID]:
    async with database.transaction() as tx:
        made = await conversation(tx, city_id=CITY, channel="telegram")
    yield made
    async with database.transaction() as tx:
        await forget_contact(tx, [made])


def asked(said: str, thread: UUID, argument: str = "", channel: str = "telegram") -> Turn:
    message = IncomingMessage("1", "somebody", "text", said)
    made = replace(turn(said), conversation_id=thread, channel=channel, now=NOON)
    return replace(made, argument=argument, message=message)


async def answered(database: Database, reply: Reply, lang: str = "ko") -> str:
    """What he reads, after the turn's one transaction."""
    values: Mapping[str, Any] = {}
    if reply.write is not None:
        async with database.transaction() as tx:
            values = await reply.write(tx)
    return "\n".join(TEXTS.render(one.key, lang, {**one.values, **values}) for one in reply.says)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("사업장 연결 ABCDE-FGHJK", handlers.LINK),
        ("사업장연락처 abcde fghjk", handlers.LINK),
        ("사업장 연결: ABCDEFGHJK 입니다", handlers.LINK),
        ("link company ABCDE-FGHJK", handlers.LINK),
        ("사업장 연결 끊기", handlers.UNLINK),
        ("사업장 연락처 해제해 주세요", handlers.UNLINK),
        ("unlink company", handlers.UNLINK),
        ("사업장 쓰레기 신고", None),
        ("연결이 끊겨요", None),
        ("사업장 폐기물은 어디에 버려요?", None),
    ],
)
def test_set_words_mean_one_thing(said: str, meant: str | None) -> None:
    found = next((name for pattern, name in handlers.ANYBODYS if pattern.search(said)), None)
    assert found == meant


async def test_the_citys_code_ties_his_conversation_once_and_he_can_untie_it(database: Database, thread: UUID) -> None:
    async with database.transaction() as tx:
        code, _ = await new_code(tx, CITY, "metal", 1, await employ(tx, "kim"), NOON, RULES)
    wrong = await answered(database, await handlers.link(asked("사업장 연결 ABCDE-FGHJK", thread), DESK))
    assert "맞는 코드가 아니거나" in wrong
    right = await answered(database, await handlers.link(asked(f"사업장 연결 {code}", thread), DESK))
    assert "예: 가람금속(가상)의 연락처로 이었습니다" in right
    english = await answered(database, await handlers.unlink(asked("unlink company", thread), DESK), "en")
    assert "no longer sent" in english
    again = await answered(database, await handlers.unlink(asked("사업장 연결 끊기", thread), DESK))
    assert "이어져 있지 않습니다" in again


async def test_a_channel_that_only_answers_is_no_way_to_be_told(database: Database, thread: UUID) -> None:
    reply = await handlers.link(asked("사업장 연결 ABCDE-FGHJK", thread, channel="kakao"), DESK)
    assert reply.write is None
    assert "다른 메신저" in await answered(database, reply)


async def test_the_button_under_the_notice_acknowledges_and_a_strangers_press_does_not(
    database: Database, thread: UUID
) -> None:
    async with database.transaction() as tx:
        code, _ = await new_code(tx, CITY, "metal", 1, await employ(tx, "kim"), NOON, RULES)
        await DESK.link(tx, thread, code, NOON)
        opened = await open_matter(tx, CITY, draft(), NOON, RULES)
        stranger = await conversation(tx, city_id=CITY, channel="telegram")
    given = read_settings()
    settings = given.model_copy(update={"city": given.city.model_copy(update={"id": CITY}), "air": RULES})
    await Acting(database, Nobody(), CHANNELS, TEXTS, settings, SetClock(NOON)).look()
    async with database.reading() as tx:
        wanted = select(outbound.c.body).where(outbound.c.conversation_id == thread)
        [body] = (await tx.execute(wanted)).scalars()
    argument = body["buttons"][0]["payload"].rpartition(":")[2]
    theirs = await answered(database, await handlers.acknowledge(asked("", stranger, argument), DESK))
    assert "확인으로 적지 못했습니다" in theirs
    mine = await answered(database, await handlers.acknowledge(asked("", thread, argument), DESK))
    assert "확인하신 것으로 적었습니다" in mine
    async with database.reading() as tx:
        assert (await read(tx, CITY, opened.id)).state == "acknowledged"
    assert await handlers.acknowledge(asked("", thread, "none"), DESK) == Reply()
