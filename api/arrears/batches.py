"""Batches of seizures: drafted, looked at, and read; what changes one is in batch_changes.py."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from api.arrears.batch_parts import (
    BatchRow,
    BatchShown,
    EventShown,
    EventsPage,
    Reason,
    SeizureShown,
    Selecting,
    Silent,
    Why,
    row_of,
    seizure_of,
    shown,
    why_of,
    word_of,
)
from api.arrears.parts import Reader, Writer, reason_of
from api.deps import HouseDep
from api.paging import Cursor, Limit, page
from civic.arrears.seizure import approving, drafting, looking, next_steps, reading, rows
from civic.arrears.seizure.drafting import Selection
from civic.arrears.seizure.tables import arrears_batches, arrears_seizure_events
from civic.arrears.seizure.telling import bank_name

router = APIRouter(prefix="/arrears/batches", tags=["arrears"])


class Drafting(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Reason
    selection: Selecting = Selecting()


class BatchesPage(BaseModel):
    items: list[BatchRow]
    next_cursor: str | None


class AccountShown(BaseModel):
    """`held_krw`: seized there before by others. `is_late`: told too late for the plan, and no part of it."""

    bank: str
    bank_name: str
    account: str
    kind: str
    balance_krw: int
    held_krw: int
    why_not: Why | None
    is_late: bool
    seizure: SeizureShown | None


class CaseShown(BaseModel):
    """`state` in, excluded, over. `tax_no` masked."""

    debtor_id: UUID
    name: str
    tax_no: str
    is_company: bool
    state: str
    owed_krw: int
    planned_krw: int
    reasons: list[Why]
    accounts: list[AccountShown]


class PlanShown(BaseModel):
    """`digest`: what an approval must name; `after`: for the next page."""

    digest: str
    round: int
    items: list[CaseShown]
    after: UUID | None


@router.get("", summary="압류 묶음 (batches)")
async def list_batches(asking: Reader, house: HouseDep, cursor: Cursor = None, limit: Limit = 50) -> BatchesPage:
    table = arrears_batches
    async with house.db.reading() as tx:
        await asking.still_here(tx, house)
        wanted = select(table).where(table.c.city_id == house.settings.city.id)
        found, following = await page(tx, wanted, table.c.created_at, table.c.id, cursor, limit)
    items = [BatchRow(**row_of(rows.Batch.of(row))) for row in found]
    return BatchesPage(items=items, next_cursor=following)


@router.post("", status_code=201, summary="압류 묶음 기안 (draft a batch)")
async def draft_batch(given: Drafting, asking: Writer, house: HouseDep, response: Response) -> BatchRow:
    """Judged at once: who is left out, and by which article, is in the plan."""
    chosen: dict[str, Any] = given.selection.model_dump()
    chosen |= {name: tuple(chosen[name]) for name in ("tax_items", "tax_nos", "debtor_ids")}
    selection, now = Selection(**chosen), house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        city_id, by = house.settings.city.id, asking.member.id
        made = await drafting.draft(tx, city_id, given.title, selection, by, now, house.settings.arrears)
    return shown(made, response)


@router.get("/{batch_id}", summary="압류 묶음 하나 (one batch, its approvals and progress)")
async def read_batch(batch_id: UUID, asking: Reader, house: HouseDep, response: Response) -> BatchShown:
    async with house.db.reading() as tx:
        await asking.still_here(tx, house)
        batch = await rows.batch(tx, house.settings.city.id, batch_id)
        words = [word_of(one) for one in await approving.approvals(tx, batch)]
        progress = await reading.progress(tx, batch.id)
        unheard = await looking.silent(tx, batch.id)
    response.headers["ETag"] = f'"{batch.version}"'
    next_ko, next_en = next_steps.of_progress(batch, progress, unheard)
    rules = house.settings.arrears
    return BatchShown(
        **row_of(batch),
        selection=dict(batch.selection),
        approvals=words,
        progress=progress,
        silent=[
            Silent(bank=code, bank_name=bank_name(code, rules), debtors=debtors, late=late)
            for code, debtors, late in unheard
        ],
        next_ko=next_ko,
        next_en=next_en,
        wages_ko=next_steps.WAGES[0],
        wages_en=next_steps.WAGES[1],
    )


@router.get("/{batch_id}/plan", summary="누구에게서 어느 은행에서 얼마 (plan)")
async def read_plan(
    batch_id: UUID,
    asking: Reader,
    house: HouseDep,
    state: Annotated[Literal["", "in", "excluded", "over"], Query()] = "",
    after: Annotated[UUID | None, Query()] = None,
    limit: Limit = 50,
) -> PlanShown:
    """Names somebody's tax debts and deposits: needs X-Access-Reason, and leaves an access-log row."""
    reason_of(asking)
    city_id, rules = house.settings.city.id, house.settings.arrears
    async with house.db.transaction() as tx:
        await asking.looked(tx, house, "arrears_batch", str(batch_id), action="arrears_batch.plan")
        batch = await rows.batch(tx, city_id, batch_id)
        found = await reading.cases(tx, city_id, batch_id, state=state, after=after, most=limit)
    items = [
        CaseShown(
            debtor_id=one.debtor_id,
            name=one.person.name,
            tax_no=reading.masked(one.person.tax_no),
            is_company=one.person.is_company,
            state=one.state,
            owed_krw=one.owed_krw,
            planned_krw=one.planned_krw,
            reasons=[why_of(why["code"], why.get("bill_id")) for why in one.reasons],
            accounts=[
                AccountShown(
                    bank=each.bank,
                    bank_name=bank_name(each.bank, rules),
                    account=each.account,
                    kind=each.kind,
                    balance_krw=each.balance_krw,
                    held_krw=each.held_krw,
                    why_not=why_of(each.why_not) if each.why_not else None,
                    is_late=each.is_late,
                    seizure=seizure_of(each.seizure, each.account, bank_name(each.bank, rules))
                    if each.seizure
                    else None,
                )
                for each in one.accounts
            ],
        )
        for one in found
    ]
    digest = batch.digest.hex() if batch.digest else ""
    return PlanShown(
        digest=digest, round=batch.round, items=items, after=found[-1].debtor_id if len(found) == limit else None
    )


@router.get("/{batch_id}/events", summary="묶음의 경과 (events of a batch)")
async def list_events(
    batch_id: UUID, asking: Reader, house: HouseDep, cursor: Cursor = None, limit: Limit = 50
) -> EventsPage:
    """Each step with its article, document and actor; numbers and codes, nobody's name."""
    table = arrears_seizure_events
    async with house.db.transaction() as tx:
        await asking.looked(tx, house, "arrears_batch", str(batch_id), action="arrears.batch.events")
        await rows.batch(tx, house.settings.city.id, batch_id)
        wanted = reading.events_of(house.settings.city.id, batch_id=batch_id)
        found, following = await page(tx, wanted, table.c.at, table.c.id, cursor, limit)
    return EventsPage(items=[EventShown.of(row) for row in found], next_cursor=following)
