"""Banks as officers see them: how each stands, what was given up and goes on, what their ledgers and ours differ in."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from api.arrears.parts import Reader, Writer
from api.deps import HouseDep, VersionsDep
from api.fields import Name
from api.paging import Cursor, Limit, page
from civic.arrears.banks import claiming, overview, reconciling
from civic.arrears.banks.tables import arrears_bank_differences as differences_table
from civic.arrears.banks.tables import arrears_bank_reconciliations as runs_table
from civic.arrears.banks.tables import arrears_bank_requests as requests_table
from civic.staff.service import record_change

router = APIRouter(prefix="/arrears/banks", tags=["arrears"])
MOST = 1_000


class _Row(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class BankShown(_Row):
    """`state`: ok, failing, resting (left alone until `resting_until`), unused, or no_gateway (its requests wait).
    `unknown`: requests whose last attempt may have been done without our hearing of it; asking again is safe."""

    bank: str
    name: str
    gateway: str
    state: overview.State
    failure: str
    poll_failure: str
    last_ok_at: datetime | None
    resting_until: datetime | None
    waiting: int
    pending: int
    dead: int
    unknown: int
    oldest_at: datetime | None


class BanksShown(BaseModel):
    items: list[BankShown]
    is_practice: bool = Field(description="연습용 은행망: 실제 은행이 아닙니다")
    open_differences: int


class DeadShown(_Row):
    """A request that was given up: of no named person. Whose it is, the seizure of that request says."""

    id: UUID
    bank: str
    kind: str
    purpose: str
    amount_krw: int
    attempts: int
    is_unknown: bool
    failure: str
    created_at: datetime
    updated_at: datetime


class DeadPage(BaseModel):
    items: list[DeadShown]
    next_cursor: str | None


class Resuming(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST)]


class Resumed(BaseModel):
    resumed: int


class ReconciliationShown(_Row):
    """`ended_at` null: it is being made. `*_krw`: all that was collected, as we say and as the banks do. `unread`:
    banks whose ledger could not be read, so nothing of theirs is called missing."""

    id: UUID
    staff_id: UUID | None
    until_at: datetime
    lines: int
    matched: int
    new_differences: int
    ours_krw: int
    theirs_krw: int
    unread: str
    started_at: datetime
    ended_at: datetime | None


class ReconciliationPage(BaseModel):
    items: list[ReconciliationShown]
    next_cursor: str | None


class DifferenceShown(_Row):
    """`what`: ours_missing, theirs_missing, amount, kind, twice, payment_missing or payment_amount."""

    id: UUID
    reconciliation_id: UUID
    gateway: str
    bank: str
    request_id: UUID
    kind: str
    what: str
    ours_krw: int | None
    theirs_krw: int | None
    state: Literal["open", "closed"]
    found_at: datetime
    closed_at: datetime | None
    closed_by: UUID | None
    reason: str
    version: int


class DifferencePage(BaseModel):
    items: list[DifferenceShown]
    next_cursor: str | None


class Closing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Name = Field(examples=["은행 전산 착오, 공문 2026-31로 정정 확인"])


class WantedShown(BaseModel):
    id: UUID


@router.get("", summary="은행 연결의 상태 (how the banks stand)")
async def list_banks(asking: Reader, house: HouseDep) -> BanksShown:
    rules, city_id = house.settings.arrears.banks, house.settings.city.id
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await overview.standings(tx, city_id, rules, house.clock.now())
        waiting = await reconciling.open_differences(tx, city_id)
    enabled = [one for one in rules.gateways.values() if one.get("enabled") is True]
    is_practice = any(one.get("is_practice") is True for one in enabled)
    items = [BankShown.model_validate(one) for one in found]
    return BanksShown(items=items, is_practice=is_practice, open_differences=waiting)


@router.get("/dead", summary="멈춘 은행 요청 (requests that were given up)")
async def list_dead(asking: Reader, house: HouseDep, cursor: Cursor = None, limit: Limit = 50) -> DeadPage:
    table = requests_table.c
    names = DeadShown.model_fields
    wanted = select(*(table[name] for name in names)).where(
        table.city_id == house.settings.city.id, table.state == "dead"
    )
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        rows, after = await page(tx, wanted, table.updated_at, table.id, cursor, limit)
    return DeadPage(items=[DeadShown.model_validate(row) for row in rows], next_cursor=after)


@router.post("/dead/resume", summary="멈춘 요청을 다시 진행 (ask them again, under the same ids)")
async def resume_dead(given: Resuming, asking: Writer, house: HouseDep) -> Resumed:
    """Those that are not among the given up any more are passed over."""
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        resumed = await claiming.resume(tx, city_id, given.ids, now)
        await record_change(
            tx,
            city_id=city_id,
            actor_kind="staff",
            actor_id=asking.member.id,
            action="arrears_bank_request.resume",
            object_kind="arrears_bank_request",
            object_id=str(given.ids[0]),
            detail={"asked": len(given.ids), "resumed": resumed},
            now=now,
        )
    return Resumed(resumed=resumed)


@router.get("/reconciliations", summary="은행 장부 대사 기록 (comparisons with the banks' ledgers)")
async def list_reconciliations(
    asking: Reader, house: HouseDep, cursor: Cursor = None, limit: Limit = 50
) -> ReconciliationPage:
    table = runs_table.c
    wanted = select(runs_table).where(table.city_id == house.settings.city.id)
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        rows, after = await page(tx, wanted, table.started_at, table.id, cursor, limit)
    return ReconciliationPage(items=[ReconciliationShown.model_validate(row) for row in rows], next_cursor=after)


@router.post("/reconciliations", status_code=201, summary="지금 대사하기 (compare now)")
async def want_reconciliation(asking: Writer, house: HouseDep) -> WantedShown:
    """It is made within seconds by whichever process keeps the clock; one that is wanted already stands for both."""
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        run_id = await reconciling.ask_for(tx, city_id, asking.member.id, now)
        await record_change(
            tx,
            city_id=city_id,
            actor_kind="staff",
            actor_id=asking.member.id,
            action="arrears_reconciliation.start",
            object_kind="arrears_reconciliation",
            object_id=str(run_id),
            detail={},
            now=now,
        )
    return WantedShown(id=run_id)


@router.get("/differences", summary="대사에서 다른 것 (what differs)")
async def list_differences(
    asking: Reader,
    house: HouseDep,
    state: Annotated[Literal["open", "closed"], Query(description="열린 것, 닫은 것")] = "open",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> DifferencePage:
    table = differences_table.c
    wanted = select(differences_table).where(table.city_id == house.settings.city.id, table.state == state)
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        rows, after = await page(tx, wanted, table.found_at, table.id, cursor, limit)
    return DifferencePage(items=[DifferenceShown.model_validate(row) for row in rows], next_cursor=after)


@router.post("/differences/{difference_id}/close", summary="차이를 까닭과 함께 닫기 (close one with a reason)")
async def close_difference(
    difference_id: UUID, given: Closing, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> DifferenceShown:
    """Needs If-Match."""
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        row = await reconciling.close(tx, city_id, difference_id, versions, given.reason, asking.member.id, now)
        await record_change(
            tx,
            city_id=city_id,
            actor_kind="staff",
            actor_id=asking.member.id,
            action="arrears_difference.close",
            object_kind="arrears_difference",
            object_id=str(difference_id),
            detail={"what": row.what, "request_id": str(row.request_id)},
            now=now,
        )
    response.headers["ETag"] = f'"{row.version}"'
    return DifferenceShown.model_validate(row)
