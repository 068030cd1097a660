"""A proven report becomes a case like any other, linked to its row; the same car told again joins the first report."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.parking_report.form import FORM, photo_ids, rule_of, shots, times, told_place
from civic.cases.notices import written
from civic.cases.service import CaseDraft, CaseService, Deadline
from civic.city.service import CityBook
from civic.parking.evidence import Verdict
from civic.parking.reports import Earlier, ReportService, Told
from civic.people.service import name_citizen, record_consent
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Choice, Reply, Say, Turn, Wordings
from core.distance import meters
from core.settings import City
from core.vault import vault_of

CATEGORY, CONSENT, PLACE_CONSENT = "illegal_parking", "case_contact", "photo_place"
_STATUS = Choice("do:complaint_status", key="intent.complaint_status")
_TOWNS = ("eup", "myeon", "dong")
_REACH_M = 10_000.0


def area_of(book: CityBook, place: Mapping[str, Any]) -> str:
    """The 읍·면·동 nearest to the place, or the one that it names; "" outside the city or unsaid."""
    lat, lon = place.get("lat"), place.get("lon")
    if lat is None or lon is None:
        named = book.place_in(str(place.get("label", ""))) if place.get("label") else None
        if named is None:
            return ""
        lat, lon = named.lat, named.lon
    towns = [(meters(GeoPoint(lat, lon), area.point), area.name) for area in book.areas if area.kind in _TOWNS]
    nearest = min(towns, default=None)
    return nearest[1] if nearest and nearest[0] <= _REACH_M else ""


async def repeated(
    turn: Turn, slots: Mapping[str, Any], earlier: Earlier, reports: ReportService, cases: CaseService
) -> Reply:
    """The first report stands; the new pictures go to its case."""
    mine = await cases.of_conversation(turn.conversation_id, limit=20)
    case = next((one for one in mine if one.id == earlier.case_id), None)
    is_open = case is not None and case.closed_at is None

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        if case is not None and is_open:
            for id in photo_ids(slots):
                await cases.add_photo(tx, case.id, turn.conversation_id, id, turn.now)
            moments = [shot.at for shot in shots(slots)]
            await reports.add_photos(tx, earlier.id, photo_ids(slots), moments, turn.now)
        return {}

    values = {"receipt_no": case.receipt_no if case else "", "is_added": is_open}
    return Reply((Say("parking_report.repeated", values, (_STATUS,)),), write=write)


def file_case(
    turn: Turn,
    slots: Mapping[str, Any],
    found: Verdict,
    reports: ReportService,
    cases: CaseService,
    book: CityBook,
    city: City,
    texts: Wordings,
) -> Reply:
    """Write person, case and report in the turn's transaction; what is said promises no fine."""
    rule = rule_of(slots, reports)
    assert rule is not None
    category = book.category(CATEGORY) or book.category("other")
    assert category is not None
    place = told_place(slots)
    told = Told(
        kind=rule.kind,
        area=area_of(book, place),
        plate=slots["plate"],
        place=place,
        photos=photo_ids(slots),
        photo_times=tuple(shot.at for shot in shots(slots)),
    )

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        citizen_id = await _citizen(tx, turn, slots, texts)
        draft = CaseDraft(
            city_id=turn.city_id,
            receipt_prefix=city.receipt_prefix,
            category=category.id,
            department_id=category.department_id,
            deadline=Deadline.read(category.deadline),
            title=f"불법 주정차 신고: {rule.name_ko}",
            body=_body(slots, found, rule.name_ko, reports.settings.source),
            conversation_id=turn.conversation_id,
            citizen_id=citizen_id,
            channel=turn.channel,
            place=_place_label(place),
            lat=place.get("lat"),
            lon=place.get("lon"),
            occurred=times(shots(slots))[0],
            attachment_ids=told.photos,
        )
        opened = await cases.open_case(tx, draft, turn.now)
        await reports.record(tx, turn.conversation_id, "taken", told, turn.now, case_id=opened.id)
        department = book.department(opened.department_id)
        names = (department.name_ko, department.name_en) if department else (city.name.ko, city.name.en)
        return {
            "receipt_no": opened.receipt_no,
            "due": written(opened.due_at, turn.lang),
            "department": names[0 if turn.lang == "ko" else 1],
            "phone": department.phone if department else city.phone,
        }

    return Reply((Say("parking_report.taken", {"plate": slots["plate"]}, (_STATUS,)),), write=write)


def _body(slots: Mapping[str, Any], found: Verdict, kind: str, source: str) -> str:
    """What the officer reads first: the claim, and what the pictures themselves say of time and place."""
    by = "사진 정보(EXIF)의 시각" if found.is_dated else "사진을 받은 시각(사진에 시각 정보 없음)"
    apart = "사진의 위치 정보 없음" if found.apart_m is None else f"위치 차이 {found.apart_m:.0f}m"
    lines = [
        f"구분: {kind}",
        f"차량번호(신고인이 입력): {slots['plate']}",
        f"촬영: {', '.join(times(shots(slots)))} / 간격 {found.gap_s}초 ({by})",
        f"장소: {_place_label(told_place(slots)) or '-'} ({apart})",
    ]
    return "\n".join([*lines, f"접수 기준: {source}"] if source else lines)


def _place_label(place: Mapping[str, Any]) -> str:
    if not place:
        return ""
    return str(place.get("label") or f"{place['lat']:.5f}, {place['lon']:.5f}")


async def _citizen(tx: AsyncConnection, turn: Turn, slots: Mapping[str, Any], texts: Wordings) -> UUID:
    """Who reports, with what he agreed to in the words that he read."""
    citizen_id = turn.citizen_id
    if citizen_id is None:
        citizen_id = await name_citizen(
            tx, vault_of(tx), turn.conversation_id, turn.city_id, slots["name"], slots["phone"], turn.now
        )
        await _agreed(tx, turn, citizen_id, CONSENT, texts.render(f"{FORM}.ask.agree", turn.lang, {"slots": slots}))
    if slots.get("photo_place") == "yes":
        wording = texts.render(f"{FORM}.ask.photo_place", turn.lang, {"slots": slots})
        await _agreed(tx, turn, citizen_id, PLACE_CONSENT, wording)
    return citizen_id


async def _agreed(tx: AsyncConnection, turn: Turn, citizen_id: UUID, purpose: str, wording: str) -> None:
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
