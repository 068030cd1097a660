"""How well it was answered, 1 to 5, by the citizen; a low one with its reason is looked at by a team head."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import alerts
from civic.cases.case import Actor, Case
from civic.cases.status import Status
from civic.cases.tables import case_events
from civic.cases.writing import event, his, locked, store
from core.errors import BadInput, Conflict
from core.settings import Cases

RATED = frozenset({Status.ANSWERED, Status.REFUSED})
"""Ends that the city itself decided: only these are rated."""
MAX_WORDS = 1000


async def rate(
    tx: AsyncConnection,
    rules: Cases,
    case_id: UUID,
    conversation_id: UUID,
    rating: int,
    text: str,
    now: datetime,
) -> Case:
    """The citizen's rating of the present answer; a second one replaces it until a team head has looked.

    At `rules.low_rating` or below and with a reason it waits for review, and the team head is told.
    Raises NotFound when the case is not his, BadInput (not 1–5, too long), Conflict (not answered, or reviewed).
    """
    if rating not in range(1, 6) or len(text) > MAX_WORDS:
        raise BadInput("1점에서 5점까지 주실 수 있습니다.", "A rating is 1 to 5.")
    await his(tx, case_id, conversation_id)
    case = await locked(tx, case_id, None)
    if case.status not in RATED:
        raise Conflict("답변을 받으신 민원만 평가하실 수 있습니다.", "Only an answered case can be rated.")
    if await _is_reviewed(tx, case):
        raise Conflict("이미 살펴본 평가라 바꾸실 수 없습니다.", "This rating was reviewed and stays.")
    words = text.strip()
    needs_review = rating <= rules.low_rating and bool(words)
    actor = Actor.citizen(case.citizen_id)
    before = str(case.rating) if case.rating else None
    await event(tx, case, actor, "rated", now, from_value=before, to_value=str(rating), text=words, public=True)
    values = {"rating": rating, "rating_text": words, "rated_at": now, "review_at": now if needs_review else None}
    case = await store(tx, case, values, now)
    if needs_review:
        assert case.closed_at is not None
        await alerts.to_head(tx, case, "low_rating", now, once=case.closed_at.isoformat(), rating=rating)
    return case


async def conclude(
    tx: AsyncConnection, case_id: UUID, actor: Actor, conclusion: str, now: datetime, *, expected_version: int | None
) -> Case:
    """A team head's conclusion on a low rating; from then on the rating stays.

    Raises BadInput without a text, Conflict when no review waits, NotFound, PreconditionFailed.
    """
    if not conclusion.strip():
        raise BadInput("살펴본 결론을 적어 주세요.", "A conclusion is needed.")
    case = await locked(tx, case_id, expected_version)
    if case.review_at is None:
        raise Conflict("살펴볼 평가가 없습니다.", "No rating waits for review.")
    await event(tx, case, actor, "reviewed", now, to_value=str(case.rating), text=conclusion, public=True)
    case = await store(tx, case, {"review_at": None}, now)
    await alerts.to_officer(tx, case, "reviewed", now)
    return case


async def _is_reviewed(tx: AsyncConnection, case: Case) -> bool:
    wanted = (
        case_events.c.case_id == case.id,
        case_events.c.kind == "reviewed",
        case_events.c.at >= case.closed_at,
    )
    return bool((await tx.execute(select(func.count()).where(*wanted))).scalar_one())
