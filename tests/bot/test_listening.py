"""The bot behind a language server: believed while it answers, done without while it does not, and staff see which."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.listening import AtOnce, open_reader
from core.errors import ConfigError
from core.settings import Nlu, Settings
from tests.bot.city import City, open_city
from tests.integrations.language.counterpart import PARSING_ERROR, Counterpart, listening, said
from tests.integrations.language.light import NOW, Light


@pytest.fixture
async def server() -> AsyncIterator[Counterpart]:
    async with listening() as made:
        yield made


@pytest.fixture
async def asking(city: City, database_url: str, var: Path, server: Counterpart) -> AsyncIterator[City]:
    """The demo city with `nlu.engine: rasa`."""
    settings: Settings = city.house.settings
    nlu = Nlu(engine="rasa", data=settings.nlu.data, rasa={"url": server.url, "timeout_s": 0.5})
    async with open_city(settings.model_copy(update={"nlu": nlu}), database_url, var, at=city.clock.now()) as made:
        yield made


async def test_the_bot_does_what_the_server_heard(asking: City, server: Counterpart) -> None:
    server.answer = lambda text: said(text, ("talk_to_human", 0.95))
    citizen = asking.citizen()
    shown = await citizen.say("구래역 근처 주차장 어디예요?")
    assert server.asked == ["구래역 근처 주차장 어디예요?"]
    assert "담당" in shown[-1].text
    assert (await asking.house.ready())["rasa"] == {"state": "ok", "answered": 1, "fell_back": 0, "last_failure": ""}


async def test_the_light_engine_answers_while_the_server_fails_and_readiness_tells(
    asking: City, server: Counterpart
) -> None:
    server.answer = lambda text: PARSING_ERROR
    shown = await asking.citizen().say("구래역 근처 주차장 어디예요?")
    assert "주차" in shown[-1].text
    ready = await asking.house.ready()
    assert ready["language_engine"] == "ok", "the process can still do its work"
    assert (ready["rasa"]["state"], ready["rasa"]["last_failure"]) == ("falling_back", "failed")


async def test_an_emergency_waits_for_no_server(asking: City, server: Counterpart) -> None:
    server.delay_s = 5
    began = time.monotonic()
    shown = await asking.citizen().say("옆집에 불이 났어요 살려주세요")
    assert "119" in shown[0].text
    assert server.asked == []
    assert time.monotonic() - began < 0.5


async def test_what_staff_hold_is_not_sent_to_the_server(asking: City, server: Counterpart) -> None:
    server.answer = lambda text: said(text, ("talk_to_human", 0.95))
    citizen = asking.citizen()
    await citizen.say("상담원 연결해 주세요")
    server.asked.clear()
    await citizen.say("제 이야기는 이렇습니다")
    assert server.asked == []


async def test_the_light_engine_answers_at_once_and_has_nobody_to_tell_of() -> None:
    reader = open_reader(Nlu(), Light(), ())
    assert isinstance(reader, AtOnce)
    assert (await reader.hear(NOW)("구래역")).intent == "greet"
    assert reader.health() == {}
    await reader.aclose()


def test_a_wrong_section_is_named() -> None:
    with pytest.raises(ConfigError, match=r"nlu\.rasa\.timeout_s"):
        open_reader(Nlu(engine="rasa", rasa={"timeout_s": "soon"}), Light(), ())
