"""Proofs and simulations over HTTP: a reason each time, a row in the access log, another department outside."""

import base64
import csv
import io
from collections.abc import AsyncIterator
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from bot.arrears.simulating import Simulating
from civic.arrears.oversight.signed_file import is_by, keys_in, read
from civic.staff.tables import access_log
from core.arrears_desk_rules import Commission, Partner
from core.signatures import Key
from tests.api.house import SmallHouse
from tests.civic.arrears.made import NOW
from tests.civic.arrears.oversight.timeline import Told, happened

WHY_TAKEN = {"reason": "11월 예금 압류 대상 사전 검토"}
WHY = {"X_Access_Reason": quote("체납 상담")}


@pytest.fixture(scope="module")
async def told(house: SmallHouse) -> Told:
    house.clock.move(NOW - house.clock.now())
    seizure = house.settings.arrears.seizure.model_copy(update={"needs_service": False})
    arrears = house.settings.arrears.model_copy(update={"seizure": seizure})
    house.settings = house.settings.model_copy(update={"arrears": arrears})
    await house.hire("parks", "manager", department_id="parks")
    async with house.db.transaction() as tx:
        return await happened(tx)


@pytest.fixture
async def manager(house: SmallHouse, told: Told) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client("manager", **WHY) as client:
        yield client


async def test_a_proof_is_made_handed_out_and_vouched_for_by_the_published_keys(
    house: SmallHouse, manager: httpx.AsyncClient, told: Told
) -> None:
    wanted = {"debtor_id": str(told.debtor_id), "why": "행정소송 제출"}
    made = (await manager.post("/api/v1/arrears/proofs", json=wanted)).json()
    file = await manager.get(f"/api/v1/arrears/proofs/{made['id']}")
    async with house.client(None) as stranger:
        keys = await stranger.get("/api/v1/arrears/proofs/keys")
    found = read(file.content)
    assert is_by(found, keys_in(keys.text)) and found.document["count"] == made["events"]
    assert file.headers["x-content-sha256"] == made["digest"] and file.headers["cache-control"] == "no-store"
    page = await manager.get(f"/api/v1/arrears/proofs/{made['id']}", params={"form": "html"})
    assert "고지 증명서" in page.text and "송달이 아닙니다" in page.text and made["digest"] in page.text
    paper = await manager.get(f"/api/v1/arrears/proofs/{made['id']}", params={"form": "pdf"})
    assert paper.content.startswith(b"%PDF") and paper.headers["content-type"] == "application/pdf"
    assert (
        paper.headers["content-disposition"].endswith('.pdf"') and paper.headers["x-content-sha256"] == made["digest"]
    )
    listed = await manager.get("/api/v1/arrears/proofs", params={"debtor_id": str(told.debtor_id)})
    assert [one["id"] for one in listed.json()["items"]] == [made["id"]]
    async with house.db.transaction() as tx:
        wanted_rows = select(access_log.c.action, access_log.c.why).where(
            access_log.c.subject_id == str(told.debtor_id)
        )
        rows = {tuple(row) for row in await tx.execute(wanted_rows)}
    assert {("arrears.proof.make", "행정소송 제출"), ("arrears.proof.download", "체납 상담")} <= rows


async def test_a_timeline_needs_a_reason_and_a_debtor(
    house: SmallHouse, manager: httpx.AsyncClient, told: Told
) -> None:
    asked = {"debtor_id": str(told.debtor_id)}
    shown = await manager.get("/api/v1/arrears/proofs/timeline", params=asked)
    assert {"bill.notified", "letter.served"} <= {one["kind"] for one in shown.json()["events"]}
    async with house.client("manager") as silent:
        assert (await silent.get("/api/v1/arrears/proofs/timeline", params=asked)).status_code == 422
    nobody = {"debtor_id": str(told.officers[0])}
    assert (await manager.get("/api/v1/arrears/proofs/timeline", params=nobody)).status_code == 404


