"""A person's rights: he is found by number or receipt, gets everything, and is forgotten unless a duty forbids it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update

from civic.cases.join import join
from civic.cases.open import open_case
from civic.cases.tables import case_events, cases
from civic.conversations import thread
from civic.people.service import name_citizen, record_consent
from civic.people.tables import citizens
from civic.staff.tables import access_log, audit_log
from core.ids import new_id
from core.settings import Duplicates
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW, conversation, draft, said

NEAR = Duplicates()
REASON = "열람 청구 2026-11호"


@pytest.fixture
async def admin(house: SmallHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client("admin") as client:
        yield client


async def person(house: SmallHouse, phone: str) -> dict[str, Any]:
    async with house.db.transaction() as tx:
        of = await conversation(tx)
        citizen = await name_citizen(tx, house.vault, of, CITY, "홍길동", phone, NOW)
        case = await open_case(tx, draft(of, citizen_id=citizen), NOW)
        await said(tx, of, "가로등이 꺼졌어요")
        await record_consent(
            tx, city_id=CITY, conversation_id=of, citizen_id=citizen, channel="web", purpose="complaint",
            is_given=True, wording="동의합니다", now=NOW,
        )  # fmt: skip
        number = await tx.scalar(select(cases.c.receipt_no).where(cases.c.id == case.id))
    return {"citizen": citizen, "conversation": of, "case": case.id, "number": number}


async def close(house: SmallHouse, case_id: UUID, *, days: int, hold: str | None = None) -> None:
    """Closed that many days ago."""
    at = house.clock.now() - timedelta(days=days)
    async with house.db.transaction() as tx:
        await tx.execute(
            update(cases).where(cases.c.id == case_id).values(closed_at=at, status="answered", hold_reason=hold)
        )


async def test_a_person_is_found_by_number_however_written_and_by_receipt(
    house: SmallHouse, admin: httpx.AsyncClient
) -> None:
    made = await person(house, "010-2323-0001")
    for wanted in ({"phone": "+82 10 2323 0001"}, {"phone": "01023230001"}, {"receipt_no": made["number"].lower()}):
        answer = await admin.post("/api/v1/subjects/find", json={**wanted, "reason": REASON})
        (found,) = answer.json()["items"]
        assert found["citizen_id"] == str(made["citizen"])
        assert (found["name"], found["phone"], found["cases"], found["channels"]) == (
            "홍길동", "010-****-0001", 1, ["web"]
        )  # fmt: skip
    nobody = await admin.post("/api/v1/subjects/find", json={"phone": "010-9999-9999", "reason": REASON})
    assert nobody.json() == {"items": []}
    async with house.db.transaction() as tx:
        looks = (await tx.execute(select(access_log).where(access_log.c.citizen_id == made["citizen"]))).all()
    assert [(look.action, look.why) for look in looks] == [("subject.found", REASON)] * 3
    assert all("2323" not in look.subject_id + look.reason for look in looks)


@pytest.mark.parametrize(
    "body",
    [{"phone": "010-1234-5678"}, {"reason": REASON}, {"phone": "12", "reason": REASON},
     {"phone": "010-1234-5678", "receipt_no": "GP-2026-000001", "reason": REASON}],
)  # fmt: skip
async def test_a_search_needs_a_reason_and_one_possible_mark(admin: httpx.AsyncClient, body: dict[str, str]) -> None:
    assert (await admin.post("/api/v1/subjects/find", json=body)).status_code == 422


async def test_he_gets_everything_that_is_kept_and_who_looked(house: SmallHouse, admin: httpx.AsyncClient) -> None:
    made, other = await person(house, "010-2323-0002"), await person(house, "010-2323-0012")
    async with house.db.transaction() as tx:
        await join(tx, other["case"], made["conversation"], NOW, text="저도 불편해요", near=NEAR)
    async with house.client("agent") as agent:
        await agent.get(f"/api/v1/cases/{made['number']}")
        await agent.post(
            f"/api/v1/cases/{made['number']}/notes", json={"text": "내부 메모"}, headers={"If-Match": '"1"'}
        )
    path = f"/api/v1/subjects/{made['citizen']}/export"
    assert (await admin.get(path)).status_code == 422
    found = (await admin.get(path, params={"reason": REASON})).json()
    assert (found["name"], found["phone"]) == ("홍길동", "010-2323-0002")
    (case,) = found["cases"]
    assert (case["receipt_no"], case["body"]) == (made["number"], "구래동 공원 앞 가로등이 사흘째 꺼져 있습니다.")
    assert [(one["receipt_no"], one["text"]) for one in found["joined"]] == [(other["number"], "저도 불편해요")]
    assert "내부 메모" not in str(found)
    (talk,) = found["conversations"]
    assert talk["messages"][0]["text"] == "가로등이 꺼졌어요"
    assert [(one["purpose"], one["is_given"]) for one in found["consents"]] == [("complaint", True)]
    assert ("case.read", "김agent") in {(look["action"], look["staff"]) for look in found["looks"]}
    page = await admin.get(path, params={"reason": REASON, "format": "text"})
    assert page.headers["content-type"].startswith("text/plain")
    for word in ("홍길동", "010-2323-0002", made["number"], "가로등이 꺼졌어요", "열람한 직원"):
        assert word in page.text
    assert (await admin.get(f"/api/v1/subjects/{new_id()}/export", params={"reason": REASON})).status_code == 404


async def test_an_open_case_a_hold_and_the_time_of_keeping_stand_against_forgetting(
    house: SmallHouse, admin: httpx.AsyncClient
) -> None:
    made = await person(house, "010-2323-0003")
    path = f"/api/v1/subjects/{made['citizen']}/forget"
    keep = house.settings.city.retention_days
    for wait, hold, word in (
        (None, None, "처리 중인"),
        (keep - 1, None, "보존해야"),
        (keep + 1, "행정소송", "보존 조치"),
    ):
        if wait is not None:
            await close(house, made["case"], days=wait, hold=hold)
        answer = await admin.post(path, json={"reason": REASON})
        assert answer.status_code == 409
        problem = answer.json()
        assert problem["type"] == "/problems/must_keep" and word in problem["detail"]
        async with house.db.transaction() as tx:
            row = (await tx.execute(select(citizens).where(citizens.c.id == made["citizen"]))).one()
        assert row.name_sealed is not None


async def test_he_is_forgotten_at_once_when_no_duty_is_left(house: SmallHouse, admin: httpx.AsyncClient) -> None:
    made = await person(house, "010-2323-0004")
    await close(house, made["case"], days=house.settings.city.retention_days + 1)
    answer = await admin.post(f"/api/v1/subjects/{made['citizen']}/forget", json={"reason": REASON})
    assert answer.status_code == 200
    receipt = answer.json()
    assert (receipt["cases"], receipt["conversations"]) == (1, 1)
    async with house.db.transaction() as tx:
        row = (await tx.execute(select(citizens).where(citizens.c.id == made["citizen"]))).one()
        case = (await tx.execute(select(cases).where(cases.c.id == made["case"]))).one()
        texts = [entry.text for entry in await thread.read(tx, made["conversation"])]
        kinds = set(await tx.scalars(select(case_events.c.kind).where(case_events.c.case_id == made["case"])))
        trace = (await tx.execute(select(audit_log).where(audit_log.c.action == "citizen.forgotten"))).all()
    assert (row.name_sealed, row.phone_sealed, row.name_index, row.phone_index) == (None,) * 4
    assert (case.body, case.citizen_id, case.conversation_id) == ("", None, None)
    assert (case.category, case.receipt_no) == ("street_light", made["number"])
    assert set(texts) == {""} and "anonymised" in kinds
    assert [one.detail["receipt"] for one in trace] == [receipt["receipt"]]
    again = await admin.post("/api/v1/subjects/find", json={"phone": "010-2323-0004", "reason": REASON})
    assert again.json() == {"items": []}


@pytest.mark.parametrize("role", ["agent", "auditor"])
async def test_an_officer_or_auditor_may_neither_search_nor_forget(house: SmallHouse, role: str) -> None:
    async with house.client(role) as client:
        found = await client.post("/api/v1/subjects/find", json={"phone": "010-1234-5678", "reason": REASON})
        gone = await client.post(f"/api/v1/subjects/{new_id()}/forget", json={"reason": REASON})
    assert (found.status_code, gone.status_code) == (403, 403)


async def test_a_hold_is_put_and_lifted_with_the_right_version(house: SmallHouse, admin: httpx.AsyncClient) -> None:
    made = await person(house, "010-2323-0005")
    path = f"/api/v1/cases/{made['number']}/hold"
    assert (await admin.put(path, json={"reason": "감사 2026-7"})).status_code == 428
    assert (await admin.put(path, json={"reason": "감사 2026-7"}, headers={"If-Match": '"99"'})).status_code == 412
    held = await admin.put(path, json={"reason": "감사 2026-7"}, headers={"If-Match": '"1"'})
    assert held.json() == {"receipt_no": made["number"], "hold_reason": "감사 2026-7"}
    lifted = await admin.delete(path, headers={"If-Match": '"1"'})
    assert lifted.json()["hold_reason"] is None
    async with house.db.transaction() as tx:
        actions = list(await tx.scalars(select(audit_log.c.action).where(audit_log.c.object_id == str(made["case"]))))
    assert actions[-2:] == ["case.held", "case.released"]
