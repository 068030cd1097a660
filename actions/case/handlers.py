"""민원 and 제보 by chat: file, ask where it stands, add to it, withdraw it (only after a second yes)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.case.form import FORMAL, MAX_STORY, WHEN_WORDS, case_slots, prefilled, shown
from civic.cases.notices import written
from civic.cases.service import CLOSED, NAMES, Case, CaseDraft, CaseService, Deadline, InquiryDraft
from civic.city.book import CityBook
from civic.people.service import name_citizen, record_consent
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Say, Slot, Slots, Topic, Turn, Wordings
from core.settings import City

SERVICE = "case"
CONSENT = "case_contact"
_FILE = Choice("do:complaint_file", key="intent.complaint_file")
_HUMAN = Choice("do:talk_to_human", key="intent.talk_to_human")


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


async def file_air_complaint(turn: Turn, book: CityBook) -> Reply:
    return _with_guess(await file_complaint(turn, book), "odor")


async def file_safety_report(turn: Turn, book: CityBook) -> Reply:
    return _with_guess(await file_complaint(turn, book), "facility")


def _with_guess(reply: Reply, category: str) -> Reply:
    assert reply.open_form is not None
    slots = dict(reply.open_form.slots)
    slots["category_guess"] = list(dict.fromkeys([*slots.get("category_guess", ()), category]))[:2]
    return replace(reply, open_form=OpenForm(reply.open_form.name, slots))


async def submit(
    turn: Turn, slots: Mapping[str, Any], cases: CaseService, book: CityBook, city: City, texts: Wordings
) -> Reply:
    """Write the case or the tip. The receipt number comes from the transaction that also queues the answer."""
    category = book.category(slots["category"]) or book.category("other")
    assert category is not None
    department = book.department(category.department_id)
    common = {
        "category": category.name_ko if turn.lang == "ko" else category.name_en,
        "department": _department(department, turn.lang, city),
        "phone": department.phone if department else city.phone,
    }
    place = slots.get("where") or {}
    where: dict[str, Any] = {"place": _place_label(place), "lat": place.get("lat"), "lon": place.get("lon")}
    body = slots["what"]
    if slots["lane"] != FORMAL:
        draft = InquiryDraft(
            city_id=turn.city_id,
            category=category.id,
            department_id=category.department_id,
            body=_told(body, slots),
            conversation_id=turn.conversation_id,
            channel=turn.channel,
            **where,
        )

        async def tip(tx: AsyncConnection) -> Mapping[str, Any]:
            opened = await cases.open_inquiry(tx, draft, turn.now)
            return {"receipt_no": opened.receipt_no}

        return Reply((Say("case.tip_taken", common, (_HUMAN,)),), write=tip)

    async def open_(tx: AsyncConnection) -> Mapping[str, Any]:
        citizen_id = await _citizen(tx, turn, slots, texts)
        opened = await cases.open_case(
            tx,
            CaseDraft(
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
                occurred=_when_label(slots.get("when")),
                attachment_ids=tuple(UUID(photo["id"]) for photo in slots.get("photo", ())),
                **where,
            ),
            turn.now,
        )
        return {
            "receipt_no": opened.receipt_no,
            "due": written(opened.due_at, turn.lang),
            "rule": opened.due_rule.get("article", ""),
        }

    buttons = (Choice("do:complaint_status", key="intent.complaint_status"), _HUMAN)
    return Reply((Say("case.opened", common, buttons),), write=open_)


async def _citizen(tx: AsyncConnection, turn: Turn, slots: Mapping[str, Any], texts: Wordings) -> UUID:
    if turn.citizen_id is not None:
        return turn.citizen_id
    citizen_id = await name_citizen(tx, turn.conversation_id, turn.city_id, slots["name"], slots["phone"], turn.now)
    await record_consent(
        tx,
        city_id=turn.city_id,
        conversation_id=turn.conversation_id,
        citizen_id=citizen_id,
        channel=turn.channel,
        purpose=CONSENT,
        is_given=True,
        wording=texts.render("case_file.ask.lane", turn.lang, {"slots": slots, "is_known": False}),
        now=turn.now,
    )
    return citizen_id


def _told(body: str, slots: Mapping[str, Any]) -> str:
    """A tip has no columns for the time and the pictures: the officer reads of them in its text."""
    lines = [body]
    if when := _when_label(slots.get("when")):
        lines.append(f"시점: {when}")
    if photos := len(slots.get("photo", ())):
        lines.append(f"사진: {photos}장 (대화에 있음)")
    return "\n".join(lines)


def _department(department: Any, lang: str, city: City) -> str:
    if department is None:
        return city.name.ko if lang == "ko" else city.name.en
    return str(department.name_ko if lang == "ko" else department.name_en)


def _place_label(place: Mapping[str, Any]) -> str:
    if not place:
        return ""
    return str(place.get("label") or f"{place['lat']:.5f}, {place['lon']:.5f}")


def _when_label(when: Mapping[str, Any] | None) -> str:
    label = str((when or {}).get("label", ""))
    return WHEN_WORDS.get(label, (label, label))[0]


# -- where it stands -------------------------------------------------------------------------------------------------


async def status(turn: Turn, cases: CaseService, book: CityBook, city: City) -> Reply:
    """One case in full, or the list to choose from. A number that is not this citizen's looks like none."""
    if number := turn.understanding.first("complaint_no"):
        case = await cases.by_receipt(number.value, turn.conversation_id)
        if case is None:
            return Reply((Say("case.not_found", {"receipt_no": number.value}, (_HUMAN,)),))
        return await _one(turn, case, cases, book, city)
    mine = await cases.of_conversation(turn.conversation_id, limit=10)
    if turn.item is not None:
        mine = [case for case in mine if str(case.id) == turn.item["id"]] or mine
    if not mine:
        return Reply((Say("case.none", buttons=(_FILE, _HUMAN)),))
    if len(mine) == 1:
        return await _one(turn, mine[0], cases, book, city)
    return _list(turn, mine[:5], "complaint_status", "case.list")


