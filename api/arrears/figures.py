"""The arrears in figures, as JSON and as a table: counts alone, nobody's name."""

import csv
import io
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.arrears.parts import Reader
from api.deps import Caller, House, HouseDep
from civic.arrears.oversight import days
from civic.arrears.oversight.figures import figures
from civic.exports.files import harmless
from core.clock import SEOUL
from core.errors import BadInput

router = APIRouter(prefix="/arrears/figures", tags=["arrears"])
First = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
Last = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


class FiguresShown(BaseModel):
    """See civic/arrears/oversight/figures.py and docs/desk/arrears-oversight.md."""

    figures: dict[str, Any]


class DayShown(BaseModel):
    on: date
    figures: dict[str, Any]


@router.get("", summary="체납 숫자 (figures)")
async def read_figures(asking: Reader, house: HouseDep, since: First = None, until: Last = None) -> FiguresShown:
    """`since` and `until`: Korean days, both in it; the last 365 days without them."""
    return FiguresShown(figures=await _figures(asking, house, since, until))


@router.get("/file", summary="체납 숫자 내려받기 (CSV)", response_class=Response, responses=_CSV)
async def download_figures(asking: Reader, house: HouseDep, since: First = None, until: Last = None) -> Response:
    found = await _figures(asking, house, since, until)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("항목 (Item)", "값 (Value)"))
    writer.writerows((name, harmless(value) if isinstance(value, str) else value) for name, value in _lines("", found))
    name = f"arrears-{found['from']}-{found['to']}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/today", summary="오늘의 체납 세기 (count the ledger now)")
async def count_today(asking: Reader, house: HouseDep) -> DayShown:
    """Done every night by itself; now for whoever cannot wait."""
    city_id, now = house.settings.city.id, house.clock.now()
    on = now.astimezone(SEOUL).date()
    found = await days.count(house.db.reading, city_id, on, house.settings.arrears.oversight)
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await days.keep(tx, city_id, on, found, now)
    return DayShown(on=on, figures=found)


async def _figures(asking: Caller, house: House, since: date | None, until: date | None) -> dict[str, Any]:
    last = until or house.clock.now().astimezone(SEOUL).date()
    first = since or last - timedelta(days=364)
    if last < first:
        raise BadInput("끝나는 날이 시작하는 날보다 빠릅니다.", "It would end before it begins.")
    async with house.db.transaction() as tx:
        await asking.looked(tx, house, "arrears_list", f"{first}..{last}", action="arrears.figures")
        return await figures(tx, house.settings.city.id, first, last, house.settings.arrears)


def _lines(name: str, value: Any) -> list[tuple[str, Any]]:
    """Every figure by its path; a row of a list by what names it."""
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in _lines(f"{name}.{key}" if name else str(key), inner)]
    if isinstance(value, list):
        named = [(_named(one, number), one) for number, one in enumerate(value, 1)]
        return [line for key, one in named for line in _lines(f"{name}[{key}]", one)]
    return [(name, "" if value is None else value)]


def _named(row: Any, number: int) -> str:
    keys = ("band", "item", "way", "month", "measure")
    return next((str(row[key]) for key in keys if isinstance(row, dict) and key in row), str(number))
