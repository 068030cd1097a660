"""All that a debtor is told of himself in one look: what he owes, how far it has gone, what is seized, what runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.asking import plans
from civic.arrears.asking.plans import Plan
from civic.arrears.asking.tables import arrears_requests
from civic.arrears.ledger.stops import Stop, stops_on
from civic.arrears.money.owing import owed
from civic.arrears.notices.tables import arrears_letters
from civic.arrears.records import BillOwed
from civic.arrears.seizure.tables import arrears_accounts_found, arrears_seizures

Stage = Literal["noticed", "dunned", "dun_over"]
"""noticed: past its due date, no 독촉장 yet. dunned: its deadline still runs. dun_over: seizure is possible (§33)."""
_HELD = ("held", "easing", "collecting", "joined")
_ON_ITS_WAY = ("listed", "printed", "sent")


@dataclass(frozen=True, slots=True)
class Seized:
    """`account` masked but for its last three digits. `held_krw`: what is held there now. `is_joined`: behind another
    authority (참가압류), so that nothing is held yet."""

    id: UUID
    bank: str
    account: str
    held_krw: int
    held_at: datetime | None
    is_joined: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """A written document: the law counts from its service (송달), not from any message."""

    kind: str
    state: str
    issued_on: date | None


@dataclass(frozen=True, slots=True)
class Standing:
    debtor_id: UUID
    bills: tuple[BillOwed, ...]
    seized: tuple[Seized, ...]
    letters: tuple[Letter, ...]
    stops: tuple[Stop, ...]
    plan: Plan | None
    asked: frozenset[str]

    @property
    def total_krw(self) -> int:
        return sum(bill.total_krw for bill in self.bills)


def stage(bill: BillOwed, on: date) -> Stage:
    """How far a bill past its due date has gone (지방세징수법 §32, §33)."""
    if bill.dunned_on is None or bill.dun_due_on is None:
        return "noticed"
    return "dunned" if bill.dun_due_on >= on else "dun_over"


async def standing(tx: AsyncConnection, city_id: str, debtor_id: UUID, on: date) -> Standing:
    """`on`: the Korean day. The caller has made sure who asks."""
    owing = (await owed(tx, city_id, [debtor_id], on)).get(debtor_id)
    asked = select(arrears_requests.c.kind).where(
        arrears_requests.c.debtor_id == debtor_id, arrears_requests.c.state == "open"
    )
    return Standing(
        debtor_id=debtor_id,
        bills=owing.bills if owing else (),
        seized=tuple(await seized(tx, debtor_id)),
        letters=tuple(await _letters(tx, debtor_id)),
        stops=tuple((await stops_on(tx, city_id, [debtor_id], on)).get(debtor_id, ())),
        plan=await plans.running_of(tx, city_id, debtor_id),
        asked=frozenset(await tx.scalars(asked)),
    )


async def seized(tx: AsyncConnection, debtor_id: UUID) -> Sequence[Seized]:
    """His accounts that are held now, the largest first."""
    found, seizure = arrears_accounts_found.c, arrears_seizures.c
    wanted = (
        select(seizure.id, seizure.bank, seizure.state, seizure.held_at, found.account)
        .add_columns((seizure.held_krw - seizure.collected_krw - seizure.released_krw).label("left"))
        .join(arrears_accounts_found, found.id == seizure.found_id)
        .where(seizure.debtor_id == debtor_id, seizure.state.in_(_HELD))
        .order_by(seizure.held_krw.desc(), seizure.id)
    )
    return [
        Seized(row.id, row.bank, masked(row.account), row.left, row.held_at, row.state == "joined")
        for row in await tx.execute(wanted)
    ]


async def _letters(tx: AsyncConnection, debtor_id: UUID) -> Sequence[Letter]:
    wanted = (
        select(arrears_letters.c.kind, arrears_letters.c.state, arrears_letters.c.issued_on)
        .where(
            arrears_letters.c.debtor_id == debtor_id,
            arrears_letters.c.state.in_(_ON_ITS_WAY),
            arrears_letters.c.kind.not_in(("seizure_bank", "record")),
        )
        .order_by(arrears_letters.c.created_at)
    )
    return [Letter(*row) for row in await tx.execute(wanted)]


def masked(account: str) -> str:
    """ "110-123-456789" → "***-***-***789"."""
    digits = [index for index, char in enumerate(account) if char.isdigit()]
    hidden = set(digits[:-3])
    return "".join("*" if index in hidden else char for index, char in enumerate(account))
