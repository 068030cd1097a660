"""The form of a 민원 or 제보: what, which kind, where, when, picture, lane, name, phone, and a last look."""

import re
from collections.abc import Mapping
from typing import Any

from civic.city.book import CityBook
from civic.people.service import clean_name, masked_phone, normalise_phone
from core.contracts.dialogue import Choice, Slot, Slots
from core.contracts.understanding import Understanding
from core.errors import BadInput

FORMAL, TIP = "formal", "tip"
MAX_STORY = 2000
COMMON = ("waste", "illegal_parking", "road_damage", "street_light", "noise", "odor", "park_tree", "other")
"""Offered when nothing could be guessed; a press, a number or the word itself chooses any other kind as well."""


_NEARBY = {
    "manhole": "road_damage",
    "sinkhole": "road_damage",
    "smoke": "air_dust",
    "kickboard": "illegal_parking",
    "traffic_light": "bus_traffic",
    "power_line": "facility",
    "collapse": "facility",
}
"""Finer kinds that the language engine tells apart, by the city's category that takes them."""


def _guesses(slots: Slots, book: CityBook) -> list[str]:
    """What the kind may be, from the first sentence, or from the story told since; none once they were denied."""
    if slots.get("category_denied"):
        return []
    told = slots.get("category_guess") or _by_keywords(str(slots.get("what", "")), book)
    return list(told or slots.get("category_hint", ()))


def _category_choices(slots: Slots, book: CityBook) -> tuple[Choice, ...]:
    guessed = [name for name in _guesses(slots, book) if name != "other"]
    if guessed:
        return tuple(Choice(f"set:{name}", key=f"category.{name}") for name in (*guessed, "other"))
    refused = {*slots.get("category_guess", ()), *slots.get("category_hint", ())}
    return tuple(Choice(f"set:{name}", key=f"category.{name}") for name in COMMON if name not in refused)


def _story(text: str) -> str:
    """What happened. Raises BadInput for "민원 넣을게요", which asks for the form and tells nothing."""
    if is_mere_request(text):
        raise BadInput(
            "네, 접수해 드릴게요. 어떤 일인지 한 문장으로 적어 주세요.",
            "Sure. Please tell me in one sentence what happened.",
        )
    return text


def _is_formal(slots: Slots) -> bool:
    return slots.get("lane") == FORMAL and not slots.get("is_known")


def photo_point(slots: Slots) -> Mapping[str, float] | None:
    """Where the first picture that knows it was taken, {lat, lon}: used only after a yes to `photo_place`."""
    return next((photo["place"] for photo in slots.get("photo") or () if photo.get("place")), None)


def told_place(slots: Slots) -> Mapping[str, Any]:
    """The place of the matter, {label, lat, lon}: as said or pinned, or the picture's if he agreed; empty for none."""
    if slots.get("photo_place") == "yes" and (point := photo_point(slots)):
        return {"label": "", **point}
    return slots.get("where") or {}


def case_slots(book: CityBook) -> tuple[Slot, ...]:
    """The questions in their order."""
    return (
        Slot("what", "text", max_length=MAX_STORY, check=_story),
        Slot("category", "choice", choices_for=lambda slots: _category_choices(slots, book)),
        Slot(
            "photo_place",
            "choice",
            choices=(
                Choice("set:yes", key="case_file.photo_place_yes"),
                Choice("set:no", key="case_file.photo_place_no"),
            ),
            applies=lambda slots: photo_point(slots) is not None and not slots.get("where"),
        ),
        Slot(
            "where",
            "place",
            choices=(Choice("set:skip", key="case_file.no_place"),),
            optional=True,
            applies=lambda slots: slots.get("photo_place") != "yes",
        ),
        Slot(
            "when",
            "when",
            choices=(
                Choice("set:now", key="case_file.now"),
                Choice("set:today", key="case_file.today"),
                Choice("set:always", key="case_file.always"),
                Choice("set:skip", key="case_file.no_idea"),
            ),
            optional=True,
        ),
        Slot("photo", "photo", choices=(Choice("set:skip", key="case_file.no_photo"),), optional=True),
        Slot(
            "lane",
            "choice",
            choices=(Choice(f"set:{FORMAL}", key="case_file.formal"), Choice(f"set:{TIP}", key="case_file.tip")),
        ),
        Slot("name", "name", applies=_is_formal, check=clean_name),
        Slot("phone", "phone", applies=_is_formal, check=normalise_phone),
        Slot(
            "confirm",
            "confirm",
            choices=(
                Choice("set:yes", key="case_file.submit"),
                Choice("set:fix", key="case_file.fix"),
                Choice("set:no", key="case_file.stop"),
            ),
        ),
    )


NOW = re.compile(r"지금|방금|아까|현재|(?i:\b(?:right|just) now\b)")
WHEN_WORDS = {"now": ("지금", "Right now"), "today": ("오늘", "Today"), "always": ("계속·매일", "Ongoing")}


