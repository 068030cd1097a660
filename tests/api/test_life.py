"""The life of one case over HTTP: what stands still, what must be said, what is measured, who hears of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from civic.cases.case import OpenedCase
from civic.cases.find import read_case
from civic.cases.tables import case_events, cases
from civic.staff.tables import staff_notices
from core.clock import SEOUL
from core.settings import read
from tests.api.house import SmallHouse
from tests.api.opened import opened, told
from tests.civic.cases.rows import CITY, NOW

MONDAY = datetime(2026, 9, 28, 10, tzinfo=SEOUL).astimezone(UTC)


@pytest.fixture(autouse=True)
def the_clock_stands_at_receipt(house: SmallHouse) -> None:
    house.clock.move(NOW - house.clock.now())


@pytest.fixture
async def manager(house: SmallHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client("manager") as client:
        yield client


async def patch(client: httpx.AsyncClient, case: OpenedCase, version: int, /, **body: Any) -> httpx.Response:
    return await client.patch(f"/api/v1/cases/{case.receipt_no}", json=body, headers={"If-Match": f'"{version}"'})


async def events(house: SmallHouse, case_id: UUID, kind: str) -> list[Any]:
    async with house.db.transaction() as tx:
        wanted = (case_events.c.case_id == case_id, case_events.c.kind == kind)
        return list((await tx.execute(select(case_events).where(*wanted).order_by(case_events.c.seq))).all())


async def alerted(house: SmallHouse, case_id: UUID) -> list[Any]:
    async with house.db.transaction() as tx:
        wanted = select(staff_notices).where(staff_notices.c.case_id == case_id).order_by(staff_notices.c.id)
        return list((await tx.execute(wanted)).all())


async def answered(house: SmallHouse, agent: httpx.AsyncClient) -> OpenedCase:
    case = await opened(house)
    assert (await patch(agent, case, 1, status="answered", text="전구를 바꾸었습니다.")).status_code == 200
    return case


async def rated(house: SmallHouse, case: OpenedCase, rating: int, text: str) -> Any:
    async with house.db.transaction() as tx:
        thread = (await read_case(tx, CITY, case.id)).conversation_id
        assert thread is not None
        return await house.cases.rate(tx, case.id, thread, rating, text, house.clock.now())


# -- the clock stands ------------------------------------------------------------------------------------------------


async def test_the_clock_stands_while_the_citizen_is_asked(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    assert case.due_at == datetime(2026, 9, 30, 7, tzinfo=UTC)
    house.clock.move(MONDAY - NOW)
    asked = await patch(agent, case, 1, status="waiting_citizen", text="몇 번째 가로등인가요?")
    assert asked.status_code == 200
    house.clock.move(timedelta(days=30))
    waiting = (await agent.get(f"/api/v1/cases/{case.id}")).json()
    assert (waiting["is_overdue"], waiting["status"]) == (False, "waiting_citizen")
    house.clock.move(MONDAY + timedelta(hours=2) - house.clock.now())
    waiting = (await agent.get(f"/api/v1/cases/{case.id}")).json()
    assert (waiting["due_at"], waiting["due_if_answered_at"]) == ("2026-09-30T07:00:00Z", "2026-09-30T09:00:00Z")
    resumed = (await patch(agent, case, 2, status="in_progress")).json()
    assert resumed["due_at"] == "2026-09-30T09:00:00Z"
    async with house.db.transaction() as tx:
        after = await read_case(tx, CITY, case.id)
    assert (after.paused_at, after.status) == (None, "in_progress")
    house.clock.move(timedelta(days=5))
    assert (await agent.get(f"/api/v1/cases/{case.id}")).json()["is_overdue"] is True


async def test_a_case_that_was_late_before_it_was_asked_stays_late(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    house.clock.move(timedelta(days=20))
    assert (await patch(agent, case, 1, status="waiting_citizen", text="사진이 있나요?")).json()["is_overdue"] is True


async def test_leaving_the_wait_for_another_open_state_counts_again_too(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    case = await opened(house)
    house.clock.move(MONDAY - NOW)
    await patch(agent, case, 1, status="waiting_citizen", text="몇 번째인가요?")
    house.clock.move(timedelta(hours=2))
    assert (await patch(agent, case, 2, status="assigned")).json()["due_at"] == "2026-09-30T09:00:00Z"


async def test_the_citizens_answer_goes_to_the_officer_and_the_clock_runs_on(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    case = await opened(house)
    mine = str(house.members["colleague"].id)
    await patch(agent, case, 1, staff_id=mine)
    await patch(agent, case, 2, status="waiting_citizen", text="몇 번째인가요?")
    async with house.db.transaction() as tx:
        thread = (await read_case(tx, CITY, case.id)).conversation_id
        assert thread is not None
        after = await house.cases.add_note(tx, case.id, thread, "세 번째 가로등이에요", NOW + timedelta(hours=1))
    assert (after.status, after.paused_at) == ("in_progress", None)
    (notice,) = await alerted(house, case.id)
    assert (notice.kind, str(notice.staff_id)) == ("case.supplied", mine)
    assert case.receipt_no in notice.text_ko and "세 번째" not in notice.text_ko + notice.text_en


# -- what closing needs ----------------------------------------------------------------------------------------------


async def test_a_refusal_carries_reason_and_way_to_object(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    assert (await patch(agent, case, 1, status="refused")).status_code == 422
    assert (await patch(agent, case, 1, status="refused", text="버스 길입니다.", appeal=" ")).status_code == 422
    assert (await patch(agent, case, 1, status="refused", text="버스 길입니다.")).status_code == 200
    said = (await told(house, case.id))[-1].body
    assert [word in said["text"] for word in ("버스 길입니다.", "60일", "이의신청", "행정심판")] == [True] * 4
    assert [one["payload"].rsplit(":", 1)[0] for one in said["buttons"]] == [
        *(f"do:complaint_rate:{points}" for points in (5, 4, 3, 2, 1)),
        "do:complaint_reopen",
    ]


async def test_an_own_way_to_object_is_told_instead(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house, lang="en")
    way = "Write to the parking board within 30 days."
    assert (await patch(agent, case, 1, status="refused", text="A bus lane.", appeal=way)).status_code == 200
    text = (await told(house, case.id))[-1].body["text"]
    assert way in text and "60 days" not in text


async def test_a_city_without_a_text_refuses_a_refusal_that_names_no_way(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    case, before = await opened(house), house.settings
    house.settings = before.model_copy(update={"cases": before.cases.model_copy(update={"appeals": []})})
    try:
        answer = await patch(agent, case, 1, status="refused", text="버스 길입니다.")
    finally:
        house.settings = before
    assert (answer.status_code, "appeal" in answer.json()["detail_en"]) == (422, True)
    assert await told(house, case.id) == []


@pytest.mark.parametrize(
    "body",
    [
        {"status": "transferred", "text": "고속도로입니다."},
        {"status": "transferred", "text": "고속도로입니다.", "transferred_to": "한국도로공사"},
        {"status": "transferred", "text": "고속도로입니다.", "transferred_to": " ", "transferred_contact": "1588-2504"},
        {"status": "answered", "text": "끝", "transferred_to": "한국도로공사", "transferred_contact": "1588-2504"},
        {"status": "answered", "text": "끝", "appeal": "60일"},
        {"track": "instant"},
        {"track_reason": "왜"},
        {"track": "soon", "track_reason": "왜"},
    ],
)
async def test_half_a_change_is_refused(house: SmallHouse, agent: httpx.AsyncClient, body: dict[str, str]) -> None:
    case = await opened(house)
    assert (await patch(agent, case, 1, **body)).status_code == 422


# -- passing on ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "inside", "outside"), [(0, "on_time", "on_time"), (5, "late", "on_time"), (8, "late", "late")]
)
async def test_passing_on_is_measured_and_number_and_history_stay(
    house: SmallHouse, agent: httpx.AsyncClient, days: int, inside: str, outside: str
) -> None:
    """Received on Wednesday 16:00 before the holidays: 3 working hours end on Monday 10:00, 8 at 16:00."""
    moved, gone = await opened(house), await opened(house)
    house.clock.move({0: NOW, 5: MONDAY + timedelta(hours=1), 8: MONDAY + timedelta(days=3)}[days] - NOW)
    first = (await patch(agent, moved, 1, department_id="parks")).json()
    body = {"transferred_to": "한국도로공사", "transferred_contact": "1588-2504"}
    second = (await patch(agent, gone, 1, status="transferred", text="고속도로 구간입니다.", **body)).json()
    assert (first["receipt_no"], second["receipt_no"]) == (moved.receipt_no, gone.receipt_no)
    (to_parks,) = await events(house, moved.id, "transferred")
    (to_body,) = await events(house, gone.id, "transferred")
    assert (to_parks.to_value, to_body.to_value) == (inside, outside)
    assert datetime.fromisoformat(to_parks.from_value) == datetime(2026, 9, 28, 1, tzinfo=UTC)
    assert datetime.fromisoformat(to_body.from_value) == datetime(2026, 9, 28, 7, tzinfo=UTC)
    assert "시행령 제13조" in to_parks.text and to_parks.is_public is False
    said = (await told(house, gone.id))[-1].body["text"]
    assert "한국도로공사 (1588-2504)" in said and gone.receipt_no in said


async def test_a_track_is_moved_with_its_reason_and_the_clock_is_kept(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    case = await opened(house)
    async with house.db.transaction() as tx:
        before = await read_case(tx, CITY, case.id)
    other = "long" if before.track == "instant" else "instant"
    answer = await patch(agent, case, 1, track=other, track_reason="현장에 가지 않고 답할 수 있습니다.")
    assert answer.status_code == 200
    assert datetime.fromisoformat(answer.json()["due_at"]) == before.due_at
    (event,) = await events(house, case.id, "track")
    assert (event.from_value, event.to_value, event.is_public) == (before.track, other, True)
    assert answer.json()["notice_ids"] == [str((await told(house, case.id))[-1].id)]


# -- opening again ---------------------------------------------------------------------------------------------------


async def test_a_manager_opens_again_any_time_and_a_new_period_starts(
    house: SmallHouse, agent: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    case = await answered(house, agent)
    later = datetime(2026, 11, 2, 10, tzinfo=SEOUL)
    house.clock.move(later - NOW)
    assert (await patch(agent, case, 2, status="reopened", text="다시 봅니다.")).status_code == 403
    assert (await patch(manager, case, 2, status="reopened")).status_code == 422
    again = (await patch(manager, case, 2, status="reopened", text="현장을 다시 봅니다.")).json()
    assert again["due_at"] == "2026-11-05T01:00:00Z"  # three days of working hours from the reopening
    async with house.db.transaction() as tx:
        after = await read_case(tx, CITY, case.id)
    assert (after.reopenings, after.closed_at, after.answer, after.extensions) == (1, None, None, 0)
    assert after.due_rule["again_article"].startswith("민원 처리에 관한 법률 제9조")


async def test_an_objection_to_a_refusal_has_the_ten_days_of_its_article(
    house: SmallHouse, agent: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    case = await opened(house)
    await patch(agent, case, 1, status="refused", text="버스 길입니다.")
    house.clock.move(datetime(2026, 11, 2, 10, tzinfo=SEOUL) - NOW)
    again = (await patch(manager, case, 2, status="reopened", text="이의를 받았습니다.")).json()
    assert again["due_at"] == "2026-11-13T14:59:59Z"
    async with house.db.transaction() as tx:
        assert (await read_case(tx, CITY, case.id)).due_rule["again_article"] == "민원 처리에 관한 법률 제35조제2항"


async def test_a_pause_after_reopening_counts_from_the_reopening(
    house: SmallHouse, agent: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    case = await answered(house, agent)
    house.clock.move(datetime(2026, 11, 2, 10, tzinfo=SEOUL) - NOW)
    await patch(manager, case, 2, status="reopened", text="다시 봅니다.")
    await patch(agent, case, 3, status="waiting_citizen", text="지금도 꺼져 있나요?")
    house.clock.move(timedelta(hours=2))
    assert (await patch(agent, case, 4, status="in_progress")).json()["due_at"] == "2026-11-05T03:00:00Z"


async def test_the_citizen_opens_again_within_the_citys_days_and_no_longer(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    days = house.cases.rules.reopen_days
    for late in (False, True):
        case = await answered(house, agent)
        at = NOW + timedelta(days=days, seconds=1 if late else 0)
        async with house.db.transaction() as tx:
            before = await read_case(tx, CITY, case.id)
            assert before.conversation_id is not None
            assert house.cases.may_reopen(before, at) is not late
            if late:
                with pytest.raises(Exception, match="10일"):
                    await house.cases.reopen(tx, case.id, before.conversation_id, "그대로예요", at)
            else:
                after = await house.cases.reopen(tx, case.id, before.conversation_id, "그대로예요", at)
                assert (after.status, after.reopenings) == ("reopened", 1)
        kinds = [notice.kind for notice in await alerted(house, case.id)]
        assert kinds == ([] if late else ["case.reopened"])


async def test_of_two_reopenings_at_once_one_counts(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await answered(house, agent)

    async def again() -> str:
        async with house.db.transaction() as tx:
            thread = (await read_case(tx, CITY, case.id)).conversation_id
            assert thread is not None
            return (await house.cases.reopen(tx, case.id, thread, "그대로예요", house.clock.now())).status.value

    done = await asyncio.gather(again(), again(), again(), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Conflict", "Conflict", "str"]
    async with house.db.transaction() as tx:
        assert (await read_case(tx, CITY, case.id)).reopenings == 1


# -- rating and review -----------------------------------------------------------------------------------------------


async def test_a_low_rating_with_a_reason_waits_for_the_team_head(
    house: SmallHouse, agent: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    case = await answered(house, agent)
    assert (await rated(house, case, 2, "")).review_at is None
    assert (await rated(house, case, 2, "물어본 것에 답이 없어요")).review_at == NOW
    (notice,) = await alerted(house, case.id)
    assert (notice.kind, notice.role, notice.department_id) == ("case.low_rating", "manager", "road")
    assert "답이 없어요" not in notice.text_ko
    listed = (await manager.get("/api/v1/reviews")).json()["items"]
    item = next(one for one in listed if one["receipt_no"] == case.receipt_no)
    assert (item["rating"], item["rating_text"]) == (2, "물어본 것에 답이 없어요")
    path = f"/api/v1/cases/{case.receipt_no}/review"
    body = {"conclusion": "빠진 답을 보내 드리겠습니다."}
    assert (await manager.post(path, json=body)).status_code == 428
    assert (await manager.post(path, json=body, headers={"If-Match": '"1"'})).status_code == 412
    done = await manager.post(path, json=body, headers={"If-Match": f'"{item["version"]}"'})
    assert done.status_code == 200
    assert body["conclusion"] in (await told(house, case.id))[-1].body["text"]
    listed = (await manager.get("/api/v1/reviews")).json()["items"]
    assert case.receipt_no not in [one["receipt_no"] for one in listed]
    with pytest.raises(Exception, match="이미 살펴본"):
        await rated(house, case, 5, "")


async def test_a_rating_can_be_changed_until_it_is_reviewed(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await answered(house, agent)
    await rated(house, case, 1, "엉망이에요")
    better = await rated(house, case, 5, "")
    assert (better.rating, better.review_at) == (5, None)
    moves = [(event.from_value, event.to_value) for event in await events(house, case.id, "rated")]
    assert moves == [(None, "1"), ("1", "5")]


async def test_each_end_of_a_case_is_rated_anew(
    house: SmallHouse, agent: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    case = await answered(house, agent)
    version = (await rated(house, case, 1, "그대로예요")).version
    house.clock.move(timedelta(hours=1))
    headers = {"If-Match": f'"{version}"'}
    body = {"conclusion": "다시 보겠습니다.", "reopen": True}
    again = await manager.post(f"/api/v1/cases/{case.receipt_no}/review", json=body, headers=headers)
    assert again.json()["status"] == "reopened"
    with pytest.raises(Exception, match="답변을 받으신"):
        await rated(house, case, 5, "")
    house.clock.move(timedelta(hours=1))
    await patch(agent, case, again.json()["version"], status="answered", text="이제 고쳤습니다.")
    assert (await rated(house, case, 5, "")).rating == 5


@pytest.mark.parametrize("rating", [0, 6, -1])
async def test_a_rating_is_one_to_five(house: SmallHouse, agent: httpx.AsyncClient, rating: int) -> None:
    case = await answered(house, agent)
    with pytest.raises(Exception, match="1점에서 5점"):
        await rated(house, case, rating, "")


async def test_only_an_answered_case_is_rated_and_only_by_its_citizen(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    with pytest.raises(Exception, match="답변을 받으신"):
        await rated(house, await opened(house), 5, "")
    mine, other = await answered(house, agent), await answered(house, agent)
    async with house.db.transaction() as tx:
        stranger = (await read_case(tx, CITY, other.id)).conversation_id
        assert stranger is not None
        with pytest.raises(Exception, match="찾을 수 없습니다"):
            await house.cases.rate(tx, mine.id, stranger, 5, "", NOW)


def test_the_citys_way_to_object_is_dated_and_names_its_articles() -> None:
    (appeal,) = read().cases.appeals
    assert "제35조" in appeal.source and "행정심판법" in appeal.source
    assert ("60일" in appeal.ko, "60 days" in appeal.en) == (True, True)


async def test_a_closed_case_waits_for_no_word_and_no_warning(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await answered(house, agent)
    async with house.db.transaction() as tx:
        row = (await tx.execute(select(cases).where(cases.c.id == case.id))).one()
    assert (row.warn_at, row.paused_at) == (None, None)
