"""Written documents: listed once each under a number of the year, their bills and facts frozen as they say them.

The documents of the statute stay written (지방세징수법 §32, §38, §51, §64, §67); what counts is their service (송달).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, Text, any_, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import persons
from civic.arrears.notices.dunned import Dunned, dunning_served
from civic.arrears.notices.register import note, record
from civic.arrears.notices.tables import arrears_letter_bills, arrears_letter_numbers, arrears_letters
from civic.arrears.records import BillOwed, Person
from civic.arrears.tables import arrears_bills
from core.arrears_notice_rules import Sender
from core.clock import SEOUL
from core.db import Id
from core.errors import BadInput, NotFound
from core.ids import new_id
from core.vault import vault_of

__all__ = [
    "NEEDED",
    "Dunned",
    "Kind",
    "Letter",
    "LetterBill",
    "NewLetter",
    "State",
    "bills_of",
    "dunning_served",
    "freeze_anew",
    "letters_of",
    "list_letter",
    "list_letters",
    "read",
]

Kind = Literal["dun", "seizure_debtor", "seizure_bank", "record", "join", "release", "warning", "info", "plan"]
State = Literal["listed", "printed", "sent", "served", "returned", "published", "cancelled"]
NEEDED: Mapping[Kind, tuple[str, ...]] = {
    "seizure_debtor": ("bank_name", "account", "amount_krw", "seized_on"),
    "seizure_bank": ("bank_name", "account", "amount_krw", "recipient"),
    "record": ("bank_name", "account", "amount_krw", "seized_on"),
    "join": ("bank_name", "account", "amount_krw"),
    "release": ("bank_name", "account", "released_on", "release_reason"),
    "plan": ("instalments",),
}
"""Facts without which a document would be empty. Others that a sheet shows: seizure_no, first_authority, claim,
seizure_document, virtual_account {bank_name, number, holder}, note, recipient {name, address, postcode} (else the
debtor). Days are ISO texts, amounts whole won."""


@dataclass(frozen=True, slots=True)
class NewLetter:
    """`bills` with what each owes on the document; `facts`: see NEEDED; the same `dedupe_key` is listed once."""

    debtor_id: UUID
    kind: Kind
    bills: Sequence[BillOwed]
    facts: Mapping[str, Any]
    dedupe_key: str


@dataclass(frozen=True, slots=True)
class Letter:
    """An opened document. `served_on`: the day of 송달, from which the law counts; a message is none."""

    id: UUID
    debtor_id: UUID
    kind: Kind
    document_no: str
    recipient: dict[str, str]
    facts: dict[str, Any]
    total_krw: int
    is_addressed: bool
    state: State
    issued_on: date | None
    due_on: date | None
    tracking_no: str | None
    sent_on: date | None
    served_on: date | None
    served_how: str | None
    returned_on: date | None
    reason: str | None
    staff_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class LetterBill:
    """What one bill owes on the document, with what names it there."""

    bill_id: UUID
    bill_no: str
    pay_no: str
    tax_item: str
    tax_year: int
    period: str
    due_on: date
    costs_krw: int
    tax_krw: int
    surcharge_krw: int

    @property
    def total_krw(self) -> int:
        return self.costs_krw + self.tax_krw + self.surcharge_krw


COLUMNS = tuple(arrears_letters.c[name] for name in Letter.__dataclass_fields__)


async def list_letter(
    tx: AsyncConnection,
    city_id: str,
    debtor_id: UUID,
    kind: Kind,
    bills: Sequence[BillOwed],
    facts: Mapping[str, Any],
    dedupe_key: str,
    now: datetime,
    *,
    prefix: str = "",
    by: UUID | None = None,
) -> UUID | None:
    """Its id; None when it was listed before. Raises BadInput for a document that lacks what it must say."""
    letter = NewLetter(debtor_id, kind, bills, facts, dedupe_key)
    return (await list_letters(tx, city_id, [letter], now, prefix=prefix, by=by))[0]


async def list_letters(
    tx: AsyncConnection,
    city_id: str,
    letters: Sequence[NewLetter],
    now: datetime,
    *,
    prefix: str = "",
    by: UUID | None = None,
) -> list[UUID | None]:
    """Many at once, in order: ids, None for those that were listed before. `prefix`: of the document numbers, as
    `arrears.notices.sender.document_prefix` says. Numbers of a year follow one another without gaps: whoever takes some
    makes others wait until his commit, so list last in a transaction and not too many.
    """
    for letter in letters:
        _must_say(letter)
    if not letters:
        return []
    on = now.astimezone(SEOUL).date()
    last = await _last_number(tx, city_id, on.year)
    new = await _unlisted(tx, city_id, letters)
    if not new:
        return [None for _ in letters]
    people = await persons(tx, city_id, {letter.debtor_id for letter in new.values()})
    begin = prefix or Sender().document_prefix
    rows, ids = [], {}
    for number, (key, letter) in enumerate(new.items(), last + 1):
        person = people.get(letter.debtor_id)
        known = _known(letter, person)
        row = _row(tx, city_id, letter, _recipient(letter, person), on.year, number, begin, known, now, by)
        rows.append(row)
        ids[key] = row["id"]
    await tx.execute(insert(arrears_letters), rows)
    await _freeze(tx, [(ids[key], letter.bills) for key, letter in new.items()])
    await note(tx, city_id, [row["id"] for row in rows], "listed", on, now, by=by)
    numbers = arrears_letter_numbers
    await tx.execute(
        numbers.update().where(numbers.c.city_id == city_id, numbers.c.year == on.year).values(last=last + len(rows))
    )
    detail = {"letters": len(rows), "from": rows[0]["document_no"], "to": rows[-1]["document_no"]}
    await record(tx, city_id, "listed", rows[0]["id"], by, now, detail)
    return [ids.pop(letter.dedupe_key, None) for letter in letters]


def _must_say(letter: NewLetter) -> None:
    lacking = [name for name in NEEDED.get(letter.kind, ()) if letter.facts.get(name) in (None, "", [], {})]
    if lacking:
        shown = ", ".join(lacking)
        raise BadInput(f"서면에 적을 내용이 빠졌습니다: {shown}", f"The document lacks {shown}.", kind=letter.kind)
    if letter.kind in ("dun", "warning") and not letter.bills:
        raise BadInput("서면에 적을 고지서가 없습니다.", "The document names no bill.", kind=letter.kind)


async def _last_number(tx: AsyncConnection, city_id: str, year: int) -> int:
    """The year's last number; its row is ours until the commit."""
    numbers = arrears_letter_numbers
    adding = upsert(numbers).values(city_id=city_id, year=year, last=0)
    taken = adding.on_conflict_do_update(index_elements=["city_id", "year"], set_={"last": numbers.c.last})
    return int((await tx.execute(taken.returning(numbers.c.last))).scalar_one())


