"""One person on many channels, by chat: linked by a code to his telephone, parted again, told where he wants."""

import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.codes import CodeKeeping
from civic.conversations import thread
from civic.conversations.tables import outbound
from civic.staff.tables import audit_log
from tests.bot.people import People, texts
from tests.bot.test_at_rest import dump

# -- linking -----------------------------------------------------------------------------------------------------------


async def test_two_channels_of_one_number_become_one_person_who_sees_all_his_cases_on_both(people: People) -> None:
    number = people.new_number()
    chat, phone = people.chat(), people.phone(number)
    by_chat, by_text = await people.file(chat, number), await people.file(phone, number)
    assert "찾지 못했습니다" in texts(await chat.say(f"접수번호 {by_text} 어떻게 됐어요?"))
    said = await people.link(chat, number)
    assert "확인했습니다" in said and "문자" in said and number.split("-")[1] not in said
    assert (await people.row(chat)).citizen_id == (await people.row(phone)).citizen_id
    listed = texts(await phone.say("내 민원 조회"))
    assert by_chat in listed and by_text in listed
    for citizen in (chat, phone):
        for case in (by_chat, by_text):
            assert f"{case} · 접수" in texts(await citizen.say(f"접수번호 {case} 어떻게 됐어요?"))
    async with people.house.db.transaction() as tx:
        acts = list(await tx.scalars(select(audit_log.c.action).where(audit_log.c.action == "citizen.linked")))
    assert acts


async def test_a_number_that_nobody_knows_links_too_and_its_texts_come_to_the_same_person(people: People) -> None:
    number = people.new_number()
    chat = people.chat()
    assert "확인했습니다" in await people.link(chat, number)
    phone = people.phone(number)
    case = await people.file(chat, number)
    assert f"{case} · 접수" in texts(await phone.say(f"접수번호 {case} 어떻게 됐어요?"))


async def test_the_answer_is_the_same_whether_the_city_knows_the_number_or_not(people: People) -> None:
    known, unknown = people.new_number(), people.new_number()
    await people.file(people.phone(known), known)
    seen = []
    for number in (known, unknown):
        chat = people.chat()
        await chat.say("안녕하세요")
        said = [await chat.say("다른 채널 연결"), await chat.say(number)]
        wrong = "000000" if await people.code_to(number) != "000000" else "000001"
        said.append(await chat.say(wrong))
        shown = "\n".join(f"{one.text} {[button.label for button in one.buttons]}" for part in said for one in part)
        seen.append(shown.replace(number[-4:], "####"))
    assert seen[0] == seen[1]


async def test_a_wrong_code_is_told_and_five_lock_for_half_an_hour_even_against_the_right_one(people: People) -> None:
    number, chat = people.new_number(), people.chat()
    code = await people.ask(chat, number)
    wrong = "000000" if code != "000000" else "111111"
    for left in (4, 3, 2, 1):
        assert f"{left}번 더" in texts(await chat.say(wrong))
    assert "잠급니다" in texts(await chat.say(wrong))
    assert "확인했습니다" not in texts(await chat.say(code))
    people.city.move(minutes=29)
    await chat.say("다른 채널 연결")
    assert "잠겨 있습니다" in texts(await chat.say(number))
    people.city.move(minutes=2)
    assert "확인했습니다" in await people.link(chat, number)


async def test_a_code_dies_after_three_minutes_and_another_can_be_had(people: People) -> None:
    number, chat = people.new_number(), people.chat()
    code = await people.ask(chat, number)
    people.city.move(minutes=3)
    assert "시간이 지났습니다" in texts(await chat.say(code))
    await chat.press("다시 받기")
    fresh = await people.code_to(number)
    assert "확인했습니다" in texts(await chat.say(f"번호는 {fresh[:3]} {fresh[3:]} 입니다"))


async def test_an_earlier_code_is_worth_nothing_once_a_new_one_is_out(people: People) -> None:
    number, chat = people.new_number(), people.chat()
    first = await people.ask(chat, number)
    await chat.press("다시 받기")
    second = await people.code_to(number)
    if first != second:
        assert "맞지 않습니다" in texts(await chat.say(first))
    assert "확인했습니다" in texts(await chat.say(second))


