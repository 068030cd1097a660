"""Use rates of lots, in a period and against an earlier one, for staff (docs/desk/parking-usage.md)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from api.deps import Caller, House, HouseDep, allowed
from api.fields import Plain
from api.parking.figure_words import CSV, Lang, Said, both, headings, table, word
from civic.parking import usage
from civic.parking.figures.comparing import Change
from civic.parking.figures.past import Span
from civic.parking.usage import Asked, Group, Row, Usage, Use
from civic.staff.permissions import Action
from core.errors import BadInput

router = APIRouter(prefix="/parking", tags=["parking"])
Reader = Annotated[Caller, allowed(Action.METRICS_READ)]
Day = Annotated[date, Query(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
Certainty = Literal["clear_up", "clear_down", "unclear", "lacking"]
# fmt: off
COLUMNS = (
    "key", "name", "lots", "bays", "bays_before", "used", "known", "full", "peak_hour", "peak_used", "used_before",
    "known_before", "points", "low", "high", "percent", "certainty", "compared", "days", "marks",
)
# fmt: on
NOTES = ("use", "open", "days", "range", "cause", "whole", "source", "folded", "target")


class UseShown(BaseModel):
    """Shares are 0–1. `bay_hours`: bays in use times hours, within the quarters that are known."""

    used: float | None
    full: float | None
    known: float
    bay_hours: float
    peak_hour: int | None
    peak_used: float | None


class ChangeShown(BaseModel):
    """`before`, `after`: shares as if both periods had the later one's days. `low`, `high`: 95 %, in points."""

    before: float
    after: float
    points: float
    low: float
    high: float
    percent: float | None


class RowShown(BaseModel):
    """One lot, or several. `change` null with `certainty` lacking: 자료 부족. `marks_said` says the marks in words."""

    key: str
    name: str
    lots: int
    bays: int
    bays_before: int | None
    now: UseShown
    before: UseShown | None
    change: ChangeShown | None
    certainty: Certainty | None
    certainty_said: Said | None
    compared: int
    days: tuple[int, int] | None
    kinds: list[str]
    marks: list[str]
    marks_said: list[Said]


class TargetShown(BaseModel):
    """What the city hopes for (`parking.figures.target`); no figure is made of it."""

    percent: float | None
    source: str


class UsageAnswer(BaseModel):
    """`days_by_kind`: calendar days of the earlier and of the later period by sort of day."""

    first: date
    last: date
    compare_first: date | None
    compare_last: date | None
    at: datetime
    group: Group
    whole: RowShown
    rows: list[RowShown]
    days_by_kind: dict[str, tuple[int, int]]
    target: TargetShown
    headings: dict[str, Said]
    notes: list[Said]


class Wanted:
    """What both forms of the report are asked."""

    def __init__(
        self,
        first: Annotated[Day, Query(alias="from", description="이 날부터(한국 날짜)")],
        last: Annotated[Day, Query(alias="to", description="이 날까지")],
        compare_from: Annotated[Day | None, Query(description="견줄 앞 기간의 첫날(compare_to와 함께)")] = None,
        compare_to: Annotated[Day | None, Query(description="그 마지막 날")] = None,
        lot: Annotated[list[UUID] | None, Query(max_length=200, description="이 주차장만(여러 번)")] = None,
        owner: Annotated[Plain, Query(max_length=200, description="이 관리기관만")] = "",
        group: Group = "lot",
    ) -> None:
        if (compare_from is None) != (compare_to is None):
            raise BadInput(
                "compare_from과 compare_to를 함께 적어 주세요.", "Give compare_from and compare_to together."
            )
        compare = Span(compare_from, compare_to) if compare_from and compare_to else None
        self.asked = Asked(Span(first, last), compare, tuple(lot or ()), owner)
        self.group: Group = group


async def _found(wanted: Wanted, asking: Caller, house: House) -> Usage:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        rules = house.settings.parking.figures
        return await usage.usage(tx, house.settings.city.id, wanted.asked, wanted.group, rules)


