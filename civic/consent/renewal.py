"""Every two years a city reminds those who agreed to advertising that they did (정보통신망법 §50⑧, 시행령 §62의3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.consent.giving import note, tell
from civic.consent.standing import ADVERTISING, agrees
from civic.consent.tables import consent_notices
from civic.consent.words import said
from civic.conversations.tables import conversations
from civic.people.tables import consents
from core.settings import Messaging


async def remind(
    tx: AsyncConnection,
    messaging: Messaging,
    city_id: str,
    names: Mapping[str, str],
    now: datetime,
    before: datetime,
    most: int,
) -> list[UUID]:
    """Queue the reminder for up to `most` consents that were given, and last confirmed, before `before`. `names`: the
    city's, by language.

    The conversations. His silence keeps the consent. Each is reminded once a period, whoever runs this and how often:
    the message's key is the consent and the period.
    """
    told: list[UUID] = []
    for row in await _due(tx, city_id, before, most):
        text = said("renewal", row.lang, city=names["en" if row.lang == "en" else "ko"], at=row.at)
        key = f"renewal:{row.id}:{before:%Y%m%d}"
        message_id = await tell(
            tx, messaging, city_id, row.conversation_id, row, text, now, purpose="case_notice", dedupe_key=key
        )
        await note(tx, city_id, row.id, "renewal", message_id, now)
        told.append(row.conversation_id)
    return told


async def _due(tx: AsyncConnection, city_id: str, before: datetime, most: int) -> list[Any]:
    later = consents.alias("later")
    is_latest = ~exists(
        select(later.c.id)
        .where(later.c.conversation_id == consents.c.conversation_id, later.c.purpose == ADVERTISING)
        .where(later.c.at > consents.c.at)
        .correlate(consents)
    )
    is_confirmed = exists(
        select(consent_notices.c.id)
        .where(consent_notices.c.consent_id == consents.c.id, consent_notices.c.kind == "renewal")
        .where(consent_notices.c.at >= before)
        .correlate(consents)
    )
    wanted = (
        select(consents.c.id, consents.c.conversation_id, consents.c.at, conversations.c.channel, conversations.c.lang)
        .join(conversations, conversations.c.id == consents.c.conversation_id)
        .where(
            consents.c.city_id == city_id,
            consents.c.purpose == ADVERTISING,
            consents.c.is_given,
            consents.c.at < before,
            conversations.c.stopped_at.is_(None),
            conversations.c.unreachable_at.is_(None),
            and_(is_latest, ~is_confirmed, agrees()),
        )
        .order_by(consents.c.at, consents.c.id)
        .limit(most)
        .with_for_update(of=conversations, skip_locked=True)
    )
    return list((await tx.execute(wanted)).all())
