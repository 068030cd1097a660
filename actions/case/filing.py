"""Filing a 민원 or 제보 by chat: the form is opened with what was said, and what it holds becomes a case or a tip."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.case.form import FORMAL, MAX_STORY, WHEN_WORDS, prefilled, told_place
from civic.cases.notices import written
from civic.cases.service import Case, CaseDraft, CaseService, Deadline, InquiryDraft, Sought
from civic.city.book import Category, CityBook
from civic.people.service import name_citizen, record_consent
from core.contracts.dialogue import Choice, OpenForm, Reply, Say, Turn, Wordings
from core.settings import City
from core.vault import vault_of

CONSENT = "case_contact"
PLACE_CONSENT = "photo_place"
FILE = Choice("do:complaint_file", key="intent.complaint_file")
HUMAN = Choice("do:talk_to_human", key="intent.talk_to_human")


async def file_complaint(turn: Turn, book: CityBook) -> Reply:
    """Open the form with whatever the sentence already told."""
    text = turn.understanding.text or ""
    slots = prefilled(turn.understanding, text, book, turn.photos, is_known=turn.citizen_id is not None)
    is_pin_meant = turn.message.place is not None or turn.argument == "here"
    if "where" not in slots and is_pin_meant and turn.place:
        slots["where"] = {"label": turn.place.label, "lat": turn.place.lat, "lon": turn.place.lon}
    says: tuple[Say, ...] = ()
    if len(text) > MAX_STORY:
        says = (Say("case_file.too_long", {"count": f"{len(text):,}", "limit": f"{MAX_STORY:,}"}),)
    return Reply(says, open_form=OpenForm("case_file", slots))


async def file_safety_report(turn: Turn, book: CityBook) -> Reply:
    return with_guess(await file_complaint(turn, book), "facility")


def with_guess(reply: Reply, category: str) -> Reply:
    assert reply.open_form is not None
    slots = dict(reply.open_form.slots)
    slots["category_guess"] = list(dict.fromkeys([*slots.get("category_guess", ()), category]))[:2]
    return replace(reply, open_form=OpenForm(reply.open_form.name, slots))


async def submit(
    turn: Turn, slots: Mapping[str, Any], cases: CaseService, book: CityBook, city: City, texts: Wordings
) -> Reply:
    """Write the tip, offer to join a case of the same matter, or write the case."""
    if slots["lane"] != FORMAL:
        return _tip(turn, slots, cases, book, city, texts)
    if offer := await _offer(turn, slots, cases, book):
        return Reply(open_form=offer)
    return file_case(turn, slots, cases, book, city, texts)


async def _offer(turn: Turn, slots: Mapping[str, Any], cases: CaseService, book: CityBook) -> OpenForm | None:
    """The likeliest open case of others, as anybody may know it: kind, town, day, released text; nobody's words."""
    sought = Sought(
        city_id=turn.city_id, category=_category(slots, book).id, text=slots["what"], at=turn.now, **_where(slots)
    )
    found = await cases.neighbours(sought, turn.conversation_id, most=1)
    if not found:
        return None
    return OpenForm("case_join", {**slots, "found": public_facts(found[0], book)})


def public_facts(case: Case, book: CityBook) -> dict[str, Any]:
    """What a citizen may read of a case that is not his, in both languages."""
    category = book.category(case.category)
    area = next((one for one in book.areas if one.id == case.area_id), None)
    return {
        "case_id": str(case.id),
        "category_ko": category.name_ko if category else "민원",
        "category_en": category.name_en if category else "Complaint",
        "area_ko": area.name if area else "",
        "area_en": area.name_en if area else "",
        "received": case.received_at.isoformat(),
        "joined": case.joined,
        "public_text": case.public_text or "",
    }


def file_case(
    turn: Turn, slots: Mapping[str, Any], cases: CaseService, book: CityBook, city: City, texts: Wordings
) -> Reply:
    """Write the case. The receipt number comes from the transaction that also queues the answer."""

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        citizen_id = await citizen_of(tx, turn, slots, texts)
        opened = await cases.open_case(tx, _draft(turn, slots, book, city, citizen_id), turn.now)
        return {
            **office_of(book, opened.department_id, turn.lang, city),
            "receipt_no": opened.receipt_no,
            "due": written(opened.due_at, turn.lang),
            "rule": opened.due_rule.get("article", ""),
        }

    category = _category(slots, book)
    values = {"category": category.name_ko if turn.lang == "ko" else category.name_en}
    buttons = (Choice("do:complaint_status", key="intent.complaint_status"), HUMAN)
    return Reply((Say("case.opened", values, buttons),), write=write)


