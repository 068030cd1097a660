"""Staged payments on to the room of money, in the order of their days, a few thousand at a time."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.taking import NewPayment, take_payments
from core.arrears_rules import Money
from core.db import driver
from core.vault import vault_of

_STEP = 4_000
_STAGED = """SELECT payment_no, amount_krw, paid_on, way, debtor_id, bill_no, pay_no, tax_no, line
FROM staged_payments
WHERE verdict = 'N' ORDER BY paid_on, line"""


async def write_payments(tx: AsyncConnection, city_id: str, source: str, now: datetime, rules: Money) -> None:
    """Those that are new; each is set against what is owed as `take_payments` does it."""
    connection, vault = await driver(tx), vault_of(tx)
    async with connection.cursor(name="staged_payments_in_order") as cursor:
        await cursor.execute(_STAGED)
        while rows := await cursor.fetchmany(_STEP):
            several = [
                NewPayment(
                    source,
                    no,
                    krw,
                    on,
                    way,
                    debtor_id=debtor,
                    bill_no=bill_no,
                    pay_no=pay_no,
                    tax_no=vault.open_text(stranger, f"staged_payments.tax_no:{line}"),
                )
                for no, krw, on, way, debtor, bill_no, pay_no, stranger, line in rows
            ]
            await take_payments(tx, city_id, several, now, rules)
