"""A file taken into the ledger as the house does it, for tests: received in chunks, then run in this process."""

from collections.abc import Mapping
from typing import Any

from bot.arrears.importing import Importing
from civic.arrears.ledger import imports
from civic.arrears.ledger.imports import Import, Kind
from core.arrears_rules import Arrears
from core.clock import SetClock
from core.db import Database
from core.settings import read
from tests.civic.arrears import made

STRICT = read().arrears
RULES = STRICT.model_copy(update={"ledger": STRICT.ledger.model_copy(update={"needs_control": []})})
"""Without control totals, which most tests are not about."""


async def received(
    db: Database,
    kind: Kind,
    body: bytes,
    city: str,
    *,
    is_dry_run: bool = False,
    is_whole: bool = False,
    control: Mapping[str, Any] | None = None,
) -> Import:
    """Its file is here, nothing was read yet."""
    async with db.transaction() as tx:
        import_id = await imports.begin(
            tx,
            city,
            kind,
            f"{kind}.csv",
            made.NOW,
            is_dry_run=is_dry_run,
            is_whole=is_whole,
            source="file",
            control=control or {},
            staff_id=None,
        )
    receiving = imports.Receiving(db, import_id)
    for start in range(0, len(body), 700_001):
        await receiving.take(body[start : start + 700_001])
    await receiving.arrived(made.NOW)
    async with db.transaction() as tx:
        return await imports.one_import(tx, city, import_id)


async def taken(db: Database, kind: Kind, body: bytes, city: str, rules: Arrears = RULES, **given: Any) -> Import:
    """Read and written or refused; the record as it stands."""
    one = await received(db, kind, body, city, **given)
    return await Importing(db, rules, city, SetClock(made.NOW)).run(one.id)
