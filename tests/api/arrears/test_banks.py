"""Officers see how banks stand, resume what stopped and close what differs, with a row of it in the audit."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert, select, update

from civic.arrears.banks.claiming import Way, note_failed
from civic.arrears.banks.reconciling import ask_for
from civic.arrears.banks.requests import ask
from civic.arrears.banks.tables import arrears_bank_differences, arrears_bank_requests
from civic.staff.tables import audit_log
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.civic.arrears.banks.asked import request
from tests.civic.cases.rows import CITY, NOW

BANKS = "/api/v1/arrears/banks"


async def test_a_bank_that_fails_is_shown_with_what_waits_for_it(house: SmallHouse) -> None:
    waiting, dead = request(bank="903"), request(bank="903")
    async with house.db.transaction() as tx:
        await ask(tx, CITY, [waiting, dead, request(bank="998")], "batch", NOW)
        gone = update(arrears_bank_requests).where(arrears_bank_requests.c.id == dead.request_id)
        await tx.execute(gone.values(state="dead", failure="HTTP 422", is_unknown=True))
        for _ in range(3):
            await note_failed(tx, CITY, Way("practice", "903"), "연결되지 않습니다.", house.settings.arrears.banks, NOW)
    async with house.client("agent") as client:
        told = (await client.get(BANKS)).json()
        listed = (await client.get(f"{BANKS}/dead")).json()["items"]
        resumed = (await client.post(f"{BANKS}/dead/resume", json={"ids": [str(dead.request_id)]})).json()
        assert (await client.get(f"{BANKS}/dead")).json()["items"] == []
    by_code = {one["bank"]: one for one in told["items"]}
    assert told["is_practice"] is True
    one = by_code["903"]
    assert (one["state"], one["waiting"], one["dead"], one["unknown"]) == ("resting", 1, 1, 1)
    assert one["failure"] == "연결되지 않습니다." and one["name"] == "예: 가상은행 03"
    assert by_code["998"]["state"] == "no_gateway" and by_code["998"]["waiting"] == 1
    assert [(row["id"], row["failure"]) for row in listed] == [(str(dead.request_id), "HTTP 422")]
    assert resumed == {"resumed": 1}
    async with house.db.reading() as tx:
        kept = arrears_bank_requests.c
        assert await tx.scalar(select(kept.state).where(kept.id == dead.request_id)) == "waiting"
        actions = (await tx.execute(select(audit_log.c.action))).scalars().all()
    assert "arrears_bank_request.resume" in actions


async def test_a_comparison_is_wanted_once_and_a_difference_closed_with_its_version(house: SmallHouse) -> None:
    difference = new_id()
    async with house.db.transaction() as tx:
        run_id = await ask_for(tx, CITY, None, NOW - timedelta(days=1))
        row = {
            "id": difference,
            "city_id": CITY,
            "reconciliation_id": run_id,
            "gateway": "practice",
            "bank": "903",
            "request_id": new_id(),
            "kind": "collect",
            "what": "ours_missing",
            "theirs_krw": 77,
            "found_at": NOW,
        }
        await tx.execute(insert(arrears_bank_differences).values(row))
    async with house.client("manager") as client:
        wanted = await client.post(f"{BANKS}/reconciliations")
        assert (wanted.status_code, UUID(wanted.json()["id"])) == (201, run_id)
        (shown,) = (await client.get(f"{BANKS}/reconciliations")).json()["items"]
        assert shown["ended_at"] is None
        (one,) = (await client.get(f"{BANKS}/differences")).json()["items"]
        address = f"{BANKS}/differences/{one['id']}/close"
        body = {"reason": "은행 전산 착오"}
        assert (await client.post(address, json=body)).status_code == 428
        assert (await client.post(address, json=body, headers={"If-Match": '"7"'})).status_code == 412
        closed = await client.post(address, json=body, headers={"If-Match": '"1"'})
        assert (closed.status_code, closed.json()["state"], closed.headers["etag"]) == (200, "closed", '"2"')
        assert (await client.get(f"{BANKS}/differences")).json()["items"] == []
        assert len((await client.get(f"{BANKS}/differences?state=closed")).json()["items"]) == 1