async def _unlisted(tx: AsyncConnection, city_id: str, letters: Sequence[NewLetter]) -> dict[str, NewLetter]:
    """By key, in order. Asked after the numbers' row is ours, so what others listed meanwhile is seen."""
    keys = [letter.dedupe_key for letter in letters]
    known = select(arrears_letters.c.dedupe_key).where(
        arrears_letters.c.city_id == city_id, arrears_letters.c.dedupe_key == any_(literal(keys, ARRAY(Text)))
    )
    before = set(await tx.scalars(known))
    found: dict[str, NewLetter] = {}
    for letter in letters:
        if letter.dedupe_key not in before:
            found.setdefault(letter.dedupe_key, letter)
    return found


def _recipient(letter: NewLetter, person: Person | None) -> dict[str, str]:
    if named := letter.facts.get("recipient"):
        return {name: str(named.get(name, "")) for name in ("name", "address", "postcode")}
    if person is None:
        raise NotFound("체납자를 찾을 수 없습니다.", "No such debtor.")
    return {"name": person.name, "address": person.address, "postcode": person.postcode}


def _known(letter: NewLetter, person: Person | None) -> dict[str, Any]:
    """The reader's language; and whose claim it is, where the reader is a bank."""
    if person is None:
        return {"lang": "ko"}
    if "recipient" not in letter.facts:
        return {"lang": person.lang}
    return {"lang": "ko", "debtor": f"{person.name} (납세번호 {person.tax_no})"}


