"""What becomes of a document on its way: posted, served, returned, addressed anew, published, or never sent."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.interruptions import interrupt
from civic.arrears.notices import periods
from civic.arrears.notices.letters import Letter, State, letters_of, read
from civic.arrears.notices.register import note, record
from civic.arrears.notices.tables import arrears_letter_bills, arrears_letters
from civic.arrears.tables import arrears_bills
from civic.arrears.touched import touch
from civic.cases.clock import DaysOff
from core.arrears_notice_rules import Notices
from core.clock import SEOUL
from core.errors import BadInput, Conflict, NotFound
from core.vault import vault_of

How = Literal["registered", "direct", "electronic"]
Returned = Literal["moved", "absent", "refused", "unknown", "address", "other"]
"""이사불명, 폐문부재, 수취거절, 수취인불명, 주소불명, 기타."""
AFTER: Mapping[str, frozenset[State]] = {
    "sent": frozenset({"printed"}),
    "served": frozenset({"printed", "sent"}),
    "returned": frozenset({"sent"}),
    "addressed": frozenset({"listed", "returned"}),
    "published": frozenset({"returned"}),
    "cancelled": frozenset({"listed", "printed"}),
}
"""What may follow which state. A document handed over in person is served without the post."""


async def by_number(tx: AsyncConnection, city_id: str, *, document_no: str = "", tracking_no: str = "") -> UUID:
    """The letter that bears this number, or went under that number of the post. Raises NotFound, BadInput."""
    letter = arrears_letters.c
    if not document_no and not tracking_no:
        raise BadInput("문서번호나 등기번호를 적어 주세요.", "Give the document's or the post's number.")
    wanted = select(letter.id).where(letter.city_id == city_id)
    if document_no:
        wanted = wanted.where(letter.document_no == document_no)
    if tracking_no:
        wanted = wanted.where(letter.tracking_no == tracking_no)
    found: UUID | None = await tx.scalar(wanted.order_by(letter.created_at.desc()).limit(1))
    if found is None:
        raise NotFound("그 번호의 서면이 없습니다.", "No letter bears this number.")
    return found


async def mark_sent(
    tx: AsyncConnection,
    city_id: str,
    letter_id: UUID,
    tracking_no: str,
    on: date,
    rules: Notices,
    by: UUID | None,
    now: datetime,
) -> Letter:
    """Given to the post. From now on the bills of a 독촉장 count as dunned, with the deadline that it names. Again with
    the same number changes nothing. Raises NotFound, Conflict for one that is over or was printed too long ago.
    """
    letter = await _locked(tx, city_id, letter_id)
    if letter.state == "sent" and letter.tracking_no == tracking_no:
        return letter
    _not_ahead(on, now)
    _must_follow(letter, "sent")
    issued = letter.issued_on or on
    if on < issued or on > issued + timedelta(days=rules.post_within_days):
        raise Conflict(
            f"{issued}에 인쇄한 서면입니다. 날짜를 새로 하여 다시 인쇄해 주세요.",
            f"It was printed on {issued}; print it anew with new dates.",
            issued_on=str(issued),
        )
    made = await _change(tx, letter, {"state": "sent", "sent_on": on, "tracking_no": tracking_no, "staff_id": by}, now)
    if letter.kind == "dun":
        await _dun(tx, letter, {"dunned_on": issued, "dun_due_on": letter.due_on}, now)
    await _told(tx, city_id, made, "sent", on, by, now, {"tracking_no": tracking_no})
    return made


async def mark_served(
    tx: AsyncConnection,
    city_id: str,
    letter_id: UUID,
    on: date,
    how: How,
    off: DaysOff,
    by: UUID | None,
    now: datetime,
) -> Letter:
    """송달: from this day the law counts; where it came late, the deadline moves (지방세기본법 §31). What went by wire
    (electronic: a bank's order) needs no printing. Raises NotFound, Conflict, and BadInput for a day before its issue
    or one that has not come.
    """
    letter = await _locked(tx, city_id, letter_id)
    if letter.state == "served" and (letter.served_on, letter.served_how) == (on, how):
        return letter
    _not_ahead(on, now)
    if not (how == "electronic" and letter.state == "listed"):
        _must_follow(letter, "served")
    if letter.issued_on is not None and on < letter.issued_on:
        raise BadInput("시행일보다 앞선 날입니다.", "That is before it was issued.", issued_on=str(letter.issued_on))
    due_on = letter.due_on if letter.due_on is None else periods.after_service(letter.due_on, on, off)
    given = {"state": "served", "served_on": on, "served_how": how, "due_on": due_on, "staff_id": by}
    made = await _change(tx, letter, {**given, "issued_on": letter.issued_on or on}, now)
    if letter.kind == "dun":
        await _dun(tx, letter, {"dunned_on": made.issued_on, "dun_due_on": due_on}, now)
        await _interrupt(tx, city_id, letter, on, due_on, by, now)
    detail = {"how": how} if due_on == letter.due_on else {"how": how, "due_on": str(due_on)}
    await _told(tx, city_id, made, "served", on, by, now, detail)
    return made


async def mark_returned(
    tx: AsyncConnection,
    city_id: str,
    letter_id: UUID,
    on: date,
    reason: Returned,
    by: UUID | None,
    now: datetime,
) -> Letter:
    """Came back: to be addressed anew, or published (공시송달). A 독촉장 that reached nobody has dunned nobody: its
    bills are as before it. Raises NotFound, Conflict.
    """
    letter = await _locked(tx, city_id, letter_id)
    if letter.state == "returned" and letter.returned_on == on:
        return letter
    _not_ahead(on, now)
    _must_follow(letter, "returned")
    given = {"state": "returned", "returned_on": on, "reason": reason, "staff_id": by}
    made = await _change(tx, letter, given, now)
    if letter.kind == "dun":
        await _dun(tx, letter, {"dunned_on": None, "dun_due_on": None}, now)
    await _told(tx, city_id, made, "returned", on, by, now, {"reason": reason})
    return made


async def address(
    tx: AsyncConnection,
    city_id: str,
    letter_id: UUID,
    recipient: Mapping[str, str],
    on: date,
    by: UUID | None,
    now: datetime,
) -> Letter:
    """The address that an officer found. What had come back is listed again and gets a new date when it is printed.
    Raises NotFound, Conflict.
    """
    letter = await _locked(tx, city_id, letter_id)
    _must_follow(letter, "addressed")
    whole = {**letter.recipient, **{name: value for name, value in recipient.items() if value}}
    sealed = vault_of(tx).seal_json(whole, f"arrears_letters.recipient:{letter_id}")
    given = {"recipient": sealed, "is_addressed": bool(whole["address"].strip()), "state": "listed", "staff_id": by}
    made = await _change(tx, letter, {**given, "issued_on": None, "tracking_no": None, "sent_on": None}, now)
    await _told(tx, city_id, made, "addressed", on, by, now, {})
    return made


async def publish(
    tx: AsyncConnection,
    city_id: str,
    letter_id: UUID,
    on: date,
    basis: str,
    off: DaysOff,
    by: UUID | None,
    now: datetime,
) -> Letter:
    """공시송달: served when the days of the dated row have passed since the publication (지방세기본법 §33). `basis`:
    where it was published. Raises NotFound, Conflict.
    """
    letter = await _locked(tx, city_id, letter_id)
    _not_ahead(on, now)
    _must_follow(letter, "published")
    served_on = periods.published_until(on)
    due_on = letter.due_on if letter.due_on is None else periods.after_service(letter.due_on, served_on, off)
    given = {"state": "published", "served_on": served_on, "served_how": "publication", "due_on": due_on}
    made = await _change(tx, letter, {**given, "staff_id": by}, now)
    if letter.kind == "dun":
        await _dun(tx, letter, {"dunned_on": letter.issued_on, "dun_due_on": due_on}, now)
        await _interrupt(tx, city_id, letter, served_on, due_on, by, now)
    await _told(tx, city_id, made, "published", on, by, now, {"basis": basis, "served_on": str(served_on)})
    return made


async def cancel(
    tx: AsyncConnection, city_id: str, letter_id: UUID, reason: str, on: date, by: UUID | None, now: datetime
) -> Letter:
    """It is not needed; its number stays in the register. Raises NotFound, Conflict once it left."""
    letter = await _locked(tx, city_id, letter_id)
    if letter.state == "cancelled":
        return letter
    _must_follow(letter, "cancelled")
    made = await _change(tx, letter, {"state": "cancelled", "reason": reason, "staff_id": by}, now)
    await _told(tx, city_id, made, "cancelled", on, by, now, {"reason": reason})
    return made


def _not_ahead(on: date, now: datetime) -> None:
    if on > now.astimezone(SEOUL).date():
        raise BadInput("아직 오지 않은 날입니다.", "That day has not come yet.", on=str(on))


def _must_follow(letter: Letter, what: str) -> None:
    if letter.state not in AFTER[what]:
        raise Conflict(
            "지금 상태에서는 할 수 없습니다.", "Not from its present state.", state=letter.state, wanted=what
        )


async def _locked(tx: AsyncConnection, city_id: str, letter_id: UUID) -> Letter:
    wanted = letters_of(city_id).where(arrears_letters.c.id == letter_id)
    row = (await tx.execute(wanted.with_for_update())).one_or_none()
    if row is None:
        raise NotFound("서면을 찾을 수 없습니다.", "No such letter.")
    return Letter(*row)


async def _change(tx: AsyncConnection, letter: Letter, values: Mapping[str, Any], now: datetime) -> Letter:
    given = {**values, "updated_at": now, "version": letter.version + 1}
    await tx.execute(update(arrears_letters).where(arrears_letters.c.id == letter.id).values(given))
    wanted = select(arrears_letters.c.city_id).where(arrears_letters.c.id == letter.id)
    return await read(tx, (await tx.execute(wanted)).scalar_one(), letter.id)


async def _dun(tx: AsyncConnection, letter: Letter, values: Mapping[str, Any], now: datetime) -> None:
    bills, frozen = arrears_bills, arrears_letter_bills.c
    mine = select(frozen.bill_id).where(frozen.letter_id == letter.id)
    changed = update(bills).where(bills.c.id.in_(mine), bills.c.state == "open")
    await tx.execute(changed.values({**values, "updated_at": now, "version": bills.c.version + 1}))


async def _interrupt(
    tx: AsyncConnection,
    city_id: str,
    letter: Letter,
    served_on: date,
    due_on: date | None,
    by: UUID | None,
    now: datetime,
) -> None:
    """A 독촉 interrupts the prescription once it has arrived; it runs anew from the deadline (지방세기본법 §40)."""
    frozen = arrears_letter_bills.c
    bills = list(await tx.scalars(select(frozen.bill_id).where(frozen.letter_id == letter.id)))
    until = max(served_on, due_on or served_on)
    await interrupt(
        tx, city_id, bills, "demand", served_on, until, f"letter:{letter.id}", now, letter.document_no, staff_id=by
    )


async def _told(
    tx: AsyncConnection,
    city_id: str,
    letter: Letter,
    what: str,
    on: date,
    by: UUID | None,
    now: datetime,
    detail: Mapping[str, Any],
) -> None:
    await note(tx, city_id, [letter.id], what, on, now, by=by, detail=detail)
    said = {"kind": letter.kind, "document_no": letter.document_no, **detail}
    await record(tx, city_id, what, letter.id, by, now, said)
    if letter.kind == "dun" and what in ("sent", "served", "returned", "published"):
        await touch(tx, city_id, [letter.debtor_id], "bill", now)
