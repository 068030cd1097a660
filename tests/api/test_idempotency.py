"""One key, one change: repeats, other bodies, two at once, a crash on either side of the commit, secrets, the purge."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from civic.cases.tables import case_events
from civic.idempotency.keys import CLAIM, Asked, claim, mark, purge, settle
from civic.idempotency.service import Answer
from civic.idempotency.tables import idempotency_keys
from core.errors import BadInput, Conflict
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.api.opened import kinds, opened
from tests.civic.cases.rows import CITY, NOW


def keyed(key: str, version: int = 1) -> dict[str, str]:
    return {"Idempotency-Key": key, "If-Match": f'"{version}"'}


async def rows(house: SmallHouse) -> list[Any]:
    async with house.db.transaction() as tx:
        return list((await tx.execute(select(idempotency_keys).order_by(idempotency_keys.c.id))).all())


async def test_a_repeat_gets_the_first_answer_and_changes_nothing(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    path, body = f"/api/v1/cases/{case.receipt_no}", {"status": "in_progress"}
    first = await agent.patch(path, json=body, headers=keyed("one"))
    again = await agent.patch(path, json=body, headers=keyed("one"))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert again.headers["etag"] == first.headers["etag"] == '"2"'
    assert (await kinds(house, case.id)).count("status") == 1


async def test_a_note_is_written_once_however_often_it_is_sent(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    for _ in range(3):
        answer = await agent.post(f"/api/v1/cases/{case.id}/notes", json={"text": "현장 확인"}, headers=keyed("note"))
        assert answer.status_code == 201
    assert await kinds(house, case.id) == ["opened", "internal_note"]


async def test_a_key_used_for_another_request_is_refused(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    path = f"/api/v1/cases/{case.id}/notes"
    assert (await agent.post(path, json={"text": "하나"}, headers=keyed("used"))).status_code == 201
    other = await agent.post(path, json={"text": "둘"}, headers=keyed("used"))
    assert other.status_code == 422
    assert other.json()["detail_en"].startswith("This Idempotency-Key was used for another request")
    assert await kinds(house, case.id) == ["opened", "internal_note"]


async def test_two_members_may_use_one_key(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    async with house.client("manager") as manager:
        for client in (agent, manager):
            answer = await client.post(f"/api/v1/cases/{case.id}/notes", json={"text": "메모"}, headers=keyed("ours"))
            assert answer.status_code == 201
    assert (await kinds(house, case.id)).count("internal_note") == 2


async def test_ten_at_once_change_once(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    asked = (
        agent.post(f"/api/v1/cases/{case.id}/notes", json={"text": "한 번"}, headers=keyed("race")) for _ in range(10)
    )
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert any(answer.status_code == 201 for answer in answers)
    assert (await kinds(house, case.id)).count("internal_note") == 1


async def test_what_is_under_way_elsewhere_is_a_conflict(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    path, sent = f"/api/v1/cases/{case.id}/notes", b'{"text":"x"}'
    asked = Asked(CITY, house.members["agent"].id, "busy", f"POST {path}", sent)
    async with house.db.transaction() as tx:
        await claim(tx, asked, house.clock.now(), may_resume=False)
    headers = {**keyed("busy"), "Content-Type": "application/json"}
    busy = await agent.post(path, content=sent, headers=headers)
    assert (busy.status_code, busy.json()["type"]) == (409, "/problems/conflict")
    assert await kinds(house, case.id) == ["opened"]


async def test_a_refusal_that_changed_nothing_frees_the_key(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    path = f"/api/v1/cases/{case.receipt_no}"
    stale = await agent.patch(path, json={"status": "in_progress"}, headers=keyed("free", 7))
    right = await agent.patch(path, json={"status": "in_progress"}, headers=keyed("free", 1))
    assert (stale.status_code, right.status_code) == (412, 200)


async def test_a_crash_after_the_commit_leads_to_no_second_change(
    house: SmallHouse, agent: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between the change and its answer: the change knows its key, so the repeat is refused."""
    case = await opened(house)
    path, body = f"/api/v1/cases/{case.id}/notes", {"text": "한 번만"}
    with monkeypatch.context() as patched:
        patched.setattr("api.idempotency.settle", _dies)
        patched.setattr("api.idempotency.release", _dies)
        with pytest.raises(_Died):
            await agent.post(path, json=body, headers=keyed("crash"))
    assert (await agent.post(path, json=body, headers=keyed("crash"))).status_code == 409
    house.clock.move(CLAIM)
    try:
        lost = await agent.post(path, json=body, headers=keyed("crash"))
    finally:
        house.clock.move(-CLAIM)
    assert lost.json()["detail_en"].startswith("This request was carried out, but its answer was lost")
    assert await kinds(house, case.id) == ["opened", "internal_note"]


