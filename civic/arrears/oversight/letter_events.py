"""Written documents for the proof of notice: listed, printed, posted, served or returned; only these can be service."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.notices.tables import arrears_letter_bills, arrears_letter_events, arrears_letters
from civic.arrears.oversight.event import Event, Service, staff

KINDS = {
    "dun": ("독촉장", "Demand", "지방세징수법 제32조"),
    "seizure_debtor": ("압류통지서 (체납자)", "Notice of seizure to the debtor", "지방세징수법 제51조"),
    "seizure_bank": ("채권압류통지서 (제3채무자)", "Notice of seizure to the bank", "지방세징수법 제51조"),
    "record": ("압류조서", "Record of seizure", "지방세징수법 제38조"),
    "join": ("참가압류통지서", "Notice of a joined seizure", "지방세징수법 제67조"),
    "release": ("압류해제통지서", "Notice of release", "지방세징수법 제64조"),
    "warning": ("압류 예고문", "Warning of seizure", ""),
    "info": ("안내문", "Information", ""),
    "plan": ("분납 안내문", "Plan of instalments", ""),
}
STEPS = {
    "listed": ("명부에 오름", "listed"),
    "addressed": ("주소 적음", "addressed"),
    "printed": ("인쇄", "printed"),
    "sent": ("발송", "posted"),
    "served": ("송달", "served"),
    "returned": ("반송", "returned"),
    "published": ("공시송달 공고", "published"),
    "cancelled": ("취소", "cancelled"),
}
LAWFUL = frozenset({"dun", "seizure_debtor", "seizure_bank", "record", "join", "release"})
"""Documents that a statute asks for in writing; the others inform."""


async def of_letters(tx: AsyncConnection, debtor_id: UUID, bill_ids: Sequence[UUID]) -> list[Event]:
    """Documents about these bills, or about the debtor as such, step by step."""
    wanted = select(arrears_letters).where(arrears_letters.c.debtor_id == debtor_id)
    letters = {row["id"]: row for row in (await tx.execute(wanted)).mappings()}
    named = select(arrears_letter_bills).where(arrears_letter_bills.c.letter_id.in_(letters))
    about: dict[UUID, set[UUID]] = {}
    for row in await tx.execute(named):
        about.setdefault(row.letter_id, set()).add(row.bill_id)
    kept = {one for one in letters if not about.get(one) or about[one] & set(bill_ids)}
    steps = select(arrears_letter_events).where(arrears_letter_events.c.letter_id.in_(kept))
    found = []
    for step in (await tx.execute(steps)).mappings():
        letter = letters[step["letter_id"]]
        ko, en, article = KINDS[letter["kind"]]
        did_ko, did_en = STEPS.get(step["what"], (step["what"], step["what"]))
        facts = {
            "document_no": letter["document_no"],
            "total_krw": letter["total_krw"],
            "issued_on": letter["issued_on"].isoformat() if letter["issued_on"] else "",
            "due_on": letter["due_on"].isoformat() if letter["due_on"] else "",
            "happened_on": step["happened_on"].isoformat(),
            "tracking_no": letter["tracking_no"],
            "served_how": letter["served_how"] if step["what"] == "served" else "",
            "bills": sorted(map(str, about.get(letter["id"], ()))),
        }
        found.append(
            Event(step["at"], f"letter.{step['what']}", f"{ko} {did_ko}", f"{en}: {did_en}",
                  ("arrears_letter_events", step["id"]), article, letter["document_no"], staff(step["staff_id"]),
                  _service(letter["kind"], step["what"]), facts)
        )  # fmt: skip
    return found


def _service(kind: str, what: str) -> Service:
    if kind not in LAWFUL:
        return "no"
    return "served" if what == "served" else "pending"
