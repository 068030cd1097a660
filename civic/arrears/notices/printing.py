"""Letters become documents: reckoned anew on the day, dated, and left out where nothing is owed or a stop runs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import any_, bindparam, literal, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import persons
from civic.arrears.ledger.stops import Stop, stops_on
from civic.arrears.money.owing import owed
from civic.arrears.notices import periods
from civic.arrears.notices.letters import Letter, bills_of, freeze_anew, letters_of
from civic.arrears.notices.register import note, record
from civic.arrears.notices.tables import arrears_letters
from civic.arrears.records import BillOwed
from civic.cases.clock import DaysOff
from core.arrears_notice_rules import Notices
from core.arrears_notice_rules import Stop as StopKind
from core.db import Id
from core.errors import Conflict
from core.vault import vault_of

RECKONED: Mapping[str, str] = {"dun": "dun", "warning": "warning", "info": "reminder"}
"""Kinds whose amounts are those of the day on which they are printed, and the level whose stops hold them back. The
documents of a seizure say what was ordered and are never reckoned anew."""


@dataclass(slots=True)
class Printed:
    """`letters`: to be put on paper now. `cancelled`: ids with the reason. `unaddressed`: nobody knows where to."""

    letters: list[Letter] = field(default_factory=list)
    cancelled: dict[UUID, str] = field(default_factory=dict)
    unaddressed: list[UUID] = field(default_factory=list)


async def print_letters(
    tx: AsyncConnection,
    city_id: str,
    letter_ids: Collection[UUID],
    on: date,
    rules: Notices,
    off: DaysOff,
    by: UUID | None,
    now: datetime,
) -> Printed:
    """Those listed get their date; those printed before keep theirs while they may still be posted. The bills count as
    dunned only once the letter is posted. Others (sent, served …) are left as they are and printed again.

    Raises Conflict when one of them was cancelled.
    """
    found, done = await _locked(tx, city_id, letter_ids), Printed()
    if any(letter.state == "cancelled" for letter in found):
        raise Conflict("취소된 서면이 들어 있습니다.", "One of these letters was cancelled.")
    fresh = [letter for letter in found if _is_fresh(letter, on, rules)]
    fresh = await _addressed(tx, city_id, fresh, done)
    fresh_ids, lost = {letter.id for letter in fresh}, set(done.unaddressed)
    reckoned = await _reckoned(tx, city_id, fresh, on, rules, done)
    for letter in found:
        if letter.id in lost or letter.id in done.cancelled:
            continue
        if letter.id not in fresh_ids:
            done.letters.append(letter)
            continue
        done.letters.append(_dated(reckoned[letter.id], on, rules, off, by, now))
    await _cancel(tx, city_id, done.cancelled, on, by, now)
    dated = [letter for letter in done.letters if letter.id in fresh_ids]
    await _store(tx, dated)
    await note(tx, city_id, [letter.id for letter in dated], "printed", on, now, by=by)
    if found:
        detail = {"letters": len(dated), "cancelled": len(done.cancelled), "unaddressed": len(lost)}
        await record(tx, city_id, "printed", found[0].id, by, now, detail)
    return done


async def _locked(tx: AsyncConnection, city_id: str, letter_ids: Collection[UUID]) -> list[Letter]:
    wanted = letters_of(city_id).where(arrears_letters.c.id == any_(literal(list(letter_ids), ARRAY(Id))))
    rows = await tx.execute(wanted.order_by(arrears_letters.c.id).with_for_update())
    return [Letter(*row) for row in rows]


def _is_fresh(letter: Letter, on: date, rules: Notices) -> bool:
    if letter.state == "printed" and letter.issued_on is not None:
        return letter.issued_on + timedelta(days=rules.post_within_days) < on
    return letter.state == "listed"


async def _addressed(tx: AsyncConnection, city_id: str, letters: Sequence[Letter], done: Printed) -> list[Letter]:
    """Those with an address; what the ledger learnt since a letter was listed is used."""
    silent = [letter for letter in letters if not letter.is_addressed]
    people = await persons(tx, city_id, {letter.debtor_id for letter in silent}) if silent else {}
    kept = []
    for letter in letters:
        person = people.get(letter.debtor_id)
        if not letter.is_addressed and person is not None and person.address and "debtor" not in letter.facts:
            recipient = {"name": person.name, "address": person.address, "postcode": person.postcode}
            sealed = vault_of(tx).seal_json(recipient, f"arrears_letters.recipient:{letter.id}")
            await _write(tx, letter, {"recipient": sealed, "is_addressed": True})
            kept.append(replace(letter, recipient=recipient, is_addressed=True))
        elif letter.is_addressed:
            kept.append(letter)
        else:
            done.unaddressed.append(letter.id)
    return kept


async def _reckoned(
    tx: AsyncConnection, city_id: str, letters: Sequence[Letter], on: date, rules: Notices, done: Printed
) -> dict[UUID, Letter]:
    """Letters by id, those of a level with the amounts of the day; what nobody owes now goes to `done.cancelled`."""
    due = [letter for letter in letters if letter.kind in RECKONED]
    found = {letter.id: letter for letter in letters}
    if not due:
        return found
    people = {letter.debtor_id for letter in due}
    money, stops = await owed(tx, city_id, people, on), await stops_on(tx, city_id, people, on)
    frozen = await bills_of(tx, [letter.id for letter in due])
    anew: dict[UUID, list[BillOwed]] = {}
    for letter in due:
        named = {bill.bill_id for bill in frozen.get(letter.id, [])}
        bills = money[letter.debtor_id].bills if letter.debtor_id in money else ()
        left, why = left_of(letter, named, bills, stops.get(letter.debtor_id, []), rules)
        if why:
            done.cancelled[letter.id] = why
        else:
            anew[letter.id] = left
            found[letter.id] = replace(letter, total_krw=sum(bill.total_krw for bill in left))
    await freeze_anew(tx, anew)
    return found


def left_of(
    letter: Letter, named: Collection[UUID], bills: Sequence[BillOwed], stops: Sequence[Stop], rules: Notices
) -> tuple[list[BillOwed], str]:
    """Of the bills that the letter names those that are still owed and held back by nothing; "" or why none is."""
    rung = rules.levels.get(RECKONED[letter.kind])  # type: ignore[call-overload]
    kinds: Collection[StopKind] = rung.stops if rung is not None else ()
    mine = [bill for bill in bills if bill.bill_id in named]
    if letter.kind == "dun" and letter.returned_on is None:
        mine = [bill for bill in mine if bill.dunned_on is None]
    if not mine:
        return [], "paid"
    if whole := [stop for stop in stops if stop.bill_id is None and stop.kind in kinds]:
        return [], whole[0].kind
    held = {stop.bill_id: stop.kind for stop in stops if stop.bill_id is not None and stop.kind in kinds}
    free = [bill for bill in mine if bill.bill_id not in held]
    return free, "" if free else held[mine[0].bill_id]


def _dated(letter: Letter, on: date, rules: Notices, off: DaysOff, by: UUID | None, now: datetime) -> Letter:
    due_on = periods.dun_deadline(on, rules.dun_days, off) if letter.kind in ("dun", "warning") else letter.due_on
    given: dict[str, Any] = {"state": "printed", "issued_on": on, "due_on": due_on, "staff_id": by, "updated_at": now}
    return replace(letter, **given, version=letter.version + 1)


async def _store(tx: AsyncConnection, dated: Sequence[Letter]) -> None:
    """Their dates and sums, in one go."""
    if not dated:
        return
    names = ("state", "issued_on", "due_on", "total_krw", "staff_id", "updated_at", "version")
    changed = update(arrears_letters).where(arrears_letters.c.id == bindparam("of"))
    given = [{"of": one.id, **{f"to_{name}": getattr(one, name) for name in names}} for one in dated]
    await tx.execute(changed.values({name: bindparam(f"to_{name}") for name in names}), given)


async def _write(tx: AsyncConnection, letter: Letter, values: Mapping[str, Any]) -> None:
    changed = update(arrears_letters).where(arrears_letters.c.id == letter.id)
    await tx.execute(changed.values({**values, "version": arrears_letters.c.version + 1}))


async def _cancel(
    tx: AsyncConnection, city_id: str, reasons: Mapping[UUID, str], on: date, by: UUID | None, now: datetime
) -> None:
    for letter_id, why in reasons.items():
        given = {"state": "cancelled", "reason": why, "staff_id": by, "updated_at": now}
        changed = update(arrears_letters).where(arrears_letters.c.id == letter_id)
        await tx.execute(changed.values({**given, "version": arrears_letters.c.version + 1}))
        await note(tx, city_id, [letter_id], "cancelled", on, now, by=by, detail={"reason": why})