async def test_a_crash_before_the_commit_is_made_good_by_the_repeat(
    house: SmallHouse, agent: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await opened(house)
    path, body = f"/api/v1/cases/{case.id}/notes", {"text": "다시"}
    with monkeypatch.context() as patched:
        patched.setattr("civic.cases.change.add_note", _dies)
        patched.setattr("api.idempotency.settle", _dies)
        patched.setattr("api.idempotency.release", _dies)
        with pytest.raises(_Died):
            await agent.post(path, json=body, headers=keyed("before"))
    house.clock.move(CLAIM)
    try:
        again = await agent.post(path, json=body, headers=keyed("before"))
    finally:
        house.clock.move(-CLAIM)
    assert again.status_code == 201
    assert await kinds(house, case.id) == ["opened", "internal_note"]


async def test_a_secret_is_not_kept(house: SmallHouse) -> None:
    body = {"login": "new.one", "name": "새사람", "role": "agent", "password": "북소리-북소리-2026-11"}
    async with house.client("admin") as admin:
        first = await admin.post("/api/v1/staff", json=body, headers={"Idempotency-Key": "secret"})
        again = await admin.post("/api/v1/staff", json=body, headers={"Idempotency-Key": "secret"})
    assert (first.status_code, again.status_code) == (201, 409)
    assert again.headers["idempotent-replayed"] == "true"
    assert [row.body for row in await rows(house) if row.target == "POST /api/v1/staff"] == [None]
    assert body["password"] not in repr(await rows(house))


async def test_signing_in_never_meets_the_keys(house: SmallHouse) -> None:
    before = len(await rows(house))
    async with house.client("agent") as client:
        for _ in range(2):
            answer = await client.post(
                "/api/v1/session",
                json={"login": "nobody", "password": "wrong password"},
                headers={"Idempotency-Key": "session"},
            )
            assert answer.status_code == 401
    assert len(await rows(house)) == before


async def test_replies_keep_their_own_key(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    path, before = f"/api/v1/cases/{case.id}/replies", len(await rows(house))
    answers = [
        await agent.post(path, json={"text": "살펴보겠습니다."}, headers={"Idempotency-Key": "reply"}) for _ in range(2)
    ]
    assert [answer.json()["is_repeat"] for answer in answers] == [False, True]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert len(await rows(house)) == before


async def test_a_stranger_with_a_key_is_still_a_stranger(house: SmallHouse, stranger: httpx.AsyncClient) -> None:
    for headers in ({"Idempotency-Key": "x"}, {"Idempotency-Key": "x", "Authorization": "Bearer nobody"}):
        answer = await stranger.post(f"/api/v1/cases/{new_id()}/notes", json={"text": "x"}, headers=headers)
        assert answer.status_code == 401


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_has_1_to_200_characters(house: SmallHouse, agent: httpx.AsyncClient, key: str) -> None:
    case = await opened(house)
    answer = await agent.post(f"/api/v1/cases/{case.id}/notes", json={"text": "x"}, headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert await kinds(house, case.id) == ["opened"]


async def test_reading_only_marks_nothing(house: SmallHouse) -> None:
    async with house.db.transaction() as tx:
        made = await claim(tx, _asked("reading"), NOW, may_resume=False)
    assert not isinstance(made, Answer)
    async with house.db.transaction() as tx:
        await tx.execute(select(func.count()).select_from(case_events))
        await mark(tx, made, NOW)
    assert [row.changed_at for row in await rows(house) if row.id == made] == [None]


async def test_old_keys_are_forgotten_and_those_under_way_are_not(house: SmallHouse) -> None:
    done, busy = _asked("done"), _asked("under way")
    async with house.db.transaction() as tx:
        answered = await claim(tx, done, NOW, may_resume=False)
        waiting = await claim(tx, busy, NOW, may_resume=False)
        assert not isinstance(answered, Answer) and not isinstance(waiting, Answer)
        await settle(tx, answered, Answer(200, {}, b"{}"), NOW)
        await purge(tx, NOW + timedelta(seconds=1))
    left = {row.id for row in await rows(house)}
    assert answered not in left and waiting in left
    async with house.db.transaction() as tx:
        with pytest.raises(Conflict):
            await claim(tx, busy, NOW, may_resume=False)
        with pytest.raises(BadInput):
            await claim(tx, _asked("under way", body=b"other"), NOW, may_resume=False)


def _asked(key: str, body: bytes = b"{}") -> Asked:
    return Asked(CITY, _MEMBER["id"], key, "POST /api/v1/x", body)


_MEMBER: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _known(house: SmallHouse) -> None:
    _MEMBER["id"] = house.members["agent"].id


class _Died(BaseException):
    """What stops a process is no Exception that anybody could handle."""


async def _dies(*_: Any, **__: Mapping[str, Any]) -> None:
    raise _Died