def _list(turn: Turn, mine: list[Case], intent: str, key: str) -> Reply:
    rows = [
        {"id": str(case.id), "name": case.receipt_no, "title": case.title, "status": _status(case, turn.lang)}
        for case in mine
    ]
    buttons = tuple(Choice(f"pick:{index}", label=row["name"]) for index, row in enumerate(rows, 1))
    topic = Topic(SERVICE, intent, tuple(rows), memory={"pick": intent})
    return Reply((Say(key, {"cases": rows}, buttons),), topic=topic)


async def _one(turn: Turn, case: Case, cases: CaseService, book: CityBook, city: City) -> Reply:
    events = await cases.public_events(case.id, turn.conversation_id)
    department = book.department(case.department_id)
    notes = [event for event in events if event.text and event.actor_kind == "staff"]
    values = {
        "receipt_no": case.receipt_no,
        "title": case.title,
        "status": _status(case, turn.lang),
        "is_closed": case.status in CLOSED,
        "department": _department(department, turn.lang, city),
        "phone": department.phone if department else city.phone,
        "received": written(case.received_at, turn.lang),
        "due": written(case.due_at, turn.lang),
        "answer": case.answer or "",
        "last": notes[-1].text if notes and not case.answer else "",
    }
    buttons = (
        ()
        if case.status in CLOSED
        else (
            Choice("do:complaint_add_info", key="intent.complaint_add_info"),
            Choice("do:complaint_withdraw", key="intent.complaint_withdraw"),
        )
    )
    row = {"id": str(case.id), "name": case.receipt_no, "title": case.title, "status": values["status"]}
    topic = Topic(SERVICE, "complaint_status", (row,), index=0, memory={"pick": "complaint_status"})
    return Reply((Say("case.status", values, buttons),), topic=topic)


def _status(case: Case, lang: str) -> str:
    return NAMES[case.status][0 if lang == "ko" else 1]


# -- add, withdraw ---------------------------------------------------------------------------------------------------


async def add_info(turn: Turn, cases: CaseService) -> Reply:
    """A picture at once; words through the one-question form, so that nothing is filed by accident."""
    chosen = await _chosen(turn, cases, "complaint_add_info", "case.which_add")
    if isinstance(chosen, Reply):
        return chosen
    if turn.photos:
        return _photo_added(turn, chosen, cases)
    return Reply(open_form=OpenForm("case_note", {"case_id": str(chosen.id), "receipt_no": chosen.receipt_no}))


def _photo_added(turn: Turn, case: Case, cases: CaseService) -> Reply:
    async def add(tx: AsyncConnection) -> Mapping[str, Any]:
        for photo in turn.photos:
            await cases.add_photo(tx, case.id, turn.conversation_id, UUID(photo["id"]), turn.now)
        return {}

    return Reply((Say("case.photo_added", {"receipt_no": case.receipt_no, "count": len(turn.photos)}),), write=add)


