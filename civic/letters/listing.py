"""A letter's life: listed because no wire reached the citizen, printed, sent with its number, or cancelled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.tables import cases
from civic.cases.visible import within
from civic.letters.tables import letters
from civic.staff.service import ActorKind, Scope, record_change
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.vault import vault_of

STATES = ("waiting", "printed", "sent", "cancelled")


@dataclass(frozen=True, slots=True)
class NewLetter:
    """`follows_id`: the message that did not arrive; the same `dedupe_key` is listed once."""

    city_id: str
    case_id: UUID
    citizen_id: UUID
    follows_id: UUID | None
    kind: str
    name: str
    text: str
    dedupe_key: str


async def list_letter(tx: AsyncConnection, letter: NewLetter, now: datetime) -> UUID | None:
    """Its id; None when it was listed before."""
    letter_id, vault = new_id(), vault_of(tx)
    recipient = {"name": letter.name, "address": "", "postcode": ""}
    made = (
        insert(letters)
        .values(
            id=letter_id,
            city_id=letter.city_id,
            case_id=letter.case_id,
            citizen_id=letter.citizen_id,
            follows_id=letter.follows_id,
            kind=letter.kind,
            recipient=vault.seal_json(recipient, f"letters.recipient:{letter_id}"),
            text=vault.seal_text(letter.text, f"letters.text:{letter_id}"),
            state="waiting",
            dedupe_key=letter.dedupe_key,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["city_id", "dedupe_key"])
        .returning(letters.c.id)
    )
    if (await tx.execute(made)).first() is None:
        return None
    await _record(tx, letter.city_id, letter_id, "letter.listed", None, now, {"kind": letter.kind})
    return letter_id


def letters_of(city_id: str, scope: Scope | None, state: str | None = None) -> Select[Any]:
    """For `api.paging.page` over `created_at`: whose case is within, with its receipt number."""
    wanted = select(letters, cases.c.receipt_no).join(cases, cases.c.id == letters.c.case_id)
    wanted = wanted.where(letters.c.city_id == city_id)
    if (seen := within(scope)) is not None:
        wanted = wanted.where(seen)
    return wanted if state is None else wanted.where(letters.c.state == state)


async def address(
    tx: AsyncConnection,
    city_id: str,
    scope: Scope | None,
    letter_id: UUID,
    by: UUID,
    now: datetime,
    *,
    given: dict[str, str],
) -> Any:
    """The address (and postcode, name) that staff found for it. Raises NotFound, or Conflict once it is sent."""
    row = await _locked(tx, city_id, scope, letter_id)
    if row.state in ("sent", "cancelled"):
        raise Conflict("이미 끝난 우편입니다.", "This letter is over.", state=row.state)
    recipient = {**row.recipient, **{name: value for name, value in given.items() if value}}
    sealed = vault_of(tx).seal_json(recipient, f"letters.recipient:{letter_id}")
    await _write(tx, letter_id, {"recipient": sealed, "staff_id": by})
    await _record(tx, city_id, letter_id, "letter.addressed", by, now, {})
    return await _read(tx, city_id, scope, letter_id)


async def mark_printed(tx: AsyncConnection, city_id: str, ids: list[UUID], by: UUID, now: datetime) -> None:
    """Those that waited were taken out as a file."""
    waiting = update(letters).where(letters.c.city_id == city_id, letters.c.id.in_(ids), letters.c.state == "waiting")
    changed = await tx.execute(waiting.values(state="printed", printed_at=now, staff_id=by).returning(letters.c.id))
    for letter_id in changed.scalars().all():
        await _record(tx, city_id, letter_id, "letter.printed", by, now, {})


async def mark_sent(
    tx: AsyncConnection,
    city_id: str,
    scope: Scope | None,
    letter_id: UUID,
    by: UUID,
    now: datetime,
    *,
    tracking_no: str,
) -> Any:
    """Given to the post. Again with the same number changes nothing. Raises NotFound, Conflict."""
    row = await _locked(tx, city_id, scope, letter_id)
    if row.state == "cancelled" or (row.state == "sent" and row.tracking_no != tracking_no):
        raise Conflict("이미 끝난 우편입니다.", "This letter is over.", state=row.state)
    if row.state != "sent":
        await _write(tx, letter_id, {"state": "sent", "sent_at": now, "tracking_no": tracking_no, "staff_id": by})
        await _record(tx, city_id, letter_id, "letter.sent", by, now, {"tracking_no": tracking_no})
    return await _read(tx, city_id, scope, letter_id)


async def cancel(
    tx: AsyncConnection, city_id: str, scope: Scope | None, letter_id: UUID, by: UUID, now: datetime, *, reason: str
) -> Any:
    """The citizen was told otherwise. Raises NotFound, or Conflict once it is sent."""
    row = await _locked(tx, city_id, scope, letter_id)
    if row.state == "sent":
        raise Conflict("이미 보낸 우편입니다.", "This letter was sent.", state=row.state)
    if row.state != "cancelled":
        await _write(tx, letter_id, {"state": "cancelled", "cancelled_at": now, "reason": reason, "staff_id": by})
        await _record(tx, city_id, letter_id, "letter.cancelled", by, now, {"reason": reason})
    return await _read(tx, city_id, scope, letter_id)


async def _locked(tx: AsyncConnection, city_id: str, scope: Scope | None, letter_id: UUID) -> Any:
    wanted = letters_of(city_id, scope).where(letters.c.id == letter_id)
    row = (await tx.execute(wanted.with_for_update(of=letters))).one_or_none()
    if row is None:
        raise NotFound("우편을 찾을 수 없습니다.", "No such letter.")
    return row


async def _read(tx: AsyncConnection, city_id: str, scope: Scope | None, letter_id: UUID) -> Any:
    return (await tx.execute(letters_of(city_id, scope).where(letters.c.id == letter_id))).one()


async def _write(tx: AsyncConnection, letter_id: UUID, values: dict[str, Any]) -> None:
    await tx.execute(update(letters).where(letters.c.id == letter_id).values(values))


async def _record(
    tx: AsyncConnection,
    city_id: str,
    letter_id: UUID,
    action: str,
    by: UUID | None,
    now: datetime,
    detail: dict[str, object],
) -> None:
    kind: ActorKind = "staff" if by else "system"
    await record_change(
        tx,
        city_id=city_id,
        actor_kind=kind,
        actor_id=by,
        action=action,
        object_kind="letter",
        object_id=str(letter_id),
        detail=detail,
        now=now,
    )
