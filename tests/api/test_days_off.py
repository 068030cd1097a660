"""Days off and extensions over HTTP: who hears of it, what is refused, what is written down."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from civic.cases.case import OpenedCase
from civic.cases.clock.declare import declared
from civic.cases.open import open_case
from civic.conversations.tables import outbound
from civic.staff.tables import access_log, audit_log
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW, conversation, draft

DAY = "2026-09-28"
SAID = {"name": "임시공휴일", "source": "관보 제20000호"}


@pytest.fixture(autouse=True)
async def _undone(house: SmallHouse) -> Any:
    yield
    async with house.client("admin") as admin:
        await admin.delete(f"/api/v1/days-off/{DAY}")


async def filed(house: SmallHouse, lang: str = "ko") -> OpenedCase:
    async with house.db.transaction() as tx:
        return await open_case(tx, draft(await conversation(tx, lang=lang)), NOW)


async def told(house: SmallHouse, case: OpenedCase) -> list[str]:
    query = select(outbound.c.id, outbound.c.body).where(outbound.c.case_id == case.id).order_by(outbound.c.seq)
    async with house.db.transaction() as tx:
        return [row.body["text"] for row in await tx.execute(query)]


async def due_of(client: httpx.AsyncClient, case: OpenedCase) -> str:
    return str((await client.get(f"/api/v1/cases/{case.receipt_no}")).json()["due_at"])


async def test_a_declared_day_moves_what_it_touches_and_a_withdrawn_one_moves_it_back(house: SmallHouse) -> None:
    case = await filed(house)
    async with house.client("admin") as admin, house.client("agent") as agent:
        answer = await admin.put(f"/api/v1/days-off/{DAY}", json=SAID)
        assert answer.status_code == 200
        body = answer.json()
        assert (body["day"], body["name"], body["source"], body["is_settled"]) == (DAY, *SAID.values(), False)
        assert (body["moved"] >= 1, body["is_done"]) == (True, True)
        assert await due_of(agent, case) == "2026-10-01T07:00:00Z"
        shown = (await agent.get("/api/v1/days-off")).json()
        assert [(one["day"], one["declared_by"]) for one in shown["items"]] == [(DAY, str(house.members["admin"].id))]
        assert shown["configured"] == []
        assert (await admin.delete(f"/api/v1/days-off/{DAY}")).status_code == 204
        assert await due_of(agent, case) == "2026-09-30T07:00:00Z"
        assert (await admin.delete(f"/api/v1/days-off/{DAY}")).status_code == 404
    assert len(await told(house, case)) == 2
    async with house.db.transaction() as tx:
        rows = select(audit_log.c.action).where(audit_log.c.object_id == DAY).order_by(audit_log.c.id)
        assert list((await tx.execute(rows)).scalars())[:2] == ["day_off.declared", "day_off.withdrawn"]


async def test_saying_it_twice_is_harmless(house: SmallHouse) -> None:
    case = await filed(house)
    async with house.client("admin") as admin:
        first = (await admin.put(f"/api/v1/days-off/{DAY}", json=SAID)).json()
        second = (await admin.put(f"/api/v1/days-off/{DAY}", json=SAID)).json()
    assert (second["moved"], second["declared_at"]) == (0, first["declared_at"])
    assert len(await told(house, case)) == 1


@pytest.mark.parametrize(
    ("day", "body", "status"),
    [
        ("2026-09-25", SAID, 422),  # 추석 is off anyway
        ("2026-09-27", SAID, 422),
        ("1999-01-04", SAID, 422),
        ("9999-12-31", SAID, 422),
        ("tomorrow", SAID, 422),
        (DAY, {"name": "임시공휴일"}, 422),
        (DAY, {**SAID, "name": "  "}, 422),
        (DAY, {**SAID, "name": "a\x00b"}, 422),
        (DAY, {**SAID, "day": DAY}, 422),
    ],
)
async def test_what_means_nothing_is_refused(house: SmallHouse, day: str, body: dict[str, str], status: int) -> None:
    async with house.client("admin") as admin:
        assert (await admin.put(f"/api/v1/days-off/{day}", json=body)).status_code == status
    async with house.db.transaction() as tx:
        assert await declared(tx, CITY) == []


async def test_only_who_may_declares(house: SmallHouse) -> None:
    for role in ("agent", "manager", "auditor"):
        async with house.client(role) as client:
            assert (await client.put(f"/api/v1/days-off/{DAY}", json=SAID)).status_code == 403


async def extend(client: httpx.AsyncClient, case: OpenedCase, version: int = 1, /, **body: object) -> httpx.Response:
    given = {"reason": "현장 조사를 더 해야 합니다.", **body}
    headers = {"If-Match": f'"{version}"'}
    return await client.post(f"/api/v1/cases/{case.receipt_no}/extension", json=given, headers=headers)


async def test_an_extension_tells_the_citizen_why_and_until_when(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await filed(house)
    answer = await extend(agent, case)
    assert (answer.status_code, answer.headers["etag"], answer.json()["due_at"]) == (200, '"2"', "2026-10-06T07:00:00Z")
    said = (await told(house, case))[-1]
    assert "현장 조사를 더 해야 합니다." in said
    assert "2026년 10월 6일(화) 16:00" in said
    async with house.db.transaction() as tx:
        looked = select(access_log.c.action).where(access_log.c.subject_id == case.receipt_no)
        assert list((await tx.execute(looked)).scalars()) == ["case.extend"]


async def test_a_second_one_asks_him_first(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await filed(house, lang="en")
    assert (await extend(agent, case, ask=True)).status_code == 409  # the first needs no consent
    assert (await extend(agent, case, amount=1)).status_code == 200
    refused = await extend(agent, case, 2)
    assert (refused.status_code, refused.json()["detail_en"]) == (
        409,
        "A further extension needs the citizen's consent.",
    )
    asked = await extend(agent, case, 2, ask=True, amount=2)
    assert (asked.status_code, asked.json()["due_at"]) == (200, "2026-10-01T07:00:00Z")
    assert "we need your consent" in (await told(house, case))[-1]
    agreed = await extend(agent, case, 3, consented=True, amount=2)
    assert (agreed.status_code, agreed.json()["due_at"]) == (200, "2026-10-06T07:00:00Z")
    assert (await extend(agent, case, 4, consented=True)).status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [({"amount": 4}, 422), ({"amount": 0}, 422), ({"reason": " "}, 422), ({"by": 3}, 422), ({"amount": "x"}, 422)],
)
async def test_an_extension_that_cannot_be_is_refused(
    house: SmallHouse, agent: httpx.AsyncClient, body: dict[str, object], status: int
) -> None:
    case = await filed(house)
    assert (await extend(agent, case, **body)).status_code == status
    assert await told(house, case) == []


async def test_an_extension_needs_the_version_that_was_read(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await filed(house)
    assert (await extend(agent, case, 7)).status_code == 412
    bare = await agent.post(f"/api/v1/cases/{case.receipt_no}/extension", json={"reason": "조사"})
    assert bare.status_code == 428


async def test_an_expired_period_is_not_extended(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await filed(house)
    house.clock.move(datetime(2026, 9, 30, 7, 0, 1, tzinfo=UTC) - NOW)
    try:
        assert (await extend(agent, case)).json()["detail_en"].startswith("The period is over")
    finally:
        house.clock.move(NOW - house.clock.now())
