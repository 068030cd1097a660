"""Gateways open by name, and an exercise and real banks are never on together nor in one store."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from bot.arrears.opening import open_gateways, refuse_mixed_banks
from civic.arrears.banks.requests import ask
from civic.arrears.banks.tables import arrears_bank_requests as table
from core.db import Database
from core.errors import ConfigError
from core.settings import Settings, read
from tests.civic.arrears.banks.asked import request


def city(**gateways: dict[str, Any]) -> Settings:
    settings = read()
    banks = settings.arrears.banks.model_copy(update={"gateways": gateways})
    return settings.model_copy(update={"arrears": settings.arrears.model_copy(update={"banks": banks})})


PRACTICE = {"vendor": "network", "enabled": True, "is_practice": True, "url": "http://127.0.0.1:9", "key": "k"}
REAL = {"vendor": "exchange", "enabled": True, "folder": "somewhere"}


async def test_a_house_as_it_comes_opens_the_practice_network_alone() -> None:
    opened = open_gateways(read())
    assert [(name, one.is_practice) for name, one in opened.items()] == [("practice", True)]
    for one in opened.values():
        await one.aclose()


def test_a_vendor_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match="exchange, network"):
        open_gateways(city(mine={"vendor": "swift", "enabled": True}))


def test_a_misspelt_key_is_named() -> None:
    with pytest.raises(ConfigError, match="foldr"):
        open_gateways(city(mine={"vendor": "exchange", "enabled": True, "folder": "x", "foldr": "y"}))


def test_an_exercise_and_real_banks_are_never_both_on() -> None:
    with pytest.raises(ConfigError, match="함께 켤 수 없습니다"):
        open_gateways(city(practice=PRACTICE, files=REAL))


async def test_a_store_of_the_exercise_opens_for_no_real_bank_and_the_reverse(database: Database) -> None:
    one = request()
    async with database.transaction() as tx:
        await ask(tx, read().city.id, [one], "batch", datetime(2026, 11, 23, tzinfo=UTC))
    for is_practice, fits, other in ((True, PRACTICE, REAL), (False, REAL, PRACTICE)):
        async with database.transaction() as tx:
            await tx.execute(update(table).where(table.c.id == one.request_id).values(is_practice=is_practice))
        await refuse_mixed_banks(city(mine=fits), database)
        await refuse_mixed_banks(city(), database)
        with pytest.raises(ConfigError, match="새 데이터베이스"):
            await refuse_mixed_banks(city(mine=other), database)
