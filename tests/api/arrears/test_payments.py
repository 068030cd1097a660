"""Payments over HTTP: a bank tells with its key, staff match and take back, two people reduce, the sum is explained."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from civic.arrears.money.owing import owed
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.civic.arrears.made import bill, debtor
from tests.civic.cases.rows import CITY, NOW

WHY = {"X_Access_Reason": "payment%20question"}
TODAY = NOW.date()


async def someone(house: SmallHouse, principal_krw: int = 100_000, **values: Any) -> tuple[UUID, UUID]:
    async with house.db.transaction() as tx:
        who = await debtor(tx, city_id=CITY, now=NOW)
        due = {"due_on": date(2026, 8, 31), "notified_on": date(2026, 8, 10), **values}
        return who, await bill(tx, who, city_id=CITY, now=NOW, principal_krw=principal_krw, **due)


async def total(house: SmallHouse, who: UUID) -> int:
    async with house.db.transaction() as tx:
        found = (await owed(tx, CITY, [who], TODAY)).get(who)
    return found.total_krw if found else 0


async def key_of(house: SmallHouse, source: str) -> str:
    async with house.client("manager") as manager:
        made = await manager.put(f"/api/v1/arrears/payment-keys/{source}")
    assert made.status_code == 201
    return str(made.json()["key"])


async def test_a_bank_tells_of_a_payment_into_the_account_that_the_debtor_was_given(house: SmallHouse) -> None:
    who, _ = await someone(house)
    owes = await total(house, who)
    async with house.client("manager") as manager:
        lines = [{"bank": "020", "bank_name": "우리은행", "number": "2000-1111-2222", "holder": "김포시청"}]
        added = await manager.post("/api/v1/arrears/accounts", json={"accounts": lines})
        assert added.json() == {"new": 1, "known": 0}
        again = await manager.post("/api/v1/arrears/accounts", json={"accounts": lines})
        assert again.json() == {"new": 0, "known": 1}
    async with house.client("agent", **WHY) as agent:
        given = (await agent.post(f"/api/v1/arrears/debtors/{who}/account")).json()
        assert (given["number"], given["is_practice"]) == ("2000-1111-2222", False)
        assert (await agent.post(f"/api/v1/arrears/debtors/{who}/account")).json()["number"] == given["number"]
    key = await key_of(house, "van")
    told = {"payment_no": "V-1", "amount_krw": owes, "paid_at": NOW.isoformat(), "account": "200011112222"}
    body = {"payments": [told, {**told, "payment_no": "V-2", "account": "9999-0000"}]}
    async with house.client(None, Authorization=f"Bearer {key}") as bank:
        first = await bank.post("/api/v1/arrears/payments", json=body)
        assert first.status_code == 200
        assert [one["state"] for one in first.json()["payments"]] == ["taken", "waiting"]
        second = await bank.post("/api/v1/arrears/payments", json={"payments": [told, {**told, "amount_krw": 1}]})
        assert [one["state"] for one in second.json()["payments"]] == ["repeated", "differs"]
        assert await total(house, who) == 0
        back = {**told, "kind": "cancelled"}
        lost = {**back, "payment_no": "never told"}
        third = await bank.post("/api/v1/arrears/payments", json={"payments": [back, lost]})
        assert [one["state"] for one in third.json()["payments"]] == ["cancelled", "unknown"]
    assert await total(house, who) == owes


async def test_a_wrong_key_and_a_revoked_one_open_nothing(house: SmallHouse) -> None:
    key = await key_of(house, "bank-a")
    body = {"payments": [{"payment_no": "x", "amount_krw": 1, "paid_at": NOW.isoformat()}]}
    async with house.client(None, Authorization="Bearer smp_wrong") as bank:
        assert (await bank.post("/api/v1/arrears/payments", json=body)).status_code == 401
    async with house.client("manager") as manager:
        assert (await manager.delete("/api/v1/arrears/payment-keys/bank-a")).status_code == 204
        assert (await manager.delete("/api/v1/arrears/payment-keys/bank-a")).status_code == 404
    async with house.client(None, Authorization=f"Bearer {key}") as bank:
        assert (await bank.post("/api/v1/arrears/payments", json=body)).status_code == 401


async def test_staff_match_what_nobody_was_found_for(house: SmallHouse) -> None:
    who, bill_id = await someone(house)
    key = await key_of(house, "bank-b")
    told = {"payment_no": "B-1", "amount_krw": 40_000, "paid_at": NOW.isoformat(), "bill_no": "??", "payer": "홍길동"}
    async with house.client(None, Authorization=f"Bearer {key}") as bank:
        await bank.post("/api/v1/arrears/payments", json={"payments": [told]})
    async with house.client("agent") as agent:
        waiting = (await agent.get("/api/v1/arrears/payments/unmatched")).json()["items"]
        row = next(one for one in waiting if one["source"] == "bank-b")
        assert row["told"] == {"bill_no": "??", "payer": "홍길동"}
        matched = await agent.post(f"/api/v1/arrears/payments/{row['id']}/match", json={"bill_id": str(bill_id)})
        assert matched.status_code == 204
        twice = await agent.post(f"/api/v1/arrears/payments/{row['id']}/match", json={"bill_id": str(bill_id)})
        assert twice.status_code == 409
        assert (await agent.get(f"/api/v1/arrears/debtors/{who}/payments")).status_code == 422, "no reason was given"
    async with house.client("agent", **WHY) as agent:
        paid = (await agent.get(f"/api/v1/arrears/debtors/{who}/payments")).json()["items"]
        assert [(one["amount_krw"], one["state"]) for one in paid] == [(40_000, "allocated")]
        assert (await agent.get(f"/api/v1/arrears/debtors/{new_id()}/payments")).status_code == 404


async def test_excess_is_listed_given_back_and_set_off(house: SmallHouse) -> None:
    who, _ = await someone(house, 10_000)
    _, elsewhere = await someone(house, 5_000)
    entered = {"payment_no": "E-1", "amount_krw": 30_300, "paid_on": TODAY.isoformat(), "debtor_id": str(who)}
    async with house.client("agent") as agent:
        taken = (await agent.post("/api/v1/arrears/payments/entered", json=entered)).json()
        assert (taken["allocated_krw"], taken["excess_krw"], len(taken["closed_bills"])) == (10_300, 20_000, 1)
        again = (await agent.post("/api/v1/arrears/payments/entered", json=entered)).json()
        assert (again["is_new"], again["payment_id"]) == (False, taken["payment_id"])
        due = (await agent.get("/api/v1/arrears/refunds")).json()["items"]
        assert next(one["due_krw"] for one in due if one["id"] == taken["payment_id"]) == 20_000
        off = f"/api/v1/arrears/payments/{taken['payment_id']}/offset"
        other = await agent.post(off, json={"amount_krw": 5_000, "bill_id": str(elsewhere)})
        assert other.status_code == 404, "another person's bill"
    async with house.client("manager") as manager:
        back = f"/api/v1/arrears/payments/{taken['payment_id']}/refunds"
        done = await manager.post(back, json={"amount_krw": 20_000, "refunded_on": TODAY.isoformat()})
        assert done.json() == {"due_krw": 0}
        more = await manager.post(back, json={"amount_krw": 1, "refunded_on": TODAY.isoformat()})
        assert more.status_code == 409


async def test_a_reckoning_names_each_month_rate_and_article_and_adds_up(house: SmallHouse) -> None:
    _, bill_id = await someone(house, 500_000, due_on=date(2026, 5, 29), notified_on=date(2026, 5, 10))
    path = f"/api/v1/arrears/bills/{bill_id}"
    async with house.client("agent", **WHY) as agent:
        cost = {"amount_krw": 12_000, "reason": "등기 우편", "on": "2026-07-01"}
        assert (await agent.post(f"{path}/costs", json=cost)).status_code == 201
        paid = {"payment_no": "R-1", "amount_krw": 100_000, "paid_on": "2026-07-10", "bill_id": str(bill_id)}
        assert (await agent.post("/api/v1/arrears/payments/entered", json=paid)).status_code == 201
        found = (await agent.get(f"{path}/reckoning", params={"on": "2026-08-31"})).json()
        assert (found["costs_krw"], found["tax_krw"]) == (0, 412_000)
        assert sum(line["krw"] for line in found["lines"]) == found["total_krw"]
        texts = [line["text_ko"] for line in found["lines"]]
        assert "납부지연가산세: 납부하지 않은 본세 500,000원 × 3%" in texts
        assert "납부지연가산세 1개월째: 남은 본세 500,000원 × 0.66%" in texts
        assert "납부지연가산세 3개월째: 남은 본세 412,000원 × 0.66%" in texts
        months = [line for line in found["lines"] if "개월째" in line["text_ko"]]
        assert all(line["article"].startswith("지방세기본법 제55조") and line["certainty"] for line in months)
        term = (await agent.get(f"{path}/prescription")).json()
        assert term["prescribes_on"] == "2031-05-29"
        assert "제39조" in term["steps"][0]["article"]
    async with house.client("agent") as agent:
        assert (await agent.get(f"{path}/reckoning")).status_code == 422


async def test_a_large_reduction_needs_another_person(house: SmallHouse) -> None:
    who, bill_id = await someone(house, 3_000_000)
    path = f"/api/v1/arrears/bills/{bill_id}/reductions"
    async with house.client("agent") as agent:
        small = await agent.post(path, json={"kind": "reduce", "tax_krw": 100_000, "reason": "감면 착오"})
        assert (small.status_code, small.json()["state"]) == (201, "done")
        large = (await agent.post(path, json={"kind": "cancel", "reason": "이중 부과"})).json()
        assert (large["state"], large["tax_krw"]) == ("waiting", 2_900_000)
        twice = await agent.post(path, json={"kind": "cancel", "reason": "이중 부과"})
        assert twice.status_code == 409
    assert await total(house, who) > 2_900_000
    decision = f"/api/v1/arrears/reductions/{large['id']}/decision"
    async with house.client("manager", If_Match='"9"') as manager:
        assert (await manager.post(decision, json={"agrees": True})).status_code == 412
    async with house.client("manager", If_Match='"1"') as manager:
        done = (await manager.post(decision, json={"agrees": True})).json()
        assert (done["state"], done["decided_by"]) == ("done", str(house.members["manager"].id))
        assert (await manager.post(decision, json={"agrees": True})).status_code in (409, 412)
    assert await total(house, who) == 0


async def test_who_asked_for_a_reduction_may_not_decide(house: SmallHouse) -> None:
    _, bill_id = await someone(house, 3_000_000)
    async with house.client("manager", If_Match='"1"') as manager:
        body = {"kind": "write_off", "reason": "재산 없음"}
        asked = (await manager.post(f"/api/v1/arrears/bills/{bill_id}/reductions", json=body)).json()
        own = await manager.post(f"/api/v1/arrears/reductions/{asked['id']}/decision", json={"agrees": True})
        assert own.status_code == 403
        waiting = (await manager.get("/api/v1/arrears/reductions")).json()["items"]
        assert asked["id"] in {one["id"] for one in waiting}
    async with house.client("admin", If_Match='"1"') as admin:
        done = await admin.post(f"/api/v1/arrears/reductions/{asked['id']}/decision", json={"agrees": False})
        assert done.json()["state"] == "refused"


async def test_money_paid_on_a_bill_that_is_cancelled_is_to_be_given_back(house: SmallHouse) -> None:
    who, bill_id = await someone(house, 50_000)
    paid = {"payment_no": "C-1", "amount_krw": 20_000, "paid_on": TODAY.isoformat(), "bill_id": str(bill_id)}
    async with house.client("agent") as agent:
        taken = (await agent.post("/api/v1/arrears/payments/entered", json=paid)).json()
        body = {"kind": "cancel", "reason": "이중 부과"}
        gone = await agent.post(f"/api/v1/arrears/bills/{bill_id}/reductions", json=body)
        assert gone.json()["state"] == "done"
        due = (await agent.get("/api/v1/arrears/refunds")).json()["items"]
        assert next(one["due_krw"] for one in due if one["id"] == taken["payment_id"]) == 20_000
    assert await total(house, who) == 0


@pytest.mark.parametrize("path", ["/api/v1/arrears/bills/expiring", "/api/v1/arrears/accounts"])
async def test_lists_of_the_desk_answer(house: SmallHouse, path: str) -> None:
    async with house.client("agent") as agent:
        assert (await agent.get(path)).status_code == 200
