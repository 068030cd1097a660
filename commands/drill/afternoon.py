"""The afternoon: the messenger falls silent for an hour, a refusal, a transfer, a low rating, a forgotten case."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from civic.conversations.tables import conversations, outbound
from commands.drill.morning import STREET
from commands.drill.people import Citizen
from commands.drill.stage import Stage

RECOVERY_S = 30.0


async def silent_hour(stage: Stage) -> None:
    """The provider is down for an hour: nothing lost, nothing doubled, each person's order kept."""
    stage.tell("메신저 사업자가 한 시간 멈춥니다")
    writers = [stage.citizen(f"장애{index}") for index in range(6)]
    stage.provider.is_down = True
    for round_ in range(4):
        for citizen in writers:
            await citizen.say(f"구래동 주차장 {round_ + 1}번째 물음")
        await stage.after(minutes=15)
    stage.tell(f"사업자가 돌아왔습니다 (거절된 전송 {stage.provider.refused}번)")
    stage.provider.is_down = False
    expected = await _expected(stage)
    await _drained(stage, expected)
    got = {citizen.address: [message["id"] for message in citizen.screen] for citizen in writers}
    ordered = all(ids == sorted(ids) for ids in got.values())
    lost = {
        address: ids for address, ids in expected.items() if ids != [m["id"] for m in stage.provider.screen(address)]
    }
    stage.check("한 시간 장애에도 잃은 메시지가 없습니다", not lost, f"시민 {len(expected)}명")
    stage.check("같은 메시지가 두 번 나가지 않습니다", stage.provider.doubled == 0, f"{stage.provider.posts}건")
    stage.check("사람마다 순서가 그대로입니다", ordered)


async def _expected(stage: Stage) -> dict[str, list[str]]:
    """What the outbox holds for each citizen, in its order: the truth that the screens are held against."""
    wanted = (
        select(conversations.c.address, outbound.c.id)
        .join(conversations, conversations.c.id == outbound.c.conversation_id)
        .where(outbound.c.status.not_in(("cancelled",)))
        .order_by(outbound.c.seq)
    )
    found: dict[str, list[str]] = {}
    async with stage.house.db.reading() as tx:
        for address, message_id in await tx.execute(wanted):
            found.setdefault(address, []).append(str(message_id))
    return found


async def _drained(stage: Stage, expected: dict[str, list[str]]) -> None:
    """Until every screen shows what the outbox holds; the circuit breaker's rest is real time, so this waits for it."""
    async with asyncio.timeout(RECOVERY_S):
        while any(len(stage.provider.screen(address)) < len(ids) for address, ids in expected.items()):
            await stage.after(minutes=2)
            await asyncio.sleep(0.2)


async def refusal_and_transfer(stage: Stage) -> None:
    """불수용 needs a reason and the way to object; 이송 keeps number and history."""
    citizen, other = stage.citizen("성춘향"), stage.citizen("이몽룡")
    road = stage.officers["road"]
    first = await citizen.file("사우동 골목에 과속방지턱을 열 개 더 놓아 주세요", place=STREET, category="road_damage")
    bare = await road.change(first, status="refused", text="")
    await road.change(first, status="refused", text="도로 폭이 좁아 설치 기준에 맞지 않습니다.")
    stage.check("사유 없는 불수용은 막습니다", bare.status_code == 422, bare.status_code)
    stage.check("불수용은 사유와 이의 절차를 함께 알립니다", "이의신청" in citizen.last, "")
    second = await other.file("국도 48호선 중앙분리대가 부서졌습니다", place=STREET, category="road_damage")
    await road.change(
        second,
        status="transferred",
        text="국도는 국토관리사무소가 관리합니다.",
        transferred_to="의정부국토관리사무소",
        transferred_contact="031-820-1700",
    )
    case = await road.case(second)
    kept = case["receipt_no"] == second and len(case["events"]) >= 2
    stage.check("이송해도 번호와 이력이 남고, 어디로 갔는지 알립니다", kept and "의정부국토관리사무소" in other.last)


async def unhappy(stage: Stage, number: str, citizen: Citizen) -> None:
    """Closing needs an answer; a low rating is looked at again; the citizen may reopen."""
    road, head = stage.officers["road"], stage.officers["road.head"]
    bare = await road.change(number, status="answered", text=" ")
    await road.change(number, status="answered", text="임시로 메웠습니다.")
    stage.check("답변 글 없이는 끝낼 수 없습니다", bare.status_code == 422, bare.status_code)
    await citizen.press_like("do:complaint_rate:1")
    await citizen.say("메운 자리가 벌써 다시 파였어요")
    reviews = (await head.get("/reviews")).json()["items"]
    stage.check(
        "낮은 점수는 팀장이 다시 살펴봅니다", any(item["receipt_no"] == number for item in reviews), f"{len(reviews)}건"
    )
    await citizen.say(f"{number} 다시 열어 주세요")
    for _ in range(3):
        if (await road.case(number))["status"] == "reopened":
            break
        await citizen.say("메운 자리가 다시 파여서 위험합니다")
    stage.check("시민이 끝난 민원을 다시 열 수 있습니다", (await road.case(number))["reopenings"] == 1)


async def holiday(stage: Stage) -> None:
    """The worked example of the law: 추석, one day declared, both due dates by the article."""
    citizen = stage.citizen("심청")
    await stage.until(datetime(2026, 9, 23, 7, 0, tzinfo=UTC))
    number = await citizen.file("사우동 보안등이 깜빡거려요", place=STREET, category="street_light")
    road, admin = stage.officers["road"], stage.officers["admin"]
    before = await road.case(number)
    stage.tell("정부가 9월 28일을 임시공휴일로 정했습니다")
    declared = await admin.put("/days-off/2026-09-28", {"name": "임시공휴일", "source": "훈련용 가상 공고"})
    await stage.after(minutes=10)
    after = await road.case(number)
    moved = datetime.fromisoformat(after["due_at"]) - datetime.fromisoformat(before["due_at"])
    stage.check(
        "임시공휴일을 정하면 처리 기한이 하루 밀립니다", moved == timedelta(days=1), f"{declared.status_code} {moved}"
    )
    await stage.until(datetime(2026, 9, 23, 23, 30, tzinfo=UTC))
    stage.check(
        "바뀐 기한을 시민에게 알립니다(밤을 지나 아침에)",
        "10월" in citizen.last or "9월 30일" in citizen.last,
        citizen.last[:80],
    )


async def forgotten(stage: Stage) -> None:
    """Nobody touches a case: the citizen hears of it at half its time, then officer, team head, auditor are called."""
    citizen = stage.citizen("흥부")
    number = await citizen.file("사우동 보도블록이 들떠서 사람이 넘어집니다", place=STREET, category="sidewalk")
    road = stage.officers["road"]
    due = datetime.fromisoformat((await road.case(number))["due_at"])
    seen = len(citizen.screen)
    await stage.until(due + timedelta(days=6), step=timedelta(hours=1))
    told = [message["text"] for message in citizen.screen[seen:]]
    stage.check(
        "처리기간의 절반 동안 소식이 없으면 중간 안내가 갑니다", any(number in text for text in told), f"{len(told)}번"
    )
    levels = (await road.case(number))["warn_level"]
    heads = (await stage.officers["road.head"].get("/inbox")).json()["items"]
    auditor = (await stage.officers["auditor"].get("/inbox")).json()["items"]
    reached = any(number in str(item) for item in heads) and any(number in str(item) for item in auditor)
    stage.check("기한이 지나면 담당자, 팀장, 감사 담당에게 차례로 알립니다", levels == 3 and reached, f"단계 {levels}")
