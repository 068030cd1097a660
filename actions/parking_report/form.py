"""The form of a parked car's report: where it stands wrongly, pictures that prove it, plate, place, a contact."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from civic.city.service import CityBook
from civic.parking import plates
from civic.parking.evidence import Rule, Shot, Verdict, judge
from civic.parking.reports import ReportService
from civic.people.service import clean_name, masked_phone, normalise_phone
from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Choice, Slot, Slots

FORM = "report_parking"
APP = "안전신문고"
"""행정안전부의 신고 앱: its name is the same in every language."""
_EXAMPLES = ("12가3456", "123가4567", "서울12가3456")
_PICTURES = ("photo", "second")
"""What is sent while another question is open goes to the first, so the second asks on until the rule is met."""


def rule_of(slots: Slots, reports: ReportService) -> Rule | None:
    """The rule of the kind that he chose, on the day that the form was opened."""
    now = datetime.fromisoformat(str(slots["opened"])) if slots.get("opened") else datetime.now(SEOUL)
    return reports.rules(now).get(str(slots.get("kind", "")))


def is_taken_here(slots: Slots, reports: ReportService) -> bool:
    """This kind may be proven by pictures of the chat."""
    rule = rule_of(slots, reports)
    return rule is not None and reports.takes(rule)


def pictures(slots: Slots) -> list[Mapping[str, Any]]:
    """All pictures of the form, in the order sent."""
    return [photo for name in _PICTURES for photo in slots.get(name) or ()]


def photo_ids(slots: Slots) -> tuple[UUID, ...]:
    return tuple(UUID(str(photo["id"])) for photo in pictures(slots))


def shots(slots: Slots) -> list[Shot]:
    return [_shot(photo) for photo in pictures(slots)]


def _shot(photo: Mapping[str, Any]) -> Shot:
    taken, place = photo.get("taken_at"), photo.get("place")
    return Shot(
        arrived_at=datetime.fromisoformat(str(photo["at"])),
        taken_at=datetime.fromisoformat(str(taken)) if taken else None,
        place=GeoPoint(place["lat"], place["lon"]) if place else None,
    )


def told_place(slots: Slots) -> Mapping[str, Any]:
    """{label, lat, lon}: as said or pinned, or the picture's if he agreed; empty for none."""
    if slots.get("photo_place") == "yes" and (point := _photo_point(slots)):
        return {"label": "", **point}
    return slots.get("where") or {}


def _photo_point(slots: Slots) -> Mapping[str, float] | None:
    return next((photo["place"] for photo in pictures(slots) if photo.get("place")), None)


def pin(slots: Slots, book: CityBook) -> GeoPoint | None:
    """Where he says that it is, if exactly: a name stands for the middle of something, and proves no metres."""
    where = slots.get("where") or {}
    label, lat, lon = str(where.get("label", "")), where.get("lat"), where.get("lon")
    if lat is None or lon is None:
        return None
    is_name = bool(label) and (book.place_in(label) is not None or any(lot.name in label for lot in book.lots))
    return None if is_name else GeoPoint(lat, lon, label)


def verdict(slots: Slots, reports: ReportService, book: CityBook, now: datetime) -> Verdict:
    """Whether what was sent proves it, reported now."""
    rule = rule_of(slots, reports)
    assert rule is not None
    exact = pin(slots, book)
    return judge(shots(slots), rule, now, pin=exact, same_place_m=reports.settings.same_place_m)


def _wants_more(slots: Slots, reports: ReportService) -> bool:
    """Too few pictures, or none a minute apart: by arrival and EXIF alone, so no other answer matters."""
    rule = rule_of(slots, reports)
    if rule is None or not reports.takes(rule):
        return False
    sent = shots(slots)
    found = judge(
        sent, rule, max((shot.arrived_at for shot in sent), default=datetime.now(SEOUL)), pin=None, same_place_m=1e9
    )
    return found.failing in ("too_few", "too_close")


