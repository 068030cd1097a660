"""Simulations before seizure: who would be seized, for how much, why the others are not, and what came of it."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.arrears.parts import Exporter, Reader, Writer, reason_of
from api.arrears.taking_out import hand_out
from api.deps import HouseDep
from api.exports.handing import ANSWERS
from api.exports.routes import Reason
from api.fields import Plain
from api.paging import Cursor, Limit, page
from civic.arrears.ledger.people import persons
from civic.arrears.notices.values import masked_name
from civic.arrears.oversight import comparing, simulating, simulation
from civic.arrears.oversight.simulation_summary import Simulated
from civic.arrears.oversight.tables import arrears_simulations
from civic.arrears.records import Person
from civic.arrears.seizure.drafting import Selection
from civic.arrears.seizure.reasons import reason
from civic.exports.service import Format

router = APIRouter(prefix="/arrears/simulations", tags=["arrears"])
Item = Annotated[Plain, StringConstraints(min_length=1, max_length=60)]
_COLUMNS = {
    "납세번호 (Tax no.)": 16,
    "성명 (Name)": 14,
    "체납액 (Owed)": 14,
    "압류 예정 (Would seize)": 14,
    "결과 (Result)": 10,
    "사유 (Why)": 50,
    "근거 (Article)": 40,
    "ID": 36,
}


class Selected(BaseModel):
    """Whom to judge. Without `debtor_ids` and `tax_nos` everybody with open bills that fit; `most` 0: all of them."""

    model_config = ConfigDict(extra="forbid")

    least_krw: Annotated[int, Field(ge=0)] = 0
    most_krw: Annotated[int | None, Field(ge=0)] = None
    due_from: date | None = None
    due_until: date | None = None
    tax_items: Annotated[list[Item], Field(max_length=50)] = []
    tax_nos: Annotated[list[Item], Field(max_length=1_000)] = []
    debtor_ids: Annotated[list[UUID], Field(max_length=1_000)] = []
    most: Annotated[int, Field(ge=0, le=500_000)] = 0

    def chosen(self) -> Selection:
        named = {"tax_items": tuple(self.tax_items), "tax_nos": tuple(self.tax_nos)}
        amounts = {"least_krw": self.least_krw, "most_krw": self.most_krw, "most": self.most}
        days = {"due_from": self.due_from, "due_until": self.due_until}
        values: dict[str, Any] = {**named, **amounts, **days, "debtor_ids": tuple(self.debtor_ids)}
        return Selection(**values)


class SimulationShown(BaseModel):
    """Sums alone. `state`: waiting, running, made or failed (`why_ko`, `why_en`); `judged`: how many debtors so far.
    Once made, `basis`: the floor and the dated rows of the day; `digest`: SHA-256 over everything that was kept."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    on_day: date
    state: simulation.State
    judged: int
    why_ko: str
    why_en: str
    selection: dict[str, Any]
    basis: dict[str, Any]
    summary: dict[str, Any]
    digest: str
    staff_id: UUID
    created_at: datetime


class SimulationPage(BaseModel):
    items: list[SimulationShown]
    next_cursor: str | None


class Why(BaseModel):
    code: str
    article: str
    ko: str
    en: str
    bill_id: UUID | None


class DebtorShown(BaseModel):
    """`name` and `tax_no` are masked. `outcome`: what came of it since, where it was asked for."""

    debtor_id: UUID
    name: str
    tax_no: str
    owed_krw: int
    would_krw: int
    reasons: list[Why]


class DebtorsShown(BaseModel):
    items: list[DebtorShown]
    total: int


class Compared(BaseModel):
    """`is_whole`: what was kept is still as it was."""

    is_whole: bool
    summary: dict[str, Any]


