"""From a citizen's complaint on one messenger to its answer, by an officer who never leaves Slack."""

from tests.bot.staffroom.conftest import Scene

OFFICER = "U0OFFICER"


async def test_a_case_is_taken_answered_and_closed_without_leaving_slack(scene: Scene) -> None:
    member = await scene.hire(OFFICER, name="김청소")
    citizen, card = await scene.filed()
    assert "쓰레기·무단투기" in card.text and "자원순환과" in card.text and "홍○○" in card.text
    assert "홍길동" not in card.text and "5678" not in card.text and "며칠째" not in card.text
    assert list(card.buttons) == ["내용 보기", "담당하기", "상태 변경", "대화 넘겨받기"]

    await scene.slack.press(OFFICER, card, "담당하기")
    assert "민원을 맡으셨습니다" in scene.slack.whispered(OFFICER)[-1]
    assert "김청소" in card.text and "이어서 담당하기" in card.buttons

    before = len(scene.city.channel.sent[citizen.address])
    await scene.slack.write(OFFICER, "오늘 오후에 <치우겠습니다> & 알려 드리겠습니다.", card=card)
    (heard,) = scene.city.channel.sent[citizen.address][before:]
    assert heard.text == "오늘 오후에 <치우겠습니다> & 알려 드리겠습니다."
    assert "보냈습니다" in scene.slack.whispered(OFFICER)[-1]
    assert "대화 돌려주기" in card.buttons

    await scene.slack.press(OFFICER, card, "상태 변경")
    (form,) = scene.slack.forms
    closed = await scene.slack.submit(OFFICER, form, status="answered", text="모두 치웠습니다.")
    assert closed == {}
    assert "모두 치웠습니다." in scene.city.channel.sent[citizen.address][-1].text
    assert "답변 완료" in card.text and "담당하기" not in card.buttons

    await scene.slack.follow(5)
    assert scene.slack.lines(card) == ["담당: 없음 → 김청소 (김청소)", "상태: 접수 → 답변 완료 (김청소)"]
    assert member.role == "agent"
