"""Unpaid taxes by chat on the real house: who he is first, then all of it, and nothing to anybody else."""

from typing import Any

import pytest
from sqlalchemy import insert, select

from civic.arrears.asking.tables import arrears_attempts, arrears_requests
from civic.arrears.ledger.stops import stops_on
from civic.arrears.seizure.tables import arrears_accounts_found, arrears_batches, arrears_seizures
from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from civic.conversations.tables import conversations, inbound, outbound
from core.clock import SEOUL
from core.ids import new_id
from core.vault import vault_of
from tests.bot.arrears.talking import BIRTH, CITY, Debtor, new_debtor
from tests.bot.city import Citizen
from tests.bot.people import People, texts

WRONG = "0000"


async def rows_of(people: People, citizen: Citizen) -> list[tuple[str, str | None]]:
    """(words, secrecy) of the whole thread, in order."""
    row = await people.row(citizen)
    async with people.house.db.transaction() as tx:
        said = (inbound.c.seq, inbound.c.text, inbound.c.secrecy)
        rows = [*(await tx.execute(select(*said).where(inbound.c.conversation_id == row.id)))]
        body = (outbound.c.seq, outbound.c.body, outbound.c.secrecy)
        rows += [*(await tx.execute(select(*body).where(outbound.c.conversation_id == row.id)))]
    return [(one if isinstance(one, str) else one["text"], mark) for _, one, mark in sorted(rows, key=lambda r: r[0])]


# -- who he is ---------------------------------------------------------------------------------------------------------


async def test_the_taxpayer_is_told_all_after_his_telephone_and_one_secret(people: People) -> None:
    debtor, chat = await new_debtor(people), people.chat()
    said = await debtor.known(chat)
    assert "본인 확인이 되었습니다" in said
    assert "1건 521,600원" in said and "2026년 재산세" in said
    assert "다음은 압류 절차입니다" in said and "나눠 내실 수 있습니다" in said


@pytest.mark.parametrize("secret", ["tax_no", "pay_no", "birth"])
async def test_from_his_own_telephone_one_secret_of_three_is_enough(people: People, secret: str) -> None:
    debtor = await new_debtor(people)
    assert "하나만 숫자로" in texts(await debtor.phone.say("체납 얼마예요"))
    given = {"tax_no": debtor.tax_no[-4:], "pay_no": debtor.pay_no[-4:], "birth": f"{BIRTH} 입니다"}[secret]
    assert "521,600원" in texts(await debtor.phone.say(given))


async def test_the_secret_is_in_no_thread_and_every_word_of_taxes_is_marked(people: People) -> None:
    debtor, chat = await new_debtor(people), people.chat()
    await chat.say("안녕하세요")
    await debtor.known(chat)
    await chat.say("10만원만 먼저 낼게요")
    rows = await rows_of(people, chat)
    assert not [text for text, _ in rows if debtor.tax_no[-4:] in text]
    assert not [text for text, mark in rows if mark is None and ("원" in text and "521" in text)]
    assert [mark for text, mark in rows if "체납 얼마" in text or "낼게요" in text] == ["tax", "tax"]
    assert rows[0][1] is None and all(mark == "tax" for text, mark in rows if "확인 번호" in text)


async def test_nobody_learns_from_the_answers_whether_a_number_is_in_the_ledger(people: People) -> None:
    debtor = await new_debtor(people)
    stranger = people.new_number()
    seen = []
    for number in (debtor.number, stranger):
        chat = people.chat()
        said = [await chat.say("체납 얼마예요"), await chat.say(number)]
        said += [await chat.say(await people.code_to(number)), await chat.say(WRONG)]
        shown = "\n".join(f"{one.text} {[button.label for button in one.buttons]}" for part in said for one in part)
        seen.append(shown.replace(number[-4:], "####"))
    assert seen[0] == seen[1] and "확인되지 않았습니다" in seen[0]


