"""The table of changes: every jump that is not in it is refused, for everybody."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civic.cases.notices import kinds
from civic.cases.status import CHANGES, CLOSED, NAMES, OPEN, By, Status, check, choices
from core.errors import BadInput, Conflict, Forbidden

statuses = st.sampled_from(Status)
actors = st.sampled_from(get_args(By))
_WAY, _BODY = "60일 안에 이의신청", "한국도로공사 (1588-2504)"


@settings(deadline=None)
@given(statuses, statuses, actors, st.sampled_from(["", " \n", "답변드립니다."]))
def test_only_what_the_table_has_is_allowed(old: Status, new: Status, by: By, text: str) -> None:
    change = CHANGES[old].get(new)
    if change is None:
        with pytest.raises(Conflict):
            check(old, new, by, text)
    elif by not in change.by:
        with pytest.raises(Forbidden):
            check(old, new, by, text)
    elif change.needs_text and not text.strip():
        with pytest.raises(BadInput):
            check(old, new, by, text, appeal=_WAY, transferred_to=_BODY)
    else:
        assert check(old, new, by, text, appeal=_WAY, transferred_to=_BODY) is change
        assert new in choices(old, by)


@settings(deadline=None)
@given(st.lists(st.tuples(statuses, actors), max_size=12))
def test_no_walk_leaves_a_withdrawn_case_or_closes_without_a_text(steps: list[tuple[Status, By]]) -> None:
    at = Status.RECEIVED
    for to, by in steps:
        try:
            change = check(at, to, by, "")
        except (Conflict, Forbidden, BadInput):
            continue
        assert at is not Status.WITHDRAWN
        assert not (to in CLOSED and to is not Status.WITHDRAWN)
        assert not change.needs_text
        at = to


def test_every_status_has_names_a_row_and_a_notice_in_both_languages() -> None:
    assert set(NAMES) == set(CHANGES) == set(Status)
    assert kinds("ko") == kinds("en") > {status.value for status in Status} | {"department"}


def test_only_the_citizen_withdraws_and_only_open_cases() -> None:
    for old in Status:
        change = CHANGES[old].get(Status.WITHDRAWN)
        assert (change is not None) == (old in OPEN)
        assert change is None or change.by == {"citizen"}


def test_every_closing_word_of_staff_needs_a_text() -> None:
    for row in CHANGES.values():
        for new, change in row.items():
            if new in CLOSED and new is not Status.WITHDRAWN:
                assert change.needs_text


@pytest.mark.parametrize("old", sorted(OPEN))
@pytest.mark.parametrize("blank", ["", " \n"])
def test_a_refusal_needs_the_way_to_object_and_a_transfer_the_body(old: Status, blank: str) -> None:
    with pytest.raises(BadInput, match="appeal"):
        check(old, Status.REFUSED, "agent", "기준에 맞지 않습니다.", appeal=blank)
    with pytest.raises(BadInput, match="transferred_to"):
        check(old, Status.TRANSFERRED, "agent", "고속도로입니다.", transferred_to=blank)
    check(old, Status.REFUSED, "agent", "기준에 맞지 않습니다.", appeal=_WAY)
    check(old, Status.TRANSFERRED, "agent", "고속도로입니다.", transferred_to=_BODY)