@router.get("/usage", summary="주차장 이용률 전후 (use rates before and after)")
async def read_usage(wanted: Annotated[Wanted, Depends()], asking: Reader, house: HouseDep) -> UsageAnswer:
    """It names no citizen, so every member of staff reads it. 422 for periods that overlap or take too much."""
    found, asked = await _found(wanted, asking, house), wanted.asked
    target = house.settings.parking.figures.target
    return UsageAnswer(
        first=asked.span.first,
        last=asked.span.last,
        compare_first=asked.compare.first if asked.compare else None,
        compare_last=asked.compare.last if asked.compare else None,
        at=house.clock.now(),
        group=wanted.group,
        whole=_shown(found.whole),
        rows=[_shown(row) for row in found.rows],
        days_by_kind=dict(found.days_by_kind),
        target=TargetShown(percent=target.use_percent, source=target.source),
        headings=headings(COLUMNS),
        notes=[both(f"note.{name}") for name in NOTES],
    )


@router.get("/usage.csv", summary="이용률 CSV (use rates as a table)", response_class=Response, responses={200: CSV})
async def read_usage_csv(
    wanted: Annotated[Wanted, Depends()], asking: Reader, house: HouseDep, lang: Lang = "ko"
) -> Response:
    """The same rows, the whole first, in percent."""
    found = await _found(wanted, asking, house)
    lines = [{**_line(found.whole, lang), "name": word("whole", lang)}, *(_line(row, lang) for row in found.rows)]
    notes = [both(f"note.{name}") for name in NOTES]
    return table(COLUMNS, lines, notes, lang, name="parking-usage", now=house.clock.now())


def _certainty(row: Row) -> Certainty | None:
    if row.before is None:
        return None
    if row.change is None:
        return "lacking"
    if not row.change.is_clear:
        return "unclear"
    return "clear_up" if row.change.points > 0 else "clear_down"


def _shown(row: Row) -> RowShown:
    certainty = _certainty(row)
    return RowShown(
        key=row.key,
        name=row.name,
        lots=row.lots,
        bays=row.bays,
        bays_before=row.bays_before,
        now=UseShown(**_use(row.now)),
        before=UseShown(**_use(row.before)) if row.before else None,
        change=ChangeShown(**_change(row.change)) if row.change else None,
        certainty=certainty,
        certainty_said=both(f"certainty.{certainty}") if certainty else None,
        compared=row.compared,
        days=row.days,
        kinds=list(row.kinds),
        marks=list(row.marks),
        marks_said=[both(f"mark.{mark}") for mark in row.marks],
    )


def _use(use: Use) -> dict[str, Any]:
    return {name: _rounded(getattr(use, name), 4) for name in UseShown.model_fields}


def _change(change: Change) -> dict[str, Any]:
    return {name: _rounded(getattr(change, name), 4) for name in ChangeShown.model_fields}


def _rounded(value: float | None, places: int) -> float | None:
    return value if value is None or isinstance(value, int) else round(value, places) + 0.0


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 1)


def _line(row: Row, lang: str) -> Mapping[str, Any]:
    change, certainty = row.change, _certainty(row)
    return {
        "key": row.key,
        "name": row.name,
        "lots": row.lots,
        "bays": row.bays,
        "bays_before": row.bays_before,
        "used": _percent(row.now.used),
        "known": _percent(row.now.known),
        "full": _percent(row.now.full),
        "peak_hour": row.now.peak_hour,
        "peak_used": _percent(row.now.peak_used),
        "used_before": _percent(row.before.used) if row.before else None,
        "known_before": _percent(row.before.known) if row.before else None,
        **(
            {name: _rounded(getattr(change, name), 2) for name in ("points", "low", "high", "percent")}
            if change
            else {}
        ),
        "certainty": word(f"certainty.{certainty}", lang) if certainty else "",
        "compared": row.compared if row.before else None,
        "days": f"{row.days[0]}/{row.days[1]}" if row.days else "",
        "marks": ", ".join(word(f"mark.{mark}", lang) for mark in row.marks),
    }
