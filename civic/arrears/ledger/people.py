"""Who a debtor is, and finding him by an exact value: through keyed hashes, so that nothing is opened on the way."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.rows import tax_no_index
from civic.arrears.records import Person
from civic.arrears.tables import arrears_bills, arrears_debtors
from civic.people.service import normalise_phone
from core.db import Id
from core.errors import BadInput
from core.vault import vault_of

MOST = 50_000
"""Ids in one statement: psycopg sends them as one array, and the plan stays a walk of the key."""


async def persons(tx: AsyncConnection, city_id: str, ids: Iterable[UUID]) -> dict[UUID, Person]:
    """Opened. The caller leaves the access-log row; ids that are not there are left out."""
    wanted, found = list(dict.fromkeys(ids)), {}
    columns = (arrears_debtors.c.id, arrears_debtors.c.person, arrears_debtors.c.is_company, arrears_debtors.c.lang)
    for start in range(0, len(wanted), MOST):
        rows = await tx.execute(
            select(*columns).where(
                arrears_debtors.c.city_id == city_id,
                arrears_debtors.c.id == any_(literal(wanted[start : start + MOST], ARRAY(Id))),
            )
        )
        for row_id, person, is_company, lang in rows:
            found[row_id] = Person(debtor_id=row_id, **person, is_company=is_company, lang=lang)
    return found


async def find(
    tx: AsyncConnection,
    city_id: str,
    *,
    tax_no: str = "",
    name: str = "",
    phone: str = "",
    bill_no: str = "",
    pay_no: str = "",
) -> list[UUID]:
    """Debtors to whom every given value belongs exactly, oldest row first. Raises BadInput for none given or a number
    that no telephone can have.
    """
    vault = vault_of(tx)
    conditions = []
    if tax_no:
        conditions.append(arrears_debtors.c.tax_no_index == tax_no_index(vault, tax_no))
    if name:
        conditions.append(arrears_debtors.c.name_index == vault.index("citizens.name", name))
    if phone:
        conditions.append(arrears_debtors.c.phone_index == vault.index("citizens.phone", normalise_phone(phone)))
    for column, value in ((arrears_bills.c.bill_no, bill_no), (arrears_bills.c.pay_no, pay_no)):
        if value:
            # Said again for the index over numbers that are there, which a bound value alone does not reach.
            bills = select(arrears_bills.c.debtor_id).where(
                arrears_bills.c.city_id == city_id, column == value, column != ""
            )
            conditions.append(arrears_debtors.c.id.in_(bills))
    if not conditions:
        raise BadInput("찾을 값을 하나는 적어 주세요.", "Give at least one value to find somebody by.")
    wanted = select(arrears_debtors.c.id).where(arrears_debtors.c.city_id == city_id, *conditions)
    return list(await tx.scalars(wanted.order_by(arrears_debtors.c.created_at, arrears_debtors.c.id)))
