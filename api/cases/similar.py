"""What else may be the same matter: neighbours of a case, scored with their reasons."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from api.cases.schemas import CaseRow
from api.deps import Caller, HouseDep, allowed
from civic.cases.duplicates import Likely, Sought, find_similar
from civic.cases.find import read_case
from civic.cases.visible import seen_of
from civic.staff.permissions import Action

router = APIRouter(prefix="/cases", tags=["cases"])
Reader = Annotated[Caller, allowed(Action.CASE_READ)]


class SimilarCase(BaseModel):
    """`score` 0–1 of three reasons: `distance_m` (null: the same place by name), `days` apart, `likeness` of words."""

    case: CaseRow
    score: float
    distance_m: int | None
    days: float
    likeness: float
    is_mass: bool


@router.get("/{reference}/similar", summary="비슷한 민원 (cases that may be the same matter)")
async def similar_cases(reference: str, asking: Reader, house: HouseDep) -> list[SimilarCase]:
    """Open, of one category, near in place and time, alike in words (`cases.duplicates`); the likeliest first."""
    now = house.clock.now()
    async with house.db.transaction() as tx:
        case = await read_case(tx, house.settings.city.id, reference, asking.scope)
        found = await find_similar(tx, Sought.of(case), house.settings.cases.duplicates, most=20)
        seen = await seen_of(tx, asking.scope, [one.case.id for one in found])
        shown = [one for one in found if one.case.id in seen]
        numbers = ", ".join(one.case.receipt_no for one in shown)
        await asking.looked(tx, house, "case", case.receipt_no, action="case.similar", shown=numbers)
    return [_row(one, CaseRow.of(one.case, now)) for one in shown]


def _row(one: Likely, row: CaseRow) -> SimilarCase:
    return SimilarCase(
        case=row,
        score=one.score,
        distance_m=None if one.distance_m is None else round(one.distance_m),
        days=round(one.days, 1),
        likeness=round(one.likeness, 2),
        is_mass=one.case.mass_at is not None,
    )
