"""징수촉탁 (지방세징수법 §18): sent to another city, taken from one, refused, withdrawn, and their results."""

import base64
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select

from api.arrears.parts import Approver, Exporter, Reader, reason_of
from api.deps import Caller, House, HouseDep
from api.fields import Plain
from api.paging import Cursor, Limit, page
from civic.arrears.oversight import commission_results, commission_taking
from civic.arrears.oversight.commission import City, commission, withdraw
from civic.arrears.oversight.commission_document import as_csv
from civic.arrears.oversight.signed_file import read as opened
from civic.arrears.oversight.tables import arrears_commissions
from core.clock import SEOUL
from core.errors import BadInput, NotFound

router = APIRouter(prefix="/arrears/commissions", tags=["arrears"])
Why = Annotated[Plain, StringConstraints(min_length=2, max_length=300, strip_whitespace=True)]
Number = Annotated[Plain, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]
MOST = 4_000_000
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {"type": "string"}} for kind in ("application/json", "text/csv")}}
}


class CommissionShown(BaseModel):
    """`way`: out to another city, in from one. Without names; `digest`: SHA-256 of the signed file."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    way: Literal["out", "in"]
    partner: str
    number: str
    debtor_id: UUID
    state: Literal["open", "collected", "refused", "withdrawn"]
    on_day: date
    asked_krw: int
    collected_krw: int
    costs_krw: int
    fee_krw: int
    results: int
    digest: str
    reason: str
    created_at: datetime
    ended_at: datetime | None


class CommissionPage(BaseModel):
    items: list[CommissionShown]
    next_cursor: str | None


class NewCommission(BaseModel):
    """`bill_ids`: none for all that are owed. `partner`: a key of arrears.oversight.commission.partners."""

    model_config = ConfigDict(extra="forbid")

    debtor_id: UUID
    bill_ids: Annotated[list[UUID], Field(max_length=500)] = []
    partner: Annotated[Plain, StringConstraints(min_length=1, max_length=60)] = Field(examples=["bucheon"])
    number: Number = Field(examples=["징수과-2026-1234"])
    why: Why = Field(examples=["관외 거주, 관내 재산 없음"])


class Given(BaseModel):
    """`file`: the signed file of the other city, base64."""

    model_config = ConfigDict(extra="forbid")

    file: Annotated[str, StringConstraints(min_length=4, max_length=MOST)]

    def data(self) -> bytes:
        try:
            return base64.b64decode(self.file, validate=True)
        except ValueError:
            raise BadInput("파일을 base64로 보내 주세요.", "Send the file in base64.") from None


class Reasoned(BaseModel):
    model_config = ConfigDict(extra="forbid")

    why: Why


class ResultShown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    commission_id: UUID
    state: str
    collected_krw: int
    costs_krw: int
    fee_krw: int


class WrittenFile(BaseModel):
    """A signed file to hand to the other city, base64."""

    file: str


class TakenIn(BaseModel):
    id: UUID


@router.get("", summary="징수촉탁 목록 (commissions)")
async def list_commissions(
    asking: Reader,
    house: HouseDep,
    way: Annotated[Literal["out", "in"] | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CommissionPage:
    of = arrears_commissions
    columns = [of.c[name] for name in CommissionShown.model_fields]
    wanted = select(*columns).where(of.c.city_id == house.settings.city.id)
    if way is not None:
        wanted = wanted.where(of.c.way == way)
    async with house.db.transaction() as tx:
        rows, following = await page(tx, wanted, of.c.created_at, of.c.id, cursor, limit)
        shown = ", ".join(str(row.debtor_id) for row in rows)
        await asking.looked(tx, house, "arrears_list", f"{len(rows)} rows", action="arrears.commissions", shown=shown)
    return CommissionPage(items=[CommissionShown.model_validate(dict(row._mapping)) for row in rows],
                          next_cursor=following)  # fmt: skip


@router.post("", status_code=201, summary="다른 시에 징수 촉탁하기 (commission another city)")
async def make_commission(given: NewCommission, asking: Exporter, house: HouseDep) -> TakenIn:
    rules = house.settings.arrears.oversight.commission
    async with house.db.transaction() as tx:
        who = str(given.debtor_id)
        await asking.looked(tx, house, "arrears_debtor", who, action="arrears.commission.make", why=given.why)
        made = await commission(
            tx, _city(house), given.partner, given.debtor_id, given.bill_ids, number=given.number, why=given.why,
            staff_id=asking.member.id, now=house.clock.now(), rules=rules,
        )  # fmt: skip
    return TakenIn(id=made.id)


@router.post("/taken", status_code=201, summary="다른 시의 촉탁 받기 (take a commission)")
async def take_commission(given: Given, asking: Exporter, house: HouseDep) -> TakenIn:
    """Only a file signed by a partner's key whose sums come to the same won in our own reckoning."""
    rules = house.settings.arrears.oversight.commission
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        made = await commission_taking.take(tx, _city(house), given.data(), asking.member.id, house.clock.now(), rules)
    return TakenIn(id=made)


