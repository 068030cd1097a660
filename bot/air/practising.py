"""The exercise of air: there in a house whose jobs nobody runs, and never in one store with measured hours."""

from sqlalchemy import select

from bot.air.rounds import Rounds
from bot.sources.opening import open_air_sources
from civic.air.tables import air_stations
from core.clock import Clock
from core.db import Database
from core.errors import ConfigError
from core.http import Outside
from core.settings import Settings

PRACTICE = "practice"


async def practise(settings: Settings, url: str, clock: Clock) -> None:
    """Store what sources that ask nobody have since the last time; nothing where none is on, or none is due."""
    named = {name: one for name, one in open_air_sources(settings).items() if getattr(one, "asks_nobody", False)}
    if not named:
        return
    db = Database(url, pool_size=2)
    try:
        async with Outside([]) as nowhere:
            await Rounds(db, named, nowhere, settings.air, settings.city.id, clock, "practice").go()
    finally:
        await db.close()


async def refuse_mixture(settings: Settings, db: Database) -> None:
    """Raises ConfigError where a real source is on and the store holds stations of the exercise.

    Their hours, episodes and matters cannot be told from true ones a month later: a city begins with a store of its
    own (docs/desk/air-sources.md).
    """
    sections = settings.air.sources
    made_up = {name for name, given in sections.items() if given.get("vendor") == PRACTICE} | {PRACTICE}
    real = [name for name, one in open_air_sources(settings).items() if hasattr(one, "pull") and name not in made_up]
    if not real:
        return
    table = air_stations.c
    held = select(table.id).where(table.city_id == settings.city.id, table.source.in_(made_up)).limit(1)
    async with db.reading() as tx:
        if await tx.scalar(held) is None:
            return
    raise ConfigError(
        f"config.yml의 'air.sources.{real[0]}': 연습용 대기 자료가 든 저장소에서는 실제 출처를 켤 수 없습니다. "
        "새 데이터베이스로 시작해 주세요.",
        f"config.yml: air.sources.{real[0]}: this database holds made-up air data; begin with a new one.",
    )
