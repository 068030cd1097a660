"""A bill's money as staff handle it: how the sum comes about, costs, reductions by two people, when the claim ends."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.arrears.parts import Approver, Reader, Writer, reason_of
from api.deps import House, HouseDep, VersionsDep
from civic.arrears.money import interruptions, reducing
from civic.arrears.money.allocating import Share
from civic.arrears.money.costs import add_cost
from civic.arrears.money.explained import explain
from civic.arrears.money.prescription import Step
from civic.arrears.money.reducing import Kind, Reduction, State
from civic.arrears.tables import arrears_bills
from civic.staff.service import record_change
from core.clock import SEOUL
from core.errors import NotFound

router = APIRouter(prefix="/arrears", tags=["arrears"])
BillId = Annotated[UUID, Path()]
Won = Annotated[int, Field(ge=0, le=10**13)]
Reason = Annotated[str, Field(min_length=1, max_length=400)]
_EFFECTS = {"interrupts": ("시효 중단", "Begins anew"), "suspends": ("시효 정지", "Paused")}


class SumLine(BaseModel):
    """One step of the sum; `krw` is added to what is owed. `certainty`: L law read, O official page, P secondary, K
    general knowledge, ? unknown."""

    model_config = ConfigDict(from_attributes=True)

    on: date
    krw: int
    text_ko: str
    text_en: str
    article: str
    certainty: str


class Reckoning(BaseModel):
    """What is owed on `on`: the lines' sum is `total_krw`, where no more was paid than was owed."""

    bill_id: UUID
    on: date
    costs_krw: int
    tax_krw: int
    surcharge_krw: int
    total_krw: int
    lines: list[SumLine]


class TermStep(BaseModel):
    """`last_on`: the last day on which the claim can be collected, after this step; null while something holds it."""

    kind: str
    text_ko: str
    text_en: str
    from_on: date | None
    until_on: date | None
    last_on: date | None
    article: str
    certainty: str


class Term(BaseModel):
    bill_id: UUID
    prescribes_on: date | None
    steps: list[TermStep]


