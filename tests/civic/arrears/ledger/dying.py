"""A worker that takes one import and kills itself at a named step: python -m … DATABASE_URL CITY IMPORT_ID STEP.

STEP: staged (behind the second batch), booked (behind the second piece of payments), written (rows are in, nothing is
committed), committed (nobody was told yet), or - for none.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from bot.arrears.importing import Importing
from civic.arrears.ledger import importing, imports, paying
from civic.arrears.ledger.staging import Staging
from civic.arrears.money.taking import take_payments
from core import secret
from core.clock import SetClock
from core.db import Database
from core.vault import open_vault
from tests.civic.arrears import made
from tests.civic.arrears.ledger.taken import RULES


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, city: str, import_id: str, step: str) -> None:
    db = Database(url, pool_size=3)
    await open_vault(db, secret.load(Path()), made.NOW)
    importing.BATCH = 100
    setattr(paying, "_STEP", 20)  # noqa: B010
    staged, ended, booked, rows, pieces = Staging.bills, imports.end, take_payments, 0, 0

    async def bills(self: Any, several: Any) -> Any:
        nonlocal rows
        done = await staged(self, several)
        rows += len(several)
        if step == "staged" and rows > 100:
            die()
        return done

    async def end(*given: Any) -> None:
        await ended(*given)
        if step == "written":
            die()

    async def payments(*given: Any) -> Any:
        nonlocal pieces
        done, pieces = await booked(*given), pieces + 1
        if step == "booked" and pieces > 1:
            die()
        return done

    setattr(paying, "take_payments", payments)  # noqa: B010
    setattr(Staging, "bills", bills)  # noqa: B010 - a death in the middle of the real one
    setattr(imports, "end", end)  # noqa: B010
    done = await Importing(db, RULES, city, SetClock(made.NOW)).run(UUID(import_id))
    if step == "committed":
        die()
    sys.stdout.write(f"{done.state} {done.new_rows} {done.same_rows}\n")
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