def slots_of(reports: ReportService, book: CityBook) -> tuple[Slot, ...]:
    """The questions in their order; without a rule that takes pictures here only the first is asked."""

    def here(slots: Slots) -> bool:
        return is_taken_here(slots, reports)

    def agrees(slots: Slots) -> bool:
        return here(slots) and not slots.get("is_known") and slots.get("agree") == "yes"

    def goes_on(slots: Slots) -> bool:
        return here(slots) and (bool(slots.get("is_known")) or slots.get("agree") == "yes")

    yes_no = (Choice("set:yes", key=f"{FORM}.photo_place_yes"), Choice("set:no", key=f"{FORM}.photo_place_no"))
    consent = (Choice("set:yes", key=f"{FORM}.agree_yes"), Choice("set:no", key=f"{FORM}.agree_no"))
    give_up = (Choice("set:skip", key=f"{FORM}.no_more"),)
    sure = tuple(Choice(f"set:{value}", key=f"{FORM}.{value}") for value in ("yes", "fix", "no"))
    return (
        Slot("kind", "choice", choices_for=lambda slots: _kinds(reports, slots)),
        Slot("photo", "photo", applies=here),
        Slot("second", "photo", choices=give_up, optional=True, applies=lambda slots: _wants_more(slots, reports)),
        Slot(
            "photo_place",
            "choice",
            choices=yes_no,
            applies=lambda slots: here(slots) and _photo_point(slots) is not None and not slots.get("where"),
        ),
        Slot("where", "place", applies=lambda slots: here(slots) and slots.get("photo_place") != "yes"),
        Slot("plate", "text", applies=here, check=plates.check, max_length=60),
        Slot("agree", "choice", choices=consent, applies=lambda slots: here(slots) and not slots.get("is_known")),
        Slot("name", "name", applies=agrees, check=clean_name),
        Slot("phone", "phone", applies=agrees, check=normalise_phone),
        Slot("confirm", "confirm", choices=sure, applies=goes_on),
    )


def _kinds(reports: ReportService, slots: Slots) -> tuple[Choice, ...]:
    opened = slots.get("opened")
    now = datetime.fromisoformat(str(opened)) if opened else datetime.now(SEOUL)
    return tuple(Choice(f"set:{kind}", key=f"{FORM}.kind.{kind}") for kind in reports.rules(now))


def shown(reports: ReportService, slots: Slots, lang: str) -> Mapping[str, Any]:
    """What the questions show: the rule in words, what is still missing, a masked number."""
    rule = rule_of(slots, reports)
    if rule is None:
        return {}
    sent = shots(slots)
    now = max((shot.arrived_at for shot in sent), default=datetime.now(SEOUL))
    found = judge(sent, rule, now, pin=None, same_place_m=1e9)
    place = told_place(slots)
    return {
        "app": APP,
        "examples": _EXAMPLES,
        "kind": rule.name_ko if lang == "ko" else rule.name_en,
        "note": rule.note_ko if lang == "ko" else rule.note_en,
        "photos": rule.photos,
        "minutes": rule.gap_s // 60,
        "sent": len(sent),
        "failing": found.failing,
        "gap_s": found.gap_s,
        "is_dated": found.is_dated,
        "times": times(sent),
        "place": place_name(slots, place, lang),
        "phone": masked_phone(slots["phone"]) if slots.get("phone") else "",
        "is_known": bool(slots.get("is_known")),
    }


def times(sent: Sequence[Shot]) -> list[str]:
    """Korean wall clock of each picture, to the second."""
    return [f"{shot.at.astimezone(SEOUL):%m/%d %H:%M:%S}" for shot in sent]


def place_name(slots: Slots, place: Mapping[str, Any], lang: str) -> str:
    if slots.get("photo_place") == "yes":
        return "사진을 찍은 곳" if lang == "ko" else "where the picture was taken"
    return str(place.get("label") or ("보내 주신 위치" if lang == "ko" else "the pin you sent")) if place else ""