async def submit_note(turn: Turn, slots: Mapping[str, Any], cases: CaseService) -> Reply:
    if not slots.get("note") and not slots.get("photo"):
        return Reply((Say("case_note.nothing", {"receipt_no": slots["receipt_no"]}),))

    async def add(tx: AsyncConnection) -> Mapping[str, Any]:
        if slots.get("note"):
            await cases.add_note(tx, UUID(slots["case_id"]), turn.conversation_id, slots["note"], turn.now)
        for photo in slots.get("photo", ()):
            await cases.add_photo(tx, UUID(slots["case_id"]), turn.conversation_id, UUID(photo["id"]), turn.now)
        return {}

    return Reply((Say("case.note_added", {"receipt_no": slots["receipt_no"]}),), write=add)


async def withdraw(turn: Turn, cases: CaseService) -> Reply:
    """Never at the first word: withdrawal ends the city's duty to answer."""
    chosen = await _chosen(turn, cases, "complaint_withdraw", "case.which_withdraw")
    if isinstance(chosen, Reply):
        return chosen
    slots = {"case_id": str(chosen.id), "receipt_no": chosen.receipt_no, "title": chosen.title}
    return Reply(open_form=OpenForm("case_withdraw", slots))


async def submit_withdrawal(turn: Turn, slots: Mapping[str, Any], cases: CaseService) -> Reply:
    async def end(tx: AsyncConnection) -> Mapping[str, Any]:
        await cases.withdraw(tx, UUID(slots["case_id"]), turn.conversation_id, turn.now)
        return {}

    return Reply((Say("case.withdrawn", {"receipt_no": slots["receipt_no"]}, (_FILE,)),), write=end)


async def _chosen(turn: Turn, cases: CaseService, intent: str, which: str) -> Case | Reply:
    """The open case that is meant, or the reply that asks which (or says there is none)."""
    if number := turn.understanding.first("complaint_no"):
        case = await cases.by_receipt(number.value, turn.conversation_id)
        if case is None:
            return Reply((Say("case.not_found", {"receipt_no": number.value}, (_HUMAN,)),))
        if case.status in CLOSED:
            values = {"receipt_no": case.receipt_no, "status": _status(case, turn.lang)}
            return Reply((Say("case.closed_already", values, (_FILE,)),))
        return case
    mine = [case for case in await cases.of_conversation(turn.conversation_id, limit=10) if case.status not in CLOSED]
    item = turn.item or _focus(turn)
    if item is not None:
        mine = [case for case in mine if str(case.id) == item["id"]] or mine
    if not mine:
        return Reply((Say("case.none_open_photo" if turn.photos else "case.none_open", buttons=(_FILE, _HUMAN)),))
    return mine[0] if len(mine) == 1 else _list(turn, mine[:5], intent, which)


def _focus(turn: Turn) -> Mapping[str, Any] | None:
    topic = turn.topic
    if topic is None or topic.service != SERVICE or topic.index is None:
        return None
    return topic.items[topic.index]


def _note_choices(slots: Slots) -> tuple[Choice, ...]:
    """A picture alone may be all there is to add."""
    return (Choice("set:skip", key="case_note.done"),) if slots.get("photo") else ()


INTENTS = {
    "complaint_file": file_complaint,
    "air_complaint": file_air_complaint,
    "safety_report": file_safety_report,
    "complaint_status": status,
    "complaint_add_info": add_info,
    "complaint_withdraw": withdraw,
}


def forms(book: CityBook) -> tuple[Form, ...]:
    """This service's forms; the names they show come from the city's book."""
    note = (
        Slot("note", "text", choices_for=_note_choices, optional=True, max_length=MAX_STORY),
        Slot("photo", "photo", applies=lambda slots: False),
    )
    sure = (
        Slot(
            "confirm",
            "confirm",
            choices=(Choice("set:yes", key="case_withdraw.yes"), Choice("set:no", key="case_withdraw.no")),
        ),
    )
    return (
        Form("case_file", case_slots(book), submit, values=lambda slots, lang: shown(book, slots, lang)),
        Form("case_note", note, submit_note),
        Form("case_withdraw", sure, submit_withdrawal),
    )
