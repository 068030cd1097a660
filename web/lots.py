"""The page of lots: a list that stands by itself, and a map of the same lots where the browser can draw one.

Without a script the list and its form do everything; without tiles the map shows towns, distances and lots.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from civic.parking.search import Filters, Found
from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.korean import krw, meters
from web import assets, sessions
from web.headers import page_headers
from web.limits import Limits
from web.pages import environment
from web.seam import House
from web.strings import Lang, chosen, words

MOST = 30
RADII_M = (2_000.0, 10_000.0)
HOUR = 60
WANTED = ("vacant", "open_now", "free", "ev", "disabled")
"""Boxes of the form, in their order; names of `Filters`."""
HEIGHT_CM = (100, 500)
_POINT = re.compile(r"(-?\d{1,2}(?:\.\d{1,9})?),(-?\d{1,3}(?:\.\d{1,9})?)")
_NAME_MOST = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form says. `height` in centimetres, 0 where it was left empty."""

    place: str
    point: GeoPoint | None
    boxes: tuple[str, ...]
    height: int
    lang: Lang

    @property
    def filters(self) -> Filters:
        return Filters(**dict.fromkeys(self.boxes, True), height_cm=self.height)


def routes(made: APIRouter, house: House, guard: Limits) -> None:
    """Add the page to the citizens' routes."""

    @made.get("/parking")
    async def page(request: Request) -> Response:
        guard.read(request.client.host if request.client else "")
        asked = _asked(request)
        now = house.clock.now()
        where, name = await _where(house, asked, now)
        found, radius = await _near(house, where, asked, now)
        html = await asyncio.to_thread(_html, house, asked, where, name, found, radius, now)
        section = house.settings.channels.get("web", {})
        host, frames = request.headers.get("host", ""), section.get("frame_ancestors", ())
        return HTMLResponse(html, headers=page_headers(host, frames, map_style=house.settings.parking.map.style_url))


def _asked(request: Request) -> Asked:
    query = request.query_params
    place = " ".join(query.get("q", "").split())[:_NAME_MOST]
    at = _POINT.fullmatch(query.get("at", ""))
    point = (
        GeoPoint(float(at[1]), float(at[2])) if at and abs(float(at[1])) <= 90 and abs(float(at[2])) <= 180 else None
    )
    metres = query.get("height", "").strip().replace(",", ".")
    height = round(float(metres) * 100) if re.fullmatch(r"\d(?:\.\d{1,2})?", metres) else 0
    return Asked(
        place=place,
        point=point,
        boxes=tuple(name for name in WANTED if query.get(name)),
        height=height if HEIGHT_CM[0] <= height <= HEIGHT_CM[1] else 0,
        lang=chosen(query.get("lang"), request.cookies.get(sessions.LANG_COOKIE)),
    )


async def _where(house: House, asked: Asked, now: datetime) -> tuple[GeoPoint, str | None]:
    """The point to look from and its name: what was asked, else the city's middle; None: nobody knows the name."""
    city = house.settings.city
    middle = GeoPoint(city.center_lat, city.center_lon)
    if asked.place:
        if (place := house.book.place(asked.place) or house.book.place_in(asked.place)) is not None:
            return place.point, place.name_en if asked.lang == "en" else place.name
        lots = await house.parking.by_name(asked.place, now, 1, around=middle)
        if lots and lots[0].lot.lat is not None and lots[0].lot.lon is not None:
            return GeoPoint(lots[0].lot.lat, lots[0].lot.lon), lots[0].lot.name
        return asked.point or middle, None
    if asked.point is not None:
        return asked.point, ""
    return middle, getattr(city.name, asked.lang)


async def _near(house: House, where: GeoPoint, asked: Asked, now: datetime) -> tuple[list[Found], float]:
    found: list[Found] = []
    radius = RADII_M[0]
    for radius in RADII_M:
        found = await house.parking.near(where, now, asked.filters, MOST, radius_m=radius, members_last=True)
        if found:
            break
    return found, radius