def shown(book: CityBook, slots: Slots, lang: str) -> Mapping[str, Any]:
    """What the form's questions show besides the slots: names for ids, a masked number, a readable place."""
    category = book.category(str(slots.get("category", "")))
    guesses = [found for name in _guesses(slots, book) if (found := book.category(name))]
    when = slots.get("when") or {}
    place = told_place(slots)
    label = WHEN_WORDS.get(str(when.get("label")), (when.get("label", ""),) * 2)[0 if lang == "ko" else 1]
    return {
        "category": _name(category, lang),
        "guess": _name(guesses[0], lang) if guesses else "",
        "place": _place_name(slots, place, lang),
        "when": label,
        "photos": len(slots.get("photo", ())),
        "is_formal": slots.get("lane") == FORMAL,
        "phone": masked_phone(slots["phone"]) if slots.get("phone") else "",
        "is_known": bool(slots.get("is_known")),
    }


def _place_name(slots: Slots, place: Mapping[str, Any], lang: str) -> str:
    if slots.get("photo_place") == "yes":
        return "사진을 찍은 곳" if lang == "ko" else "where the photo was taken"
    return place.get("label") or ("보내 주신 위치" if lang == "ko" else "the pin you sent") if place else ""


def _name(category: Any, lang: str) -> str:
    if category is None:
        return ""
    return str(category.name_ko if lang == "ko" else category.name_en)


def prefilled(
    seen: Understanding, text: str, book: CityBook, photos: tuple[Mapping[str, Any], ...], *, is_known: bool
) -> dict[str, Any]:
    """The slots that the citizen's first sentence already answers. The kind is only guessed, and asked back."""
    guessed = guess(seen, text, book)
    slots: dict[str, Any] = {}
    if is_known:
        slots["is_known"] = True
    if tells_something(text, guessed) and len(text) <= MAX_STORY:
        slots["what"] = text
        slots["category_guess"] = guessed
    elif guessed:
        # "쓰레기 신고": a hint only; the story that follows may be about something else.
        slots["category_hint"] = guessed
    if place := seen.first("place"):
        slots["where"] = {"label": place.value, "lat": place.detail.get("lat"), "lon": place.detail.get("lon")}
    if when := seen.first("date"):
        slots["when"] = {"label": when.text, "at": when.value}
    elif now := NOW.search(text):
        slots["when"] = {"label": now[0], "at": ""}
    if photos:
        slots["photo"] = [dict(photo) for photo in photos]
    return slots


def guess(seen: Understanding, text: str, book: CityBook, most: int = 2) -> list[str]:
    """Category ids, nearest first: what the engine named, then the longest keywords in the text."""
    named = [_NEARBY.get(entity.value, entity.value) for entity in seen.all("category")]
    known = [name for name in named if book.category(name)]
    return list(dict.fromkeys([*known, *_by_keywords(text, book)]))[:most]


def _by_keywords(text: str, book: CityBook, most: int = 2) -> list[str]:
    """Category ids whose keywords stand in the text, the longest keyword first."""
    tight = text.replace(" ", "").lower()
    scored = sorted(
        (
            (
                max((len(word) for word in category.keywords if word.replace(" ", "").lower() in tight), default=0),
                category.id,
            )
            for category in book.categories
        ),
        key=lambda pair: -pair[0],
    )
    return [name for length, name in scored if length][:most]


def tells_something(text: str, guesses: list[str]) -> bool:
    """ "민원 넣을게요" opens the form and says nothing; "구래동에 쓰레기가 쌓였어요" is the story itself."""
    bare = text.strip()
    if is_mere_request(bare):
        return False
    return len(bare) >= 8 if guesses else len(bare) >= 15 and not _ASKS_HOW.search(bare)


_ASKS_HOW = re.compile(r"\?\s*$|어떻게|하려면|인가요|있나요|되나요|\bhow\b|\bcan i\b", re.I)
_REQUEST = re.compile(
    r"민원|신고|제보|접수|넣(?:고|을|어|으)|하고|할게|하려|하나|한\s*건|더|다른|또|싶(?:어|은|습)|할\s*(?:게|래)|해\s*주|요청|문의|불편|"
    r"사항|있(?:어|는|습)|좀|그거|이거|저|제가|네|안녕하세요|어떻게|방법|합니다|니다|데|을|를|이|가|도|요|여|해|"
    r"\b(?:i|want|to|would|like|make|file|submit|report|a|an|another|complaint|problem|something|please|hello|hi)\b|i'd",
    re.I,
)


def is_mere_request(text: str) -> bool:
    """Nothing is left of a short text when the words of asking for the form are taken away."""
    return len(text) <= 60 and len(re.sub(r"[\W\d_]", "", _REQUEST.sub("", text))) <= 2
