"""악취·연기 by chat: a short form of its own (what, where, how strong), whose complaint is a case like any other.

Whoever complained nearby at the same time is brought together with it afterwards (civic/air/smell/gathering.py).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.case.filing import HUMAN, citizen_of, file_complaint, office_of, place_label, when_label, with_guess
from actions.case.form import FORMAL, MAX_STORY, NOW, TIP, WHEN_WORDS
from civic.air.smell import service as smell
from civic.cases.notices import written
from civic.cases.service import CaseDraft, CaseService, Deadline, InquiryDraft
from civic.city.book import Category, CityBook
from civic.people.service import clean_name, masked_phone, normalise_phone
from core.clock import SEOUL
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Say, Slot, Slots, Turn, Wordings
from core.settings import City

FORM, CATEGORY = "case_smell", "odor"
_AGAIN = re.compile(r"마다|매일|매주|항상|맨날|늘\s|계속|\bevery\b|\balways\b", re.I)
_PAST = re.compile(r"어제|그제|그저께|엊|지난|며칠|작년|yesterday|last\s", re.I)


async def file_air_complaint(turn: Turn, book: CityBook) -> Reply:
    """A smell or smoke opens the short form; vehicles, dust and whatever else fouls the air the ordinary one."""
    reply = await file_complaint(turn, book)
    text = turn.understanding.text or ""
    if reply.open_form is None or len(text) > MAX_STORY or not smell.is_smell(text):
        return with_guess(reply, CATEGORY)
    return Reply(open_form=opened(turn, reply.open_form.slots, text))


def opened(turn: Turn, slots: Mapping[str, Any], text: str) -> OpenForm:
    """The form with what the sentence tells: `slots` are those of an ordinary complaint."""
    kept = {name: slots[name] for name in ("what", "where", "when", "photo", "is_known") if name in slots}
    told: dict[str, Any] = {**kept, "told_at": turn.now.isoformat()}
    told.setdefault("what", text[:MAX_STORY])
    told.setdefault("when", {"label": "now", "at": ""})
    if kind := smell.kind_told(text):
        told["smell"] = kind
    if (degree := smell.strength_told(text, turn.now.astimezone(SEOUL).date())) is not None:
        told["strength"] = str(degree)
    return OpenForm(FORM, told)


def slots_of(book: CityBook) -> tuple[Slot, ...]:
    """At most three questions when the first sentence tells place, kind and strength; a picture comes at any time."""

    def is_stranger(slots: Slots) -> bool:
        return not slots.get("is_known")

    def is_formal(slots: Slots) -> bool:
        return slots.get("lane") == FORMAL and is_stranger(slots)

    lanes = (Choice(f"set:{FORMAL}", key="case_file.formal"), Choice(f"set:{TIP}", key="case_file.tip"))
    sure = (
        Choice("set:yes", key="case_file.submit"),
        Choice("set:fix", key="case_file.fix"),
        Choice("set:no", key="case_file.stop"),
    )
    return (
        Slot("where", "place"),
        Slot("smell", "text", choices_for=_kinds, check=_kind, max_length=200),
        Slot("strength", "choice", choices=tuple(_degree(one) for one in (1, 2, 3, 4, 5, 0))),
        Slot(
            "when", "when", choices=(Choice("set:now", key="case_file.now"), Choice("set:today", key="case_file.today"))
        ),
        Slot("photo", "photo", applies=lambda slots: False),
        Slot("lane", "choice", choices=lanes, applies=is_stranger),
        Slot("name", "name", applies=is_formal, check=clean_name),
        Slot("phone", "phone", applies=is_formal, check=normalise_phone),
        Slot("confirm", "confirm", choices=sure, applies=lambda slots: not is_stranger(slots)),
    )


def _kinds(slots: Slots) -> tuple[Choice, ...]:
    return tuple(Choice(f"set:{one.id}", key=f"{FORM}.kind.{one.id}") for one in smell.kinds() if one.is_offered)


def _degree(degree: int) -> Choice:
    return Choice(f"set:{degree}", key=f"{FORM}.degree.{degree}")


def _kind(text: str) -> str:
    """The kind's id; of words that name none, "other: …" with the words for the officer."""
    known = {one.id for one in smell.kinds()}
    if text in known:
        return text
    return smell.kind_told(text) or f"{smell.OTHER}: {' '.join(text.split())[:80]}"


def _smell(slots: Slots) -> tuple[str, str]:
    """(kind's id, the citizen's own words where the kind says nothing)."""
    kind, _, words = str(slots.get("smell", "")).partition(": ")
    return kind, words


def shown(slots: Slots, lang: str) -> Mapping[str, Any]:
    """What the questions show: kind and strength in words, a readable place and time."""
    kind, words = _smell(slots)
    strength = slots.get("strength")
    when, where = slots.get("when") or {}, slots.get("where") or {}
    label = WHEN_WORDS.get(str(when.get("label")), (when.get("label", ""),) * 2)[0 if lang == "ko" else 1]
    pin = "보내 주신 위치" if lang == "ko" else "the pin you sent"
    return {
        "kind": (words or smell.kind(kind).name(lang)) if kind else "",
        "degree": "" if strength is None else _degree_name(int(strength), lang),
        "place": (where.get("label") or pin) if where else "",
        "when": label,
        "photos": len(slots.get("photo", ())),
        "phone": masked_phone(slots["phone"]) if slots.get("phone") else "",
        "is_known": bool(slots.get("is_known")),
    }


def _degree_name(degree: int, lang: str) -> str:
    scale = smell.strengths(datetime.now(SEOUL).date())
    return next((f"{degree} {one.name(lang)}" for one in scale if one.degree == degree), str(degree))


