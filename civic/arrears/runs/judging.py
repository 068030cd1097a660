"""Whether what was frozen for somebody still holds: paid since, stopped, another number, another amount."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import persons
from civic.arrears.ledger.stops import Stop, stops_on
from civic.arrears.money.owing import owed
from civic.arrears.notices import upcoming
from civic.arrears.records import BillOwed, Person
from civic.conversations import addresses
from civic.people.service import international, mobile_phone
from core.errors import BadInput
from core.vault import Vault

Holds = Literal["holds", "stopped", "wrong_number", "changed"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one debtor today: his open bills by id, his stops, himself."""

    bills: Mapping[UUID, BillOwed]
    stops: Sequence[Stop]
    person: Person | None

    @property
    def has_wrong_number(self) -> bool:
        return any(one.kind == "wrong_number" for one in self.stops)

    def whole_stop(self) -> str:
        """The first that concerns all his bills and everything that is said to him; "" for none."""
        return next((one.kind for one in self.stops if one.bill_id is None and one.kind != "wrong_number"), "")

    def of(self, bill_ids: Collection[UUID]) -> tuple[BillOwed, ...]:
        """Of these bills those still owed, in the order given."""
        return tuple(self.bills[one] for one in bill_ids if one in self.bills)

    def free(self, bill_ids: Collection[UUID]) -> tuple[BillOwed, ...]:
        """Of these bills those still owed of which no stop speaks, in the order given."""
        held = {one.bill_id for one in self.stops if one.bill_id is not None}
        return tuple(self.bills[one] for one in bill_ids if one in self.bills and one not in held)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`why`: of stopped: paid, or a stop's kind. `bills`: what is left of those that were frozen."""

    holds: Holds
    why: str = ""
    bills: tuple[BillOwed, ...] = ()


async def standings(tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID], on: date) -> dict[UUID, Standing]:
    """Of each debtor, on this Korean day; bills that are due and those that will be."""
    due = await owed(tx, city_id, debtor_ids, on)
    later = await upcoming.bills(tx, city_id, debtor_ids, on)
    stops = await stops_on(tx, city_id, debtor_ids, on)
    people = await persons(tx, city_id, debtor_ids)
    found = {}
    for one in debtor_ids:
        bills = (*(due[one].bills if one in due else ()), *later.get(one, ()))
        found[one] = Standing({bill.bill_id: bill for bill in bills}, stops.get(one, ()), people.get(one))
    return found


def judge(vault: Vault, row: RowMapping, standing: Standing) -> Verdict:
    """A recipient's row against how its debtor stands."""
    bills = standing.free([UUID(one["bill_id"]) for one in row["bills"]])
    if why := standing.whole_stop():
        return Verdict("stopped", why, bills)
    if not bills:
        mine = {UUID(one["bill_id"]) for one in row["bills"]}
        held = next((one.kind for one in standing.stops if one.bill_id in mine & set(standing.bills)), "")
        return Verdict("stopped", held or "paid", ())
    if standing.has_wrong_number:
        return Verdict("wrong_number", "wrong_number", bills)
    if {str(one.bill_id): one.total_krw for one in bills} != {one["bill_id"]: one["total_krw"] for one in row["bills"]}:
        return Verdict("changed", "amount", bills)
    if row["address_key"] and row["address_key"] != key_of(vault, mobile_of(standing.person)):
        return Verdict("changed", "phone", bills)
    return Verdict("holds", bills=bills)


def mobile_of(person: Person | None) -> str:
    """The number that takes texts, "" for none."""
    if person is None or not person.phone:
        return ""
    try:
        return mobile_phone(person.phone)
    except BadInput:
        return ""


def key_of(vault: Vault, mobile: str) -> str:
    """What `conversations.address` holds of this number (civic/conversations/addresses.py)."""
    return addresses.key(vault, international(mobile), is_phone=True) if mobile else ""


def frozen(bills: Sequence[BillOwed]) -> list[dict[str, object]]:
    """As the ledger of recipients keeps them."""
    return [{"bill_id": str(one.bill_id), "total_krw": one.total_krw} for one in bills]