async def test_another_department_stays_outside(house: SmallHouse, told: Told) -> None:
    asked = {"debtor_id": str(told.debtor_id)}
    async with house.client("parks", **WHY) as outsider:
        for path in ("/api/v1/arrears/proofs/timeline", "/api/v1/arrears/proofs", "/api/v1/arrears/simulations"):
            assert (await outsider.get(path, params=asked)).status_code == 403


async def test_a_simulation_is_made_read_compared_and_taken_out_with_a_reason(
    house: SmallHouse, manager: httpx.AsyncClient, told: Told
) -> None:
    asked = await manager.post("/api/v1/arrears/simulations", json={})
    assert (asked.status_code, asked.json()["state"], asked.json()["summary"]) == (202, "waiting", {})
    path = f"/api/v1/arrears/simulations/{asked.json()['id']}"
    early = [await manager.get(f"{path}/debtors"), await manager.get(f"{path}/outcome")]
    early.append(await manager.post(f"{path}/export", json=WHY_TAKEN))
    assert [one.status_code for one in early] == [409] * 3 and "0명" in early[0].text
    worker = Simulating(house.db, house.settings.arrears, house.settings.city.id, house.clock)
    await worker.run(UUID(asked.json()["id"]))
    made = (await manager.get(path)).json()
    assert made["state"] == "made" and made["judged"] == 1
    assert made["summary"]["debtors"] == made["summary"]["would"] == 1 and made["basis"]["floor"]["article"]
    shown = (await manager.get(f"{path}/debtors")).json()
    assert shown["total"] == 1 and shown["items"][0]["name"] != "가람하늘"
    assert (await manager.get(f"{path}/outcome")).json()["is_whole"] is True
    taken = await manager.post(f"{path}/export", json=WHY_TAKEN)
    (line,) = csv.DictReader(io.StringIO(taken.content.decode("utf-8-sig")))
    assert line["성명 (Name)"] == "가람하늘" and line["결과 (Result)"] == "압류 대상"
    sheet = await manager.post(f"{path}/export", json={"reason": "11월 예금 압류 대상 검토", "format": "xlsx"})
    assert sheet.content.startswith(b"PK")
    async with house.db.transaction() as tx:
        found = await tx.scalars(select(access_log.c.reason).where(access_log.c.action.like("%simulation.export.rows")))
        assert str(told.debtor_id) in " ".join(found)


async def test_a_commission_is_made_handed_out_and_withdrawn(
    house: SmallHouse, manager: httpx.AsyncClient, told: Told
) -> None:
    partner = Partner(name="부천시", keys=[Key.of(b"3" * 32).public])
    oversight = house.settings.arrears.oversight.model_copy(
        update={"commission": Commission(partners={"bucheon": partner})}
    )
    arrears = house.settings.arrears.model_copy(update={"oversight": oversight})
    house.settings = house.settings.model_copy(update={"arrears": arrears})
    given = {"debtor_id": str(told.debtor_id), "partner": "bucheon", "number": "2026-1", "why": "관외 거주"}
    made = await manager.post("/api/v1/arrears/commissions", json=given)
    assert made.status_code == 201, made.text
    assert (await manager.post("/api/v1/arrears/commissions", json=given)).status_code == 409
    path = f"/api/v1/arrears/commissions/{made.json()['id']}"
    file, sheet = await manager.get(path), await manager.get(path, params={"form": "csv"})
    assert read(file.content).document["number"] == "2026-1" and "2026-1" in sheet.text
    (listed,) = (await manager.get("/api/v1/arrears/commissions", params={"way": "out"})).json()["items"]
    assert listed["state"] == "open" and listed["asked_krw"] == read(file.content).document["total_krw"]
    word = await manager.post(f"{path}/withdraw", json={"why": "본인 납부 약속"})
    assert read(base64.b64decode(word.json()["file"])).document["state"] == "withdrawn"
    bad = await manager.post("/api/v1/arrears/commissions/taken", json={"file": base64.b64encode(b"x").decode()})
    assert bad.status_code == 422
