"""Values that fell under the limit confirm what was done before; sensors that fell silent confirm nothing."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.devices import intake, registry
from civic.air.devices.quorum import exceedances
from civic.air.matters import falling
from civic.air.matters.opening import MatterDraft, open_matter
from civic.air.matters.record import Actor, Matter, read
from civic.air.matters.work import NewAction, record_action
from core.air_device_rules import Limit
from core.air_rules import Air
from core.db import Database
from core.ids import new_id
from core.section import Bilingual
from tests.civic.air.devices.town import NOW, RULES, device, message, value
from tests.civic.air.matters.town import timeline

DUST = Limit(
    name=Bilingual(ko="먼지 5분", en="Dust"), pollutant="PM10", value=Decimal(150), unit="µg/m³", minutes=5, source="예"
)
LIMITS: Air = RULES.model_copy(update={"limits": {"dust": DUST}})
STEP = timedelta(minutes=5)
HIGH, LOW = {"s1": 180.0, "s2": 210.0}, {"s1": 40.0, "s2": 60.0}


@pytest.fixture
def city() -> str:
    return f"town-{new_id()}"


async def speak(tx: AsyncConnection, city: str, told: dict[str, float], at: datetime) -> None:
    for place, (name, number) in enumerate(told.items()):
        known = (await registry.named(tx, city, [name])).get(name)
        one = known or await device(tx, city, name, north_m=300 * place)
        await intake.take(tx, city, [message(one, [value(one, at, number)])], at, LIMITS)
    await exceedances(tx, city, at, LIMITS)


async def over(tx: AsyncConnection, city: str) -> Matter:
    """A matter of two sensors that are over the limit, opened as the look at the limits opens it."""
    await speak(tx, city, HIGH, NOW)
    [one] = await exceedances(tx, city, NOW, LIMITS)
    draft = MatterDraft(
        "limit", f"limit:{one.key}", "먼지", "Dust", one.lat, one.lon, "PM10", one.value, one.unit, one.sites, NOW
    )
    opened = await open_matter(tx, city, draft, NOW, LIMITS)
    return await read(tx, city, opened.id, lock=True)


async def test_values_that_fell_confirm_what_was_done_before_and_only_that(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        matter = await over(tx, city)
        given = NewAction("가동을 멈췄습니다", done_at=NOW - timedelta(minutes=1))
        _, matter = await record_action(tx, matter, Actor.of_company("hagun-metal"), given, NOW + STEP)
        assert await falling.look(tx, city, NOW + STEP, LIMITS) == 0
        for step in range(1, 5):
            await speak(tx, city, LOW, NOW + step * STEP)
        assert await falling.look(tx, city, NOW + 4 * STEP, LIMITS) == 1
        after = await read(tx, city, matter.id, lock=True)
        assert (after.state, after.verified_by, after.fell_at) == ("verified", "values", NOW)
        late = NewAction("나중에 한 일", done_at=NOW + STEP)
        _, after = await record_action(tx, after, Actor.of_company("hagun-metal"), late, NOW + 5 * STEP)
        await falling.look(tx, city, NOW + 5 * STEP, LIMITS)
        said = await timeline(tx, matter.id)
    assert said.count("fell") == 1
    assert said.count("verified") == 1


async def test_what_is_told_after_the_fall_of_a_time_before_it_is_confirmed_too(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        matter = await over(tx, city)
        for step in range(1, 5):
            await speak(tx, city, LOW, NOW + step * STEP)
        assert await falling.look(tx, city, NOW + 4 * STEP, LIMITS) == 1
        matter = await read(tx, city, matter.id, lock=True)
        assert (matter.state, matter.first_action_at) == ("open", None)
        given = NewAction("가동을 멈췄습니다", done_at=NOW - timedelta(minutes=2))
        _, matter = await record_action(tx, matter, Actor.of_company("hagun-metal"), given, NOW + 5 * STEP)
        assert await falling.look(tx, city, NOW + 5 * STEP, LIMITS) == 1
        after = await read(tx, city, matter.id)
    assert (after.verified_by, after.first_action_at) == ("values", NOW - timedelta(minutes=2))


@pytest.mark.parametrize("told", [{}, {"s1": 40.0}], ids=["none speaks", "one is silent"])
async def test_silence_is_no_fall(database: Database, city: str, told: dict[str, float]) -> None:
    async with database.transaction() as tx:
        matter = await over(tx, city)
        for step in range(1, 6):
            await speak(tx, city, told, NOW + step * STEP)
        assert await falling.look(tx, city, NOW + 5 * STEP, LIMITS) == 0
        assert (await read(tx, city, matter.id)).fell_at is None