def _draft(turn: Turn, slots: Mapping[str, Any], book: CityBook, city: City, citizen_id: UUID) -> CaseDraft:
    category, body = _category(slots, book), slots["what"]
    return CaseDraft(
        city_id=turn.city_id,
        receipt_prefix=city.receipt_prefix,
        category=category.id,
        department_id=category.department_id,
        deadline=Deadline.read(category.deadline),
        title=body.split("\n")[0][:80],
        body=body,
        conversation_id=turn.conversation_id,
        citizen_id=citizen_id,
        channel=turn.channel,
        occurred=when_label(slots.get("when")),
        attachment_ids=tuple(UUID(photo["id"]) for photo in slots.get("photo", ())),
        **_where(slots),
    )


def _tip(
    turn: Turn, slots: Mapping[str, Any], cases: CaseService, book: CityBook, city: City, texts: Wordings
) -> Reply:
    category = _category(slots, book)
    draft = InquiryDraft(
        city_id=turn.city_id,
        category=category.id,
        department_id=category.department_id,
        body=_told(slots["what"], slots),
        conversation_id=turn.conversation_id,
        channel=turn.channel,
        **_where(slots),
    )

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        await _place_agreed(tx, turn, turn.citizen_id, slots, texts)
        opened = await cases.open_inquiry(tx, draft, turn.now)
        return {"receipt_no": opened.receipt_no}

    values = {
        "category": category.name_ko if turn.lang == "ko" else category.name_en,
        **office_of(book, category.department_id, turn.lang, city),
    }
    return Reply((Say("case.tip_taken", values, (HUMAN,)),), write=write)


def _category(slots: Mapping[str, Any], book: CityBook) -> Category:
    category = book.category(slots["category"]) or book.category("other")
    assert category is not None
    return category


def office_of(book: CityBook, department_id: str, lang: str, city: City) -> dict[str, Any]:
    department = book.department(department_id)
    phone = department.phone if department else city.phone
    return {"department": department_name(department, lang, city), "phone": phone}


def _where(slots: Mapping[str, Any]) -> dict[str, Any]:
    place = told_place(slots)
    return {"place": place_label(place), "lat": place.get("lat"), "lon": place.get("lon")}


async def citizen_of(
    tx: AsyncConnection,
    turn: Turn,
    slots: Mapping[str, Any],
    texts: Wordings,
    *,
    form: str = "case_file",
    values: Mapping[str, Any] | None = None,
) -> UUID:
    """Who files, with what he agreed to as he read it: the question `lane` of the form, with the `values` it had."""
    citizen_id = turn.citizen_id
    if citizen_id is None:
        citizen_id = await name_citizen(
            tx, vault_of(tx), turn.conversation_id, turn.city_id, slots["name"], slots["phone"], turn.now
        )
        wording = texts.render(f"{form}.ask.lane", turn.lang, {**_seen(slots), **(values or {})})
        await _agreed(tx, turn, citizen_id, CONSENT, wording)
    await _place_agreed(tx, turn, citizen_id, slots, texts)
    return citizen_id


async def _place_agreed(
    tx: AsyncConnection, turn: Turn, citizen_id: UUID | None, slots: Mapping[str, Any], texts: Wordings
) -> None:
    """Where a picture was taken is used for the case only because he said so (개인정보 보호법 §15, §22)."""
    if slots.get("photo_place") == "yes":
        wording = texts.render("case_file.ask.photo_place", turn.lang, _seen(slots))
        await _agreed(tx, turn, citizen_id, PLACE_CONSENT, wording)


def _seen(slots: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the question was put with."""
    return {"slots": slots, "is_known": False}


async def _agreed(tx: AsyncConnection, turn: Turn, citizen_id: UUID | None, purpose: str, wording: str) -> None:
    await record_consent(
        tx,
        city_id=turn.city_id,
        conversation_id=turn.conversation_id,
        citizen_id=citizen_id,
        channel=turn.channel,
        purpose=purpose,
        is_given=True,
        wording=wording,
        now=turn.now,
    )


def _told(body: str, slots: Mapping[str, Any]) -> str:
    """A tip has no columns for the time and the pictures: the officer reads of them in its text."""
    lines = [body]
    if when := when_label(slots.get("when")):
        lines.append(f"시점: {when}")
    if photos := len(slots.get("photo", ())):
        lines.append(f"사진: {photos}장 (대화에 있음)")
    return "\n".join(lines)


def department_name(department: Any, lang: str, city: City) -> str:
    if department is None:
        return city.name.ko if lang == "ko" else city.name.en
    return str(department.name_ko if lang == "ko" else department.name_en)


def place_label(place: Mapping[str, Any]) -> str:
    if not place:
        return ""
    return str(place.get("label") or f"{place['lat']:.5f}, {place['lon']:.5f}")


def when_label(when: Mapping[str, Any] | None) -> str:
    label = str((when or {}).get("label", ""))
    return WHEN_WORDS.get(label, (label, label))[0]
