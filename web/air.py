"""The page of the air and a page for each station: lists and tables that stand by themselves, from which the browser
draws a map and charts. Everybody sees the same rows (civic/air/open/record.py).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading
from civic.air.open.corrections import MOST, before
from civic.air.open.latest import Latest
from civic.air.open.publishing import Publisher, publisher
from civic.air.open.record import Record
from civic.air.open.series import Series, bands, series
from civic.air.records import Now, Site, Version
from core.clock import SEOUL
from core.contracts.air import POLLUTANTS
from core.contracts.channel import GeoPoint
from core.errors import NotFound
from web import air_rows as rows
from web import assets, sessions
from web.air_charts import days_chart, hours_chart
from web.air_rows import Speaker
from web.headers import page_headers
from web.limits import Limits
from web.pages import environment
from web.seam import House
from web.strings import Lang, chosen, words

HOURS = 48
"""Of the chart on the page of the city."""
RECENT_DAYS = 7
"""Of the hourly chart on a station's page."""
LINES = 5
"""Stations in one chart: more lines are a tangle; each has its own page."""
FIRST_YEAR = 2000
_PRACTICE = "연습용"
Drawn = list[tuple[Site, Series, dict[int, Version]]]


@dataclass(frozen=True, slots=True)
class Asked:
    lang: Lang
    pollutant: str

    @property
    def other(self) -> Lang:
        return "ko" if self.lang == "en" else "en"


class Door:
    """One a process: what the pages read, kept for half a minute."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.latest = Latest(house.air)

    @property
    def by(self) -> Publisher:
        return publisher(self.house.settings, {name: one.terms for name, one in self.house.air_sources.items()})

    async def record(self) -> Record:
        settings, city = self.house.settings, self.house.settings.city
        middle = GeoPoint(city.center_lat, city.center_lon)
        return await self.latest.record(self.house.db, self.by, settings.air, middle, self.house.clock.now())


def routes(made: APIRouter, house: House, guard: Limits) -> None:
    """Add the pages to the citizens' routes."""
    door = Door(house)

    @made.get("/air")
    async def page(request: Request) -> Response:
        guard.read(request.client.host if request.client else "")
        asked = _asked(request)
        record = await door.record()
        end = house.clock.now().replace(minute=0, second=0, microsecond=0)
        lines = [one.site for one in record.now if one.site.origin != "stack"][:LINES]
        async with house.db.reading() as tx:
            drawn = await _drawn(tx, lines, end - timedelta(hours=HOURS), end, asked.pollutant)
        return _answer(house, request, await asyncio.to_thread(_city_html, house, asked, record, drawn))

    @made.get("/air/stations/{site_id}")
    async def station(request: Request, site_id: int) -> Response:
        guard.read(request.client.host if request.client else "")
        asked, now = _asked(request), house.clock.now()
        year = _year(request, now)
        end = now.replace(minute=0, second=0, microsecond=0)
        async with house.db.reading() as tx:
            found = (await reading.sites_by_id(tx, [site_id])).get(site_id) if site_id < 2**31 else None
            if found is None:
                raise NotFound(words("ko")["air"]["no_such"], words("en")["air"]["no_such"])
            whole = await series(tx, site_id, *year_of(year))
            drawn = await _drawn(tx, [found], end - timedelta(days=RECENT_DAYS), end, asked.pollutant)
        newest = next((one for one in await door.latest.all(now) if one.site.id == site_id), None)
        html = await asyncio.to_thread(_station_html, house, asked, found, newest, year, whole, drawn, now)
        return _answer(house, request, html)


def year_of(year: int) -> tuple[datetime, datetime]:
    """A Korean year as the moments between which its hours end."""
    return datetime(year, 1, 1, tzinfo=SEOUL).astimezone(UTC), datetime(year + 1, 1, 1, tzinfo=SEOUL).astimezone(UTC)


def _asked(request: Request) -> Asked:
    query = request.query_params
    pollutant = query.get("pollutant", "")
    return Asked(
        lang=chosen(query.get("lang"), request.cookies.get(sessions.LANG_COOKIE)),
        pollutant=pollutant if pollutant in POLLUTANTS else "PM25",
    )


def _year(request: Request, now: datetime) -> int:
    said, this = request.query_params.get("year", ""), now.astimezone(SEOUL).year
    year = int(said) if said.isascii() and said.isdecimal() and len(said) == 4 else this
    return year if FIRST_YEAR <= year <= this else this


async def _drawn(tx: AsyncConnection, sites: Sequence[Site], begin: datetime, end: datetime, pollutant: str) -> Drawn:
    found: Drawn = []
    for site in sites:
        read = await series(tx, site.id, begin, end)
        found.append((site, read, await before(tx, read, pollutant)))
    return found


def _answer(house: House, request: Request, html: str) -> Response:
    section = house.settings.channels.get("web", {})
    host, frames = request.headers.get("host", ""), section.get("frame_ancestors", ())
    return HTMLResponse(html, headers=page_headers(host, frames, map_style=house.settings.parking.map.style_url))


def _shared(house: House, asked: Asked, facts: dict[str, str]) -> dict[str, Any]:
    """What both templates need."""
    t = words(asked.lang)["air"]
    return {
        "lang": asked.lang,
        "t": {key: text.format(**facts) for key, text in t.items() if isinstance(text, str)},
        "city": getattr(house.settings.city.name, asked.lang),
        "vendor": assets.digest(),
        "has_map": assets.has_map(),
        "has_charts": assets.has_charts(),
    }


