"""The case desk's door: what handlers read by the name `cases`, and what a turn's transaction writes."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import alerts, change, find, join
from civic.cases.case import Actor, Case, CaseDraft, Event, InquiryDraft, OpenedCase, OpenedInquiry
from civic.cases.clock import Deadline, law
from civic.cases.duplicates import Sought, find_similar
from civic.cases.extend import answer_consent, asked_of
from civic.cases.notices import tell_joiners
from civic.cases.open import open_case, open_inquiry
from civic.cases.rate import RATED, rate
from civic.cases.reopen import may_reopen, reopen_by_citizen
from civic.cases.status import CLOSED, NAMES, OPEN, Status
from civic.cases.writing import heard
from core.db import Database
from core.settings import Cases, Messaging

__all__ = [
    "CLOSED",
    "NAMES",
    "OPEN",
    "RATED",
    "Actor",
    "Case",
    "CaseDraft",
    "CaseService",
    "Deadline",
    "Event",
    "InquiryDraft",
    "OpenedCase",
    "OpenedInquiry",
    "Sought",
    "Status",
]


class CaseService:
    """One city's cases. Reading methods open their own transaction; writing ones work in the caller's.

    `days_off`: 임시공휴일 that the public calendar does not know yet. `rules`: the city's own rules (config.yml).
    `messaging`: when notices may leave; without it nobody is told of a withdrawal.
    """

    def __init__(
        self,
        db: Database,
        city_id: str,
        *,
        days_off: Mapping[date, str] | None = None,
        rules: Cases | None = None,
        messaging: Messaging | None = None,
    ) -> None:
        self.db = db
        self.messaging = messaging
        self.rules = rules or Cases()
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
        return await open_case(tx, draft, now, days_off=self.days_off, near=self.rules.duplicates)

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
        """취하 by the citizen; whoever joined is told, for the matter may still be his."""
        case = await change.withdraw(tx, case_id, conversation_id, now, expected_version=expected_version)
        if self.messaging is not None:
            await tell_joiners(tx, self.messaging, case, "withdrawn", now)
        return case

    async def add_note(
        self, tx: AsyncConnection, case_id: UUID, conversation_id: UUID, text: str, now: datetime
    ) -> Case:
        """What the citizen adds to his own case; an answer to 보완 요청 lets the clock run on."""
        case = await change.note_by_citizen(tx, case_id, conversation_id, text, now)
        return await change.supplied(tx, case, now, self.days_off)

    async def add_photo(
        self, tx: AsyncConnection, case_id: UUID, conversation_id: UUID, attachment_id: UUID, now: datetime
    ) -> Case:
        """A further picture for the citizen's own open case, an answer to 보완 요청 too.

        Raises NotFound when either is not his.
        """
        case = await change.photo_by_citizen(tx, case_id, conversation_id, attachment_id, now)
        return await change.supplied(tx, case, now, self.days_off)

    async def rate(
        self, tx: AsyncConnection, case_id: UUID, conversation_id: UUID, rating: int, text: str, now: datetime
    ) -> Case:
        """The citizen's 1 to 5 for the answer. Raises what `rate.rate` raises."""
        return await rate(tx, self.rules, case_id, conversation_id, rating, text, now)

    async def reopen(self, tx: AsyncConnection, case_id: UUID, conversation_id: UUID, text: str, now: datetime) -> Case:
        """Open the citizen's own case again. Raises what `reopen.reopen_by_citizen` raises."""
        return await reopen_by_citizen(tx, self.rules, case_id, conversation_id, text, now, days_off=self.days_off)

    def may_reopen(self, case: Case, now: datetime) -> bool:
        return may_reopen(self.rules, case, now)

    async def asks_extension(self, case_id: UUID) -> bool:
        """Whether the citizen has been asked for a further extension and has not answered."""
        async with self.db.reading() as tx:
            return await asked_of(tx, case_id) is not None

    async def answer_extension(
        self, tx: AsyncConnection, case_id: UUID, conversation_id: UUID, now: datetime, *, agreed: bool
    ) -> Case:
        """The citizen's yes or no to a second extension. Raises what `extend.answer_consent` raises."""
        case = await answer_consent(tx, case_id, conversation_id, now, agreed=agreed, days_off=self.days_off)
        await alerts.to_officer(tx, case, "agreed" if agreed else "disagreed", now)
        await heard(tx, case_id, now)
        return case

    async def neighbours(self, sought: Sought, conversation_id: UUID, *, most: int = 3) -> list[Case]:
        """Open cases of others that may be this matter, the likeliest first, and that he is not with already."""
        async with self.db.reading() as tx:
            own = {case.id for case in await find.cases_of_conversation(tx, conversation_id, limit=100)}
            own |= {case.id for case in await join.joined_cases(tx, conversation_id, limit=100)}
            found = await find_similar(tx, sought, self.rules.duplicates, most=most + len(own))
        return [one.case for one in found if one.case.id not in own][:most]

    async def open_one(self, case_id: UUID) -> Case | None:
        """Any case of the city that is open, for who was offered to join it; nothing of it is his to read in full."""
        async with self.db.reading() as tx:
            case = await find.read_case(tx, self.city_id, case_id)
        return case if case.status in OPEN else None

    async def joined_by(self, conversation_id: UUID) -> list[Case]:
        """The cases that this citizen joined: of these only what anybody may know is shown to him."""
        async with self.db.reading() as tx:
            return await join.joined_cases(tx, conversation_id)

    async def join(self, tx: AsyncConnection, case_id: UUID, conversation_id: UUID, now: datetime, text: str) -> Case:
        """Raises what `join.join` raises."""
        joined = await join.join(tx, case_id, conversation_id, now, near=self.rules.duplicates, text=text)
        return joined.case

    async def leave(self, tx: AsyncConnection, case_id: UUID, conversation_id: UUID, now: datetime) -> Case:
        """Raises what `join.leave` raises."""
        return await join.leave(tx, case_id, conversation_id, now)
