"""The demo city with both of Rasa's doors open, and a Rasa that is played: the calls it makes, as it makes them."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.app import create_app
from api.rasa.routes import router
from bot import bootstrap
from bot.prepare import prepare
from core.clock import SetClock
from core.settings import LanguageHttp, Settings, read
from tests.api.rasa.caller import ACTION_TOKEN, HTTP_TOKEN, Doors
from tests.trained import trained

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""Monday 2026-11-23, 10:00 in Seoul."""


def opened(var: Path) -> Settings:
    settings = read()
    nlu = settings.nlu.model_copy(update={"http": LanguageHttp(enabled=True, token=HTTP_TOKEN)})
    channels = {"rasa": {"enabled": True, "token": ACTION_TOKEN}}
    return settings.model_copy(update={"var": var, "channels": channels, "nlu": nlu})


@pytest.fixture(scope="module")
async def doors(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    var = tmp_path_factory.mktemp("var")
    shutil.copytree(trained(), var / "nlu")
    settings = opened(var)
    await prepare(settings, database_url, MORNING, lambda line: None)
    async with bootstrap.open_house(settings, database_url, is_worker=False, clock=SetClock(MORNING)) as house:
        yield Doors(house, create_app(house, (router(house),)))
