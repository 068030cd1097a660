"""Figures of the departments: how much, how fast, how well. /figures, as /metrics is what Prometheus reads."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Caller, HouseDep, allowed
from api.fields import Word
from civic.cases.figures import MOST_DAYS, Board, Period, board
from civic.staff.permissions import Action

router = APIRouter(tags=["figures"])
Reader = Annotated[Caller, allowed(Action.METRICS_READ)]


class FiguresRow(BaseModel):
    """Shares are 0–1; null where there is nothing to divide. `open` and `overdue` are of now."""

    model_config = ConfigDict(from_attributes=True)

    received: int
    closed: int
    open: int
    overdue: int
    median_working_days: Annotated[float | None, Field(description="접수일과 처리일을 넣은 근무일 수의 중앙값")]
    median_days: Annotated[float | None, Field(description="접수부터 처리까지 걸린 날수(달력)의 중앙값")]
    on_time: Annotated[float | None, Field(description="기한 안에 처리한 비율")]
    median_instant_minutes: Annotated[float | None, Field(description="즉결 민원이 끝나기까지의 분, 중앙값")]
    reopened: Annotated[float | None, Field(description="다시 열린 비율")]
    rating: Annotated[float | None, Field(description="만족도 평균(1~5)")]
    rated: int
    transferred: int
    transferred_late: Annotated[int, Field(description="법이 정한 근무시간을 넘겨 다른 기관에 이송한 민원")]
    extensions: int


class DepartmentFigures(FiguresRow):
    department_id: str


class WeekFigures(FiguresRow):
    """`open` and `overdue` are not kept by week and stay 0."""

    week: Annotated[date, Field(description="그 주 월요일")]


class FiguresAnswer(BaseModel):
    first: date
    last: date
    at: datetime
    city: FiguresRow
    departments: list[DepartmentFigures]
    weeks: list[WeekFigures]

    @classmethod
    def of(cls, found: Board, now: datetime) -> Self:
        return cls(
            first=found.period.first,
            last=found.period.last,
            at=now,
            city=FiguresRow.model_validate(found.city),
            departments=[
                DepartmentFigures(department_id=name, **_values(one)) for name, one in found.departments.items()
            ],
            weeks=[WeekFigures(week=week, **_values(one)) for week, one in found.weeks.items()],
        )


def _values(one: object) -> dict[str, Any]:
    return FiguresRow.model_validate(one).model_dump()


@router.get("/figures", summary="부서별 처리 현황 (figures of the departments)")
async def read_figures(
    asking: Reader,
    house: HouseDep,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="오늘까지의 날수")] = 90,
    first: Annotated[date | None, Query(description="이 날부터(last와 함께, days 대신)")] = None,
    last: date | None = None,
    department: Word | None = None,
) -> FiguresAnswer:
    """They name nobody, so every member of staff, the auditor too, reads all departments."""
    now = house.clock.now()
    period = Period.until(now, days) if first is None or last is None else Period(first, last)
    async with house.db.transaction() as tx:
        found = await board(
            tx, asking.member.city_id, period, now, department_id=department, days_off=house.cases.days_off
        )
    return FiguresAnswer.of(found, now)