class Taking(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Format = "csv"
    reason: Reason = Field(examples=["11월 예금 압류 대상 사전 검토"])


@router.post("", status_code=202, summary="압류 모의 (simulate a seizure)")
async def make_simulation(given: Selected, asking: Writer, house: HouseDep) -> SimulationShown:
    """Asked for: a worker makes it, and `GET` tells how far it is. Nothing is seized and no bank is asked."""
    async with house.db.transaction() as tx:
        made = await simulating.ask(tx, house.settings.city.id, given.chosen(), asking.member.id, house.clock.now())
        await asking.looked(tx, house, "arrears_list", str(made.id), action="arrears.simulation.make")
    return SimulationShown.model_validate(made)


@router.get("", summary="모의 목록 (simulations)")
async def list_simulations(asking: Reader, house: HouseDep, cursor: Cursor = None, limit: Limit = 50) -> SimulationPage:
    of = arrears_simulations
    wanted = select(of).where(of.c.city_id == house.settings.city.id)
    async with house.db.transaction() as tx:
        rows, following = await page(tx, wanted, of.c.created_at, of.c.id, cursor, limit)
        await asking.looked(tx, house, "arrears_list", f"{len(rows)} rows", action="arrears.simulation.list")
    return SimulationPage(items=[SimulationShown.model_validate(dict(row._mapping)) for row in rows],
                          next_cursor=following)  # fmt: skip


@router.get("/{simulation_id}", summary="모의 한 건 (one simulation)")
async def read_simulation(simulation_id: UUID, asking: Reader, house: HouseDep) -> SimulationShown:
    async with house.db.transaction() as tx:
        made = await simulation.read(tx, house.settings.city.id, simulation_id)
        await asking.looked(tx, house, "arrears_list", str(simulation_id), action="arrears.simulation.read")
    return SimulationShown.model_validate(made)


@router.get("/{simulation_id}/debtors", summary="모의의 사람들 (debtors of a simulation)")
async def read_debtors(
    simulation_id: UUID,
    asking: Reader,
    house: HouseDep,
    code: Annotated[str | None, Query(max_length=40, description="이 사유로 빠진 사람만")] = None,
    is_in: Annotated[bool | None, Query(description="압류될 사람만, 또는 빠진 사람만")] = None,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Limit = 50,
) -> DebtorsShown:
    why, city_id = reason_of(asking), house.settings.city.id
    async with house.db.transaction() as tx:
        made = await simulation.read_made(tx, city_id, simulation_id)
        part, total = await simulation.page_of(tx, made.id, code=code, is_in=is_in, after=after, limit=limit)
        known = await persons(tx, city_id, [one.debtor_id for one in part])
        shown = ", ".join(str(one.debtor_id) for one in part)
        action = "arrears.simulation.debtors"
        await asking.looked(tx, house, "arrears_list", str(simulation_id), action=action, shown=shown, why=why)
    return DebtorsShown(items=[_debtor(one, known[one.debtor_id]) for one in part], total=total)


@router.get("/{simulation_id}/outcome", summary="모의와 실제 (what came of it)")
async def read_outcome(simulation_id: UUID, asking: Reader, house: HouseDep) -> Compared:
    async with house.db.transaction() as tx:
        made = await simulation.read_made(tx, house.settings.city.id, simulation_id)
        is_whole = await simulation.is_whole(tx, made)
        summary = await comparing.compare(tx, made)
        await asking.looked(tx, house, "arrears_list", str(simulation_id), action="arrears.simulation.outcome")
    return Compared(is_whole=is_whole, summary=summary)


@router.post(
    "/{simulation_id}/export",
    summary="모의 내려받기 (CSV, XLSX)",
    response_class=StreamingResponse,
    responses=ANSWERS,
)
async def export_simulation(simulation_id: UUID, given: Taking, asking: Exporter, house: HouseDep) -> StreamingResponse:
    city_id = house.settings.city.id
    async with house.db.reading() as tx:
        made = await simulation.read_made(tx, city_id, simulation_id)

    async def rows_after(tx: AsyncConnection, last: Simulated | None) -> list[Simulated]:
        return await simulation.largest_after(tx, made.id, last)

    return await hand_out(
        house,
        asking,
        given.format,
        name="simulation",
        action="arrears.simulation.export",
        reason=given.reason,
        columns=_COLUMNS,
        rows_after=rows_after,
        line=_line,
        filters={"simulation": str(made.id), "sha256": made.digest},
    )


def _debtor(one: Simulated, person: Person) -> DebtorShown:
    return DebtorShown(
        debtor_id=one.debtor_id,
        name=masked_name(person.name),
        tax_no=f"…{person.tax_no[-4:]}",
        owed_krw=one.owed_krw,
        would_krw=one.would_krw,
        reasons=[_why(code, bill) for code, bill in one.reasons],
    )


def _why(code: str, bill_id: UUID | None) -> Why:
    told = reason(code)
    return Why(code=code, article=told.article, ko=told.text_ko, en=told.text_en, bill_id=bill_id)


def _line(one: Simulated, person: Person) -> list[str | int]:
    whys = [reason(code) for code in dict.fromkeys(code for code, _ in one.reasons)]
    return [
        person.tax_no,
        person.name,
        one.owed_krw,
        one.would_krw,
        "압류 대상" if one.is_in else "제외",
        " / ".join(why.text_ko for why in whys),
        ", ".join(dict.fromkeys(why.article for why in whys)),
        str(one.debtor_id),
    ]