async def submit(
    turn: Turn, slots: Mapping[str, Any], cases: CaseService, book: CityBook, city: City, texts: Wordings
) -> Reply:
    """A case with its clock, or a tip without a name; beside either the row that wind and crowd are reckoned by."""
    category = book.category(CATEGORY) or book.category("other")
    assert category is not None
    is_formal = bool(slots.get("is_known")) or slots.get("lane") == FORMAL
    facts = _facts(turn, slots, book)
    values = shown(slots, turn.lang)

    async def file(tx: AsyncConnection) -> Mapping[str, Any]:
        citizen_id = await citizen_of(tx, turn, slots, texts, form=FORM, values={"slots": slots, **values})
        draft = _draft(turn, slots, category, city, citizen_id, facts)
        made = await cases.open_case(tx, draft, turn.now)
        await smell.record(tx, turn.city_id, turn.conversation_id, _told(slots, facts, case_id=made.id), turn.now)
        return {
            **office_of(book, made.department_id, turn.lang, city),
            "receipt_no": made.receipt_no,
            "due": written(made.due_at, turn.lang),
        }

    async def tip(tx: AsyncConnection) -> Mapping[str, Any]:
        draft = _tip(turn, slots, category, facts)
        made = await cases.open_inquiry(tx, draft, turn.now)
        await smell.record(tx, turn.city_id, turn.conversation_id, _told(slots, facts, inquiry_id=made.id), turn.now)
        return {"receipt_no": made.receipt_no, **office_of(book, category.department_id, turn.lang, city)}

    if not is_formal:
        return Reply((Say("case_smell.tip_taken", values, (HUMAN,)),), write=tip)
    buttons = (Choice("do:complaint_status", key="intent.complaint_status"), HUMAN)
    return Reply((Say("case_smell.opened", values, buttons),), write=file)


def _facts(turn: Turn, slots: Mapping[str, Any], book: CityBook) -> dict[str, Any]:
    """Where and when, worked out once: a name stands for the middle of its place."""
    where = slots.get("where") or {}
    lat, lon, label = where.get("lat"), where.get("lon"), str(where.get("label", ""))
    if lat is None and label and (named := book.place_in(label)) is not None:
        lat, lon = named.lat, named.lon
    when = slots.get("when") or {}
    text = f"{slots.get('what', '')} {when.get('label', '')}"
    return {"lat": lat, "lon": lon, "is_now": is_now(when, text, turn.now)}


def is_now(when: Mapping[str, Any], text: str, now: datetime) -> bool:
    """Smelt at the moment of the complaint or on its day, and not "every night": else the wind of now says nothing."""
    label, at = str(when.get("label", "")), str(when.get("at") or "")
    if NOW.search(label) or label == "now":
        return not _AGAIN.search(text)
    if at:
        return at.startswith(now.astimezone(SEOUL).date().isoformat()) and not _AGAIN.search(text)
    return not (_PAST.search(label) or _AGAIN.search(text) or label == "always")


def _told(
    slots: Mapping[str, Any], facts: Mapping[str, Any], *, case_id: UUID | None = None, inquiry_id: UUID | None = None
) -> smell.Told:
    return smell.Told(
        kind=_smell(slots)[0],
        strength=int(slots["strength"]),
        told_at=datetime.fromisoformat(slots["told_at"]),
        photos=len(slots.get("photo", ())),
        case_id=case_id,
        inquiry_id=inquiry_id,
        **facts,
    )


def _draft(
    turn: Turn, slots: Mapping[str, Any], category: Category, city: City, citizen_id: UUID, facts: Mapping[str, Any]
) -> CaseDraft:
    said = shown(slots, "ko")
    return CaseDraft(
        city_id=turn.city_id,
        receipt_prefix=city.receipt_prefix,
        category=category.id,
        department_id=category.department_id,
        deadline=Deadline.read(category.deadline),
        title=f"악취 신고: {said['kind']} (강도 {said['degree']})",
        body=_body(slots),
        conversation_id=turn.conversation_id,
        citizen_id=citizen_id,
        channel=turn.channel,
        place=place_label(slots.get("where") or {}),
        lat=facts["lat"],
        lon=facts["lon"],
        occurred=when_label(slots.get("when")),
        attachment_ids=tuple(UUID(photo["id"]) for photo in slots.get("photo", ())),
    )


def _tip(turn: Turn, slots: Mapping[str, Any], category: Category, facts: Mapping[str, Any]) -> InquiryDraft:
    photos = len(slots.get("photo", ()))
    pictures = f"\n사진: {photos}장 (대화에 있음)" if photos else ""
    return InquiryDraft(
        city_id=turn.city_id,
        category=category.id,
        department_id=category.department_id,
        body=f"{_body(slots)}\n시점: {when_label(slots.get('when'))}{pictures}",
        conversation_id=turn.conversation_id,
        channel=turn.channel,
        place=place_label(slots.get("where") or {}),
        lat=facts["lat"],
        lon=facts["lon"],
    )


def _body(slots: Mapping[str, Any]) -> str:
    """What the officer reads: the citizen's own sentence, then the answers in the city's words."""
    said = shown(slots, "ko")
    source = next((one.source for one in smell.strengths(datetime.now(SEOUL).date())), "")
    return f"{slots['what']}\n\n냄새: {said['kind']}\n강도: {said['degree']} (0~5, {source})"


def form_of_smell(book: CityBook) -> Form:
    return Form(FORM, slots_of(book), submit, values=shown)
