"""No jump that the tables of states do not have: not by the code, and not by the store."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from civic.arrears.seizure import states
from civic.arrears.seizure.paths import PATH, STAGE_FOLLOWS, STAGES, may_go, stage_of
from civic.arrears.seizure.states import BATCH_FOLLOWS, BATCH_NAMES, ENDED, FOLLOWS, NAMES, Step
from core.errors import Conflict
from tests.civic.arrears.seizure.town import Town

TABLES = ((FOLLOWS, NAMES), (BATCH_FOLLOWS, BATCH_NAMES))


@pytest.mark.parametrize(("follows", "names"), TABLES, ids=["seizure", "batch"])
def test_every_state_has_its_followers_and_its_name(
    follows: dict[str, frozenset[str]], names: dict[str, object]
) -> None:
    assert set(follows) == set(names) and {to for after in follows.values() for to in after} <= set(follows)


def test_every_state_that_is_reached_is_named_in_a_timeline() -> None:
    """A batch begins as a draft and a seizure as a plan: nothing leads there."""
    for follows, is_batch in ((FOLLOWS, False), (BATCH_FOLLOWS, True)):
        for state in {to for after in follows.values() for to in after}:
            assert (f"batch_{state}" if is_batch else state) in PATH
    assert (stage_of("refused", is_batch=True).ko, stage_of("refused", is_batch=False).ko) == ("반려", "은행 거부")


@given(st.sampled_from(sorted(FOLLOWS)), st.sampled_from(sorted(FOLLOWS)))
def test_a_jump_that_is_not_in_the_table_is_refused(was: str, to: str) -> None:
    if to in FOLLOWS[was]:
        states.must_follow(FOLLOWS, NAMES, was, to)
        return
    with pytest.raises(Conflict):
        states.must_follow(FOLLOWS, NAMES, was, to)


def test_nothing_is_collected_that_was_never_held_and_nothing_seized_without_approval() -> None:
    assert {was for was, after in FOLLOWS.items() if "collecting" in after} == {"held"}
    assert {was for was, after in FOLLOWS.items() if "sent" in after} == {"approved"}
    assert {was for was, after in FOLLOWS.items() if "held" in after} <= {
        "sent", "joined", "easing", "collecting", "collected", "releasing",
    }  # fmt: skip
    assert {"released", "done", "dropped", "refused"} == ENDED


@given(st.lists(st.sampled_from(sorted(STAGES)), min_size=1, max_size=12))
def test_a_bill_is_seized_only_after_it_was_dunned_and_looked_up(wanted: list[str]) -> None:
    stage, seen = "notified", ["notified"]
    for to in wanted:
        if may_go(stage, to):
            stage = to
            seen.append(to)
    if "seized" in seen:
        before = seen[: seen.index("seized")]
        assert "dunned" in before and "looked" in before
    assert set(STAGE_FOLLOWS) == set(STAGES)


async def test_a_stale_row_writes_nothing(town: Town) -> None:
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    await town.approve(await town.planned(one))
    (seizure,) = await town.seizures(one)
    with pytest.raises(Conflict):
        async with town.db.transaction() as tx:
            stale = replace(seizure, version=seizure.version - 1)
            await states.move(tx, [Step(stale, "dropped", {"why": "withdrawn"})], town.clock.now())
    assert [each.state for each in await town.seizures(one)] == ["approved"]


@pytest.mark.parametrize(
    "change",
    [
        "asked_krw = planned_krw + 1",
        "held_krw = asked_krw + 1, state = 'held'",
        "state = 'sent', asked_krw = 10, held_krw = 10, collected_krw = 11",
        "state = 'done', asked_krw = 10, held_krw = 10, collected_krw = 9",
        "state = 'elsewhere'",
    ],
)
async def test_the_store_itself_refuses_sums_that_cannot_be(town: Town, change: str) -> None:
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    await town.planned(one)
    with pytest.raises(IntegrityError):
        async with town.db.transaction() as tx:
            await tx.execute(
                text(f"UPDATE arrears_seizures SET {change} WHERE debtor_id = :one"),
                {"one": one},
            )