@router.post("/results", summary="다른 시의 결과 받기 (take a result)")
async def take_result(given: Given, asking: Exporter, house: HouseDep) -> ResultShown:
    """Taken twice, booked once."""
    rules = house.settings.arrears.oversight.commission
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await commission_results.take_result(
            tx, _city(house), given.data(), asking.member.id, house.clock.now(), rules
        )
    return ResultShown.model_validate(found)


@router.post("/withdrawals", summary="다른 시의 촉탁 거둠 받기 (take a withdrawal)")
async def take_withdrawal(given: Given, asking: Exporter, house: HouseDep) -> TakenIn:
    rules = house.settings.arrears.oversight.commission
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        row = await commission_taking.take_withdrawal(
            tx, _city(house), given.data(), asking.member.id, house.clock.now(), rules
        )
    return TakenIn(id=row)


@router.get(
    "/{commission_id}", summary="촉탁 파일 (the signed file, or CSV)", response_class=Response, responses=_FILES
)
async def download_commission(
    commission_id: UUID, asking: Exporter, house: HouseDep, form: Annotated[Literal["json", "csv"], Query()] = "json"
) -> Response:
    why, of = reason_of(asking), arrears_commissions
    async with house.db.transaction() as tx:
        wanted = select(of.c.id, of.c.document, of.c.debtor_id, of.c.digest, of.c.number)
        row = (
            await tx.execute(wanted.where(of.c.city_id == house.settings.city.id, of.c.id == commission_id))
        ).one_or_none()
        if row is None:
            raise NotFound("징수촉탁을 찾을 수 없습니다.", "No such commission.")
        await _looked(tx, house, asking, row.debtor_id, "arrears.commission.download", why)
    headers = {"Cache-Control": "no-store", "X-Content-SHA256": row.digest}
    name = f"commission-{house.clock.now().astimezone(SEOUL):%Y%m%d}-{str(commission_id)[-8:]}.{form}"
    headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if form == "csv":
        shown = as_csv(opened(row.document.encode()).document)
        return Response(shown, media_type="text/csv; charset=utf-8", headers=headers)
    return Response(row.document.encode(), media_type="application/json", headers=headers)


@router.post("/{commission_id}/result", summary="결과 파일 만들기 (make the result)")
async def make_result(commission_id: UUID, asking: Exporter, house: HouseDep) -> WrittenFile:
    """What was collected so far, for the asking city."""
    rules = house.settings.arrears.oversight.commission
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await commission_results.result(
            tx, _city(house), commission_id, asking.member.id, house.clock.now(), rules
        )
    return WrittenFile(file=base64.b64encode(found.data).decode())


@router.post("/{commission_id}/refuse", status_code=204, summary="촉탁 받지 않기 (refuse)")
async def refuse_commission(commission_id: UUID, given: Reasoned, asking: Approver, house: HouseDep) -> None:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await commission_taking.refuse(tx, _city(house), commission_id, given.why, asking.member.id, house.clock.now())


@router.post("/{commission_id}/withdraw", summary="촉탁 거두기 (withdraw)")
async def withdraw_commission(commission_id: UUID, given: Reasoned, asking: Approver, house: HouseDep) -> WrittenFile:
    """The signed word for the other city."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        data = await withdraw(tx, _city(house), commission_id, given.why, asking.member.id, house.clock.now())
    return WrittenFile(file=base64.b64encode(data).decode())


def _city(house: House) -> City:
    city = house.settings.city
    return City(city.id, city.name.ko, city.name.en)


async def _looked(tx: Any, house: House, asking: Caller, debtor_id: UUID, action: str, why: str) -> None:
    await asking.looked(tx, house, "arrears_debtor", str(debtor_id), action=action, why=why)
