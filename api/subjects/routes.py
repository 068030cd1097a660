"""정보주체의 권리: a person asks what the city keeps about him (§35), or to be forgotten (§36), with a reason each."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.deps import Caller, HouseDep, allowed
from api.fields import Word
from api.secrecy import sees_tax
from civic.cases.service import Actor
from civic.files.service import unneeded
from civic.staff.permissions import Action
from civic.subjects import service as subjects

router = APIRouter(prefix="/subjects", tags=["subjects"])
Exporter = Annotated[Caller, allowed(Action.SUBJECT_EXPORT)]
Forgetter = Annotated[Caller, allowed(Action.SUBJECT_FORGET)]
Reason = Annotated[str, Field(min_length=2, max_length=200, examples=["본인 확인 후 열람 청구 2026-11호"])]


class Wanted(BaseModel):
    """Either of the two."""

    model_config = ConfigDict(extra="forbid")

    phone: Word | None = None
    receipt_no: Word | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one_of_them(self) -> "Wanted":
        if (self.phone is None) == (self.receipt_no is None):
            raise ValueError("phone 또는 receipt_no 가운데 하나를 적어 주세요 (give phone or receipt_no)")
        return self


class Person(BaseModel):
    """As he named himself in one conversation; the number masked."""

    model_config = ConfigDict(from_attributes=True)

    citizen_id: UUID
    name: str
    phone: str
    channels: list[str]
    cases: int
    named_at: datetime


class People(BaseModel):
    items: list[Person]


class Why(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class Receipt(BaseModel):
    """For the person: proof that it was done, without anything about him."""

    receipt: UUID
    at: datetime
    cases: int
    conversations: int


@router.post("/find", summary="정보주체 찾기: 전화번호나 접수번호 (find a person)")
async def find_person(given: Wanted, asking: Exporter, house: HouseDep) -> People:
    """Each person found leaves his own access-log row."""
    async with house.db.transaction() as tx:
        found = await subjects.find(
            tx,
            house.vault,
            house.settings.city.id,
            phone=given.phone or "",
            receipt_no=given.receipt_no or "",
        )
        by = "phone" if given.phone else "receipt_no"
        await asking.looked(
            tx, house, "citizen", by, action="subject.find", why=given.reason, shown=f"{len(found)} rows"
        )
        for one in found:
            await asking.looked(
                tx, house, "citizen", str(one.citizen_id), action="subject.found", why=given.reason,
                citizen_id=one.citizen_id,
            )  # fmt: skip
    return People(items=[Person.model_validate(one) for one in found])


@router.get(
    "/{citizen_id}/export",
    summary="개인정보 열람: 그 사람의 모든 자료 (everything about a person)",
    response_model=dict[str, Any],
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def export_person(
    citizen_id: UUID,
    asking: Exporter,
    house: HouseDep,
    reason: Annotated[str, Query(min_length=2, max_length=200, description="열람 청구의 근거")],
    form: Annotated[Literal["json", "text"], Query(alias="format")] = "json",
) -> Any:
    async with house.db.transaction() as tx:
        sees, city_id = sees_tax(asking, house), house.settings.city.id
        found = await subjects.export(tx, house.vault, city_id, citizen_id, house.clock.now(), sees_tax=sees)
        await asking.looked(
            tx, house, "citizen", str(citizen_id), action="subject.export", why=reason, citizen_id=citizen_id
        )
    if form == "text":
        return Response(subjects.as_text(found), media_type="text/plain; charset=utf-8")
    return found


@router.post("/{citizen_id}/forget", summary="개인정보 삭제: 의무가 없으면 바로 (forget a person)")
async def forget_person(citizen_id: UUID, given: Why, asking: Forgetter, house: HouseDep) -> Receipt:
    """409 with the law while a case is open, held, or within its time of keeping."""
    city, now = house.settings.city, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.looked(
            tx, house, "citizen", str(citizen_id), action="subject.forget", why=given.reason, citizen_id=citizen_id
        )
        done = await subjects.forget(
            tx,
            city.id,
            citizen_id,
            staff_id=asking.member.id,
            actor=Actor.staff(asking.member.id, asking.member.role),
            keep=timedelta(days=city.retention_days),
            source=city.retention_source,
            now=now,
        )
        orphans = await unneeded(tx, set(done.files))
    await house.files.delete(orphans)
    return Receipt(receipt=done.receipt, at=done.at, cases=done.cases, conversations=done.conversations)
