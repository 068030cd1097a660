"""Plans to pay in parts as officers see them: each part with what is paid of it, and ended early with a reason."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.arrears.parts import Reader, Writer, reason_of
from api.deps import HouseDep, VersionsDep
from bot.arrears.telling import Word
from civic.arrears.asking import plans
from civic.arrears.asking.plans import Plan
from civic.staff.service import record_change
from core.errors import PreconditionFailed

router = APIRouter(prefix="/arrears", tags=["arrears"])


class PartShown(BaseModel):
    """`paid_krw`: of what came in since the plan began, in the order of the parts."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    due_on: date
    amount_krw: int
    paid_krw: int
    reminded_at: datetime | None
    missed_at: datetime | None


class PlanShown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    debtor_id: UUID
    request_id: UUID
    stop_id: UUID
    state: str
    total_krw: int
    started_at: datetime
    ended_at: datetime | None
    version: int
    parts: list[PartShown]


class PlansShown(BaseModel):
    items: list[PlanShown]


class Cancelling(BaseModel):
    """`reason`: the citizen reads it."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


@router.get("/debtors/{debtor_id}/plans", summary="한 사람의 분납 (plans of one debtor)")
async def list_plans(debtor_id: UUID, asking: Reader, house: HouseDep) -> PlansShown:
    reason_of(asking)
    async with house.db.transaction() as tx:
        found = await plans.plans_of(tx, house.settings.city.id, debtor_id)
        await asking.looked(tx, house, "arrears_debtor", str(debtor_id), action="arrears.plans.read")
    return PlansShown(items=[PlanShown.model_validate(one) for one in found])


@router.get("/plans/{plan_id}", summary="분납 하나 (one plan)")
async def read_plan(plan_id: UUID, asking: Reader, house: HouseDep, response: Response) -> PlanShown:
    reason_of(asking)
    async with house.db.transaction() as tx:
        found = await plans.read(tx, house.settings.city.id, plan_id)
        await asking.looked(tx, house, "arrears_debtor", str(found.debtor_id), action="arrears.plans.read")
    return _shown(found, response)


@router.post("/plans/{plan_id}/cancel", summary="분납 끝내기, 까닭과 함께 (end a plan)")
async def cancel_plan(
    plan_id: UUID, given: Cancelling, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> PlanShown:
    """Its stop ends with it; the citizen is told. Needs If-Match."""
    city_id, now = house.settings.city.id, house.clock.now()
    word = Word(house.fitter.texts, house.settings, house.channels)
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        plan = await plans.read(tx, city_id, plan_id, lock=True)
        if plan.version not in versions:
            raise PreconditionFailed(
                "그 사이 바뀌었습니다. 다시 읽어 주세요.", "It has changed meanwhile.", version=plan.version
            )
        await plans.finish(tx, city_id, plan, "cancelled", now)
        await asking.looked(tx, house, "arrears_debtor", str(plan.debtor_id), action="arrears.plans.cancel")
        await record_change(
            tx,
            city_id=city_id,
            actor_kind="staff",
            actor_id=asking.member.id,
            action="arrears.plan_cancelled",
            object_kind="arrears_plan",
            object_id=str(plan_id),
            detail={"debtor_id": str(plan.debtor_id)},
            now=now,
        )
        values = {"answer": given.reason, "left": await word.left(tx, plan.debtor_id, now)}
        await word.say(tx, plan.debtor_id, "plan_cancelled", values, f"plan:{plan.id}", now)
        done = await plans.read(tx, city_id, plan_id)
    return _shown(done, response)


def _shown(plan: Plan, response: Response) -> PlanShown:
    response.headers["ETag"] = f'"{plan.version}"'
    return PlanShown.model_validate(plan)