async def test_the_right_secret_on_another_telephone_tells_nothing(people: People) -> None:
    debtor = await new_debtor(people)
    other = people.phone(people.new_number())
    await other.say("체납 얼마예요")
    said = texts(await other.say(debtor.tax_no[-4:]))
    assert "확인되지 않았습니다" in said and "원" not in said.replace("원하", "")


async def test_five_failures_lock_here_and_for_the_number_everywhere_and_staff_can_lift_it(people: People) -> None:
    debtor, chat = await new_debtor(people), people.chat()
    await debtor.phone.say("체납 얼마예요")
    for left in (4, 3):
        assert f"{left}번 더" in texts(await debtor.phone.say(WRONG))
    await chat.say("체납 얼마예요")
    await chat.say(debtor.number)
    assert "하나만" in texts(await chat.say(await people.code_to(debtor.number)))
    for left in (2, 1):
        assert f"{left}번 더" in texts(await chat.say(WRONG))
    assert "쉬어 갑니다" in texts(await chat.say(WRONG))
    assert "쉬어 갑니다" in texts(await debtor.phone.say(debtor.tax_no[-4:]))
    people.city.move(minutes=31)
    assert "521,600원" in await debtor.known(people.phone(debtor.number))


async def test_it_closes_at_the_word_end_and_by_itself(people: People) -> None:
    debtor, chat = await new_debtor(people), people.chat()
    await debtor.known(chat)
    assert "닫았습니다" in texts(await chat.say("끝"))
    assert "하나만 숫자로" in texts(await chat.say("체납 얼마예요"))
    assert "521,600원" in texts(await chat.say(debtor.tax_no[-4:]))
    people.city.move(minutes=31)
    assert "하나만 숫자로" in texts(await chat.say("체납 얼마예요"))


@pytest.mark.parametrize(
    "said",
    [
        "아버지 체납 대신 내고 싶어요",
        "어머니 앞으로 밀린 세금 있나요",
        "홍길동씨 체납 얼마예요",
        "남편 자동차세 밀린 거 알려주세요",
        "can I pay my father's unpaid tax",
    ],
)
async def test_a_third_person_is_told_how_to_pay_and_nothing_else(people: People, said: str) -> None:
    debtor, chat = await new_debtor(people), people.chat()
    await debtor.known(chat)
    answer = texts(await chat.say(said))
    assert ("대신 내" in answer and "전자납부번호" in answer) or "Anybody may pay" in answer
    assert "521,600" not in answer and debtor.pay_no not in answer


async def test_his_own_taxes_are_no_third_persons(people: People) -> None:
    debtor, chat = await new_debtor(people), people.chat()
    assert "521,600원" in await debtor.known(chat, "언니가 대신 냈다던데 내 체납 얼마 남았어요")


async def test_where_others_read_nothing_is_asked_or_told(people: People) -> None:
    other = people.other("square")
    other.city.channel.capabilities = other.city.channel.capabilities.__class__(
        max_text=500, max_buttons=0, max_label=20, is_public=True
    )
    said = texts(await other.say("체납 얼마예요"))
    assert "다른 분이 볼 수 있는 곳" in said and "숫자로" not in said


# -- what he does ------------------------------------------------------------------------------------------------------


async def test_a_part_first_and_what_is_left_of_it(people: People) -> None:
    debtor = await new_debtor(people)
    said = await debtor.known(debtor.phone, "10만원만 먼저 낼게요")
    assert "100,000원만 먼저" in said and "421,600원쯤 남습니다" in said


async def test_a_plan_is_proposed_changed_in_words_confirmed_and_asked_once(people: People) -> None:
    debtor, chat = await new_debtor(people), people.chat()
    said = await debtor.known(chat, "나눠 낼 수 있나요")
    assert "이렇게 나눠 보시면" in said and "6회 2027.05.24까지 86,935원" in said
    assert await _requests(debtor) == []
    said = texts(await chat.say("세 달"))
    assert "이렇게 신청할까요" in said and said.count("173,8") == 3
    said = texts(await chat.say("매달 20만원"))
    assert "3회" in said and "121,600원" in said
    assert await _requests(debtor) == []
    assert "신청을 받았습니다" in texts(await chat.say("신청"))
    (row,) = await _requests(debtor)
    assert row.kind == "instalment" and [krw for _, krw in row.wish["parts"]] == [200_000, 200_000, 121_600]
    assert "이미 받아" in texts(await chat.say("나눠 낼 수 있나요"))


