"""Extending a period (시행령 §21): how often, how far, with whose consent, and what a later pause makes of it."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import change
from civic.cases.case import Actor, Case
from civic.cases.clock import Deadline
from civic.cases.clock.recount import due_after_pauses
from civic.cases.extend import Asked, answer_consent, ask_consent, asked_of, extend
from civic.cases.find import events_of, read_case
from civic.cases.open import open_case
from civic.cases.status import Status
from civic.cases.tables import cases
from core.clock import SEOUL
from core.db import Database
from core.errors import BadInput, Conflict, NotFound, PreconditionFailed
from core.ids import new_id
from tests.civic.cases.rows import CITY, NOW, conversation, draft

AGENT = Actor.staff(new_id(), "agent")
REASON = "현장 조사를 더 해야 합니다."
HOUR = timedelta(hours=1)


@pytest.fixture
async def tx(database: Database) -> AsyncIterator[AsyncConnection]:
    async with database.transaction() as connection:
        yield connection


def seoul(month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=SEOUL)


async def new_case(tx: AsyncConnection, deadline: Deadline | None = None) -> Case:
    made = await open_case(tx, draft(await conversation(tx), deadline=deadline or Deadline("days", 3)), NOW)
    return await read_case(tx, CITY, made.id)


async def extended(tx: AsyncConnection, case: Case, now: datetime = NOW, **values: object) -> Case:
    given = {"expected_version": case.version, "reason": REASON, **values}
    return await extend(tx, case.id, AGENT, now, **given)  # type: ignore[arg-type]


async def test_once_the_city_extends_of_itself_by_the_whole_period(tx: AsyncConnection) -> None:
    case = await new_case(tx)
    longer = await extended(tx, case)
    assert (longer.due_at, longer.extensions, longer.version) == (seoul(10, 6, 16), 1, 2)
    assert longer.due_rule["extensions"] == [3]
    assert longer.due_rule["extension_article"] == "민원 처리에 관한 법률 시행령 제21조제1항"
    told = [(event.kind, event.to_value, event.text, event.is_public) for event in await events_of(tx, case.id)]
    assert told[1:] == [
        ("extended", "3", REASON, True),
        ("due", longer.due_at.isoformat(), "", True),
    ]


async def test_a_shorter_extension_is_as_short_as_it_says(tx: AsyncConnection) -> None:
    assert (await extended(tx, await new_case(tx), amount=1)).due_at == seoul(10, 1, 16)


@pytest.mark.parametrize("amount", [0, 4, 400])
async def test_it_stays_within_the_original_length(tx: AsyncConnection, amount: int) -> None:
    with pytest.raises(BadInput):
        await extended(tx, await new_case(tx), amount=amount)


async def test_at_once_is_extended_by_hours(tx: AsyncConnection) -> None:
    case = await new_case(tx, Deadline("immediate"))
    assert case.due_at == seoul(9, 28, 10)
    assert (await extended(tx, case)).due_at == seoul(9, 28, 14)


async def test_a_reason_is_needed(tx: AsyncConnection) -> None:
    with pytest.raises(BadInput):
        await extended(tx, await new_case(tx), reason=" ")


async def test_a_stale_version_is_refused(tx: AsyncConnection) -> None:
    with pytest.raises(PreconditionFailed):
        await extended(tx, await new_case(tx), expected_version=7)


async def test_what_is_closed_or_over_is_not_extended(tx: AsyncConnection) -> None:
    case = await new_case(tx)
    with pytest.raises(Conflict, match="over"):
        await extended(tx, case, now=case.due_at + HOUR)
    closed = await change.change_status(
        tx, case.id, Status.ANSWERED, AGENT, NOW, expected_version=1, text="고쳤습니다."
    )
    with pytest.raises(Conflict, match="closed"):
        await extended(tx, closed)


async def test_a_case_that_waits_for_the_citizen_is_not_over(tx: AsyncConnection) -> None:
    """Its stored date has passed while the clock stood still."""
    case = await new_case(tx)
    asked = await change.change_status(
        tx, case.id, Status.WAITING_CITIZEN, AGENT, seoul(9, 28, 10), expected_version=1, text="몇 번째인가요?"
    )
    now = seoul(10, 8, 10)
    would_be = await due_after_pauses(tx, asked, None, until=now)
    assert would_be.at == seoul(10, 13, 16)
    longer = await extended(tx, asked, now=now, amount=1)
    assert longer.extensions == 1
    back = await change.change_status(tx, case.id, Status.IN_PROGRESS, AGENT, now, expected_version=longer.version)
    assert back.due_at == seoul(10, 14, 16)


async def test_a_second_time_needs_the_citizens_consent_and_a_third_is_none(tx: AsyncConnection) -> None:
    once = await extended(tx, await new_case(tx))
    with pytest.raises(Conflict, match="consent"):
        await extended(tx, once)
    twice = await extended(tx, once, consented=True)
    assert (twice.due_at, twice.extensions, twice.due_rule["extensions"]) == (seoul(10, 12, 16), 2, [3, 3])
    assert [event.kind for event in await events_of(tx, once.id)][-3:] == ["consented", "extended", "due"]
    with pytest.raises(Conflict, match="no more"):
        await extended(tx, twice, consented=True)


async def test_the_citizen_is_asked_and_his_yes_extends(tx: AsyncConnection) -> None:
    once = await extended(tx, await new_case(tx))
    assert once.conversation_id is not None
    asked = await ask_consent(tx, once.id, AGENT, NOW, expected_version=once.version, reason=REASON, amount=2)
    assert (asked.due_at, await asked_of(tx, once.id)) == (once.due_at, Asked(2, REASON, NOW))
    twice = await answer_consent(tx, once.id, once.conversation_id, NOW + HOUR, agreed=True)
    assert (twice.due_at, twice.due_rule["extensions"]) == (seoul(10, 8, 16), [3, 2])
    said = {event.kind: (event.actor_kind, event.text) for event in await events_of(tx, once.id)}
    assert (said["consented"][0], said["extended"]) == ("citizen", ("system", REASON))
    with pytest.raises(Conflict, match="asked"):
        await answer_consent(tx, once.id, once.conversation_id, NOW + HOUR, agreed=True)


async def test_his_no_leaves_the_date_and_is_kept(tx: AsyncConnection) -> None:
    once = await extended(tx, await new_case(tx))
    assert once.conversation_id is not None
    await ask_consent(tx, once.id, AGENT, NOW, expected_version=once.version, reason=REASON)
    same = await answer_consent(tx, once.id, once.conversation_id, NOW + HOUR, agreed=False)
    assert (same.due_at, same.extensions, await asked_of(tx, once.id)) == (once.due_at, 1, None)
    last = (await events_of(tx, once.id))[-1]
    assert (last.kind, last.to_value, last.actor_kind) == ("consented", "no", "citizen")


async def test_nobody_consents_for_another_and_nobody_asks_too_early(tx: AsyncConnection) -> None:
    case = await new_case(tx)
    with pytest.raises(Conflict, match="No consent"):
        await ask_consent(tx, case.id, AGENT, NOW, expected_version=1, reason=REASON)
    once = await extended(tx, case)
    await ask_consent(tx, case.id, AGENT, NOW, expected_version=once.version, reason=REASON)
    with pytest.raises(NotFound):
        await answer_consent(tx, case.id, await conversation(tx), NOW, agreed=True)


async def test_a_yes_that_comes_too_late_extends_nothing(tx: AsyncConnection) -> None:
    once = await extended(tx, await new_case(tx))
    assert once.conversation_id is not None
    await ask_consent(tx, once.id, AGENT, NOW, expected_version=once.version, reason=REASON)
    with pytest.raises(Conflict, match="over"):
        await answer_consent(tx, once.id, once.conversation_id, once.due_at + HOUR, agreed=True)


async def test_a_later_pause_keeps_the_extension(tx: AsyncConnection) -> None:
    longer = await extended(tx, await new_case(tx), amount=1)
    asked = await change.change_status(
        tx, longer.id, Status.WAITING_CITIZEN, AGENT, seoul(9, 28, 10), expected_version=2, text="사진이 필요합니다."
    )
    back = await change.change_status(
        tx, longer.id, Status.IN_PROGRESS, AGENT, seoul(9, 28, 12), expected_version=asked.version
    )
    assert (back.due_at, back.due_rule["extensions"]) == (seoul(10, 1, 18), [1])


async def test_a_warned_officer_is_warned_of_the_new_date(tx: AsyncConnection) -> None:
    case = await new_case(tx)
    await tx.execute(update(cases).where(cases.c.id == case.id).values(warn_level=1, warn_at=NOW, progress_at=NOW))
    longer = await extended(tx, case)
    assert (longer.warn_level, longer.warn_at, longer.progress_at) == (0, None, None)


async def test_a_rule_of_before_extensions_is_still_read(tx: AsyncConnection) -> None:
    """Cases filed by an older version have no `from`, `extensions` and `certainty` in their rule."""
    case = await new_case(tx)
    old = {key: case.due_rule[key] for key in ("kind", "deadline", "article", "rule_ko", "skipped", "pauses")}
    await tx.execute(update(cases).where(cases.c.id == case.id).values(due_rule=old))
    assert (await extended(tx, case)).due_at == seoul(10, 6, 16)
