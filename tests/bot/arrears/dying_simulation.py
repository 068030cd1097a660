"""A worker that makes one simulation and kills itself: python -m … DATABASE_URL CITY SIMULATION_ID STEP.

STEP: judged (behind the second piece), written (all rows are in, nothing is committed).
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from bot.arrears.simulating import Simulating
from civic.arrears.oversight import simulating
from civic.staff.service import record_change
from core import secret
from core.clock import SetClock
from core.db import Database
from core.settings import read
from core.vault import open_vault
from tests.civic.arrears import made


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, city: str, simulation_id: str, step: str) -> None:
    db = Database(url, pool_size=3)
    await open_vault(db, secret.load(Path()), made.NOW)
    setattr(simulating, "CHUNK", 1)  # noqa: B010
    told, recorded = simulating.note_progress, record_change

    async def tell(tx: Any, one: UUID, judged: int) -> None:
        await told(tx, one, judged)
        if step == "judged" and judged > 1:
            await tx.commit()
            die()

    async def record(*given: Any, **more: Any) -> None:
        await recorded(*given, **more)
        die()

    setattr(simulating, "note_progress", tell)  # noqa: B010
    setattr(simulating, "record_change", record)  # noqa: B010 - a death in the middle of the real one
    await Simulating(db, read().arrears, city, SetClock(made.NOW)).run(UUID(simulation_id))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