async def test_a_plan_beyond_the_citys_bounds_is_told_kindly(people: People) -> None:
    debtor, chat = await new_debtor(people), people.chat()
    await debtor.known(chat, "나눠 낼 수 있나요")
    assert "2개월에서 12개월" in texts(await chat.say("스무 달 말고 24개월"))
    assert "한 번에 다" in texts(await chat.say("매달 90만원"))
    assert "신청하지 않았습니다" in texts(await chat.say("취소"))
    assert await _requests(debtor) == []


async def test_more_time_is_asked_for_with_when_silence_counts_as_yes(people: People) -> None:
    today = people.city.clock.now().astimezone(SEOUL).date()
    debtor = await new_debtor(people, dun_due_on=today.replace(day=today.day), dunned_on=today.replace(day=1))
    chat = people.chat()
    assert "몇 달이 필요" in await debtor.known(chat, "징수유예 신청하고 싶어요")
    await chat.say("두 달")
    await chat.say("회사가 문을 닫아 수입이 없습니다")
    await chat.say("없음")
    said = texts(await chat.say("신청"))
    assert "답이 있어야 승인" in said
    (row,) = await _requests(debtor)
    assert row.deemed_on is None and row.wish["months"] == 2


async def test_an_objection_reaches_the_officers_in_his_words(people: People) -> None:
    debtor, chat = await new_debtor(people), people.chat()
    await debtor.known(chat)
    assert "어떤 점이 다른지" in texts(await chat.say("이 세금 이의 있어요"))
    await chat.say("작년에 이미 냈고 영수증도 있습니다")
    await chat.say("없음")
    assert "접수했습니다" in texts(await chat.say("전하기"))
    (row,) = await _requests(debtor)
    assert row.kind == "dispute" and "영수증" in row.wish["text"]


# -- answers to a notice -----------------------------------------------------------------------------------------------


async def test_numbers_answer_a_notice_that_names_them_and_words_do_too(people: People) -> None:
    debtor = await new_debtor(people)
    await debtor.phone.say("안녕하세요")
    await told_by_notice(people, debtor)
    assert "하나만 숫자로" in texts(await debtor.phone.say("2"))
    said = texts(await debtor.phone.say(debtor.tax_no[-4:]))
    assert "오늘 내실 금액" in said
    await told_by_notice(people, debtor)
    assert "이렇게 나눠 보시면" in texts(await debtor.phone.say("분납"))


async def test_a_wrong_number_stops_at_once_and_learns_nothing(people: People) -> None:
    debtor = await new_debtor(people)
    await debtor.phone.say("안녕하세요")
    await told_by_notice(people, debtor)
    said = texts(await debtor.phone.say("저 아닌데요 번호 바뀌었어요"))
    assert "보내지 않고" in said and "원" not in said.replace("원하", "")
    async with people.house.db.transaction() as tx:
        today = people.city.clock.now().astimezone(SEOUL).date()
        (stop,) = (await stops_on(tx, CITY, [debtor.id], today))[debtor.id]
    assert stop.kind == "wrong_number"
    assert [row.kind for row in await _requests(debtor)] == ["wrong_number"]


async def test_a_changed_number_without_any_notice_is_no_word_about_taxes(people: People) -> None:
    debtor = await new_debtor(people)
    said = texts(await debtor.phone.say("번호 바뀌었어요"))
    assert "세금" not in said and await _requests(debtor) == []


async def test_an_officer_who_is_asked_for_holds_it_as_tax_data(people: People) -> None:
    debtor = await new_debtor(people)
    await debtor.phone.say("안녕하세요")
    await told_by_notice(people, debtor)
    assert "담당자에게 연결" in texts(await debtor.phone.say("4"))
    await debtor.phone.say("전화 좀 주세요 체납이 너무 많아요")
    row = await people.row(debtor.phone)
    assert row.owner == "staff" and row.secrecy == "tax"
    assert (await rows_of(people, debtor.phone))[-1] == ("전화 좀 주세요 체납이 너무 많아요", "tax")


