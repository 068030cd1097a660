"""What officers may do in a room, and what not: the same rules, notices and records as behind the staff api."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select, update

from civic.cases.tables import case_events, cases
from civic.conversations import ownership
from civic.conversations.tables import conversations, outbound
from civic.staff.tables import access_log, audit_log
from civic.staffroom.tables import staff_events
from tests.bot.staffroom.conftest import Scene
from tests.bot.staffroom.workspace import Message, workspace
from tests.integrations.channels.kits.slack import refusal

ONE, OTHER, OUTSIDE, AUDITOR, STRANGER = "U0ONE", "U0OTHER", "U0OUTSIDE", "U0AUDITOR", "U0STRANGER"


async def row(scene: Scene, query: Any) -> Any:
    async with scene.city.house.db.transaction() as tx:
        return (await tx.execute(query)).one()


async def the_case(scene: Scene, card: Message) -> Any:
    number = card.text.partition(" ")[0]
    return await row(scene, select(cases).where(cases.c.receipt_no == number))


async def test_of_two_who_press_at_once_one_has_the_case(scene: Scene) -> None:
    first, second = await scene.hire(ONE), await scene.hire(OTHER)
    _, card = await scene.filed()
    button = card.buttons["담당하기"]
    requests = [scene.slack.pressing(user, card, button) for user in (ONE, OTHER)]
    await asyncio.gather(*(scene.slack.told(request) for request in requests))
    case = await the_case(scene, card)
    assert case.staff_id in (first.id, second.id)
    winner, loser = (ONE, OTHER) if case.staff_id == first.id else (OTHER, ONE)
    assert "맡으셨습니다" in scene.slack.whispered(winner)[-1]
    assert "그사이 바뀌었습니다" in scene.slack.whispered(loser)[-1]


async def test_a_delivery_that_slack_repeats_acts_once(scene: Scene) -> None:
    await scene.hire(ONE)
    citizen, card = await scene.filed()
    before = len(scene.city.channel.sent[citizen.address])
    said = scene.slack.writing(ONE, "확인했습니다.", card=card, key="REPEATED")
    again = scene.slack.writing(ONE, "확인했습니다.", card=card, key="REPEATED")
    await asyncio.gather(*(scene.slack.told(one) for one in (said, said, again)))
    await scene.slack.told(again)
    assert [one.text for one in scene.city.channel.sent[citizen.address][before:]] == ["확인했습니다."]


async def test_an_answer_waits_for_the_colleague_who_holds_the_talk(scene: Scene) -> None:
    await scene.hire(ONE)
    colleague = await scene.hire(OTHER, linked=False)
    citizen, card = await scene.filed()
    case = await the_case(scene, card)
    async with scene.city.house.db.transaction() as tx:
        await ownership.take_over(tx, case.conversation_id, colleague.id, scene.city.clock.now())
    before = len(scene.city.channel.sent[citizen.address])
    await scene.slack.write(ONE, "제가 답하겠습니다.", card=card)
    assert "다른 담당자가 상담 중" in scene.slack.whispered(ONE)[-1]
    assert len(scene.city.channel.sent[citizen.address]) == before


@pytest.mark.parametrize("who", [OUTSIDE, AUDITOR, STRANGER])
async def test_whoever_may_not_through_the_api_may_not_in_slack(scene: Scene, who: str) -> None:
    if who == OUTSIDE:
        await scene.hire(OUTSIDE, department_id="parks")
    if who == AUDITOR:
        await scene.hire(AUDITOR, "auditor")
    citizen, card = await scene.filed()
    before = await the_case(scene, card)
    heard = len(scene.city.channel.sent[citizen.address])
    for label in list(card.buttons):
        scene.slack.whispers.clear()
        await scene.slack.press(who, card, label)
        assert len(scene.slack.whispered(who)) == 1, label
    await scene.slack.write(who, "제가 볼게요", card=card)
    await scene.slack.write(who, "// 메모도", card=card)
    form = {"callback_id": "staff:status", "private_metadata": f"{before.id}:{before.version}"}
    refused = await scene.slack.submit(who, form, status="answered", text="끝")
    assert refused["response_action"] in ("errors", "update")
    assert scene.slack.forms == []
    assert len(scene.city.channel.sent[citizen.address]) == heard
    after = await the_case(scene, card)
    assert (after.version, after.status, after.staff_id) == (before.version, "received", None)
    told = await scene.slack.command(who, before.receipt_no)
    assert "쓰레기" not in told
    if who == STRANGER:
        assert all("연결 코드" in text for text in (*scene.slack.whispered(who), told))
    assert "홍길동" not in repr(scene.slack.whispers)


async def test_a_button_of_an_old_card_changes_nothing_and_the_card_is_shown_afresh(scene: Scene) -> None:
    await scene.hire(ONE)
    await scene.hire(OTHER)
    _, card = await scene.filed()
    old = card.buttons["담당하기"], card.buttons["상태 변경"]
    await scene.slack.press(ONE, card, "담당하기")
    for button in old:
        await scene.slack.told(scene.slack.pressing(OTHER, card, button))
        assert "그사이 바뀌었습니다" in scene.slack.whispered(OTHER)[-1]
    assert scene.slack.forms == []
    assert "김one" in card.text


async def test_a_form_stays_open_with_what_is_wrong_with_it(scene: Scene) -> None:
    await scene.hire(ONE)
    citizen, card = await scene.filed()
    await scene.slack.press(ONE, card, "상태 변경")
    form = scene.slack.forms[-1]
    given = {"status": "answered", "text": " "}
    assert "내용을 적어" in (await scene.slack.submit(ONE, form, **given))["errors"]["text"]
    given = {"status": "transferred", "text": "옆 도시의 일입니다", "body": "", "contact": ""}
    assert "받는 기관" in (await scene.slack.submit(ONE, form, **given))["errors"]["text"]
    given = {"status": "withdrawn", "text": "취하"}
    assert "권한" in (await scene.slack.submit(ONE, form, **given))["errors"]["text"]
    assert (await the_case(scene, card)).status == "received"
    given = {"status": "refused", "text": "법에 없는 일입니다."}
    assert await scene.slack.submit(ONE, form, **given) == {}
    assert "행정심판" in scene.city.channel.sent[citizen.address][-1].text
    stale = await scene.slack.submit(ONE, form, status="in_progress")
    assert "그사이 바뀌었습니다" in stale["errors"]["status"]


async def test_a_transfer_names_where_it_went(scene: Scene) -> None:
    await scene.hire(ONE)
    citizen, card = await scene.filed()
    await scene.slack.press(ONE, card, "상태 변경")
    given = {"status": "transferred", "text": "국도입니다.", "body": "국토관리사무소", "contact": "031-000-0000"}
    assert await scene.slack.submit(ONE, scene.slack.forms[-1], **given) == {}
    assert "국토관리사무소 (031-000-0000)" in scene.city.channel.sent[citizen.address][-1].text


@pytest.mark.parametrize(
    ("text", "raw", "told"),
    [
        ("// 현장은 내일", False, "내부 메모"),
        ("<@U0OTHER> 이거 봐 주세요", True, "동료를 부르신"),
        ("<!here> 급합니다", True, "동료를 부르신"),
    ],
)
async def test_what_is_said_among_colleagues_stays_there(scene: Scene, text: str, raw: bool, told: str) -> None:
    await scene.hire(ONE)
    citizen, card = await scene.filed()
    before = len(scene.city.channel.sent[citizen.address])
    await scene.slack.write(ONE, text, card=card, raw=raw)
    assert told in scene.slack.whispered(ONE)[-1]
    assert len(scene.city.channel.sent[citizen.address]) == before
    await scene.slack.write(STRANGER, text, card=card, raw=raw)
    assert len(scene.slack.whispered(STRANGER)) == (0 if raw else 1)


async def test_talk_in_a_thread_that_is_no_card_is_nobodys_business(scene: Scene) -> None:
    await scene.hire(ONE)
    talk = Message("1780000000.000001", "C0WASTE01", "", {})
    for who in (ONE, STRANGER):
        await scene.slack.write(who, "점심 뭐 드실래요?", card=talk)
    assert scene.slack.whispered(ONE) == scene.slack.whispered(STRANGER) == []


async def test_what_is_read_and_changed_leaves_the_same_records_as_through_the_api(scene: Scene) -> None:
    member = await scene.hire(ONE)
    _, card = await scene.filed()
    await scene.slack.press(ONE, card, "내용 보기")
    read = str(scene.slack.forms[-1])
    assert "구래동 공원 앞에 쓰레기가 며칠째" in read
    assert "홍길동" not in read and "5678" not in read
    await scene.slack.press(ONE, card, "담당하기")
    await scene.slack.write(ONE, "확인하겠습니다.", card=card)
    await scene.slack.press(ONE, card, "대화 돌려주기")
    await scene.slack.press(ONE, card, "대화 넘겨받기")
    await scene.slack.write(ONE, "// 메모", card=card)
    case = await the_case(scene, card)
    async with scene.city.house.db.transaction() as tx:
        seen = (
            await tx.execute(select(access_log).where(access_log.c.staff_id == member.id).order_by("at", "id"))
        ).all()
        changed = select(audit_log.c.action).where(audit_log.c.actor_id == member.id).order_by(audit_log.c.id)
        done = list((await tx.execute(changed)).scalars())
    talk = str(case.conversation_id)
    assert [(one.action, one.subject_id) for one in seen] == [
        ("case.read", case.receipt_no),
        ("case.change", case.receipt_no),
        ("case.reply", case.receipt_no),
        ("conversation.hand_back", talk),
        ("conversation.take_over", talk),
        ("case.note", case.receipt_no),
    ]
    assert {one.source_ip for one in seen} == {f"slack:T0SUITE01/{ONE}"}
    assert {one.citizen_id for one in seen} == {case.citizen_id}
    assert done == [
        "staff.room_code_made",
        "staff.room_linked",
        "case.owner",
        "conversation.take_over",
        "case.note",
        "conversation.hand_back",
        "conversation.take_over",
        "case.internal_note",
    ]


async def test_what_the_citizen_wrote_is_not_shown_where_the_city_does_not_want_it(scene: Scene) -> None:
    await scene.hire(ONE)
    _, card = await scene.filed()
    async with workspace(scene.city, shows_text=False) as slack:
        await slack.press(ONE, card, "내용 보기")
        assert slack.forms == [] and "보이지 않기로" in slack.whispered(ONE)[-1]


async def test_harsh_words_are_folded(scene: Scene) -> None:
    await scene.hire(ONE)
    citizen, card = await scene.filed()
    await citizen.say("야 이 개새끼들아 당장 와")
    await scene.slack.press(ONE, card, "내용 보기")
    assert "개새끼" not in str(scene.slack.forms[-1]) and "거친 말이 있어" in str(scene.slack.forms[-1])


async def test_a_form_that_came_too_late_is_said_and_nothing_else(scene: Scene) -> None:
    await scene.hire(ONE)
    _, card = await scene.filed()
    scene.slack.answers["views.open"] = [refusal("expired_trigger_id")]
    await scene.slack.press(ONE, card, "상태 변경")
    assert "3초가 지났습니다" in scene.slack.whispered(ONE)[-1]


async def test_files_do_not_reach_the_citizen_and_that_is_said(scene: Scene) -> None:
    await scene.hire(ONE)
    citizen, card = await scene.filed()
    before = len(scene.city.channel.sent[citizen.address])
    await scene.slack.write(ONE, "", card=card, files=[{"id": "F1"}], subtype="file_share")
    assert "파일은 시민에게 전해지지" in scene.slack.whispered(ONE)[-1]
    await scene.slack.write(ONE, "도면입니다", card=card, files=[{"id": "F1"}], subtype="file_share")
    assert "붙이신 파일은" in scene.slack.whispered(ONE)[-1]
    assert [one.text for one in scene.city.channel.sent[citizen.address][before:]] == ["도면입니다"]


async def test_an_answer_to_a_citizen_who_left_is_told_as_not_sent(scene: Scene) -> None:
    await scene.hire(ONE)
    _, card = await scene.filed()
    case = await the_case(scene, card)
    async with scene.city.house.db.transaction() as tx:
        gone = update(conversations).where(conversations.c.id == case.conversation_id)
        await tx.execute(gone.values(unreachable_at=scene.city.clock.now()))
    await scene.slack.write(ONE, "확인했습니다.", card=card)
    assert "보내지 못했습니다" in scene.slack.whispered(ONE)[-1]


async def test_a_number_typed_as_a_command_shows_its_card(scene: Scene) -> None:
    await scene.hire(ONE)
    _, card = await scene.filed()
    number = card.text.partition(" ")[0]
    assert "자원순환과" in await scene.slack.command(ONE, number.lower())
    assert "찾을 수 없습니다" in await scene.slack.command(ONE, "GP-2026-999999")
    assert "link" in await scene.slack.command(ONE, "help")
    assert "link" in await scene.slack.command(STRANGER, "무슨 말인지")


async def test_what_a_dead_process_left_is_done_by_the_next_once(scene: Scene) -> None:
    await scene.hire(ONE)
    citizen, card = await scene.filed()
    desk = scene.city.house.desk.staffroom
    assert desk is not None
    said = scene.slack.writing(ONE, "늦었지만 답합니다.", card=card)
    begun, desk._begin = desk._begin, lambda *given: asyncio.create_task(asyncio.sleep(0))  # type: ignore
    try:
        await scene.slack.told(said)  # stored, acknowledged, and the process is gone
    finally:
        desk._begin = begun  # type: ignore[method-assign]
    before = len(scene.city.channel.sent[citizen.address])
    await desk.sweep()
    scene.city.move(seconds=31)
    await asyncio.gather(desk.sweep(), desk.sweep())
    await scene.city.house.desk.idle()
    assert [one.text for one in scene.city.channel.sent[citizen.address][before:]] == ["늦었지만 답합니다."]
    waiting = select(func.count()).select_from(staff_events).where(staff_events.c.done_at.is_(None))
    kept = select(func.count()).select_from(staff_events).where(staff_events.c.content.is_not(None))
    assert ((await row(scene, waiting))[0], (await row(scene, kept))[0]) == (0, 0)


async def test_a_reply_stands_in_the_history_and_in_the_conversation(scene: Scene) -> None:
    member = await scene.hire(ONE)
    _, card = await scene.filed()
    await scene.slack.write(ONE, "내일 갑니다.", card=card)
    case = await the_case(scene, card)
    note = await row(scene, select(case_events).where(case_events.c.case_id == case.id, case_events.c.kind == "note"))
    assert (note.actor_id, note.text, note.is_public) == (member.id, "내일 갑니다.", True)
    sent = select(outbound).where(outbound.c.conversation_id == case.conversation_id, outbound.c.staff_id == member.id)
    queued = await row(scene, sent)
    assert (queued.purpose, queued.case_id, queued.status) == ("reply", case.id, "sent")


async def test_an_officer_who_talks_from_the_room_hears_that_the_citizen_wrote_until_he_gives_the_talk_back(
    scene: Scene,
) -> None:
    await scene.hire(ONE)
    citizen, card = await scene.filed()
    wrote = "시민이 글을 남겼습니다. ‘내용 보기’에서 읽어 주세요."
    await scene.slack.write(ONE, "어느 쪽 출입구인가요?", card=card)
    for text in ("동문이요", "놀이터 옆 동문입니다"):
        scene.city.move(seconds=1)
        assert await citizen.say(text) == []  # the bot is silent
        await scene.slack.follow(2)
    assert scene.slack.lines(card) == [wrote, wrote]
    await scene.slack.press(ONE, card, "내용 보기")
    assert "놀이터 옆 동문입니다" in str(scene.slack.forms[-1])
    await scene.slack.press(ONE, card, "대화 돌려주기")
    scene.city.move(seconds=1)
    assert await citizen.say("고맙습니다")
    await scene.slack.follow(2)
    assert scene.slack.lines(card) == [wrote, wrote]
