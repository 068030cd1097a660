"""The small house of the api with hours of made-up stations in its store, on the clock of those hours."""

from pathlib import Path

from civic.air.service import AirService
from core.clock import SetClock
from core.contracts.air import Terms
from core.db import Database
from tests.api.house import SmallHouse
from tests.civic.air.open.told import NOW, fill
from tests.civic.cases.rows import CITY

CREDIT = "한국환경공단 에어코리아, 실시간(미확정) 자료"


class Declared:
    """What a source says of itself; nobody asks it here."""

    name = "airkorea"
    terms = Terms(CREDIT, "공공누리 1유형")


async def filled(database: Database) -> Database:
    await fill(database, CITY)
    return database


def house(store: Database, var: Path) -> SmallHouse:
    made = SmallHouse(store, var, clock=SetClock(NOW))
    made.air = AirService(store, CITY, made.settings.air, {"airkorea": Declared.terms})
    made.air_sources["airkorea"] = Declared()  # type: ignore[assignment]
    return made
