"""불법주정차 신고 by month for staff: counts alone, small ones hidden (docs/desk/parking-usage.md)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict

from api.deps import Caller, House, HouseDep, allowed
from api.parking.figure_words import CSV, Lang, Said, both, headings, table, word
from api.parking.usage import Certainty, TargetShown
from civic.parking.evidence import rules
from civic.parking.figures import months
from civic.parking.figures.months import Block, Cells, Month
from civic.parking.figures.past import Span
from civic.parking.usage import bay_hours
from civic.staff.permissions import Action
from core.clock import SEOUL
from core.errors import BadInput

router = APIRouter(prefix="/parking", tags=["parking"])
Reader = Annotated[Caller, allowed(Action.METRICS_READ)]
MonthName = Annotated[str, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-09"])]
MOST_MONTHS = 60
COLUMNS = ("month", "split", "name", "reports", "per_1000_cars", "per_1000_bay_hours")
SPLITS = ("kinds", "areas", "states")


class CellsShown(BaseModel):
    """`apart`: each alone. `others`: `kinds_of_others` of them together. `is_hidden`: too few for any split."""

    model_config = ConfigDict(from_attributes=True)

    apart: dict[str, int]
    others: int | None
    kinds_of_others: int
    is_hidden: bool


class MonthShown(BaseModel):
    """`reports` null: fewer than k. `is_whole`: over, and reported from its first day on, so that it is compared."""

    month: str
    reports: int | None
    is_whole: bool
    per_1000_cars: float | None
    bay_hours: float | None
    per_1000_bay_hours: float | None
    kinds: CellsShown
    areas: CellsShown
    states: CellsShown


class BlockShown(BaseModel):
    """`percent`: change of the reports a month, `low` to `high` 95 %. Null where there is nothing to compare."""

    months: list[str]
    against: list[str]
    reports: int
    reports_against: int
    percent: float | None
    low: float | None
    high: float | None
    certainty: Certainty
    certainty_said: Said


class ReportsAnswer(BaseModel):
    """`before_after`: whole months from `changed_on` on against as many before it; `year_before`: against the same
    months of the year before. `kinds_said`: the kinds in words. `cars`: registered cars, 0 where unknown.
    """

    first: str
    last: str
    at: datetime
    k: int
    changed_on: date | None
    cars: int
    cars_source: str
    months: list[MonthShown]
    before_after: BlockShown | None
    year_before: BlockShown
    kinds_said: dict[str, Said]
    target: TargetShown
    headings: dict[str, Said]
    notes: list[Said]


@dataclass(frozen=True, slots=True)
class Wanted:
    first: str
    last: str
    changed_on: date | None
    with_bay_hours: bool


def _wanted(
    first: Annotated[MonthName, Query(alias="from", description="이 달부터(한국 달력)")],
    last: Annotated[MonthName, Query(alias="to", description="이 달까지")],
    changed_on: Annotated[
        date | None, Query(ge=date(2000, 1, 1), le=date(2099, 12, 31), description="이 날의 앞뒤를 견줍니다")
    ] = None,
    with_bay_hours: Annotated[bool, Query(description="이용 면·시간에 견준 수도(느립니다)")] = False,
) -> Wanted:
    if last < first or len(months.months_between(first, last)) > MOST_MONTHS:
        raise BadInput(f"달은 차례대로 {MOST_MONTHS}달까지입니다.", f"Months in order, at most {MOST_MONTHS}.")
    return Wanted(first, last, changed_on, with_bay_hours)


WantedDep = Annotated[Wanted, Depends(_wanted)]


@dataclass(frozen=True, slots=True)
class _Counted:
    """`all`: with the year before; `shown`: what was asked for. `held`: bay-hours in use by month."""

    all: list[Month]
    shown: list[Month]
    held: Mapping[str, float] | None


async def _counted(wanted: Wanted, asking: Caller, house: House) -> _Counted:
    now, city_id, rules = house.clock.now(), house.settings.city.id, house.settings.parking.figures
    names = months.months_between(months.year_before(wanted.first), wanted.last)
    held: Mapping[str, float] | None = {}
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await months.by_month(tx, city_id, names, house.settings.board.k, now)
        if wanted.with_bay_hours:
            until = min(months.end_of(wanted.last), now.astimezone(SEOUL).date())
            start = months.start_of(wanted.first)
            held = await bay_hours(tx, city_id, Span(start, until), rules) if start <= until else {}
    return _Counted(found, [one for one in found if one.month >= wanted.first], held)


@router.get("/reports-by-month", summary="월별 불법주정차 신고 (illegal-parking reports by month)")
async def read_reports(wanted: WantedDep, asking: Reader, house: HouseDep) -> ReportsAnswer:
    """No plate, no place, nobody: numbers below `board.k` are hidden or joined, so every member of staff reads it."""
    counted, rule = await _counted(wanted, asking, house), house.settings.parking.figures
    changed = wanted.changed_on
    return ReportsAnswer(
        first=wanted.first,
        last=wanted.last,
        at=house.clock.now(),
        k=house.settings.board.k,
        changed_on=changed,
        cars=rule.cars,
        cars_source=rule.cars_source,
        months=[_month(one, counted.held, rule.cars) for one in counted.shown],
        before_after=_block(months.before_and_after(counted.shown, changed)) if changed else None,
        year_before=_block(months.with_year_before(counted.all, changed)),
        kinds_said={kind: Said(ko=ko, en=en) for kind, (ko, en) in _kinds(house).items()},
        target=TargetShown(percent=rule.target.reports_percent, source=rule.target.source),
        headings=headings(COLUMNS),
        notes=_notes(house, counted, wanted),
    )


@router.get(
    "/reports-by-month.csv",
    summary="월별 신고 CSV (reports by month as a table)",
    response_class=Response,
    responses={200: CSV},
)
async def read_reports_csv(wanted: WantedDep, asking: Reader, house: HouseDep, lang: Lang = "ko") -> Response:
    """A line for each month, and for each kind, 동 and state of it."""
    counted = await _counted(wanted, asking, house)
    lines = [line for one in counted.shown for line in _lines(one, counted.held, house, lang)]
    notes = _notes(house, counted, wanted)
    return table(COLUMNS, lines, notes, lang, name="parking-reports", now=house.clock.now())


def _month(one: Month, held: Mapping[str, float] | None, cars: int) -> MonthShown:
    hours = (held or {}).get(one.month)
    return MonthShown(
        month=one.month,
        reports=one.reports,
        is_whole=one.is_whole,
        per_1000_cars=_rate(one.reports, cars),
        bay_hours=round(hours, 1) if hours is not None else None,
        per_1000_bay_hours=_rate(one.reports, hours),
        **{name: CellsShown.model_validate(getattr(one, name)) for name in SPLITS},
    )


def _rate(reports: int | None, of: float | None) -> float | None:
    return None if reports is None or not of else round(1000 * reports / of, 4)


def _block(found: Block) -> BlockShown:
    certainty: Certainty = "lacking"
    if found.percent is not None:
        certainty = ("clear_up" if found.percent > 0 else "clear_down") if found.is_clear else "unclear"
    rounded = {
        name: None if (value := getattr(found, name)) is None else round(value, 2)
        for name in ("percent", "low", "high")
    }
    return BlockShown(
        months=list(found.months),
        against=list(found.against),
        reports=found.reports,
        reports_against=found.reports_against,
        certainty=certainty,
        certainty_said=both(f"certainty.{certainty}"),
        **rounded,
    )


def _kinds(house: House) -> dict[str, tuple[str, str]]:
    today = house.clock.now().astimezone(SEOUL).date()
    return {kind: (rule.name_ko, rule.name_en) for kind, rule in rules(today).items()}


def _notes(house: House, counted: _Counted, wanted: Wanted) -> list[Said]:
    rule = house.settings.parking.figures
    found = [both("note.told"), both("note.hidden", k=house.settings.board.k), both("note.area"), both("note.count")]
    if rule.cars:
        found.append(both("note.cars", cars=f"{rule.cars:,}", source=rule.cars_source or "-"))
    else:
        found.append(both("note.no_cars"))
    if wanted.with_bay_hours:
        found.append(both("note.bay_hours" if counted.held is not None else "note.no_bay_hours"))
    return [*found, both("note.target")]


def _lines(one: Month, held: Mapping[str, float] | None, house: House, lang: str) -> Iterator[dict[str, Any]]:
    shown, names = _month(one, held, house.settings.parking.figures.cars), _kinds(house)
    yield {
        "month": one.month,
        "split": word("split.total", lang),
        "reports": word("hidden", lang) if one.reports is None else one.reports,
        "per_1000_cars": shown.per_1000_cars,
        "per_1000_bay_hours": shown.per_1000_bay_hours,
    }
    called = {
        "kinds": {kind: pair[lang == "en"] for kind, pair in names.items()},
        "areas": {"": word("split.nowhere", lang)},
        "states": {state: word(f"state.{state}", lang) for state in months.STATES},
    }
    for split in SPLITS:
        said = {"month": one.month, "split": word(f"split.{split}", lang)}
        for name, count in _cells(getattr(one, split), called[split], lang):
            yield {**said, "name": name, "reports": count}


def _cells(found: Cells, called: Mapping[str, str], lang: str) -> Sequence[tuple[str, int | str]]:
    if found.is_hidden:
        return [("", word("hidden", lang))]
    rows: list[tuple[str, int | str]] = [(called.get(key, key), count) for key, count in found.apart.items()]
    if found.others is not None:
        rows.append((word("split.others", lang, count=found.kinds_of_others), found.others))
    return rows
