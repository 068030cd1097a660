"""Tests of the exercise of air: one store never holds made-up hours and measured ones."""

from datetime import UTC, datetime

import pytest

from bot.air.practising import practise, refuse_mixture
from core.clock import SetClock
from core.db import Database
from core.errors import ConfigError
from core.settings import Settings, read

NOW = datetime(2026, 3, 1, 3, 20, tzinfo=UTC)


def city(**on: bool) -> Settings:
    """The checkout's city with other sources of air switched on."""
    settings = read()
    sections = {name: {**given, "enabled": on.get(name, False)} for name, given in settings.air.sources.items()}
    sections["airkorea"]["key"] = "key"
    return settings.model_copy(update={"air": settings.air.model_copy(update={"sources": sections})})


async def test_a_store_that_holds_the_exercise_opens_for_no_real_source(database: Database, database_url: str) -> None:
    await refuse_mixture(city(airkorea=True), database)
    await practise(city(practice=True), database_url, SetClock(NOW))
    await refuse_mixture(city(practice=True), database)
    await refuse_mixture(city(sensors=True), database)
    with pytest.raises(ConfigError, match="새 데이터베이스"):
        await refuse_mixture(city(airkorea=True), database)
