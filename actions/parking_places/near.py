"""집 근처 주차장: the nearest lots of a place that was kept; what is asked after that is the parking counter's."""

from typing import Any

from civic.parking.places import PlaceKind, PlacesService, kind_said
from civic.parking.search import Found
from civic.parking.service import NEAR_M, WIDE_M, ParkingService
from core.contracts.dialogue import Choice, Reply, Say, Topic, Turn

MOST = 3


async def near(turn: Turn, places: PlacesService, parking: ParkingService) -> Reply:
    """Nothing where no such place was kept, or another one is named: then the question goes on as it is."""
    kind = kind_said(turn.understanding.text)
    if kind is None or turn.understanding.first("place") is not None:
        return Reply()
    point = await places.point(turn.conversation_id, kind)
    if point is None:
        return Reply()
    found: list[Found] = []
    for radius in (NEAR_M, WIDE_M):
        found = found or await parking.near(point, turn.now, limit=MOST, radius_m=radius, members_last=True)
    lots = [_shown(one, turn) for one in found]
    place = {"name": _name(kind, "ko"), "name_en": _name(kind, "en"), "lat": point.lat, "lon": point.lon}
    memory: dict[str, Any] = {
        "place": {**place, "is_rough": False},
        "filters": [],
        "minutes": None,
        "pick": "parking_fee_hours",
    }
    items = tuple(
        {"id": str(one.lot.id), "name": one.lot.name, "lat": one.lot.lat, "lon": one.lot.lon,
         "distance_m": shown["distance_m"]}
        for one, shown in zip(found, lots, strict=True)
    )  # fmt: skip
    buttons = tuple(Choice(f"pick:{n}", label=one.lot.name) for n, one in enumerate(found, start=1))
    topic = Topic("parking", "parking_find", items, memory={**memory, "skip": MOST})
    return Reply((Say("parking_places.near", {"kind": kind, "lots": lots}, buttons),), topic=topic)


def _shown(found: Found, turn: Turn) -> dict[str, Any]:
    lot, number = found.lot, found.number
    return {
        "name": lot.name,
        "distance_m": round(found.distance_m or 0),
        "free": number.free if number else None,
        "minutes": number.minutes if number else 0,
        "fee_kind": lot.fee_kind,
        "krw": lot.fee_krw(60, turn.now),
        "is_open": found.state.is_open,
    }


def _name(kind: PlaceKind, lang: str) -> str:
    return {"home": ("집", "home"), "work": ("직장", "work")}[kind][0 if lang == "ko" else 1]
