"""Word to a debtor that is no answer to a message of his: where he can be told, marked as tax data, each once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.replies import Texts
from civic.arrears.asking.paid import place_of
from civic.arrears.asking.plans import Plan
from civic.arrears.asking.requests import Request
from civic.arrears.ledger.stops import until_of
from civic.arrears.money.owing import owed
from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from core.clock import SEOUL
from core.contracts.channel import Channel
from core.settings import Settings

SECRECY = "tax"


class Word:
    """Renders and queues. All methods write in the caller's transaction."""

    def __init__(self, texts: Texts, settings: Settings, channels: Mapping[str, Channel]) -> None:
        self._texts = texts
        self._settings = settings
        self._phone_channels = frozenset(name for name, one in channels.items() if one.capabilities.has_phone_address)
        self._phone = settings.arrears.notices.sender.phone or settings.city.phone

    async def say(
        self, tx: AsyncConnection, debtor_id: UUID, key: str, values: Mapping[str, Any], dedupe: str, now: datetime
    ) -> UUID | None:
        """The queued message; None where he can be told nowhere, and a letter or a call is for staff to think of."""
        place = await place_of(tx, self._settings.city.id, debtor_id, self._phone_channels, now)
        if place is None:
            return None
        text = self._texts.render(f"arrears_word.{key}", place.lang, {**values, "phone": self._phone})
        timing = schedule(self._settings.messaging, "arrears", now)
        draft = Draft(
            city_id=self._settings.city.id,
            conversation_id=place.conversation_id,
            channel=place.channel,
            body={"text": text, "lang": place.lang},
            purpose="arrears",
            priority=timing.priority,
            valid_until=timing.valid_until,
            next_attempt_at=timing.next_attempt_at,
            dedupe_key=f"arrears_word:{dedupe}",
            secrecy=SECRECY,
        )
        return await queue(tx, draft, now)

    async def decided(
        self,
        tx: AsyncConnection,
        request: Request,
        now: datetime,
        *,
        plan: Plan | None = None,
        is_changed: bool = False,
    ) -> UUID | None:
        """What became of his request. Nothing is said of a wrong number: he asked for nothing."""
        if request.kind == "wrong_number":
            return None
        key = "refused" if request.state == "refused" else f"{request.kind}_granted"
        until = await until_of(tx, request.stop_id) if request.kind == "deferral" else None
        values = {
            "kind": request.kind,
            "answer": request.answer,
            "is_changed": is_changed,
            "missed": self._settings.arrears.asking.plans.missed_ends,
            "parts": shown(plan) if plan else [],
            "until": f"{until:%Y.%m.%d}" if until else "",
            "by_law": request.decided_by == "law",
            "at_once": request.stop_id is not None,
        }
        return await self.say(tx, request.debtor_id, key, values, f"request:{request.id}", now)

    async def left(self, tx: AsyncConnection, debtor_id: UUID, now: datetime) -> int:
        """What he owes today, whole won."""
        on = now.astimezone(SEOUL).date()
        found = (await owed(tx, self._settings.city.id, [debtor_id], on)).get(debtor_id)
        return found.total_krw if found else 0


def shown(plan: Plan) -> list[dict[str, Any]]:
    return [{"number": one.number, "due": f"{one.due_on:%Y.%m.%d}", "krw": one.amount_krw} for one in plan.parts]
