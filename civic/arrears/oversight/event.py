"""One thing that happened to a debtor's arrears, as the proof of notice tells it: when, by which article, who, in which
row it is stored, and whether the law counts it as service."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

from core.clock import SEOUL

Service = Literal["", "no", "pending", "served"]
"""송달: no: a message, which never is one; pending: a written document that has not arrived (or nobody recorded it);
served: the day is recorded. "": has nothing to do with service."""
MESSAGE_KO = "문자·알림톡 안내는 송달이 아닙니다. 법이 세는 것은 서면의 송달뿐입니다 (지방세기본법 제28조~제33조)."
MESSAGE_EN = "A text message is no service; the law counts written documents alone (Framework Act §28–33)."


@dataclass(frozen=True, slots=True)
class Event:
    """`at`: the moment, or the Korean day where only a day is known. `kind`: `<thing>.<what>`. `actor`: staff:<id>,
    bank:<code>, citizen, system. `facts`: JSON of texts and whole numbers. `source`: table and row."""

    at: datetime | date
    kind: str
    ko: str
    en: str
    source: tuple[str, UUID]
    article: str = ""
    document: str = ""
    actor: str = "system"
    service: Service = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[datetime, str, str]:
        """Days before moments of the same day, then by kind and row: the same order from the same rows."""
        whole = self.at if isinstance(self.at, datetime) else _midnight(self.at)
        return whole, self.kind, str(self.source[1])

    def plain(self) -> dict[str, Any]:
        """For the signed file."""
        is_moment = isinstance(self.at, datetime)
        return {
            "at": moment(self.at) if isinstance(self.at, datetime) else self.at.isoformat(),
            "is_day": not is_moment,
            "kind": self.kind,
            "ko": self.ko,
            "en": self.en,
            "article": self.article,
            "document": self.document,
            "actor": self.actor,
            "service": self.service,
            "facts": {key: value for key, value in self.facts.items() if value not in (None, "")},
            "source": {"table": self.source[0], "row": str(self.source[1])},
        }


def moment(at: datetime) -> str:
    """UTC to the microsecond: one spelling for one moment."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def staff(staff_id: UUID | None) -> str:
    return f"staff:{staff_id}" if staff_id else "system"


def text_digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def day_after(on: date) -> date:
    return on + timedelta(days=1)


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, SEOUL)
