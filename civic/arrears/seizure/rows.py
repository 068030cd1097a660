"""Batches and seizures as this room reads them from its tables."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.seizure.tables import arrears_accounts_found, arrears_batches, arrears_seizures
from core.errors import NotFound, PreconditionFailed


@dataclass(frozen=True, slots=True)
class Batch:
    """A row of `arrears_batches`; see the words there."""

    id: UUID
    city_id: str
    title: str
    state: str
    selection: Mapping[str, Any]
    drafted_by: UUID
    ordered_by: UUID | None
    order_no: str
    order_basis: str
    digest: bytes | None
    round: int
    needed: int
    paused_at: datetime | None
    stopped_at: datetime | None
    looked_at: datetime | None
    waits_until: datetime | None
    planned_at: datetime | None
    approved_at: datetime | None
    started_at: datetime | None
    closed_at: datetime | None
    report: Mapping[str, Any] | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> "Batch":
        return cls(**{name: row._mapping[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Seizure:
    """A row of `arrears_seizures`; amounts in won."""

    id: UUID
    city_id: str
    batch_id: UUID
    debtor_id: UUID
    found_id: UUID
    bank: str
    kind: str
    state: str
    turn: int
    planned_krw: int
    cost_krw: int
    asked_krw: int
    held_krw: int
    collecting_krw: int
    collected_krw: int
    releasing_krw: int
    released_krw: int
    document: str
    why: str
    freed_by: datetime | None
    sent_at: datetime | None
    held_at: datetime | None
    told_at: datetime | None
    collected_at: datetime | None
    released_at: datetime | None
    ended_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> "Seizure":
        return cls(**{name: row._mapping[name] for name in cls.__slots__})

    @property
    def left_krw(self) -> int:
        """Held at the bank now: neither paid over nor let go."""
        return self.held_krw - self.collected_krw - self.released_krw

    @property
    def bound_krw(self) -> int:
        """What it keeps of the debtor's money, or may once the bank has answered."""
        return self.asked_krw if self.state in ("sent", "joined") else self.left_krw

    @property
    def keeps_krw(self) -> int:
        """What it will bring in as it stands; its own costs are owed only once it has taken effect."""
        if self.state in ("approved", "sent", "joined"):
            return (self.planned_krw if self.state == "approved" else self.asked_krw) - self.cost_krw
        if self.state == "collecting":
            return self.collecting_krw
        return self.left_krw - self.releasing_krw if self.state in ("held", "easing") else 0

    def after(self, **values: Any) -> "Seizure":
        return replace(self, version=self.version + 1, **values)

    def changeable(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in _FIXED}


_FIXED = {"city_id", "batch_id", "debtor_id", "found_id", "bank", "turn", "planned_krw", "created_at"}


async def batch(
    tx: AsyncConnection, city_id: str, batch_id: UUID, *, lock: bool = False, versions: frozenset[int] | None = None
) -> Batch:
    """Raises NotFound, and PreconditionFailed when it is none of these versions any more."""
    wanted = select(arrears_batches).where(arrears_batches.c.city_id == city_id, arrears_batches.c.id == batch_id)
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    if row is None:
        raise NotFound("그런 압류 묶음이 없습니다.", "No such batch of seizures.")
    found = Batch.of(row)
    if versions is not None and found.version not in versions:
        raise PreconditionFailed(
            "그 사이 다른 사람이 바꾸었습니다. 다시 읽어 주세요.", "It was changed meanwhile; read it again."
        )
    return found


async def seizure(tx: AsyncConnection, city_id: str, seizure_id: UUID, *, lock: bool = False) -> Seizure:
    """Raises NotFound."""
    table = arrears_seizures
    wanted = select(table).where(table.c.city_id == city_id, table.c.id == seizure_id)
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    if row is None:
        raise NotFound("그런 압류가 없습니다.", "No such seizure.")
    return Seizure.of(row)


async def seizures(
    tx: AsyncConnection, debtor_ids: Collection[UUID], states: Collection[str], *, lock: bool = False
) -> list[Seizure]:
    """Of these debtors, in the order of their turns; `lock` waits for whoever changes them."""
    table = arrears_seizures
    wanted = select(table).where(table.c.debtor_id.in_(debtor_ids), table.c.state.in_(states))
    ordered = wanted.order_by(table.c.debtor_id, table.c.turn, table.c.id)
    return [Seizure.of(row) for row in await tx.execute(ordered.with_for_update() if lock else ordered)]


async def accounts(tx: AsyncConnection, found_ids: Collection[UUID]) -> dict[UUID, str]:
    """Opened account numbers by the id of what was found."""
    table = arrears_accounts_found
    rows = await tx.execute(select(table.c.id, table.c.account).where(table.c.id.in_(found_ids)))
    return {row.id: row.account for row in rows}
