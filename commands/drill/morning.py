"""The morning of a bad day: small matters answered at once, one storm seen by many, one case told step by step."""

from statistics import median

from commands.drill.stage import Stage

PARK = (37.6450, 126.6280, "구래동 은여울공원")
STREET = (37.6190, 126.7190, "사우동 사거리")
_ASKED = (
    "구래동 주민센터 전화번호 알려줘",
    "여권은 어디서 만들어요?",
    "구래동 주차장 어디 있어요",
    "대형폐기물은 어떻게 버려요?",
    "재산세는 어디에 물어보면 되나요",
    "Where can I park in Gurae-dong?",
)


async def small_matters(stage: Stage) -> None:
    """즉결: answered in the messenger, without an officer."""
    stage.tell("문의 24건이 한꺼번에 들어옵니다")
    answered, waits = 0, []
    for index in range(24):
        citizen = stage.citizen(f"문의{index}")
        asked_at = stage.clock.now()
        shown = await citizen.say(_ASKED[index % len(_ASKED)])
        answered += bool(shown)
        waits.append((stage.clock.now() - asked_at).total_seconds() / 60)
    stage.check("즉결은 메신저에서 바로 답합니다", answered == 24, f"{answered}/24")
    stage.check("즉결 답변의 중앙값이 5분보다 짧습니다", median(waits) < 5, f"중앙값 {median(waits):.0f}분")


async def one_tree_many_eyes(stage: Stage) -> str:
    """Seven citizens report the same fallen tree: one case, the others join it, and all hear the end."""
    stage.tell("밤새 바람에 은여울공원 나무가 쓰러졌습니다. 일곱 사람이 같은 신고를 합니다")
    numbers: list[str] = []
    for name in "가나다라마바사":
        citizen = stage.citizen(f"{name}민원")
        numbers.append(
            await citizen.file(
                "은여울공원 산책로에 큰 나무가 쓰러져서 길을 막고 있어요", place=PARK, category="park_tree"
            )
        )
        await stage.after(minutes=3)
    case = await stage.officers["green"].case(numbers[0])
    is_one = set(numbers) == {numbers[0]} and case["joined"] == 6
    stage.check("같은 민원은 함께 신청하도록 권하고, 받아들이면 하나로 모읍니다", is_one, f"함께 {case['joined']}명")
    stage.check(
        "다섯 사람이 넘으면 다수인관련민원으로 알아봅니다", case["mass_at"] is not None, str(case["mass_at"])[:16]
    )
    return numbers[0]


async def finish_the_tree(stage: Stage, number: str) -> None:
    green = stage.officers["green"]
    before = {citizen.address: len(citizen.screen) for citizen in stage.citizens}
    await green.change(number, status="in_progress")
    await stage.after(minutes=40)
    await green.change(number, status="answered", text="쓰러진 나무를 치우고 산책로를 다시 열었습니다.")
    await stage.after(minutes=10)
    heard = [
        citizen
        for citizen in stage.citizens
        if any(
            number in message["text"] and "치우고" in message["text"]
            for message in citizen.screen[before[citizen.address] :]
        )
    ]
    stage.check("함께 신청한 시민 모두가 결과를 한 번씩 받습니다", len(heard) == 7, f"{len(heard)}명")


async def step_by_step(stage: Stage) -> str:
    """장기: number, department and due date at once; a question stops the clock, the answer starts it again."""
    citizen = stage.citizen("홍길동")
    stage.tell("홍길동 님이 도로 파손을 신고합니다")
    number = await citizen.file(
        "사우동 사거리 차도에 구멍이 크게 패였어요. 차가 덜컹거립니다", place=STREET, category="road_damage"
    )
    stage.check(
        "접수번호·담당 부서·처리 기한을 그 자리에서 알려 줍니다", bool(number) and "기한" in citizen.last, number
    )
    road = stage.officers["road"]
    first_due = (await road.case(number))["due_at"]
    await road.change(number, status="waiting_citizen", text="파인 곳이 몇 차로인지, 사진이 있으면 함께 알려 주세요.")
    asked = "몇 차로인지" in citizen.last
    await stage.after(hours=1)
    paused = (await road.case(number))["paused_at"] is not None
    await citizen.say("2차로이고 버스정류장 바로 앞입니다")
    await citizen.press_like("complaint_supply")
    case = await road.case(number)
    stage.check("보완을 물으면 시민이 받고 처리 기한이 멈춥니다", asked and paused)
    stage.check(
        "시민의 답은 담당자에게 가고, 멈춘 만큼 기한이 늦춰집니다",
        case["status"] == "in_progress" and case["due_at"] > first_due,
        f"{case['status']}: {first_due[:10]} → {case['due_at'][:10]}",
    )
    return number


async def two_pens(stage: Stage, number: str) -> None:
    """Two officers cannot answer at once; the second sees who is writing."""
    road, second = stage.officers["road"], stage.officers["road.two"]
    stage.tell("두 담당자가 같은 민원을 엽니다")
    await road.post(f"/cases/{number}/writing")
    seen = (await second.get(f"/cases/{number}/writing")).json()
    refused = await second.post(f"/cases/{number}/replies", {"text": "저도 답하겠습니다."})
    stage.check("누가 쓰고 있는지 보이고, 동시에 답하지 못합니다", refused.status_code == 409, seen["writer"]["name"])
    await road.delete(f"/cases/{number}/writing")