async def test_codes_are_few_for_a_conversation_in_an_hour_and_for_a_number_in_a_day(people: People) -> None:
    number, chat = people.new_number(), people.chat()
    await people.ask(chat, number)
    for _ in range(2):
        await chat.press("다시 받기")
    assert "여러 번 보내" in texts(await chat.press("다시 받기"))
    people.city.move(minutes=61)
    for _ in range(2):
        await people.ask(people.chat(), number)
    other = people.chat()
    await other.say("다른 채널 연결")
    assert "오늘 더 보내" in texts(await other.say(number))
    people.city.move(hours=24)
    assert await people.ask(people.chat(), number)


async def test_a_landline_gets_no_text_and_is_asked_for_a_mobile(people: People) -> None:
    chat = people.chat()
    await chat.say("다른 채널 연결")
    assert "휴대전화" in texts(await chat.say("031-980-2114"))


async def test_where_the_city_has_no_text_channel_linking_is_declined_politely(people: People) -> None:
    chat = people.chat()
    del people.house.channels["sms"]
    try:
        assert "채널 연결을 해 드리지 않습니다" in texts(await chat.say("다른 채널 연결"))
    finally:
        people.house.channels["sms"] = people.sms


async def test_whoever_writes_by_text_is_sent_to_the_other_channel_with_his_number(people: People) -> None:
    phone = people.phone(people.new_number())
    assert "이미 확인되었습니다" in texts(await phone.say("다른 채널 연결"))


async def test_an_old_proof_links_nobody_any_more(people: People) -> None:
    number = people.new_number()
    first, later = people.chat(), people.chat()
    await people.link(first, number)
    people.city.move(days=people.house.settings.people.proof_days + 1)
    await people.link(later, number)
    assert (await people.row(first)).citizen_id != (await people.row(later)).citizen_id


# -- what nobody may see -----------------------------------------------------------------------------------------------


async def test_a_code_stands_in_no_thread_no_log_and_no_dump(
    people: People, database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    number, chat = people.new_number(), people.chat()
    heard: list[str] = []
    reader = people.house.reader.hear

    def listening(now_iso: str) -> Any:
        hear = reader(now_iso)

        async def hearing(words: str) -> Any:
            heard.append(words)
            return await hear(words)

        return hearing

    with caplog.at_level(logging.DEBUG), pytest.MonkeyPatch.context() as patch:
        patch.setattr(people.house.reader, "hear", listening)
        code = await people.ask(chat, number)
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        await chat.say(wrong)
        await chat.say(code)
    plain = dump(database_url, tmp_path)
    async with people.house.db.transaction() as tx:
        said = [
            *await thread.read(tx, await people.id_of(chat)),
            *await thread.read(tx, await people.id_of(people.phone(number))),
        ]
    digits = number.replace("-", "")
    for secret in (code, wrong):
        assert all(secret not in entry.text for entry in said)
        assert secret not in caplog.text and all(secret not in words for words in heard)
    assert sum("••••••" in entry.text for entry in said) == 3
    assert "다른 채널 연결" in heard
    for written in (number, digits, digits[1:], f"+82{digits[1:]}"):
        assert written not in plain and written not in caplog.text
    assert len((await people.row(people.phone(number))).address) == 43


async def test_a_dump_after_a_complaint_by_text_message_holds_no_number(
    people: People, database_url: str, tmp_path: Path
) -> None:
    number = people.new_number()
    phone = people.phone(number)
    case = await people.file(phone, number, name="남궁봄빛")
    plain, digits = dump(database_url, tmp_path), number.replace("-", "")
    assert case in plain
    for written in (number, digits, digits[1:], number.replace("-", " "), "남궁봄빛"):
        assert written not in plain
    assert (await people.row(phone)).address_sealed == f"+82{digits[1:]}"


async def test_a_code_past_its_time_leaves_the_message_that_carried_it(people: People) -> None:
    number, chat = people.new_number(), people.chat()
    code = await people.ask(chat, number)
    people.city.move(minutes=5)
    await CodeKeeping(people.house.db, people.house.files, people.city.clock).go()
    async with people.house.db.transaction() as tx:
        bodies = list(
            await tx.scalars(
                select(outbound.c.body).where(outbound.c.conversation_id == await people.id_of(people.phone(number)))
            )
        )
    assert bodies and all("hidden" not in body and code not in str(body) for body in bodies)
