"""Which lot a citizen waits for: by button, by number or name, by what was just talked about, or he is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from civic.city.service import CityBook
from civic.parking.search import Filters, Found
from civic.parking.service import NEAR_M, WIDE_M, ParkingService
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Choice, Reply, Say, Topic, Turn

WATCH = "parking_watch"
FIND = Choice("do:parking_find", key="intent.parking_find")
OFFERED = 3
_LOOKED_AT = 60


@dataclass(frozen=True, slots=True)
class Argument:
    """A button's `<lot id or number in the list>[~<minutes>[~<places>]]`."""

    lot: str = ""
    minutes: int | None = None
    min_free: int | None = None

    @classmethod
    def read(cls, text: str) -> "Argument":
        lot, *rest = text.split("~")
        numbers = [int(one) for one in rest if one.isdigit() and 0 < int(one) <= 1440]
        return cls(lot, *numbers[:2])


def payload(lot_id: UUID | str, minutes: int | None = None, min_free: int = 1) -> str:
    """The button that waits for this lot: `do:parking_watch:<id>`, with minutes and places where they are chosen."""
    return f"do:{WATCH}:{lot_id}" + (f"~{minutes}~{min_free}" if minutes else "")


async def meant(turn: Turn, parking: ParkingService, book: CityBook) -> Found | None:
    """The lot by the button, the thing referred to, the number in the list, the name in the text, the one in focus."""
    item = turn.item or _listed(turn)
    if (id := _uuid(Argument.read(turn.argument).lot) or _uuid((item or {}).get("id"))) is not None:
        return await parking.lot(id, turn.now)
    said = turn.understanding
    place = next((one for one in said.all("place") if one.detail.get("kind") == "parking_lot"), None)
    if place is not None or (said.text and said.first("place") is None):
        text = place.value if place else said.text
        found = await parking.by_name(text, turn.now, 1, around=book.center, is_sentence=place is None)
        if found:
            return found[0]
    if said.first("place") is None and (focus := _in_focus(turn)) is not None:
        return await parking.lot(focus, turn.now)
    return None


def _listed(turn: Turn) -> Mapping[str, Any] | None:
    """ "2번 자리": the second of the lots shown last, by its word or by its button."""
    topic = lots_topic(turn)
    if topic is None:
        return None
    ordinal = turn.understanding.first("ordinal")
    said = Argument.read(turn.argument).lot or (ordinal.value if ordinal else "")
    at = int(said) if said.lstrip("-").isdigit() else 0
    if at < 0:
        at = len(topic.items)
    return topic.items[at - 1] if 1 <= at <= len(topic.items) else None


def _in_focus(turn: Turn) -> UUID | None:
    topic = lots_topic(turn)
    if topic is None or not topic.items:
        return None
    index = 0 if len(topic.items) == 1 else topic.index
    return _uuid(topic.items[index].get("id")) if index is not None and index < len(topic.items) else None


def lots_topic(turn: Turn) -> Topic | None:
    """What was talked about, if it was lots."""
    return turn.topic if turn.topic and turn.topic.service == "parking" else None


async def with_numbers(parking: ParkingService, point: GeoPoint, turn: Turn, *, but: UUID | None = None) -> list[Found]:
    """The nearest lots whose number may be told, within 1 km, else 3 km."""
    for radius in (NEAR_M, WIDE_M):
        around = await parking.near(point, turn.now, Filters(), _LOOKED_AT, radius_m=radius)
        told = [one for one in around if one.lot.id != but and one.number and one.number.free is not None]
        if told:
            return told[:OFFERED]
    return []


def shown(found: Found) -> dict[str, Any]:
    """A lot with its number, for the templates."""
    number = found.number
    return {
        "name": found.lot.name,
        "distance_m": None if found.distance_m is None else round(found.distance_m),
        "free": number.free if number else None,
        "capacity": (number.capacity if number else None) or found.lot.capacity,
        "minutes": number.minutes if number else None,
    }


def item(found: Found) -> dict[str, Any]:
    """What the conversation remembers of a lot."""
    distance = None if found.distance_m is None else round(found.distance_m)
    lot = found.lot
    return {"id": str(lot.id), "name": lot.name, "lat": lot.lat, "lon": lot.lon, "distance_m": distance}


async def ask_which(turn: Turn, parking: ParkingService, book: CityBook) -> Reply:
    """Of the lots shown before, or of those around the place named; without either he is asked for one."""
    topic = lots_topic(turn)
    entity = turn.understanding.first("place")
    if entity is None and topic and topic.items:
        buttons = tuple(Choice(payload(one["id"]), label=str(one["name"])) for one in topic.items[:OFFERED])
        return Reply((Say("parking_watch.which", {"place": ""}, buttons),))
    point = _point(entity.value, entity.detail, book) if entity else None
    if entity is None or point is None:
        return Reply((Say("parking_watch.no_lot", buttons=(FIND,)),))
    found = await with_numbers(parking, point, turn)
    if not found:
        return Reply((Say("parking_watch.none_near", {"place": entity.value}, (FIND,)),))
    buttons = tuple(Choice(payload(one.lot.id), label=one.lot.name) for one in found)
    values = {"place": entity.value, "lots": [shown(one) for one in found]}
    topic = Topic("parking", WATCH, tuple(item(one) for one in found), memory={"pick": WATCH})
    return Reply((Say("parking_watch.which", values, buttons),), topic=topic)


def _point(name: str, detail: Mapping[str, Any], book: CityBook) -> GeoPoint | None:
    lat, lon = detail.get("lat"), detail.get("lon")
    if isinstance(lat, (int, float)) and isinstance(lon, (int, float)):
        return GeoPoint(float(lat), float(lon), name)
    place = book.place(name) or book.place(str(detail.get("area", "")))
    return place.point if place else None


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
