"""Debtors and bills into the ledger, once each: entered again, what a source says anew takes the place of the old."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.rows import NewBill, NewDebtor
from civic.arrears.ledger.staging import Numbered, Staging
from civic.arrears.ledger.writing import write_bills, write_debtors
from core.db import driver
from core.errors import BadInput
from core.vault import vault_of

__all__ = ["NewBill", "NewDebtor", "enter_bills", "enter_debtors"]


async def enter_debtors(tx: AsyncConnection, city_id: str, rows: Sequence[NewDebtor], now: datetime) -> dict[str, UUID]:
    """Their ids by the tax number as given. Takes turns with every other writer of the city's ledger until the commit.

    Raises BadInput for a number that no telephone can have, or for one taxpayer told twice.
    """
    _once([one.tax_no for one in rows])
    connection = await driver(tx)
    staging = Staging(connection, vault_of(tx), city_id)
    await staging.begin()
    ids = await staging.debtors([Numbered(line, row) for line, row in enumerate(rows, 1)])
    await write_debtors(connection, city_id, now)
    return {row.tax_no: row_id for row, row_id in zip(rows, ids, strict=True)}


async def enter_bills(tx: AsyncConnection, city_id: str, rows: Sequence[NewBill], now: datetime) -> dict[str, UUID]:
    """Their ids by number. Raises BadInput where a debtor is unknown, or a bill is another debtor's or told twice."""
    _once([one.bill_no for one in rows])
    connection = await driver(tx)
    staging = Staging(connection, vault_of(tx), city_id)
    await staging.begin()
    ids, refused = await staging.bills([Numbered(line, row) for line, row in enumerate(rows, 1)])
    if refused:
        raise BadInput(
            "체납자가 없거나 다른 사람에게 매겨진 과세번호가 있습니다.",
            "A bill's debtor is unknown, or the bill belongs to somebody else.",
            codes=sorted({one.code for one in refused}),
        )
    await write_bills(connection, city_id, now)
    return {row.bill_no: row_id for row, row_id in zip(rows, ids, strict=True) if row_id is not None}


def _once(keys: Sequence[str]) -> None:
    if len(set(keys)) < len(keys):
        raise BadInput("같은 번호가 두 번 있습니다.", "A number is there twice.")
