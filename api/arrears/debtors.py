"""Debtors as officers look at them: found by an exact value, one whole sheet, the greatest without names, stops."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.arrears.parts import Reader, Writer, reason_of
from api.arrears.payment_parts import follow
from api.deps import Caller, House, HouseDep
from api.fields import Plain, Word
from civic.arrears.ledger import stops
from civic.arrears.ledger.people import find, persons
from civic.arrears.ledger.standing import Standing, greatest, standing
from civic.arrears.ledger.stops import Kind, Stop
from civic.arrears.money.owing import owed
from civic.arrears.notices.values import masked_name
from civic.arrears.records import BillOwed, Person
from civic.people.service import masked_phone
from civic.staff.service import record_change
from core.clock import SEOUL

router = APIRouter(prefix="/arrears", tags=["arrears"])


class Sought(BaseModel):
    """Exact values; whoever is found has all of them. In the body, so that no proxy's log keeps a name."""

    model_config = ConfigDict(extra="forbid")

    tax_no: Word = ""
    name: Word = ""
    phone: Word = ""
    bill_no: Word = ""
    pay_no: Word = ""


class FoundDebtor(BaseModel):
    """Masked: enough to choose the right one. `total_krw`: owed today, with costs and surcharge."""

    id: UUID
    name: str
    phone: str
    is_company: bool
    bills: int
    total_krw: int


class FoundDebtors(BaseModel):
    items: list[FoundDebtor]


class GreatRow(BaseModel):
    """`made_out_krw`: the open bills as they were made out; `total_krw`: owed today."""

    id: UUID
    is_company: bool
    bills: int
    made_out_krw: int
    total_krw: int
    oldest_due_on: date


class GreatRows(BaseModel):
    items: list[GreatRow]


class BillRow(BaseModel):
    """`owed_krw`, and what of it is cost, tax and surcharge: today; 0 for a bill closed or not yet due."""

    id: UUID
    bill_no: str
    pay_no: str
    tax_item: str
    tax_year: int
    period: str
    detail: str
    principal_krw: int
    costs_krw: int
    tax_krw: int
    surcharge_krw: int
    owed_krw: int
    notified_on: date
    due_on: date
    dunned_on: date | None
    dun_due_on: date | None
    prescribes_on: date | None
    state: str
    closed_on: date | None
    version: int


class PaymentLine(BaseModel):
    id: UUID
    payment_no: str
    amount_krw: int
    excess_krw: int
    way: str
    state: str
    paid_on: date
    bill_id: UUID | None


class StopRow(BaseModel):
    id: UUID
    bill_id: UUID | None
    kind: str
    from_on: date
    until_on: date | None
    basis: str
    staff_id: UUID | None
    created_at: datetime
    ended_at: datetime | None


class ChangeLine(BaseModel):
    """What a later file changed: `before` of a bill, nothing of a person."""

    at: datetime
    bill_id: UUID | None
    before: dict[str, Any]


class Did(BaseModel):
    number: int
    latest_at: datetime | None


class Sheet(BaseModel):
    """`tax_no` and `phone` masked unless they were asked for; `address` comes with them."""

    id: UUID
    tax_no: str
    name: str
    phone: str
    address: str
    is_company: bool
    lang: str
    total_krw: int
    on: date
    bills: list[BillRow]
    payments: list[PaymentLine]
    stops: list[StopRow]
    changes: list[ChangeLine]
    did: dict[str, Did]
    links: dict[str, str]


class NewStop(BaseModel):
    """`basis`: the article or document on which it rests. Without `until_on` it holds until it is ended."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    from_on: date
    until_on: date | None = None
    bill_id: UUID | None = None
    basis: Annotated[Plain, Field(min_length=1, max_length=400)]


class EndOfStop(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Plain, Field(min_length=1, max_length=400)]


class StopMade(BaseModel):
    """`until_on`: its last day; a deferral's is carried from a day off to the next working day."""

    id: UUID
    debtor_id: UUID
    until_on: date | None


@router.post("/debtors/find", summary="체납자 찾기 (find debtors)")
async def find_debtors(sought: Sought, asking: Reader, house: HouseDep) -> FoundDebtors:
    """By exact values alone. Asks why somebody looks and leaves a row for each who is found. 422 without a value."""
    reason_of(asking)
    city_id, today = house.settings.city.id, _today(house)
    async with house.db.transaction() as tx:
        ids = (await find(tx, city_id, **sought.model_dump()))[:50]
        await asking.looked(tx, house, "arrears_list", f"{len(ids)}", action="arrears.find", shown=_by(sought))
        for debtor_id in ids:
            await asking.looked(tx, house, "arrears_debtor", str(debtor_id), action="arrears.find")
        found, due = await persons(tx, city_id, ids), await owed(tx, city_id, ids, today)
    rows = []
    for debtor_id in ids:
        person, owes = found[debtor_id], due.get(debtor_id)
        rows.append(
            FoundDebtor(
                id=debtor_id,
                name=masked_name(person.name),
                phone=masked_phone(person.phone) if person.phone else "",
                is_company=person.is_company,
                bills=len(owes.bills) if owes else 0,
                total_krw=owes.total_krw if owes else 0,
            )
        )
    return FoundDebtors(items=rows)


def _by(sought: Sought) -> str:
    """By which kinds of value somebody looked, never the values."""
    return ", ".join(name for name, value in sought.model_dump().items() if value)


