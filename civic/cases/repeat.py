"""반복·중복민원: the same matter from the same citizen again and again (민원처리법 §23), seen and closable."""

from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import UUID

import yaml
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import alerts, change
from civic.cases.case import COLUMNS, Actor, Case
from civic.cases.clock import law
from civic.cases.duplicates import Sought, find_similar
from civic.cases.status import Status
from civic.cases.tables import cases
from civic.cases.writing import event
from civic.conversations.tables import conversations
from core.errors import Conflict
from core.settings import Duplicates

YEAR_DAYS = 365
_ANSWERED = frozenset({Status.ANSWERED, Status.REFUSED})


async def recognise(tx: AsyncConnection, case: Case, now: datetime, near: Duplicates) -> Case:
    """At receipt: count the same citizen's earlier cases of this matter; mark from the number on that the law names."""
    if case.citizen_id is None:
        return case
    own = await _own(tx, case, near)
    count = len(own) + 1
    if count < law.at(now).number("repeat_filings"):
        return case
    first = min(own, key=lambda one: (one.received_at, one.id))
    first_id = first.repeat_of_id or first.id
    changed = await tx.execute(
        update(cases).where(cases.c.id == case.id).values(repeat_of_id=first_id, repeats=count).returning(*COLUMNS)
    )
    case = Case.of(changed.one())
    await event(tx, case, Actor.system(), "repeated", now, to_value=str(count), public=False)
    await alerts.to_officer(tx, case, "repeated", now, once=str(count), count=count)
    return case


async def answers_to(tx: AsyncConnection, case: Case, near: Duplicates) -> int:
    """How often the city had told this citizen its result on the matter when this case was received."""
    return sum(
        one.status in _ANSWERED and one.closed_at is not None and one.closed_at <= case.received_at
        for one in await _own(tx, case, near)
    )


async def _own(tx: AsyncConnection, case: Case, near: Duplicates) -> list[Case]:
    """The citizen's earlier cases of the same matter, within a year; parts of a split case are not letters."""
    assert case.citizen_id is not None
    wide = near.model_copy(update={"days": YEAR_DAYS})
    found = await find_similar(tx, Sought.of(case), wide, most=100, only_open=False, citizen_id=case.citizen_id)
    return [
        one.case
        for one in found
        if one.case.parent_id is None
        and one.case.status is not Status.WITHDRAWN
        and one.case.received_at <= case.received_at
    ]


async def close_repeat(
    tx: AsyncConnection,
    case_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    expected_version: int | None,
    near: Duplicates,
) -> Case:
    """End it by the article, which is the text that the citizen gets.

    Raises Conflict when it is no repeated matter, or was not answered often enough before; else like `change_status`.
    """
    found = await tx.execute(select(*COLUMNS).where(cases.c.id == case_id))
    case = Case.of(found.one())
    rules = law.at(case.received_at)
    needed = rules.number("repeat_answers")
    answered = await answers_to(tx, case, near) if case.citizen_id else 0
    if case.repeats < rules.number("repeat_filings") or answered < needed:
        raise Conflict(
            f"같은 내용에 {needed}번 넘게 답변드린 반복 민원만 이렇게 마칠 수 있습니다(지금까지 {answered}번).",
            f"Only a repeated matter that was answered {needed} times is closed so (answered {answered} times).",
            answers=answered,
        )
    article = rules.article("repeat_filings")
    text = closing_text(await _lang_of(tx, case), repeats=case.repeats, answers=answered, article=article)
    return await change.change_status(
        tx, case_id, Status.ANSWERED, actor, now, expected_version=expected_version, text=text
    )


async def _lang_of(tx: AsyncConnection, case: Case) -> str:
    query = select(conversations.c.lang).where(conversations.c.id == case.conversation_id)
    return "en" if await tx.scalar(query) == "en" else "ko"


def closing_text(lang: str, *, repeats: int, answers: int, article: str) -> str:
    """What the citizen reads: the counts, the article, and that anything new is welcome."""
    return _texts(lang)["closing"].format(repeats=repeats, answers=answers, article=article).strip()


@cache
def _texts(lang: str) -> dict[str, str]:
    source: dict[str, str] = yaml.safe_load((Path(__file__).parent / f"repeat.{lang}.yml").read_text("utf-8"))
    return source
