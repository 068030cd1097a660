"""What a debtor asks of the officers: to pay in parts, to have a seizure lifted, to be given time, to be heard.

Asked for in a chat and confirmed there; decided by an officer, and in one case by the law itself (지방세징수법 §25의3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.asking.tables import arrears_requests
from civic.arrears.tables import arrears_debtors
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.vault import vault_of

Kind = Literal["instalment", "release", "deferral", "dispute", "court", "wrong_number"]
NAMES: Mapping[Kind, tuple[str, str]] = {
    "instalment": ("나눠 내기", "paying in parts"),
    "release": ("압류 해제", "release of a seizure"),
    "deferral": ("징수유예", "deferral"),
    "dispute": ("이의", "objection"),
    "court": ("파산·회생 알림", "bankruptcy or rehabilitation"),
    "wrong_number": ("번호가 잘못됨", "wrong number"),
}
"""In Korean and English."""
State = Literal["open", "granted", "refused", "withdrawn"]
By = Literal["staff", "law", "citizen"]


@dataclass(frozen=True, slots=True)
class Request:
    """`wish`: {text, ground, which, months, parts: [[day, won]], until_on, bill_ids, files}, whatever its kind has."""

    id: UUID
    debtor_id: UUID
    conversation_id: UUID | None
    kind: Kind
    state: State
    wish: Mapping[str, Any]
    answer: str
    stop_id: UUID | None
    received_at: datetime
    due_at: datetime | None
    deemed_on: date | None
    decided_at: datetime | None
    decided_by: By | None
    staff_id: UUID | None
    version: int


_COLUMNS = tuple(arrears_requests.c[name] for name in Request.__dataclass_fields__)


async def ask(
    tx: AsyncConnection,
    city_id: str,
    debtor_id: UUID,
    kind: Kind,
    wish: Mapping[str, Any],
    now: datetime,
    *,
    conversation_id: UUID | None,
    due_at: datetime | None,
    deemed_on: date | None = None,
) -> Request:
    """One request of a kind at a time. Raises Conflict while another of this kind is open, NotFound for no debtor."""
    debtors = select(arrears_debtors.c.id).where(
        arrears_debtors.c.city_id == city_id, arrears_debtors.c.id == debtor_id
    )
    if (await tx.execute(debtors.with_for_update())).one_or_none() is None:
        raise NotFound("체납자를 찾을 수 없습니다.", "No such debtor.")
    if await open_one(tx, city_id, debtor_id, kind):
        raise Conflict("이미 접수된 신청이 있습니다.", "Such a request is open already.")
    request_id = new_id()
    values = {
        "id": request_id,
        "city_id": city_id,
        "debtor_id": debtor_id,
        "conversation_id": conversation_id,
        "kind": kind,
        "wish": vault_of(tx).seal_json(dict(wish), f"arrears_requests.wish:{request_id}"),
        "received_at": now,
        "due_at": due_at,
        "deemed_on": deemed_on,
        "updated_at": now,
    }
    await tx.execute(insert(arrears_requests).values(values))
    return await read(tx, city_id, request_id)


async def open_one(tx: AsyncConnection, city_id: str, debtor_id: UUID, kind: Kind) -> Request | None:
    """The debtor's undecided request of this kind."""
    here = (arrears_requests.c.debtor_id == debtor_id, arrears_requests.c.kind == kind)
    found = await _some(tx, city_id, *here, arrears_requests.c.state == "open", limit=1)
    return found[0] if found else None


async def read(tx: AsyncConnection, city_id: str, request_id: UUID, *, lock: bool = False) -> Request:
    """Raises NotFound."""
    wanted = select(*_COLUMNS).where(arrears_requests.c.id == request_id, arrears_requests.c.city_id == city_id)
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    if row is None:
        raise NotFound("신청을 찾을 수 없습니다.", "No such request.")
    return Request(*row)


async def listing(
    tx: AsyncConnection,
    city_id: str,
    *,
    state: State | None = None,
    kind: Kind | None = None,
    debtor_id: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Sequence[Request]:
    """The oldest first, from behind `after` (received_at, id) on."""
    conditions: list[ColumnElement[bool]] = []
    for name, value in (("state", state), ("kind", kind), ("debtor_id", debtor_id)):
        if value is not None:
            conditions.append(arrears_requests.c[name] == value)
    if after is not None:
        conditions.append(tuple_(arrears_requests.c.received_at, arrears_requests.c.id) > tuple_(*after))
    return await _some(tx, city_id, *conditions, limit=limit)


async def deemed_by(tx: AsyncConnection, city_id: str, on: date, most: int) -> Sequence[Request]:
    """Open applications that count as granted when this day is over, locked; another process's are left alone."""
    wanted = (
        select(*_COLUMNS)
        .where(
            arrears_requests.c.city_id == city_id,
            arrears_requests.c.state == "open",
            arrears_requests.c.deemed_on <= on,
        )
        .order_by(arrears_requests.c.deemed_on, arrears_requests.c.id)
        .limit(most)
    )
    return [Request(*row) for row in await tx.execute(wanted.with_for_update(skip_locked=True))]


async def unwarned(tx: AsyncConnection, city_id: str, until: date, most: int) -> Sequence[Request]:
    """Open applications that count as granted by then and of which staff were not yet told, locked."""
    wanted = (
        select(*_COLUMNS)
        .where(
            arrears_requests.c.city_id == city_id,
            arrears_requests.c.state == "open",
            arrears_requests.c.deemed_on <= until,
            arrears_requests.c.warned_at.is_(None),
        )
        .order_by(arrears_requests.c.deemed_on, arrears_requests.c.id)
        .limit(most)
    )
    return [Request(*row) for row in await tx.execute(wanted.with_for_update(skip_locked=True))]


async def warned(tx: AsyncConnection, request_ids: Sequence[UUID], now: datetime) -> None:
    await tx.execute(update(arrears_requests).where(arrears_requests.c.id.in_(request_ids)).values(warned_at=now))


async def decide(
    tx: AsyncConnection,
    request: Request,
    state: State,
    by: By,
    now: datetime,
    *,
    answer: str = "",
    staff_id: UUID | None = None,
    stop_id: UUID | None = None,
) -> None:
    """Note the decision on a request that the caller has locked. Raises Conflict for one that is decided."""
    if request.state != "open":
        raise Conflict("이미 결정된 신청입니다.", "This request is decided already.", state=request.state)
    values = {
        "state": state,
        "decided_by": by,
        "decided_at": now,
        "staff_id": staff_id,
        "stop_id": stop_id,
        "answer": vault_of(tx).seal_text(answer, f"arrears_requests.answer:{request.id}"),
        "version": arrears_requests.c.version + 1,
        "updated_at": now,
    }
    await tx.execute(update(arrears_requests).where(arrears_requests.c.id == request.id).values(values))


async def _some(tx: AsyncConnection, city_id: str, *conditions: ColumnElement[bool], limit: int) -> Sequence[Request]:
    wanted = select(*_COLUMNS).where(arrears_requests.c.city_id == city_id, *conditions)
    rows = await tx.execute(wanted.order_by(arrears_requests.c.received_at, arrears_requests.c.id).limit(limit))
    return [Request(*row) for row in rows]