def _row(
    tx: AsyncConnection,
    city_id: str,
    letter: NewLetter,
    recipient: dict[str, str],
    year: int,
    number: int,
    prefix: str,
    known: dict[str, Any],
    now: datetime,
    by: UUID | None,
) -> dict[str, Any]:
    letter_id, vault = new_id(), vault_of(tx)
    facts = {**known, **{name: value for name, value in letter.facts.items() if name != "recipient"}}
    return {
        "id": letter_id,
        "city_id": city_id,
        "debtor_id": letter.debtor_id,
        "kind": letter.kind,
        "year": year,
        "number": number,
        "document_no": f"{prefix}-{year}-{number:06d}",
        "recipient": vault.seal_json(recipient, f"arrears_letters.recipient:{letter_id}"),
        "facts": vault.seal_json(facts, f"arrears_letters.facts:{letter_id}"),
        "total_krw": sum(bill.total_krw for bill in letter.bills),
        "is_addressed": bool(recipient["address"].strip()),
        "state": "listed",
        "dedupe_key": letter.dedupe_key,
        "staff_id": by,
        "created_at": now,
        "updated_at": now,
    }


async def _freeze(tx: AsyncConnection, of_letters: Sequence[tuple[UUID, Sequence[BillOwed]]]) -> None:
    rows = [
        {
            "letter_id": letter_id,
            "bill_id": bill.bill_id,
            "costs_krw": bill.costs_krw,
            "tax_krw": bill.tax_krw,
            "surcharge_krw": bill.surcharge_krw,
        }
        for letter_id, bills in of_letters
        for bill in bills
    ]
    if rows:
        await tx.execute(insert(arrears_letter_bills), rows)


async def freeze_anew(tx: AsyncConnection, of_letters: Mapping[UUID, Sequence[BillOwed]]) -> None:
    """The amounts of the day on which they are printed, in place of those before."""
    bill = arrears_letter_bills
    await tx.execute(bill.delete().where(bill.c.letter_id == any_(literal(list(of_letters), ARRAY(Id)))))
    await _freeze(tx, list(of_letters.items()))


def letters_of(
    city_id: str,
    *,
    debtor_id: UUID | None = None,
    kind: str | None = None,
    state: str | None = None,
    is_addressed: bool | None = None,
) -> Select[Any]:
    """For `api.paging.page` over `created_at`."""
    letter = arrears_letters.c
    wanted = select(*COLUMNS).where(letter.city_id == city_id)
    given = {"debtor_id": debtor_id, "kind": kind, "state": state, "is_addressed": is_addressed}
    for name, value in given.items():
        if value is not None:
            wanted = wanted.where(letter[name] == value)
    return wanted


async def read(tx: AsyncConnection, city_id: str, letter_id: UUID) -> Letter:
    """Raises NotFound."""
    row = (await tx.execute(letters_of(city_id).where(arrears_letters.c.id == letter_id))).one_or_none()
    if row is None:
        raise NotFound("서면을 찾을 수 없습니다.", "No such letter.")
    return Letter(*row)


async def bills_of(tx: AsyncConnection, letter_ids: Collection[UUID]) -> dict[UUID, list[LetterBill]]:
    """What each document says of its bills, oldest due date first."""
    frozen, bill = arrears_letter_bills.c, arrears_bills.c
    names = ("bill_no", "pay_no", "tax_item", "tax_year", "period", "due_on")
    columns = (frozen.letter_id, frozen.bill_id, *(bill[name] for name in names))
    wanted = select(*columns, frozen.costs_krw, frozen.tax_krw, frozen.surcharge_krw)
    wanted = wanted.join(arrears_bills, bill.id == frozen.bill_id)
    wanted = wanted.where(frozen.letter_id == any_(literal(list(letter_ids), ARRAY(Id))))
    found: dict[UUID, list[LetterBill]] = {}
    for row in await tx.execute(wanted.order_by(bill.due_on, bill.bill_no)):
        found.setdefault(row[0], []).append(LetterBill(*row[1:]))
    return found
