"""Words, the ladder and documents over the API: two people, a reason for every name, service that alone counts."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from pypdf import PdfReader
from sqlalchemy import func, select

from civic.staff.tables import access_log
from tests.api.house import SmallHouse
from tests.civic.arrears import made

WHY = {"X_Access_Reason": "%EB%8F%85%EC%B4%89%20%EC%A0%90%EA%B2%80"}
NEW: dict[str, Any] = {"notified_on": date(2026, 6, 10), "due_on": date(2026, 6, 30)}
TEXT = """[#{시}] 체납 안내
#{성명} 님, 안녕하세요. 아직 확인되지 않은 지방세가 있어 알려 드립니다.
합계 #{금액}, #{납부기한}까지 #{은행} #{가상계좌}
분납이나 유예를 상담해 드립니다. #{전화}
이 안내는 송달이 아닙니다."""
WORDS = {"level": "reminder", "kind": "lms", "subject": "[#{시}] 체납 안내", "text": TEXT}


async def _owing(house: SmallHouse, **values: Any) -> tuple[UUID, UUID]:
    async with house.db.transaction() as tx:
        who = await made.debtor(tx, now=house.clock.now(), **values)
        return who, await made.bill(tx, who, now=house.clock.now(), **NEW)


async def test_words_need_a_second_person_and_the_version_that_he_read(house: SmallHouse) -> None:
    async with house.client("manager", If_Match='"1"') as writer:
        draft = (await writer.post("/api/v1/arrears/templates", json=WORDS)).json()
        assert (draft["state"], draft["checked"]["findings"]) == ("draft", [])
        address = f"/api/v1/arrears/templates/{draft['id']}"
        own = await writer.post(f"{address}/approve")
        assert own.status_code == 403 and "쓴 사람은 승인할 수 없습니다" in own.json()["detail"]
    async with house.client("admin", If_Match='"7"') as second:
        assert (await second.post(f"{address}/approve")).status_code == 412
        done = await second.post(f"{address}/approve", headers={"If-Match": '"1"'})
    assert done.status_code == 200 and done.json()["state"] == "approved"
    assert done.headers["etag"] == '"2"'


async def test_a_preview_shows_a_made_up_person_the_bytes_and_what_is_wrong(house: SmallHouse) -> None:
    async with house.client("agent") as client:
        bad = {**WORDS, "text": "#{성명} 님 #{금액} 내세요 https://x.kr"}
        shown = (await client.post("/api/v1/arrears/templates/preview", json=bad)).json()
    assert shown["text"] == "김*수 님 1,312,340원 내세요 https://x.kr"
    assert (shown["size"], shown["unit"]) == (len(shown["text"].encode("cp949")), "byte")
    assert {"lock_screen", "link", "missing_value", "no_route"} <= {one["code"] for one in shown["findings"]}


async def test_a_document_goes_from_the_list_to_its_service(house: SmallHouse) -> None:
    who, _ = await _owing(house, name="한누리")
    today = house.clock.now().date()
    async with house.client("manager", **WHY) as client:
        listed = (await client.post("/api/v1/arrears/ladder/dun/letters", json={})).json()
        (head,) = (await client.get("/api/v1/arrears/letters", params={"debtor_id": str(who)})).json()["items"]
        assert head["id"] in listed["letter_ids"] and "recipient" not in head
        printed = await client.post(
            "/api/v1/arrears/letters/print", json={"reason": "독촉장 인쇄(징수과)", "ids": [head["id"]]}
        )
        assert printed.headers["content-type"] == "application/pdf"
        assert (printed.headers["x-letters"], printed.headers["cache-control"]) == ("1", "private, no-store")
        text = PdfReader(BytesIO(printed.content)).pages[0].extract_text()
        assert "한누리 귀하" in text and head["document_no"] in text
        posted = {"on": str(today), "items": [{"document_no": head["document_no"], "tracking_no": "1234567890123"}]}
        assert (await client.post("/api/v1/arrears/letters/posted", json=posted)).json() == {"done": 1, "refused": []}
        before = (await client.get(f"/api/v1/arrears/letters/{head['id']}")).json()
        assert (before["state"], before["served_on"]) == ("sent", None)
        assert before["not_service"].startswith("문자·알림톡 안내는 송달이 아닙니다.")
        house.clock.move(timedelta(days=2))
        served = {"tracking_no": "1234567890123", "outcome": "served", "on": str(today + timedelta(days=1))}
        unknown = {"tracking_no": "없는 번호", "outcome": "served", "on": str(today)}
        noted = (await client.post("/api/v1/arrears/letters/outcomes", json={"items": [served, unknown]})).json()
        assert noted["done"] == 1 and [one["number"] for one in noted["refused"]] == ["없는 번호"]
        whole = (await client.get(f"/api/v1/arrears/letters/{head['id']}")).json()
        assert (whole["state"], whole["served_on"]) == ("served", str(today + timedelta(days=1)))
        assert [one["what"] for one in whole["timeline"]] == ["listed", "printed", "sent", "served"]
        standing = (await client.get(f"/api/v1/arrears/ladder/debtors/{who}")).json()
    levels = {one["level"]: one for one in standing["levels"]}
    assert (levels["dun"]["times"], levels["dun"]["reason"]) == (1, "no_bills")
    assert standing["letters"][0]["served_on"] == whole["served_on"]
    house.clock.move(timedelta(days=-2))


async def test_a_name_is_shown_for_a_reason_and_every_look_leaves_its_row(house: SmallHouse) -> None:
    who, _ = await _owing(house)
    async with house.client("agent") as client:
        await client.post("/api/v1/arrears/ladder/dun/letters", json={})
        (head,) = (await client.get("/api/v1/arrears/letters", params={"debtor_id": str(who)})).json()["items"]
        for path in (f"letters/{head['id']}", f"letters/{head['id']}/pdf", f"ladder/debtors/{who}"):
            assert (await client.get(f"/api/v1/arrears/{path}")).status_code == 422
    async with house.client("agent", **WHY) as client:
        assert (await client.get(f"/api/v1/arrears/letters/{head['id']}/pdf")).content.startswith(b"%PDF")
    async with house.db.transaction() as tx:
        mine = (access_log.c.subject_id == str(who), access_log.c.action == "arrears_letter.pdf")
        (row,) = (await tx.execute(select(access_log.c.why).where(*mine))).all()
    assert row.why == "독촉 점검"


async def test_the_list_for_the_post_is_taken_out_with_a_reason_and_noted(house: SmallHouse) -> None:
    who, _ = await _owing(house, name="가람마루", address="경기도 김포시 물빛로 77")
    async with house.client("manager") as client:
        await client.post("/api/v1/arrears/ladder/dun/letters", json={})
        (head,) = (await client.get("/api/v1/arrears/letters", params={"debtor_id": str(who)})).json()["items"]
        wanted = {"reason": "독촉장 우편 접수(징수과)", "ids": [head["id"]]}
        file = await client.post("/api/v1/arrears/letters/post-list", json=wanted)
        assert (await client.post("/api/v1/arrears/letters/post-list", json={"reason": "짧음"})).status_code == 422
    assert "물빛로 77" in file.text and head["document_no"] in file.text
    async with house.db.transaction() as tx:
        taken = select(func.count()).where(access_log.c.action == "arrears_letter.export")
        assert (await tx.execute(taken)).scalar_one() >= 1
    async with house.client("agent") as client:
        assert (await client.post("/api/v1/arrears/letters/post-list", json=wanted)).status_code == 403


async def test_another_department_sees_no_document(house: SmallHouse) -> None:
    await house.hire("stranger", "manager", department_id="parks")
    async with house.client("stranger", **WHY) as client:
        for path in ("letters", "ladder", "ladder/dun", "templates"):
            assert (await client.get(f"/api/v1/arrears/{path}")).status_code == 403


async def test_an_address_is_found_for_a_letter_that_has_none(house: SmallHouse) -> None:
    who, _ = await _owing(house, address="")
    async with house.client("agent") as client:
        await client.post("/api/v1/arrears/ladder/dun/letters", json={})
        lost = {"is_addressed": "false", "debtor_id": str(who)}
        (head,) = (await client.get("/api/v1/arrears/letters", params=lost)).json()["items"]
        given = {"address": "경기도 김포시 새길 5", "postcode": "10110"}
        address = f"/api/v1/arrears/letters/{head['id']}/address"
        assert (await client.put(address, json=given)).status_code == 428
        done = await client.put(address, json=given, headers={"If-Match": f'"{head["version"]}"'})
    assert done.status_code == 200 and done.json()["recipient"]["address"] == "경기도 김포시 새길 5"
    assert done.json()["is_addressed"]
