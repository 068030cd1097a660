"""How long it takes from the first message to the first verified action, as JSON and as a table."""

import csv
import io
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from api.deps import Caller, House, HouseDep, allowed
from civic.air.matters.figures import Figures, Took, figures
from civic.air.matters.states import KIND_NAMES
from civic.exports.files import harmless
from civic.staff.permissions import Action
from core.clock import SEOUL

router = APIRouter(prefix="/air/matters", tags=["air"])
Reader = Annotated[Caller, allowed(Action.METRICS_READ)]
First = Annotated[
    date, Query(alias="from", ge=date(2000, 1, 1), le=date(2099, 12, 31), description="이 날부터(한국 날짜)")
]
Last = Annotated[date, Query(alias="to", ge=date(2000, 1, 1), le=date(2099, 12, 31), description="이 날까지")]
_CSV = {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "UTF-8 with its mark"}


@cache
def _words(lang: str) -> dict[str, Any]:
    path = Path(__file__).parent / f"matter_figures.{lang}.yml"
    loaded: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return loaded


class TookShown(BaseModel):
    """See civic/air/matters/figures.py. Minutes are medians; null: nothing to count."""

    model_config = ConfigDict(from_attributes=True)

    kind: Literal["all", "limit", "episode", "smell", "sensor"]
    matters: int
    done: int
    minutes: float | None
    answered: int
    answered_minutes: float | None
    by_officer: int
    by_values: int
    told_only: int
    without: int


class BeforeShown(BaseModel):
    """`basis` days: counted here; stated: a median that somebody else counted (`source`); none: not known."""

    model_config = ConfigDict(from_attributes=True)

    basis: Literal["days", "stated", "none"]
    first: date | None
    last: date | None
    minutes: float | None
    source: str
    rows: list[TookShown]


class FiguresAnswer(BaseModel):
    """`change_minutes`: now minus before. `goal_minutes`: what the city hopes for; no figure is made of it."""

    model_config = ConfigDict(from_attributes=True)

    first: date
    last: date
    rows: list[TookShown]
    before: BeforeShown
    change_minutes: float | None
    goal_minutes: float
    goal_source: str
    at: datetime | None = None


async def _found(first: date, last: date, asking: Caller, house: House) -> Figures:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        return await figures(tx, house.settings.city.id, first, last, house.settings.air.acting)


@router.get("/figures", summary="첫 신고부터 확인된 첫 조치까지 걸린 시간 (time to act)")
async def read_figures(first: First, last: Last, asking: Reader, house: HouseDep) -> FiguresAnswer:
    """422 for days out of order. It names nobody."""
    found = await _found(first, last, asking, house)
    return FiguresAnswer.model_validate(found).model_copy(update={"at": house.clock.now()})


@router.get("/figures.csv", summary="걸린 시간 CSV (as a table)", response_class=Response, responses={200: _CSV})
async def read_figures_csv(
    first: First, last: Last, asking: Reader, house: HouseDep, lang: Literal["ko", "en"] = "ko"
) -> Response:
    """The rows of the period, those of the days before, the change, and the goal in a line of its own."""
    found = await _found(first, last, asking, house)
    made = io.StringIO(newline="")
    writer = csv.writer(made, quoting=csv.QUOTE_NONNUMERIC)
    t = _words(lang)
    writer.writerow(t["columns"])
    writer.writerows(_line(f"{found.first} ~ {found.last}", row, "", lang) for row in found.rows)
    before = found.before
    days, source = f"{t['before']} {before.first} ~ {before.last}", harmless(before.source)
    writer.writerows(_line(days, row, source, lang) for row in before.rows)
    if before.basis == "stated":
        writer.writerow(_alone(t["before"], before.minutes, source))
    writer.writerow(_alone(t["change"], found.change_minutes, ""))
    writer.writerow(_alone(t["goal"], found.goal_minutes, harmless(found.goal_source)))
    called = f"air-matters-{house.clock.now().astimezone(SEOUL):%Y%m%d-%H%M}.csv"
    return Response(
        made.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{called}"'},
    )


def _line(period: str, row: Took, source: str, lang: str) -> list[str | int | float]:
    kind = _words(lang)["all"] if row.kind == "all" else KIND_NAMES[row.kind][lang == "en"]
    counts = [row.matters, row.done, row.minutes, row.answered, row.answered_minutes]
    rest = [row.by_officer, row.by_values, row.told_only, row.without]
    return [period, kind, *("" if one is None else one for one in (*counts, *rest)), source]


def _alone(name: str, minutes: float | None, source: str) -> list[str | int | float]:
    """A line that only has minutes."""
    return [name, "", "", "", "" if minutes is None else minutes, *[""] * 6, source]