def _facts(house: House, asked: Asked, now: datetime) -> dict[str, str]:
    rules = house.settings.air.public
    return {
        "city": getattr(house.settings.city.name, asked.lang),
        "at": f"{now.astimezone(SEOUL):%Y-%m-%d %H:%M}",
        "chart_hours": str(HOURS),
        "days": str(rules.days),
        "k": str(rules.smell_k),
        "most": str(MOST),
        "station": "",
        "year": "",
        "count": "{count}",
    }


def _pollutants(says: Speaker, asked: Asked) -> list[dict[str, Any]]:
    order = ("PM25", "PM10", "O3", "NO2", "SO2", "CO")
    return [{"code": code, "name": says.pollutant(code), "is_on": code == asked.pollutant} for code in order]


def _city_html(house: House, asked: Asked, record: Record, drawn: Drawn) -> str:
    settings, t = house.settings, words(asked.lang)["air"]
    says = Speaker(asked.lang, t["row"], settings.air)
    shared = _shared(house, asked, _facts(house, asked, record.at))
    region = next((zone.forecast_region for zone in settings.air.zones.values() if zone.forecast_region), "")
    smells = rows.smell_rows(record.smells.counts, says)
    caption = f"{says.pollutant(asked.pollutant)}: {shared['t']['hours']}."
    return (
        environment()
        .get_template("air.html")
        .render(
            **shared,
            other=urlencode({"lang": asked.other, "pollutant": asked.pollutant}),
            keep=urlencode({"lang": asked.lang}),
            practice=_practice(record.now, says),
            standing=rows.standing_rows(record, says),
            zones=[rows.zone_row(one, says) for one in record.zones],
            where=GeoPoint(settings.city.center_lat, settings.city.center_lon),
            style=settings.parking.map.style_url,
            grades=says.key(),
            rows=[rows.site_row(one, says) for one in record.now],
            pollutants=_pollutants(says, asked),
            chart=hours_chart("hours", caption, drawn, asked.pollutant, shared["t"], says),
            forecasts=rows.forecast_rows(record.forecasts, region, says) if record.forecasts else None,
            episodes=rows.episode_rows(record, says),
            matters=[rows.matter_row(one, says) for one in record.matters],
            smells=smells,
            has_hidden=record.smells.has_hidden,
            corrections=rows.correction_rows(record.corrections, says),
            sources=rows.source_rows(record, says),
            sensor_grades=[{"name": name, "said": said} for name, said in t["sensor_grades"].items()],
        )
    )


def _practice(there: Sequence[Now], says: Speaker) -> list[str]:
    """Exercise values are told at the top of the page as well as at each station."""
    said = dict.fromkeys(one.attribution for one in there if _PRACTICE in one.attribution)
    return [says.t["practice"].format(attribution=one) for one in said]


def _station_html(
    house: House, asked: Asked, site: Site, newest: Now | None, year: int, whole: Series, drawn: Drawn, now: datetime
) -> str:
    t = words(asked.lang)["air"]
    says = Speaker(asked.lang, t["row"], house.settings.air)
    facts = {**_facts(house, asked, now), "station": site.name, "year": str(year), "days": str(RECENT_DAYS)}
    shared = _shared(house, asked, facts)
    name = says.pollutant(asked.pollutant)
    found = bands(whole, asked.pollutant) if asked.pollutant in whole.lines else []
    unit = whole.lines[asked.pollutant].unit if found else ""
    this = now.astimezone(SEOUL).year
    return (
        environment()
        .get_template("air_station.html")
        .render(
            **shared,
            site=site,
            row=rows.site_row(newest, says) if newest else None,
            practice=_practice([newest] if newest else [], says),
            facts=_site_facts(house, site, says, t),
            other=urlencode({"lang": asked.other, "pollutant": asked.pollutant, "year": year}),
            keep=urlencode({"lang": asked.lang, "year": year}),
            keep_year=urlencode({"lang": asked.lang, "pollutant": asked.pollutant}),
            pollutants=_pollutants(says, asked),
            years=[{"code": one, "name": str(one), "is_on": one == year} for one in range(this, this - 6, -1)],
            year=year,
            days=days_chart("days", f"{name}: {shared['t']['year']}.", found, unit, shared["t"]),
            hours=hours_chart("hours", f"{name}: {shared['t']['recent']}.", drawn, asked.pollutant, shared["t"], says),
            span={"begin": f"{year}-01-01", "end": f"{year}-12-31"},
            script={"names": t["row"]["pollutants"], "failed": t["whole_failed"], "done": t["whole_done"]},
        )
    )


def _site_facts(house: House, site: Site, says: Speaker, t: dict[str, Any]) -> list[tuple[str, str]]:
    kind = says.t["origins"][site.origin]
    grade = f"{site.grade}: {t['sensor_grades'].get(site.grade, '')}" if site.grade else ""
    told = {
        "kind": f"{kind} ({says.t['networks'][site.network]})" if site.origin == "official" else kind,
        "source": house.air.attribution(site.source),
        "address": site.address,
        "region": site.region,
        "code": site.uid,
        "former": ", ".join(site.former),
        "grade": grade,
    }
    return [(says.t["facts"][key], value) for key, value in told.items() if value]