class ExpiringRow(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    bill_id: UUID
    debtor_id: UUID
    bill_no: str
    tax_item: str
    tax_year: int
    principal_krw: int
    due_on: date
    prescribes_on: date
    is_over: bool


class Expiring(BaseModel):
    items: list[ExpiringRow]


class NewCost(BaseModel):
    amount_krw: Annotated[int, Field(gt=0, le=10**10)]
    reason: Reason
    on: date


class Entered(BaseModel):
    id: UUID


class NewReduction(BaseModel):
    """`kind`: reduce by the amounts given (감액); cancel the bill (부과취소); write_off (정리보류)."""

    kind: Kind
    costs_krw: Won = 0
    tax_krw: Won = 0
    surcharge_krw: Won = 0
    reason: Reason


class ReductionRow(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    bill_id: UUID
    kind: Kind
    costs_krw: int
    tax_krw: int
    surcharge_krw: int
    reason: str
    state: State
    asked_by: UUID
    asked_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    version: int


class Reductions(BaseModel):
    items: list[ReductionRow]


class Decision(BaseModel):
    agrees: bool


@router.get("/bills/expiring", summary="시효가 가까운 건 (claims that end soon)")
async def list_expiring(
    asking: Reader,
    house: HouseDep,
    months: Annotated[int | None, Query(ge=0, le=60)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Expiring:
    """Open bills by their last day, those that are over first. `months`: how far to look, else the setting."""
    ahead = house.settings.arrears.money.expiring_months if months is None else months
    today = _today(house)
    async with house.db.transaction() as tx:
        found = await interruptions.expiring(tx, house.settings.city.id, _months_later(today, ahead), limit)
        shown = " ".join(str(one.bill_id) for one in found)
        await asking.looked(tx, house, "arrears_debtor", "expiring", action="arrears_bills.list", shown=shown)
    fields = [name for name in ExpiringRow.model_fields if name != "is_over"]
    return Expiring(
        items=[
            ExpiringRow(**{name: getattr(one, name) for name in fields}, is_over=one.prescribes_on < today)
            for one in found
        ]
    )


@router.get("/bills/{bill_id}/reckoning", summary="계산 내역 (how the sum comes about)")
async def read_reckoning(bill_id: BillId, asking: Reader, house: HouseDep, on: date | None = None) -> Reckoning:
    """Each month, rate and payment with its article; `on`: another day than today."""
    reason_of(asking)
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        debtor_id = await _debtor(tx, city_id, bill_id)
        found = await explain(tx, city_id, bill_id, on or _today(house))
        await asking.looked(tx, house, "arrears_debtor", str(debtor_id), action="arrears_bill.reckoning")
    owed = found.owed
    return Reckoning(
        bill_id=bill_id,
        on=found.on,
        costs_krw=owed.costs_krw,
        tax_krw=owed.tax_krw,
        surcharge_krw=owed.surcharge_krw,
        total_krw=owed.total_krw,
        lines=[SumLine.model_validate(line) for line in found.lines],
    )


@router.get("/bills/{bill_id}/prescription", summary="소멸시효 내역 (how long the claim lasts)")
async def read_prescription(bill_id: BillId, asking: Reader, house: HouseDep) -> Term:
    reason_of(asking)
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        debtor_id = await _debtor(tx, city_id, bill_id)
        steps = (await interruptions.explained(tx, city_id, [bill_id]))[bill_id]
        await asking.looked(tx, house, "arrears_debtor", str(debtor_id), action="arrears_bill.prescription")
    return Term(bill_id=bill_id, prescribes_on=steps[-1].last_on, steps=[_term_step(step) for step in steps])


def _term_step(step: Step) -> TermStep:
    row, event = step.row, step.event
    ko, en = _EFFECTS.get(row["value"], (f"{row['value']}년", f"{row['value']} years"))
    return TermStep(
        kind=event.kind if event else "term",
        text_ko=ko,
        text_en=en,
        from_on=event.from_on if event else step.runs_from,
        until_on=event.until_on if event else None,
        last_on=step.last_on,
        article=row["article"],
        certainty=row["certainty"],
    )


@router.post("/bills/{bill_id}/costs", status_code=201, summary="체납처분비 넣기 (a cost)")
async def enter_cost(bill_id: BillId, cost: NewCost, asking: Writer, house: HouseDep) -> Entered:
    city_id, now, staff_id = house.settings.city.id, house.clock.now(), asking.member.id
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        made = await add_cost(tx, city_id, bill_id, cost.amount_krw, cost.reason, cost.on, now, staff_id=staff_id)
        await record_change(
            tx,
            city_id=city_id,
            actor_kind="staff",
            actor_id=staff_id,
            action="arrears_bill.cost",
            object_kind="arrears_bill",
            object_id=str(bill_id),
            detail={"amount_krw": cost.amount_krw},
            now=now,
        )
    return Entered(id=made)


@router.post("/bills/{bill_id}/reductions", status_code=201, summary="감액·취소·정리보류 (less is owed)")
async def ask_reduction(
    bill_id: BillId, wanted: NewReduction, asking: Writer, house: HouseDep, response: Response
) -> ReductionRow:
    """Done at once below the setting `money.second_person_krw`, else `waiting` for another person's decision."""
    share = Share(wanted.costs_krw, wanted.tax_krw, wanted.surcharge_krw)
    city_id, now, rules = house.settings.city.id, house.clock.now(), house.settings.arrears.money
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        made = await reducing.ask(tx, city_id, bill_id, wanted.kind, share, wanted.reason, asking.member.id, now, rules)
    return _shown(made, response)


@router.get("/reductions", summary="감액 요청 (reductions)")
async def list_reductions(
    asking: Reader, house: HouseDep, state: State | None = "waiting", bill_id: UUID | None = None
) -> Reductions:
    """Newest first."""
    async with house.db.transaction() as tx:
        found = await reducing.listed(tx, house.settings.city.id, bill_id=bill_id, state=state)
        shown = " ".join(str(one.bill_id) for one in found)
        await asking.looked(tx, house, "arrears_debtor", "reductions", action="arrears_reductions.list", shown=shown)
    return Reductions(items=[ReductionRow.model_validate(one) for one in found])


@router.post("/reductions/{reduction_id}/decision", summary="감액 결정 (a second person decides)")
async def decide_reduction(
    reduction_id: UUID, decision: Decision, asking: Approver, versions: VersionsDep, house: HouseDep, response: Response
) -> ReductionRow:
    """403 for who asked for it."""
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        done = await reducing.decide(
            tx, city_id, reduction_id, asking.member.id, now, agrees=decision.agrees, versions=versions
        )
    return _shown(done, response)


def _shown(one: Reduction, response: Response) -> ReductionRow:
    response.headers["ETag"] = f'"{one.version}"'
    return ReductionRow.model_validate(one)


async def _debtor(tx: AsyncConnection, city_id: str, bill_id: UUID) -> UUID:
    bills = arrears_bills.c
    query = select(bills.debtor_id).where(bills.city_id == city_id, bills.id == bill_id)
    found: UUID | None = (await tx.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFound("과세 건을 찾을 수 없습니다.", "No such bill.")
    return found


def _today(house: House) -> date:
    return house.clock.now().astimezone(SEOUL).date()


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
