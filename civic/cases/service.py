"""The case desk's door: what handlers read by the name `cases`, and what a turn's transaction writes."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import change, find
from civic.cases.case import Actor, Case, CaseDraft, Event, InquiryDraft, OpenedCase, OpenedInquiry
from civic.cases.clock import Deadline, law
from civic.cases.open import open_case, open_inquiry
from civic.cases.status import CLOSED, NAMES, OPEN, Status
from core.db import Database

__all__ = [
    "CLOSED",
    "NAMES",
    "OPEN",
    "Actor",
    "Case",
    "CaseDraft",
    "CaseService",
    "Deadline",
    "Event",
    "InquiryDraft",
    "OpenedCase",
    "OpenedInquiry",
    "Status",
]


class CaseService:
    """One city's cases. Reading methods open their own transaction; writing ones work in the caller's.

    `days_off`: 임시공휴일 that the public calendar does not know yet.
    """

    def __init__(self, db: Database, city_id: str, *, days_off: Mapping[date, str] | None = None) -> None:
        self.db = db
        self.city_id = city_id
        self.days_off = dict(days_off or {})
        law.book()  # a slip in the table of law stops the house at its start and not at the first filing

    async def of_conversation(self, conversation_id: UUID, *, limit: int = 20) -> list[Case]:
        """The cases that this citizen may see, newest first."""
        async with self.db.reading() as tx:
            return await find.cases_of_conversation(tx, conversation_id, limit=limit)

    async def by_receipt(self, receipt_no: str, conversation_id: UUID) -> Case | None:
        """The case with this number if it is this citizen's; another's looks exactly like none."""
        async with self.db.reading() as tx:
            return await find.find_by_receipt(tx, self.city_id, receipt_no, conversation_id=conversation_id)

    async def public_events(self, case_id: UUID, conversation_id: UUID) -> list[Event]:
        """The history as the citizen may read it; empty when the case is not his."""
        async with self.db.reading() as tx:
            mine = await find.cases_of_conversation(tx, conversation_id, limit=1000)
            if case_id not in {case.id for case in mine}:
                return []
            return await find.events_of(tx, case_id, only_public=True)

    async def open_case(self, tx: AsyncConnection, draft: CaseDraft, now: datetime) -> OpenedCase:
        return await open_case(tx, draft, now, days_off=self.days_off)

    async def open_inquiry(self, tx: AsyncConnection, draft: InquiryDraft, now: datetime) -> OpenedInquiry:
        return await open_inquiry(tx, draft, now)

    async def withdraw(
        self,
        tx: AsyncConnection,
        case_id: UUID,
        conversation_id: UUID,
        now: datetime,
        *,
        expected_version: int | None = None,
    ) -> Case:
        return await change.withdraw(tx, case_id, conversation_id, now, expected_version=expected_version)

    async def add_note(
        self, tx: AsyncConnection, case_id: UUID, conversation_id: UUID, text: str, now: datetime
    ) -> Case:
        """What the citizen adds to his own case; an answer to 보완 요청 sets it in progress again."""
        case = await change.note_by_citizen(tx, case_id, conversation_id, text, now)
        if case.status is not Status.WAITING_CITIZEN:
            return case
        return await change.change_status(
            tx,
            case_id,
            Status.IN_PROGRESS,
            Actor.citizen(case.citizen_id),
            now,
            expected_version=case.version,
            days_off=self.days_off,
        )

    async def add_photo(
        self, tx: AsyncConnection, case_id: UUID, conversation_id: UUID, attachment_id: UUID, now: datetime
    ) -> Case:
        """A further picture for the citizen's own open case. Raises NotFound when either is not his."""
        return await change.photo_by_citizen(tx, case_id, conversation_id, attachment_id, now)