async def told_by_notice(people: People, debtor: Debtor) -> None:
    row, now = await people.row(debtor.phone), people.city.clock.now()
    timing = schedule(people.house.settings.messaging, "arrears", now)
    draft = Draft(
        city_id=CITY,
        conversation_id=row.id,
        channel=row.channel,
        body={"text": "지방세 안내입니다. 답장: 1 금액 2 계좌 3 분납 4 상담", "lang": "ko"},
        purpose="arrears",
        priority=timing.priority,
        valid_until=timing.valid_until,
        next_attempt_at=now,
        secrecy="tax",
    )
    async with people.house.db.transaction() as tx:
        await queue(tx, draft, now)
    await people.drain()


async def _requests(debtor: Debtor) -> list[Any]:
    async with debtor.people.house.db.transaction() as tx:
        columns = [arrears_requests.c[name] for name in ("id", "kind", "state", "wish", "deemed_on")]
        return list((await tx.execute(select(*columns).where(arrears_requests.c.debtor_id == debtor.id))).all())


async def test_attempts_hold_no_secret(people: People) -> None:
    debtor = await new_debtor(people)
    await debtor.known(debtor.phone)
    row = await people.row(debtor.phone)
    async with people.house.db.transaction() as tx:
        tried = await tx.execute(select(arrears_attempts).where(arrears_attempts.c.conversation_id == row.id))
        (one,) = tried.all()
        state = await tx.scalar(select(conversations.c.state).where(conversations.c.id == row.id))
    assert one.is_right and debtor.tax_no[-4:] not in str(state) and debtor.tax_no[-4:] not in str(one)


# -- what is seized ----------------------------------------------------------------------------------------------------


async def test_what_is_seized_is_told_masked_and_a_release_is_asked_for_with_its_ground(people: People) -> None:
    debtor = await new_debtor(people)
    await _seized(people, debtor)
    said = await debtor.known(debtor.phone, "통장 압류 풀어주세요")
    assert "***-***-***789" in said and "300,000원" in said and "123-456" not in said
    assert "제63조" in said and "나눠 내기" in said
    choices = [line for line in said.split("\n") if "해제 신청하기" in line]
    assert "어떤 까닭" in texts(await debtor.phone.say(choices[0].split(".")[0]))
    await debtor.phone.say("복지급여·연금이 들어오는 통장")
    await debtor.phone.say("없음")
    await debtor.phone.say("없음")
    assert "먼저 확인합니다" in texts(await debtor.phone.say("신청"))
    (row,) = await _requests(debtor)
    assert row.kind == "release" and row.wish["ground"] == "welfare" and len(row.wish["seizures"]) == 1


async def _seized(people: People, debtor: Debtor) -> None:
    now, batch_id, found_id = people.city.clock.now(), new_id(), new_id()
    async with people.house.db.transaction() as tx:
        at = {"created_at": now, "updated_at": now}
        await tx.execute(
            insert(arrears_batches).values(id=batch_id, city_id=CITY, title="시험", drafted_by=new_id(), **at)
        )
        account = vault_of(tx).seal_text("110-123-456789", f"arrears_accounts_found.account:{found_id}")
        found = {"id": found_id, "city_id": CITY, "batch_id": batch_id, "debtor_id": debtor.id, "bank": "020"}
        held = {"kind": "deposit", "balance_krw": 900_000, "found_at": now, "account": account}
        await tx.execute(insert(arrears_accounts_found).values(**found, **held))
        seizure = {**found, "id": new_id(), "found_id": found_id, "kind": "seize", "state": "held", "turn": 1}
        sums = {"planned_krw": 300_000, "asked_krw": 300_000, "held_krw": 300_000, "held_at": now}
        await tx.execute(insert(arrears_seizures).values(**seizure, **sums, **at))
