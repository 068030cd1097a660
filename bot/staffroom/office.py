"""What the staff room works with, and who is asking in it: the same house, roles and scopes as behind the staff api."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.staffroom.words import say
from civic.cases.service import CaseService
from civic.staff.access import Subject, record_access
from civic.staff.service import Action, Member, Scope, check, scope_of
from core.clock import Clock
from core.contracts.channel import Channel
from core.contracts.staffroom import StaffCard, StaffEvent, StaffForm, StaffRoom
from core.db import Database
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Office:
    """`deliver` attempts the due messages of a conversation. `owner` names this process in claims."""

    db: Database
    settings: Settings
    clock: Clock
    cases: CaseService
    channels: Mapping[str, Channel]
    deliver: Callable[[UUID], Awaitable[None]]
    owner: str

    @property
    def city_id(self) -> str:
        return self.settings.city.id

    @property
    def rooms(self) -> list[StaffRoom]:
        """The messengers in which staff work."""
        return [one for one in self.channels.values() if isinstance(one, StaffRoom) and one.rooms]


@dataclass(frozen=True, slots=True)
class Asking:
    """A linked member of staff, with the rights that he has now, in the transaction that does what he wants."""

    office: Office
    room: StaffRoom
    event: StaffEvent
    member: Member
    tx: AsyncConnection
    now: datetime

    @property
    def scope(self) -> Scope:
        return scope_of(self.member)

    def may(self, action: Action) -> None:
        """Raises Forbidden."""
        check(self.member.role, action)

    def say(self, key: str, **values: object) -> str:
        return say(self.room.lang, key, **values)

    async def looked(self, kind: Subject, subject: str, action: str) -> None:
        """The access-log row, as through the api; in place of an address, whence: the messenger and who there."""
        await record_access(
            self.tx,
            city_id=self.office.city_id,
            staff_id=self.member.id,
            action=action,
            subject_kind=kind,
            subject_id=subject,
            source_ip=f"{self.room.name}:{self.event.member}",
            now=self.now,
        )


@dataclass(frozen=True, slots=True)
class Done:
    """What is left to do after the commit. `text` and `errors` go back to who asked; `case_id`: show it afresh."""

    text: str = ""
    card: StaffCard | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    form: StaffForm | None = None
    deliver: UUID | None = None
    case_id: UUID | None = None
    outcome: str = "done"