@router.get("/debtors", summary="큰 체납과 오래된 체납 (the greatest, without names)")
async def greatest_debtors(
    asking: Reader,
    house: HouseDep,
    order: Literal["largest", "oldest"] = "largest",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> GreatRows:
    """Nobody is named here; a debtor's sheet asks for the reason."""
    city_id, today = house.settings.city.id, _today(house)
    async with house.db.transaction() as tx:
        await asking.looked(tx, house, "arrears_list", order, action="arrears.greatest")
        rows = await greatest(tx, city_id, limit, by_age=order == "oldest")
        ids = [row[0] for row in rows]
        due, found = await owed(tx, city_id, ids, today), await persons(tx, city_id, ids)
    return GreatRows(
        items=[
            GreatRow(
                id=debtor_id,
                is_company=found[debtor_id].is_company,
                bills=bills,
                made_out_krw=krw,
                total_krw=due[debtor_id].total_krw if debtor_id in due else 0,
                oldest_due_on=oldest,
            )
            for debtor_id, bills, krw, oldest in rows
        ]
    )


@router.get("/debtors/{debtor_id}", summary="체납자 한 사람 (a debtor's sheet)")
async def debtor_sheet(debtor_id: UUID, asking: Reader, house: HouseDep, with_contact: bool = False) -> Sheet:
    """Asks why somebody looks; `with_contact` shows number, telephone and address whole, and says so in the log."""
    reason_of(asking)
    today = _today(house)
    async with house.db.transaction() as tx:
        found = await standing(tx, house.settings.city.id, debtor_id, today)
        action = "arrears.contact" if with_contact else "arrears.sheet"
        await asking.looked(tx, house, "arrears_debtor", str(debtor_id), action=action)
    return _sheet(found, today, with_contact=with_contact)


@router.post("/debtors/{debtor_id}/stops", status_code=201, summary="체납처분 멈추기 (stop)")
async def add_stop(debtor_id: UUID, wanted: NewStop, asking: Writer, house: HouseDep) -> StopMade:
    """Messages and seizures of his stop at once, whatever runs. 404 for nobody, 422 for an end before its beginning."""
    now, city_id = house.clock.now(), house.settings.city.id
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        stop_id = await stops.stop(
            tx,
            city_id,
            debtor_id,
            wanted.kind,
            wanted.from_on,
            wanted.until_on,
            wanted.basis,
            asking.member.id,
            now,
            wanted.bill_id,
        )
        until_on = await stops.until_of(tx, stop_id)
        detail = {"kind": wanted.kind, "debtor_id": str(debtor_id), "until_on": str(until_on or "")}
        await _audit(tx, asking, "arrears_stop.add", stop_id, detail, now)
    await follow(house)
    return StopMade(id=stop_id, debtor_id=debtor_id, until_on=until_on)


@router.post("/stops/{stop_id}/end", summary="멈춤 끝내기 (end a stop)")
async def end_stop(stop_id: UUID, given: EndOfStop, asking: Writer, house: HouseDep) -> StopMade:
    """From now on he is not left alone for this any more. 404 for none, 409 for one that has ended."""
    now, city_id = house.clock.now(), house.settings.city.id
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        debtor_id = await stops.end_stop(tx, city_id, stop_id, now)
        until_on = await stops.until_of(tx, stop_id)
        detail = {"debtor_id": str(debtor_id), "reason": given.reason}
        await _audit(tx, asking, "arrears_stop.end", stop_id, detail, now)
    return StopMade(id=stop_id, debtor_id=debtor_id, until_on=until_on)


async def _audit(tx: Any, asking: Caller, action: str, stop_id: UUID, detail: Mapping[str, Any], now: datetime) -> None:
    await record_change(
        tx,
        city_id=asking.member.city_id,
        actor_kind="staff",
        actor_id=asking.member.id,
        action=action,
        object_kind="arrears_stop",
        object_id=str(stop_id),
        detail=detail,
        now=now,
    )


def _today(house: House) -> date:
    return house.clock.now().astimezone(SEOUL).date()


def _sheet(found: Standing, today: date, *, with_contact: bool) -> Sheet:
    person, due = found.person, {bill.bill_id: bill for bill in found.owed.bills}
    here = f"/api/v1/arrears/debtors/{person.debtor_id}"
    return Sheet(
        id=person.debtor_id,
        **_contact(person, with_contact=with_contact),
        name=person.name,
        is_company=person.is_company,
        lang=person.lang,
        total_krw=found.owed.total_krw,
        on=today,
        bills=[_bill(row, due.get(row["id"])) for row in found.bills],
        payments=[PaymentLine(**row) for row in found.payments],
        stops=[_stop(one, at, ended) for one, at, ended in found.stops],
        changes=[ChangeLine(**row) for row in found.changes],
        did={what: Did(number=number, latest_at=at) for what, (number, at) in found.did.items()},
        links={"payments": f"{here}/payments", "self": here},
    )


def _contact(person: Person, *, with_contact: bool) -> dict[str, str]:
    if with_contact:
        return {"tax_no": person.tax_no, "phone": person.phone, "address": person.address}
    number = "*" * max(len(person.tax_no) - 3, 0) + person.tax_no[-3:]
    return {"tax_no": number, "phone": masked_phone(person.phone) if person.phone else "", "address": ""}


def _bill(row: Mapping[str, Any], due: BillOwed | None) -> BillRow:
    parts = {name: getattr(due, name) if due else 0 for name in ("costs_krw", "tax_krw", "surcharge_krw")}
    return BillRow.model_validate({**row, **parts, "owed_krw": due.total_krw if due else 0})


def _stop(one: Stop, at: datetime, ended: datetime | None) -> StopRow:
    values = {
        name: getattr(one, name) for name in ("id", "bill_id", "kind", "from_on", "until_on", "basis", "staff_id")
    }
    return StopRow(**values, created_at=at, ended_at=ended)
