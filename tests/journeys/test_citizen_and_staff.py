"""From the first hello to the staff's answer, over HTTP and the citizen's own channel, on whatever store is named."""

import re
from datetime import UTC, datetime
from uuid import uuid4

from civic.staff.service import add_staff
from core.db import Database
from tests.journeys.house import Citizen, Town

PASSWORD = "북소리가-들리는-시청-2026"


async def signed_in(town: Town) -> tuple[str, str]:
    """A new member of staff, and the token of his session."""
    login = f"staff-{uuid4().hex[:6]}"
    db = Database(town.database_url, pool_size=1)
    try:
        async with db.transaction() as tx:
            member = await add_staff(
                tx,
                city_id="gimpo",
                login=login,
                name="김담당",
                role="manager",
                department_id="recycling",
                password=PASSWORD,
                now=datetime.now(UTC),
            )
    finally:
        await db.close()
    answer = await town.client.post(f"{await town.door()}/api/v1/session", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return answer.json()["token"], str(member.id)


async def filed(citizen: Citizen) -> str:
    """A formal complaint by chat; its receipt number."""
    assert "쓰레기" in await citizen.say("구래동 공원 앞에 쓰레기가 며칠째 쌓여 있어요")
    await citizen.press("쓰레기·무단투기")
    await citizen.press("계속·매일")
    await citizen.press("사진 없음")
    await citizen.press("동의하고 민원")
    await citizen.say("홍길동입니다")
    assert "이대로 접수할까요" in await citizen.say("01012345678")
    answer = await citizen.press("접수")
    if "이미 접수된 민원이 있습니다" in answer:  # by the citizen of an earlier test, who wrote the same
        answer = await citizen.press("새로 접수")
    receipt = re.search(r"GP-\d{4}-\d{6}", answer)
    assert receipt
    return receipt[0]


async def test_a_complaint_goes_its_whole_way(town: Town) -> None:
    citizen = Citizen(town)
    first = await citizen.say("구래동 주차장")
    assert "수신거부" in first  # who answers, how to stop, how to reach a person
    assert "주차장" in first
    assert re.search(r"원|무료", await citizen.say("두 시간 대면 얼마야?"))
    receipt = await filed(citizen)

    token, staff_id = await signed_in(town)
    listed = (await town.staff(token, "GET", "/cases", params={"limit": 100})).json()["items"]
    assert receipt in [case["receipt_no"] for case in listed]
    read = await town.staff(token, "GET", f"/cases/{receipt}")
    case = read.json()
    assert "쓰레기" in case["body"]
    assert case["citizen"] == {"name": "홍길동", "phone": case["citizen"]["phone"]}
    looks = await town.rows("SELECT action, subject_kind FROM access_log WHERE staff_id = %s", staff_id)
    assert {"action": "case.read", "subject_kind": "case"} in looks

    conversation = f"/conversations/{case['conversation_id']}"
    assert (await town.staff(token, "POST", f"{conversation}/take-over")).json()["owner"] == "staff"
    assert await citizen.say("구래동 주차장") == ""
    await town.staff(token, "POST", f"{conversation}/replies", json={"text": "오늘 오후에 현장을 확인하겠습니다."})
    assert "오늘 오후에 현장을 확인하겠습니다." in await citizen.next()

    changed = await town.staff(
        token,
        "PATCH",
        f"/cases/{receipt}",
        json={"status": case["next_statuses"][0]},
        headers={"if-match": (await town.staff(token, "GET", f"/cases/{receipt}")).headers["etag"]},
    )
    assert changed.json()["notice_id"]
    assert receipt in await citizen.next()

    assert (await town.staff(token, "POST", f"{conversation}/hand-back")).json()["owner"] == "bot"
    assert "주차장" in await citizen.say("구래동 주차장")


async def test_a_message_posted_five_times_is_answered_once(town: Town) -> None:
    citizen = Citizen(town)
    await citizen.post({"type": "text", "text": "안녕하세요"}, times=5)
    found = await town.rows(
        "SELECT c.turns, (SELECT count(*) FROM inbound WHERE conversation_id = c.id) AS messages, "
        "(SELECT count(*) FROM outbound WHERE conversation_id = c.id) AS answers FROM conversations c "
        "WHERE c.address = %s",
        citizen.address,
    )
    texts = town.heard.texts(citizen.address)
    assert found == [{"turns": 1, "messages": 1, "answers": len(texts)}]
    assert len(set(texts)) == len(texts)
