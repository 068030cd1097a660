"""불법주정차 신고 by chat: guided to 안전신문고 where only its pictures count, a case where the city's rule lets us."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.parking_report import words
from actions.parking_report.filing import area_of, file_case, repeated
from actions.parking_report.form import FORM, rule_of, shown, slots_of, told_place, verdict
from civic.cases.service import CaseService
from civic.city.service import CityBook
from civic.parking import plates
from civic.parking.reports import ReportService, ReportState, Told
from core.contracts.dialogue import Choice, Form, Handler, OpenForm, Reply, Say, Turn, Wordings
from core.settings import City

REPORT = "parking_report"
_COMPLAIN = Choice("do:complaint_file", key="parking_report.complain")


async def report(turn: Turn, reports: ReportService, book: CityBook) -> Reply:
    """Open the form with what the sentence tells: the kind, the plate, the place, pictures sent with it.

    A kind that only the official app can prove is guided there at once, before anything is asked for in vain.
    """
    text = turn.understanding.text or ""
    slots: dict[str, Any] = {"opened": turn.now.isoformat()}
    if turn.citizen_id is not None:
        slots["is_known"] = True
    if kind := words.kind_said(text):
        slots["kind"] = kind
    if len(found := plates.find(turn.message.text)) == 1:
        slots["plate"] = found[0]
    if place := turn.understanding.first("place"):
        slots["where"] = {"label": place.value, "lat": place.detail.get("lat"), "lon": place.detail.get("lon")}
    if turn.photos:
        slots["photo"] = [dict(photo) for photo in turn.photos]
    rule = rule_of(slots, reports)
    if rule is not None and not reports.takes(rule):
        return _guided(turn, slots, reports, book, "official_app")
    return Reply(open_form=OpenForm(FORM, slots))


async def submit(
    turn: Turn,
    slots: Mapping[str, Any],
    reports: ReportService,
    cases: CaseService,
    book: CityBook,
    city: City,
    texts: Wordings,
) -> Reply:
    """Guide, say that it is told already, or file the case."""
    rule = rule_of(slots, reports)
    assert rule is not None
    if not reports.takes(rule):
        return _guided(turn, slots, reports, book, "official_app")
    if not slots.get("is_known") and slots.get("agree") != "yes":
        return _guided(turn, slots, reports, book, "no_contact")
    found = verdict(slots, reports, book, turn.now)
    if not found.is_met:
        return _guided(turn, slots, reports, book, found.failing)
    earlier = await reports.earlier(turn.conversation_id, turn.citizen_id, slots["plate"], told_place(slots), turn.now)
    if earlier is not None:
        return await repeated(turn, slots, earlier, reports, cases)
    return file_case(turn, slots, found, reports, cases, book, city, texts)


def _guided(turn: Turn, slots: Mapping[str, Any], reports: ReportService, book: CityBook, reason: str) -> Reply:
    """The official app, with the reason; what was told is kept as a figure, its pictures and plate are not."""
    rule = rule_of(slots, reports)
    assert rule is not None
    told = Told(kind=rule.kind, area=area_of(book, told_place(slots)), reason=reason)

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        state: ReportState = "dropped" if reason == "no_contact" else "guided"
        await reports.record(tx, turn.conversation_id, state, told, turn.now)
        return {}

    values = {**shown(reports, slots, turn.lang), "reason": reason}
    return Reply((Say("parking_report.guided", values, (_COMPLAIN,)),), write=write)


INTENTS: dict[str, Handler] = {}
"""No line is taught: such words are a complaint to the language engine, and the set phrase leads here before it."""
PRESSED = {REPORT: report}
ANYBODYS = ((words.REPORT, REPORT),)


def forms(book: CityBook, reports: ReportService) -> tuple[Form, ...]:
    """One form, whose questions depend on the rule of the kind."""
    return (Form(FORM, slots_of(reports, book), submit, values=lambda slots, lang: shown(reports, slots, lang)),)
