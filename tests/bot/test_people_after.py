"""What follows from being one person: parting again exactly, notices once and where he chose, his data gone."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from bot.codes import CodeKeeping
from civic.cases.case import Actor
from civic.cases.change import change_status
from civic.cases.join import join
from civic.cases.notices import tell
from civic.cases.status import Status
from civic.cases.tables import cases
from civic.conversations import thread
from civic.conversations.tables import conversations, inbound
from civic.files.tables import attachments
from civic.people.tables import citizens, person_links, phone_proofs
from civic.staff.tables import audit_log
from core.errors import NotFound
from core.ids import new_id
from core.settings import Duplicates
from tests.bot.dialog_player import photo
from tests.bot.people import People, texts
from tests.bot.test_at_rest import dump

# -- parting -----------------------------------------------------------------------------------------------------------

_WHOSE = (
    "SELECT id, citizen_id FROM conversations",
    "SELECT id, citizen_id FROM cases",
    "SELECT id, citizen_id FROM case_joiners",
    "SELECT id, citizen_id FROM consents",
    "SELECT id, name_sealed, phone_sealed, notice_conversation_id FROM citizens",
)


async def snapshot(people: People) -> list[dict[Any, Any]]:
    async with people.house.db.transaction() as tx:
        return [{row[0]: tuple(row[1:]) for row in await tx.execute(text(query))} for query in _WHOSE]


async def test_parting_gives_back_exactly_what_was_linked(people: People) -> None:
    number = people.new_number()
    chat, phone = people.chat(), people.phone(number)
    await people.file(chat, number, name="김철수")
    await people.file(phone, number, name="김 철수")
    before = await snapshot(people)
    await people.link(chat, number)
    linked = await snapshot(people)
    assert linked != before
    await phone.say("알림은 여기로 받을래요")
    assert "해제할까요" in texts(await chat.say("채널 연결 해제"))
    assert "해제했습니다" in texts(await chat.say("네"))
    assert await snapshot(people) == before
    async with people.house.db.transaction() as tx:
        lines = (await tx.execute(select(person_links).where(person_links.c.undone_at.is_not(None)))).all()
        proofs = await tx.scalars(
            select(phone_proofs.c.revoked_at).where(phone_proofs.c.conversation_id == await people.id_of(chat))
        )
    assert {line.undone_by for line in lines} == {"citizen"} and all(proofs)


async def test_a_case_filed_while_linked_goes_with_the_conversation_it_came_by(people: People) -> None:
    number = people.new_number()
    chat, phone = people.chat(), people.phone(number)
    await people.file(phone, number, name="이영희")
    await people.link(chat, number)
    for line in ("장기동 가로등이 꺼졌어요", "네", "오늘", "없음", "동의하고 민원"):
        await chat.say(line)
    await chat.say("네")
    await phone.say("채널 연결 해제")
    await phone.say("네")
    chat_row, phone_row = await people.row(chat), await people.row(phone)
    async with people.house.db.transaction() as tx:
        mine = (await tx.execute(select(cases).where(cases.c.conversation_id == chat_row.id))).all()
        theirs = (await tx.execute(select(cases).where(cases.c.conversation_id == phone_row.id))).all()
    assert [case.citizen_id for case in mine] == [chat_row.citizen_id] and chat_row.citizen_id is not None
    assert [case.citizen_id for case in theirs] == [phone_row.citizen_id]
    assert chat_row.citizen_id != phone_row.citizen_id


async def test_a_case_filed_at_the_moment_of_linking_belongs_to_the_one_person(people: People) -> None:
    number = people.new_number()
    chat, phone = people.chat(), people.phone(number)
    for line in ("사우동 보도블록이 깨졌어요", "네", "오늘", "없음", "동의하고 민원", "박민수", number):
        await phone.say(line)
    code = await people.ask(chat, number)
    await asyncio.gather(chat.say(code), phone.say("네"))
    people.city.move(seconds=30)
    await people.house.desk.run_left_behind()
    await people.house.desk.idle()
    chat_row, phone_row = await people.row(chat), await people.row(phone)
    async with people.house.db.transaction() as tx:
        (case,) = (await tx.execute(select(cases).where(cases.c.conversation_id == phone_row.id))).all()
    assert chat_row.citizen_id == phone_row.citizen_id == case.citizen_id


async def test_three_channels_are_one_and_the_last_to_come_can_leave_alone(people: People) -> None:
    number = people.new_number()
    chat, other, phone = people.chat(), people.other("telegram"), people.phone(number)
    await people.file(chat, number)
    await people.link(chat, number)
    said = await people.link(other, number)
    assert "텔레그램" in said and "문자" in said
    await other.say("연결 해제")
    await other.say("네")
    rows = [await people.row(one) for one in (chat, phone, other)]
    assert rows[0].citizen_id == rows[1].citizen_id is not None and rows[2].citizen_id is None


# -- notices -----------------------------------------------------------------------------------------------------------


async def answer(people: People, receipt_no: str) -> None:
    """An officer ends the case, and everybody concerned is told."""
    now = people.city.clock.now()
    async with people.house.db.transaction() as tx:
        case_id = await tx.scalar(select(cases.c.id).where(cases.c.receipt_no == receipt_no))
        assert case_id
        case = await change_status(
            tx, case_id, Status.ANSWERED, Actor.staff(new_id(), "agent"), now, expected_version=None, text="치웠습니다."
        )
        await tell(tx, people.house.settings.messaging, case, "answered", now, text="치웠습니다.")
    await people.drain()


async def test_notices_go_where_the_citizen_chose_and_back_when_that_channel_is_closed(people: People) -> None:
    number = people.new_number()
    chat, phone = people.chat(), people.phone(number)
    first, second = await people.file(chat, number), await people.file(chat, number)
    await people.link(chat, number)
    assert "문자로 보내" in texts(await chat.say("알림은 문자로 받을래요"))
    await people.drain()
    chat_before, text_before = len(people.city.channel.sent[chat.address]), len(people.sms.sent[phone.address])
    await answer(people, first)
    assert len(people.city.channel.sent[chat.address]) == chat_before
    (notice,) = people.sms.sent[phone.address][text_before:]
    assert first in notice.text
    await phone.say("수신거부")
    await answer(people, second)
    assert second in texts(people.city.channel.sent[chat.address][chat_before:])


async def test_a_person_on_two_channels_of_one_case_is_told_once(people: People) -> None:
    number = people.new_number()
    chat, phone, neighbour = people.chat(), people.phone(number), people.chat()
    case = await people.file(chat, number)
    await phone.say("안녕하세요")
    await neighbour.say("안녕하세요")
    async with people.house.db.transaction() as tx:
        case_id = await tx.scalar(select(cases.c.id).where(cases.c.receipt_no == case))
        assert case_id
        for one in (phone, neighbour):
            await join(tx, case_id, await people.id_of(one), people.city.clock.now(), near=Duplicates())
    await people.link(chat, number)
    seen = {one: len(one.city.channel.sent[one.address]) for one in (chat, phone, neighbour)}
    await answer(people, case)
    fresh = {one: one.city.channel.sent[one.address][count:] for one, count in seen.items()}
    assert [len(fresh[one]) for one in (chat, phone, neighbour)] == [1, 0, 1]


async def test_the_choice_is_offered_by_name_and_can_be_taken_back(people: People) -> None:
    number, chat = people.new_number(), people.chat()
    assert "하나만" in texts(await chat.say("알림 받을 곳"))
    await people.link(chat, number)
    said = await chat.say("알림 받을 곳")
    assert "문자" in {button.label for one in said for button in one.buttons}
    assert "문자로" in texts(await chat.press("문자"))
    row = await people.row(chat)
    async with people.house.db.transaction() as tx:
        chosen = await tx.scalar(select(citizens.c.notice_conversation_id).where(citizens.c.id == row.citizen_id))
    assert chosen == await people.id_of(people.phone(number))
    await chat.say("알림 받을 곳")
    assert "접수하신 채널로" in texts(await chat.press("접수한 채널로"))


async def test_the_same_matter_by_another_channel_counts_as_the_same_persons(people: People) -> None:
    number = people.new_number()
    chat, phone = people.chat(), people.phone(number)
    await people.file(chat, number)
    await people.link(chat, number)
    for _ in range(2):
        for line in ("구래동 공원에 쓰레기가 쌓여 있어요", "네", "오늘", "없음", "동의하고 민원", "네"):
            said = await phone.say(line)
        if "접수되었습니다" not in texts(said):
            await phone.say("아니요")
    row = await people.row(phone)
    async with people.house.db.transaction() as tx:
        own = (await tx.execute(select(cases).where(cases.c.citizen_id == row.citizen_id))).all()
    assert len(own) == 3 and max(case.repeats for case in own) == 3


# -- my data -----------------------------------------------------------------------------------------------------------


async def test_what_is_kept_is_shown_masked(people: People) -> None:
    number, chat = people.new_number(), people.chat()
    await people.file(chat, number, name="최수진")
    said = texts(await chat.say("내 정보 보여줘"))
    assert "최수진" in said and f"010-****-{number[-4:]}" in said and number not in said
    assert "1건 (처리 중 1건)" in said


async def test_data_of_an_open_case_is_kept_with_the_law_named(people: People) -> None:
    number, chat = people.new_number(), people.chat()
    case = await people.file(chat, number)
    said = texts(await chat.say("내 정보 삭제해 주세요"))
    assert case in said and "제36조" in said and "지금은 지워 드릴 수 없습니다" in said


async def test_deletion_needs_two_yeses_and_takes_all_linked_channels_with_it(
    people: People, database_url: str, tmp_path: Path
) -> None:
    number = people.new_number()
    chat, phone = people.chat(), people.phone(number)
    case = await people.file(chat, number, name="독고세라")
    await phone.say("제 비밀 이야기를 들어 주세요")
    await people.link(chat, number)
    old = people.city.clock.now() - timedelta(days=people.house.settings.city.retention_days + 1)
    async with people.house.db.transaction() as tx:
        gone = update(cases).where(cases.c.receipt_no == case)
        await tx.execute(gone.values(closed_at=old, received_at=old, status="answered"))
    phone_id, citizen_id = await people.id_of(phone), (await people.row(chat)).citizen_id
    assert "되돌릴 수 없습니다" in texts(await chat.say("내 정보 삭제해 주세요"))
    assert "정말 모두 지울까요" in texts(await chat.say("네"))
    assert "지웠습니다" not in texts(await chat.say("네"))
    assert "대화 2개와 민원 1건" in texts(await chat.say("모두 삭제"))
    async with people.house.db.transaction() as tx:
        said = [entry.text for one in (await people.id_of(chat), phone_id) for entry in await thread.read(tx, one)]
        person = (await tx.execute(select(citizens).where(citizens.c.id == citizen_id))).one()
        row = (await tx.execute(select(conversations).where(conversations.c.id == phone_id))).one()
        left = (await tx.execute(select(cases).where(cases.c.receipt_no == case))).one()
        acts = (await tx.execute(select(audit_log).where(audit_log.c.action == "citizen.forgotten"))).all()
    assert [words for words in said if words and "지웠습니다" not in words] == []
    assert person.name_sealed is None and person.phone_sealed is None and left.citizen_id is None
    assert row.address == f"forgotten:{phone_id}" and not row.address_sealed
    assert [(act.actor_kind, act.object_id) for act in acts] == [("citizen", str(citizen_id))]
    assert await people.count(phone_proofs, phone_proofs.c.conversation_id == phone_id) == 0
    assert "독고세라" not in dump(database_url, tmp_path)
    assert await phone.say("안녕하세요")
    assert await people.id_of(phone) != phone_id


async def test_somebody_without_a_name_can_have_his_words_deleted(people: People) -> None:
    chat = people.chat()
    await chat.say("구래동 주차장")
    await chat.say("내 정보 삭제")
    await chat.say("계속")
    assert "지웠습니다" in texts(await chat.say("모두 삭제"))
    row = await people.row(chat)
    words = inbound.c.conversation_id == row.id
    async with people.house.db.transaction() as tx:
        assert set(await tx.scalars(select(inbound.c.text).where(words))) == {""}


async def test_nothing_is_deleted_without_the_last_word(people: People) -> None:
    chat = people.chat()
    await chat.say("내 정보 삭제")
    assert "지우지 않았습니다" in texts(await chat.say("아니요"))
    await chat.say("내 정보 삭제")
    await chat.say("네")
    assert "지우지 않았습니다" in texts(await chat.press("지우지 않기"))
    his = inbound.c.conversation_id == await people.id_of(chat)
    assert await people.count(inbound, his, inbound.c.text == "") == 1  # the pressed button alone


async def test_pictures_deleted_by_chat_are_off_the_store_after_the_next_round(people: People) -> None:
    number, chat = people.new_number(), people.chat()
    case = await people.file(chat, number)
    await chat.photo(photo(77))
    old = people.city.clock.now() - timedelta(days=people.house.settings.city.retention_days + 1)
    async with people.house.db.transaction() as tx:
        case_id = await tx.scalar(select(cases.c.id).where(cases.c.receipt_no == case))
        (kept,) = (await tx.execute(select(attachments).where(attachments.c.case_id == case_id))).all()
        closed = update(cases).where(cases.c.id == case_id)
        await tx.execute(closed.values(closed_at=old, received_at=old, status="answered"))
    assert await people.house.files.load(kept.sha256)
    for line in ("내 정보 삭제해 주세요", "네", "모두 삭제"):
        said = await chat.say(line)
    assert "지웠습니다" in texts(said)
    await CodeKeeping(people.house.db, people.house.files, people.city.clock).go()
    for name in (kept.sha256, kept.thumb_sha256):
        with pytest.raises(NotFound):
            await people.house.files.load(name)
