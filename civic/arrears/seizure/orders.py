"""Orders to banks: written beside what they are about, under ids that are made from it, and handed to the bank room."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.banks import requests
from civic.arrears.ledger.people import persons
from civic.arrears.seizure.rows import Seizure, accounts
from civic.arrears.seizure.tables import arrears_orders
from civic.arrears.tables import arrears_debtors
from core.clock import SEOUL
from core.contracts.banks import BankRequest, Kind, Person
from core.db import Id

WORDS: dict[Kind, str] = {"lookup": "조회", "seize": "압류", "join": "참가", "collect": "추심", "release": "해제"}
CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Order:
    """`seizure` None for a lookup. `about`: the row that the id is made of."""

    about: UUID
    round: int
    kind: Kind
    bank: str
    batch_id: UUID
    debtor_id: UUID
    amount_krw: int = 0
    seizure: Seizure | None = None

    @property
    def id(self) -> UUID:
        """The same for the same row at the same version: asked again after a crash, it is the same request."""
        return uuid5(self.about, f"{self.kind}:{self.bank}:{self.round}")

    def document(self, now: datetime) -> str:
        """문서번호: what, the Korean day, and the end of the id."""
        return f"{WORDS[self.kind]}-{now.astimezone(SEOUL):%Y%m%d}-{self.id.hex[-10:]}"


def of_seizure(seizure: Seizure, kind: Kind, amount_krw: int) -> Order:
    return Order(
        seizure.id, seizure.version, kind, seizure.bank, seizure.batch_id, seizure.debtor_id, amount_krw, seizure
    )


async def give(tx: AsyncConnection, city_id: str, orders: Sequence[Order], now: datetime) -> None:
    """Write the orders down and have the banks asked; an order that is known is not given twice."""
    for start in range(0, len(orders), CHUNK):
        await _give(tx, city_id, orders[start : start + CHUNK], now)


async def _give(tx: AsyncConnection, city_id: str, orders: Sequence[Order], now: datetime) -> None:
    people = await persons(tx, city_id, {order.debtor_id for order in orders})
    opened = await accounts(tx, [order.seizure.found_id for order in orders if order.seizure])
    rows = [
        {
            "id": order.id,
            "city_id": city_id,
            "batch_id": order.batch_id,
            "debtor_id": order.debtor_id,
            "seizure_id": order.seizure.id if order.seizure else None,
            "kind": order.kind,
            "bank": order.bank,
            "amount_krw": order.amount_krw,
            "document": order.document(now),
            "asked_at": now,
        }
        for order in orders
    ]
    await tx.execute(insert(arrears_orders).on_conflict_do_nothing(index_elements=["id"]), rows)
    asked = []
    for order in orders:
        found = people[order.debtor_id]
        account = opened[order.seizure.found_id] if order.seizure else ""
        person = Person(found.tax_no, found.name, found.is_company)
        asked.append(
            BankRequest(order.id, order.kind, order.bank, person, account, order.amount_krw, order.document(now))
        )
    await requests.ask(tx, city_id, asked, "seizure", now)


async def lock(tx: AsyncConnection, debtor_ids: Iterable[UUID]) -> list[UUID]:
    """Whoever seizes, collects or lets go takes turns, debtor by debtor and always in the same order."""
    ids = sorted(set(debtor_ids))
    wanted = select(arrears_debtors.c.id).where(arrears_debtors.c.id == any_(literal(ids, ARRAY(Id))))
    return list(await tx.scalars(wanted.order_by(arrears_debtors.c.id).with_for_update(key_share=True)))


async def known(tx: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Any]:
    """Rows of `arrears_orders`, locked: which of these requests are ours and not answered yet."""
    table = arrears_orders.c
    columns = (table.id, table.batch_id, table.debtor_id, table.seizure_id, table.kind, table.bank, table.amount_krw)
    rows = await tx.execute(
        select(*columns, table.passed_at)
        .where(table.id == any_(literal(list(ids), ARRAY(Id))), table.answered_at.is_(None))
        .with_for_update()
    )
    return {row.id: row for row in rows}
