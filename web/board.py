"""The public board: how many 민원 each department has had, how long they took, how many were answered in time.

No figure stands for fewer than `board.k` cases (civic.cases.figures.public); nobody's words and nobody's name are here.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy import select

from civic.cases.figures import PublicBoard, Shown, public
from civic.city.tables import departments
from core.clock import SEOUL
from web import assets, sessions
from web.headers import page_headers
from web.limits import Limits
from web.pages import environment
from web.seam import House
from web.strings import Lang, chosen, words

FRESH = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table and one bar of the chart. `share` is a whole percentage, None where nothing was closed."""

    id: str | None
    name: str
    received: int
    closed: int
    days: str
    share: int | None


@dataclass(slots=True)
class Board:
    """One a process. The figures are worked out at most once a minute, whoever asks and how often."""

    house: House
    _at: datetime | None = None
    _read: PublicBoard | None = None
    _names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def figures(self) -> PublicBoard:
        async with self._one:
            now, settings = self.house.clock.now(), self.house.settings
            if self._read is None or self._at is None or not timedelta(0) <= now - self._at < FRESH:
                city_id, rules = settings.city.id, settings.board
                async with self.house.db.reading() as tx:
                    found = await public(tx, city_id, rules.days, rules.k, now, days_off=settings.city.days_off)
                    self._names = {
                        row.id: (row.name_ko, row.name_en)
                        for row in await tx.execute(select(departments).where(departments.c.city_id == city_id))
                    }
                self._read, self._at = found, now
            return self._read

    @property
    def read_at(self) -> datetime:
        return self._at or self.house.clock.now()

    def row(self, shown: Shown, lang: Lang, others: str) -> Row:
        ko, en = self._names.get(shown.department_id or "", (shown.department_id, shown.department_id))
        name = (en if lang == "en" else ko) if shown.department_id else others
        share = None if shown.on_time is None else round(shown.on_time * 100)
        days = "–" if shown.median_days is None else f"{shown.median_days:.1f}".removesuffix(".0")
        return Row(shown.department_id, str(name), shown.received, shown.closed, days, share)


def routes(made: APIRouter, house: House, guard: Limits) -> None:
    """Add the page and its data to the citizens' routes."""
    board = Board(house)

    @made.get("/board")
    async def page(request: Request) -> Response:
        guard.read(request.client.host if request.client else "")
        return _page(board, await board.figures(), request)

    @made.get("/board.json")
    async def data(request: Request) -> Response:
        guard.read(request.client.host if request.client else "")
        found = _data(board, await board.figures())
        return JSONResponse(
            found,
            headers={
                "Cache-Control": "public, max-age=60",
                "Access-Control-Allow-Origin": "*",
                "Cross-Origin-Resource-Policy": "cross-origin",
            },
        )


def _page(board: Board, found: PublicBoard, request: Request) -> Response:
    house = board.house
    lang = chosen(request.query_params.get("lang"), request.cookies.get(sessions.LANG_COOKIE))
    city, section = house.settings.city, house.settings.channels.get("web", {})
    at = board.read_at.astimezone(SEOUL)
    facts = {
        "city": getattr(city.name, lang),
        "k": str(house.settings.board.k),
        "days": str(found.period.days),
        "first": f"{found.period.first:%Y-%m-%d}",
        "last": f"{found.period.last:%Y-%m-%d}",
        "others": str(found.others),
        "at": f"{at:%Y-%m-%d %H:%M}",
    }
    t = {key: text.format(**facts) for key, text in words(lang)["board"].items()}
    html = (
        environment()
        .get_template("board.html")
        .render(
            lang=lang,
            t=t,
            city=facts["city"],
            vendor=assets.digest(),
            total=board.row(found.total, lang, t["city_whole"]) if found.total else None,
            rows=[board.row(one, lang, t["other_departments"]) for one in _in_order(found.departments)],
        )
    )
    headers = dict(page_headers(request.headers.get("host", ""), section.get("frame_ancestors", ())))
    return HTMLResponse(html, headers=headers)


def _in_order(shown: list[Shown]) -> list[Shown]:
    """The busiest first, the sum of the small ones last."""
    return sorted(shown, key=lambda one: (one.department_id is None, -one.received, one.department_id or ""))


def _data(board: Board, found: PublicBoard) -> dict[str, Any]:
    """Names in both languages; `department` null is the sum of those too small to be shown alone."""

    def one(shown: Shown) -> dict[str, Any]:
        ko, en = (board.row(shown, lang, "").name or None for lang in ("ko", "en"))
        return {
            "department": shown.department_id,
            "name_ko": ko,
            "name_en": en,
            "received": shown.received,
            "closed": shown.closed,
            "median_working_days": shown.median_days,
            "on_time": shown.on_time,
        }

    return {
        "city": board.house.settings.city.id,
        "from": found.period.first.isoformat(),
        "to": found.period.last.isoformat(),
        "k": board.house.settings.board.k,
        "read_at": board.read_at.isoformat(),
        "total": one(found.total) if found.total else None,
        "departments": [one(shown) for shown in _in_order(found.departments)],
        "departments_summed": found.others,
    }