def _html(
    house: House,
    asked: Asked,
    where: GeoPoint,
    name: str | None,
    found: list[Found],
    radius: float,
    now: datetime,
) -> str:
    t = words(asked.lang)["lots"]
    facts = {
        "city": getattr(house.settings.city.name, asked.lang),
        "place": name or t["here"],
        "asked": asked.place,
        "count": str(len(found)),
        "radius": meters(radius),
        "at": f"{now.astimezone(SEOUL):%Y-%m-%d %H:%M}",
        "marked": str(house.settings.parking.numbers.marked_minutes),
    }
    rules = house.settings.parking
    return (
        environment()
        .get_template("lots.html")
        .render(
            lang=asked.lang,
            city=facts["city"],
            t={key: text.format(**facts) for key, text in t.items() if isinstance(text, str)},
            boxes=[(box, t["boxes"][box], box in asked.boxes) for box in WANTED],
            asked=asked,
            height=f"{asked.height / 100:g}" if asked.height else "",
            is_unknown=name is None,
            where=where,
            rows=[_row(one, t["row"], asked.lang, now, rules.chat.map_links) for one in found],
            towns=[(town.name_en if asked.lang == "en" else town.name, town.point) for town in house.book.areas],
            other=urlencode({**_query(asked), "lang": "ko" if asked.lang == "en" else "en"}),
            again=urlencode({key: value for key, value in _query(asked).items() if key not in ("q", "at")}),
            style=rules.map.style_url,
            vendor=assets.digest(),
            has_map=assets.has_map(),
        )
    )


def _query(asked: Asked) -> dict[str, str]:
    made = dict.fromkeys(asked.boxes, "1")
    if asked.place:
        made["q"] = asked.place
    if asked.point:
        made["at"] = f"{asked.point.lat:.6f},{asked.point.lon:.6f}"
    if asked.height:
        made["height"] = f"{asked.height / 100:g}"
    return made


def _row(found: Found, t: dict[str, Any], lang: Lang, now: datetime, maps: Any) -> dict[str, Any]:
    lot = found.lot
    tone, badge, age = _number(found, t)
    fee = lot.quote(HOUR, now).krw
    link = next(iter(maps.values()), "")
    return {
        "id": str(lot.id),
        "name": lot.name,
        "lat": lot.lat,
        "lon": lot.lon,
        "tone": tone,
        "badge": badge,
        "age": age,
        "mark": _mark(found),
        "away": meters(found.distance_m or 0.0),
        "address": lot.address or lot.road_address,
        "hours": _hours(found, t, now),
        "fee": t["free_of_charge"]
        if lot.fee_kind == "free"
        else t["fee_unknown"]
        if fee is None
        else _money(fee, lang),
        "is_fee": lot.fee_kind != "free" and fee is not None,
        "capacity": lot.capacity,
        "owner": lot.owner or lot.operator,
        "phone": lot.phone,
        "is_members_only": lot.is_members_only,
        "link": link.format(name=quote(lot.name.replace(",", " "), safe=""), lat=lot.lat, lon=lot.lon) if link else "",
    }


def _money(won: int, lang: Lang) -> str:
    return krw(won) if lang == "ko" else f"₩{won:,}"


def _number(found: Found, t: dict[str, Any]) -> tuple[str, str, str]:
    """Tone of the mark, the words in it, how old the number is: closed is not full, silent is not empty."""
    number = found.number
    if number is None:
        return "silent", t["no_numbers"], ""
    age = t["just_now"] if number.minutes < 1 else t["minutes_ago"].format(minutes=number.minutes)
    if number.is_closed:
        return "silent", t["gate_closed"], age
    if number.free is None:
        return "silent", t["standing"][number.standing], ""
    if number.is_full:
        return "full", t["full"], age
    capacity = number.capacity or found.lot.capacity
    tone = "few" if number.free * 10 <= capacity else "many"
    tone = "aged" if number.standing == "aged" else tone
    return tone, t["free_places"].format(free=number.free), age


def _mark(found: Found) -> str:
    """What stands on the map: the number where there is one."""
    number = found.number
    return "P" if number is None or number.free is None or number.is_closed else str(number.free)


def _hours(found: Found, t: dict[str, Any], now: datetime) -> str:
    state = found.state
    if state.is_open is None:
        return str(t["hours_unknown"])
    said = t["open_now"] if state.is_open else t["closed_now"]
    if found.lot.opening_hours == "24/7" or state.changes_at is None:
        return str(t["all_day"] if found.lot.opening_hours == "24/7" else said)
    at = state.changes_at.astimezone(SEOUL)
    is_today = at.date() == now.astimezone(SEOUL).date()
    moment = f"{at:%H:%M}" if is_today else f"{at:%m-%d %H:%M}"
    return str((t["open_until"] if state.is_open else t["opens_at"]).format(at=moment))
