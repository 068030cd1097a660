"""What the house asks of a network of banks: deposits looked up, seized, collected and released, each under one id.

Sources: 지방세징수법 §51–53 (a claim is seized when the bank is served, then the city may collect), §63 (release at
once), §67 (참가압류 where another authority was first), 금융실명법 §4①ii (what a bank may tell). ADR 48.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from core.errors import Unavailable

Kind = Literal["lookup", "seize", "join", "collect", "release"]
"""join: 참가압류, a seizure behind another authority's. It holds nothing until that one is released: answered `pending`
while it stands behind (the bank is served, so it is joined), then finally done or partly with what it holds. A release
of it before that lets go nothing and ends it: its own answer is refused with reason `released`."""
Status = Literal["done", "partly", "refused", "pending"]
"""partly: done for less than was asked (`amount_krw` says how much). pending: served, the answer comes later."""
Account = Literal["deposit", "savings", "welfare", "living", "joint", "other"]
"""welfare: 압류방지통장 of welfare money. living: 생계비계좌. Both are never seized (지방세징수법 §40). joint: not the
debtor's alone."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asked about: by taxpayer number and name, never by resident registration number."""

    tax_no: str
    name: str
    is_company: bool = False


@dataclass(frozen=True, slots=True)
class BankRequest:
    """One thing asked of one bank. `request_id` makes it idempotent: asked again, the same answer comes and nothing
    happens twice. `bank`: three-digit code (금융기관 공동코드). `account`: "" for a lookup, else as the lookup told it.
    `amount_krw`: how much to hold, to pay over, or to let go; whole won. `document`: number of the order (문서번호).
    """

    request_id: UUID
    kind: Kind
    bank: str
    person: Person
    account: str = ""
    amount_krw: int = 0
    document: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One account that a lookup told. `balance_krw` now; `held_krw` of it others have seized before (§67 follows)."""

    account: str
    kind: Account
    balance_krw: int
    held_krw: int = 0
    holder: str = ""


@dataclass(frozen=True, slots=True)
class BankAnswer:
    """`amount_krw`: held, paid over or let go by this request. `reason`: the bank's code when refused or partly, e.g.
    no_account, prior_seizure, protected, insufficient, unknown_hold, unknown_person. `at`: when it took effect there.
    """

    request_id: UUID
    status: Status
    amount_krw: int = 0
    found: tuple[Found, ...] = ()
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """One line of the bank's own ledger, to reconcile with: what it did by which request. Lookups are not booked."""

    request_id: UUID
    kind: Kind
    bank: str
    account: str
    amount_krw: int
    at: datetime


class BankFailed(Unavailable):
    """Nothing was answered. `unknown`: it may have been done all the same; asking again under the same id is safe.
    `is_away`: the bank was not reached at all, or said that it takes nothing now."""

    code = "bank"

    def __init__(
        self,
        reason_ko: str,
        reason_en: str,
        *,
        retry: bool = True,
        unknown: bool = False,
        is_away: bool = False,
        **context: object,
    ) -> None:
        super().__init__(reason_ko, reason_en, **context)
        self.retry = retry
        self.unknown = unknown
        self.is_away = is_away


class Gateway(Protocol):
    """A way to one or more banks. `most`: requests that one call carries; all of one call are for one bank and of one
    kind. `is_practice`: no real bank stands behind it.
    """

    name: str
    most: int
    is_practice: bool

    async def ask(self, bank: str, requests: Sequence[BankRequest]) -> Sequence[BankAnswer]:
        """Answers in any order, and maybe fewer than were asked (the rest is asked again). Raises BankFailed."""
        ...

    async def answers(self, bank: str, after: str) -> tuple[Sequence[BankAnswer], str]:
        """Late answers to what was pending, and the position to go on from; repeats are harmless. Raises BankFailed."""
        ...

    async def ledger(self, bank: str, after: str) -> tuple[Sequence[Booked], str]:
        """What the bank booked, in its order, and the position to go on from. Raises BankFailed."""
        ...

    async def aclose(self) -> None: ...
