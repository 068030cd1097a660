"""집과 직장: told by a pin or a name, kept only after a yes, shown as a 동, forgotten on a word."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.parking_places import words
from civic.city.service import CityBook
from civic.parking.places import KINDS, PlaceKind, PlacesService, SavedPlace, kind_said
from civic.people.service import record_consent
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Say, Slot, Slots, Turn, Wordings

SET, SAID, FORGET, SHOW = "parking_place", "parking_place_said", "parking_place_forget", "parking_place_show"
CONSENT = "saved_place"
_FORGET_ALL = Choice(f"do:{FORGET}", key="parking_places.forget")


async def tell(turn: Turn, book: CityBook, places: PlacesService) -> Reply:
    """Ask whether to keep what was told. A new time of leaving for a place that is known needs no question."""
    kind, point = _kind(turn.argument) or kind_said(turn.understanding.text), _point(turn, book)
    leaves_at = words.leaves_at(turn)
    if kind and point is None and leaves_at and (known := (await places.of(turn.conversation_id)).get(kind)):
        return _leaving(turn, places, SavedPlace(kind, known.area, known.lat, known.lon, leaves_at))
    slots: dict[str, Any] = {"leaves_at": leaves_at} if leaves_at else {}
    if kind:
        slots["kind"] = kind
    if point is not None:
        slots["where"] = {"label": point.label, "lat": point.lat, "lon": point.lon}
    return Reply(open_form=OpenForm("saved_place", slots))


def _kind(argument: str) -> PlaceKind | None:
    return next((one for one in KINDS if one == argument), None)


async def said(turn: Turn, book: CityBook, places: PlacesService) -> Reply:
    """The set phrase, where it names a place that is known; a story about a home is left to others."""
    if kind_said(turn.understanding.text) is None or _point(turn, book) is None:
        return Reply()
    return await tell(turn, book, places)


def _leaving(turn: Turn, places: PlacesService, place: SavedPlace) -> Reply:
    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        await places.keep(tx, turn.conversation_id, place, turn.now)
        return {}

    return Reply((Say("parking_places.leaving", {"kind": place.kind, "leaves_at": place.leaves_at}),), write=write)


def _point(turn: Turn, book: CityBook) -> GeoPoint | None:
    """This message's pin, the place it names, or the pin sent before for "여기가 우리 집"."""
    if turn.message.place is not None:
        return turn.message.place
    for entity in turn.understanding.all("place"):
        lat, lon = entity.detail.get("lat"), entity.detail.get("lon")
        if isinstance(lat, (int, float)) and isinstance(lon, (int, float)):
            return GeoPoint(float(lat), float(lon), entity.value)
        place = book.place(entity.value) or book.place(str(entity.detail.get("area", "")))
        if place is not None:
            return GeoPoint(place.lat, place.lon, entity.value)
    return turn.place if words.HERE.search(turn.understanding.text) else None


async def submit(turn: Turn, slots: Mapping[str, Any], book: CityBook, places: PlacesService, texts: Wordings) -> Reply:
    """Keep it, with the words of the question as his consent (개인정보 보호법 §15, §22)."""
    place = _found(slots, book)
    if place is None:
        again = {name: value for name, value in slots.items() if name not in ("where", "confirm")}
        unknown = Say("parking_places.unknown", {"name": slots["where"]["label"]})
        return Reply((unknown,), open_form=OpenForm("saved_place", again))
    wording = texts.render("saved_place.ask.confirm", turn.lang, {"slots": slots, **_shown(book, slots, turn.lang)})

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        await places.keep(tx, turn.conversation_id, place, turn.now)
        await record_consent(
            tx,
            city_id=turn.city_id,
            conversation_id=turn.conversation_id,
            citizen_id=turn.citizen_id,
            channel=turn.channel,
            purpose=CONSENT,
            is_given=True,
            wording=wording,
            now=turn.now,
        )
        return {}

    find = Choice("do:parking_find", key="intent.parking_find")
    return Reply((Say("parking_places.kept", {"kind": place.kind, "area": place.area}, (find,)),), write=write)


def _found(slots: Slots, book: CityBook) -> SavedPlace | None:
    """The place with its point; None for a name that nobody here knows."""
    where = slots["where"]
    lat, lon = where.get("lat"), where.get("lon")
    if lat is None or lon is None:
        place = book.place(str(where["label"])) or book.place_in(str(where["label"]))
        if place is None:
            return None
        lat, lon = place.lat, place.lon
    area = words.area_of(book, GeoPoint(lat, lon))
    return SavedPlace(slots["kind"], area, lat, lon, str(slots.get("leaves_at", "")))


def _shown(book: CityBook, slots: Slots, lang: str) -> Mapping[str, Any]:
    """What the last question shows: the 동 and nothing nearer."""
    place = _found(slots, book) if slots.get("where") and slots.get("kind") else None
    return {"area": place.area if place else "", "kind": slots.get("kind", "")}


async def forget(turn: Turn, places: PlacesService) -> Reply:
    """One when it is named, else all; nothing where nothing was kept, unless its button was pressed."""
    kept, text = await places.of(turn.conversation_id), turn.understanding.text
    kind = _kind(turn.argument) or kind_said(text)
    if kind == "home" and kind_said(text.replace("집", " ")) == "work":
        kind = None  # "집이랑 회사 다 지워줘"
    if not kept or (kind is not None and kind not in kept):
        return Reply((Say("parking_places.none", {"kind": kind or ""}),))

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        return {"count": await places.forget(tx, turn.conversation_id, kind)}

    return Reply((Say("parking_places.forgotten", {"kind": kind or ""}),), write=write)


async def show(turn: Turn, places: PlacesService) -> Reply:
    """What is kept, as neighbourhoods."""
    kept = await places.of(turn.conversation_id)
    if not kept:
        return Reply((Say("parking_places.none", {"kind": ""}),))
    rows = [{"kind": one.kind, "area": one.area, "leaves_at": one.leaves_at} for one in kept.values()]
    return Reply((Say("parking_places.shown", {"places": rows}, (_FORGET_ALL,)),))


INTENTS = {SET: tell}
PRESSED = {SAID: said, FORGET: forget, SHOW: show}
ANYBODYS = ((words.FORGET, FORGET), (words.SHOW, SHOW), (words.SAID, SAID))
"""The most particular first."""


def forms(book: CityBook) -> tuple[Form, ...]:
    """One: which, where, and whether it may be kept."""
    kinds = tuple(Choice(f"set:{kind}", key=f"saved_place.kind.{kind}") for kind in KINDS)
    sure = (Choice("set:yes", key="saved_place.yes"), Choice("set:no", key="saved_place.no"))
    slots = (Slot("kind", "choice", choices=kinds), Slot("where", "place"), Slot("confirm", "confirm", choices=sure))
    return (Form("saved_place", slots, submit, values=lambda slots, lang: _shown(book, slots, lang)),)
