"""What citizens ask besides: is it really you, what did I pay, why so much; digits at a locked door; leaving a form."""

from typing import Any

import pytest
from sqlalchemy import select

from civic.arrears.asking.tables import arrears_requests
from civic.arrears.ledger.stops import stops_on
from civic.arrears.money.taking import NewPayment, take_payment
from civic.conversations.tables import inbound
from core.clock import SEOUL
from tests.bot.arrears.talking import BIRTH, CITY, Debtor, new_debtor
from tests.bot.arrears.test_chat import rows_of, told_by_notice
from tests.bot.city import Citizen
from tests.bot.people import People, texts
from tests.civic.arrears import made

WRONG = "0000"


async def _locked(citizen: Citizen) -> None:
    await citizen.say("체납 얼마예요")
    for _ in range(5):
        await citizen.say(WRONG)


async def _pays(debtor: Debtor, krw: int, way: str = "bank") -> None:
    now = debtor.people.city.clock.now()
    async with debtor.people.house.db.transaction() as tx:
        payment = NewPayment("test", f"{debtor.id}-{krw}", krw, now.astimezone(SEOUL).date(), way, debtor_id=debtor.id)  # type: ignore[arg-type]
        await take_payment(tx, CITY, payment, now)


# -- a locked door -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["{}", "{} 맞아요", "생일은 {} 입니다"])
async def test_digits_at_a_locked_door_are_told_until_when_and_kept_in_no_thread(people: People, said: str) -> None:
    debtor = await new_debtor(people)
    await _locked(debtor.phone)
    secret = debtor.tax_no[-4:]
    answer = texts(await debtor.phone.say(said.format(secret)))
    assert "쉬고 있어" in answer and "부터 다시" in answer and "031-" in answer
    assert not [text for text, _ in await rows_of(people, debtor.phone) if secret in text]
    row = await people.row(debtor.phone)
    async with people.house.db.transaction() as tx:
        marks = [*await tx.scalars(select(inbound.c.secrecy).where(inbound.c.conversation_id == row.id))]
    assert marks[-1] == "tax"


async def test_digits_where_nobody_is_locked_are_words_like_any_others(people: People) -> None:
    chat = people.phone(people.new_number())
    answer = texts(await chat.say("1234"))
    assert "쉬고 있어" not in answer and "1234" in [text for text, _ in await rows_of(people, chat)]


async def test_digits_after_the_lock_has_passed_are_no_secret_any_more(people: People) -> None:
    debtor = await new_debtor(people)
    await _locked(debtor.phone)
    people.city.move(minutes=31)
    assert "쉬고 있어" not in texts(await debtor.phone.say(debtor.tax_no[-4:]))


# -- leaving -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "opened", ["나눠 낼 수 있나요", "징수유예 신청하고 싶어요", "이 세금 이의 있어요", "파산했어요"]
)
async def test_the_end_in_an_open_form_closes_it_and_the_proof(people: People, opened: str) -> None:
    debtor, chat = await new_debtor(people), people.chat()
    await debtor.known(chat, opened)
    answer = texts(await chat.say("끝"))
    assert "닫았습니다" in answer and ("않았습니다" in answer)
    assert "하나만 숫자로" in texts(await chat.say("체납 얼마예요"))
    assert await _requests(debtor) == []


async def test_the_end_where_pictures_may_follow_means_that_none_do(people: People) -> None:
    debtor, chat = await new_debtor(people), people.chat()
    await debtor.known(chat, "이 세금 이의 있어요")
    await chat.say("작년에 이미 냈습니다")
    assert "이대로 담당자에게" in texts(await chat.say("끝"))


async def test_the_end_before_he_showed_who_he_is_leaves_the_question(people: People) -> None:
    debtor = await new_debtor(people)
    await debtor.phone.say("체납 얼마예요")
    assert texts(await debtor.phone.say("끝")) == "본인 확인을 그만두었습니다."


async def test_not_that_person_at_the_question_for_a_secret_stops_the_messages(people: People) -> None:
    debtor = await new_debtor(people)
    await debtor.phone.say("안녕하세요")
    await told_by_notice(people, debtor)
    await debtor.phone.say("체납 얼마예요")
    assert "보내지 않고" in texts(await debtor.phone.say("저 그사람 아닌데요"))
    async with people.house.db.transaction() as tx:
        today = people.city.clock.now().astimezone(SEOUL).date()
        (stop,) = (await stops_on(tx, CITY, [debtor.id], today))[debtor.id]
    assert stop.kind == "wrong_number"


# -- what anybody may ask ----------------------------------------------------------------------------------------------


async def test_whether_it_is_us_is_told_by_when_we_wrote_to_this_telephone(people: People) -> None:
    debtor = await new_debtor(people)
    none = texts(await debtor.phone.say("이거 피싱 아니에요?"))
    assert "보낸 세금 안내는 없습니다" in none
    await told_by_notice(people, debtor)
    at = people.city.clock.now().astimezone(SEOUL)
    said = texts(await debtor.phone.say("체납 문자 진짜 시청에서 보낸 거 맞아요?"))
    assert f"{at:%Y.%m.%d %H:%M}" in said and "저희가 보낸 문자가 아닙니다" in said and "521" not in said


async def test_a_question_in_between_is_answered_and_the_secret_asked_again(people: People) -> None:
    debtor = await new_debtor(people)
    await debtor.phone.say("체납 얼마예요")
    said = texts(await debtor.phone.say("이거 사기 아니에요?"))
    assert "직접 물어보세요" in said and said.count("하나만 숫자로") == 1


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("한 번 빠지면 어떻게 돼요", "바로 끝나지 않습니다"),
        ("다음달 15일에 낼게요", "약속만으로는"),
        ("이자 왜 붙어요", "늦은 만큼 더한"),
    ],
)
async def test_a_question_while_a_plan_is_made_is_answered_and_the_plan_asked_again(
    people: People, said: str, told: str
) -> None:
    debtor = await new_debtor(people)
    await debtor.known(debtor.phone, "나눠 낼 수 있나요")
    answer = texts(await debtor.phone.say(said))
    assert told in answer and answer.count("이렇게 나눠 보시면") == 1
    assert "이렇게 신청할까요" in texts(await debtor.phone.say("세 달"))


async def test_two_with_one_telephone_see_their_own_and_nothing_where_the_secret_fits_both(people: People) -> None:
    one = await new_debtor(people)
    now = people.city.clock.now()
    async with people.house.db.transaction() as tx:
        two = await made.debtor(tx, now=now, phone=one.number, birth=BIRTH)
        await made.bill(tx, two, now=now, principal_krw=300_000, pay_no="260000005555")
    await one.phone.say("체납 얼마예요")
    said = texts(await one.phone.say(BIRTH))
    assert "담당자가 직접 확인해" in said and "521,6" not in said and "309,0" not in said
    await one.phone.say("체납 얼마예요")
    said = texts(await one.phone.say("5555"))
    assert "1건 309,000원" in said and "521,600" not in said


async def test_another_errand_at_the_question_for_a_secret_is_the_one_that_is_answered(people: People) -> None:
    debtor = await new_debtor(people)
    await debtor.phone.say("체납 얼마예요")
    assert texts(await debtor.phone.say("영수증 주세요")).count("하나만 숫자로") == 1
    assert "아직 보이지 않습니다" in texts(await debtor.phone.say(debtor.tax_no[-4:]))


@pytest.mark.parametrize(
    "said", ["아버지가 돌아가셨어요", "얼마에요", "돈업서요", "깎아주세요", "어제 냈는데 또 문자왔어요", "반만 낼게요"]
)
async def test_short_words_are_about_taxes_only_where_taxes_are_spoken_of(people: People, said: str) -> None:
    debtor, stranger = await new_debtor(people), people.phone(people.new_number())
    elsewhere = texts(await stranger.say(said))
    assert "세금" not in elsewhere and "하나만 숫자로" not in elsewhere
    await debtor.phone.say("안녕하세요")
    await told_by_notice(people, debtor)
    answer = texts(await debtor.phone.say(said))
    assert "세금" in answer or "하나만 숫자로" in answer
    assert "521" not in answer


async def test_who_died_is_told_of_to_nobody_and_the_telephone_is_left_in_peace(people: People) -> None:
    debtor = await new_debtor(people)
    await debtor.phone.say("안녕하세요")
    await told_by_notice(people, debtor)
    said = texts(await debtor.phone.say("아버지가 돌아가셨어요"))
    assert "명복" in said and "제42조" in said and "521" not in said
    number = next(
        line.split(".")[0] for line in said.split("\n") if "저는 본인이 아닙니다" in line and line[0].isdigit()
    )
    assert "보내지 않고" in texts(await debtor.phone.say(number))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("생계비계좌가 뭐예요", "2,500,000원까지는"),
        ("분납 한 번 빠지면 어떻게 돼요", "2번 빠지시면"),
        ("가산금 깎아주세요", "제57조"),
        ("번호판 영치됐어요", "신분증과 영치증"),
        ("what happens if I miss one month of the plan", "After 2 missed parts"),
        ("can you waive the tax", "no officer can lower them"),
    ],
)
async def test_it_needs_no_secret_where_nothing_of_a_person_is_told(people: People, said: str, told: str) -> None:
    assert told in texts(await people.chat().say(said))


# -- what he paid, and what was added ----------------------------------------------------------------------------------


async def test_what_he_paid_is_shown_with_where_it_went_to_the_won(people: People) -> None:
    debtor = await new_debtor(people)
    await _pays(debtor, 100_000)
    said = await debtor.known(debtor.phone, "영수증 주세요")
    assert "1번 100,000원" in said and "(은행)" in said and "2026년 재산세 2기 100,000원" in said
    assert "오늘 남은 금액은 421,600원" in said and "증명서는 아닙니다" in said


async def test_what_he_paid_too_much_is_told_as_his_to_get_back(people: People) -> None:
    debtor = await new_debtor(people)
    await _pays(debtor, 600_000)
    said = await debtor.known(debtor.phone, "세금 냈는데 또 문자왔어요")
    assert "더 내신 돈 78,400원" in said and "밀린 세금은 남아 있지 않습니다" in said


async def test_why_so_much_sums_up_and_equal_months_are_one_line(people: People) -> None:
    debtor = await new_debtor(people, principal_krw=1_000_000)
    said = await debtor.known(debtor.phone, "이자 왜 이렇게 많아요")
    assert "1,043,200원" in said and "1건에 모두 43,200원" in said
    people.city.move(days=200)
    said = await debtor.known(debtor.phone, "이자 왜 이렇게 많아요")
    months = [line for line in said.split("\n") if "개월째" in line]
    assert len(months) == 1 and "번 = +" in months[0]
    added = sum(int(line.rsplit("+", 1)[1].replace(",", "")) for line in said.split("\n") if line[:1] in ("-", "–"))
    assert f"오늘 {added:,}원" in said


async def test_half_of_it_is_half_to_the_won_and_an_amount_may_be_spoken(people: People) -> None:
    debtor = await new_debtor(people)
    assert "260,800원만 먼저" in await debtor.known(debtor.phone, "세금 반만 낼게요")
    assert "300,000원만 먼저" in texts(await debtor.phone.say("삼십만원만 먼저 낼게요"))
    assert "약속만으로는" in texts(await debtor.phone.say("다음달 15일에 낼게요"))


async def test_thirty_bills_are_ten_and_a_sum_that_together_are_the_whole(people: People) -> None:
    debtor = await new_debtor(people)
    now = people.city.clock.now()
    async with people.house.db.transaction() as tx:
        for year in range(29):
            given: dict[str, Any] = {"tax_year": 1997 + year, "principal_krw": 10_000}
            await made.bill(tx, debtor.id, now=now, **given)
    said = await debtor.known(debtor.phone)
    head = next(line for line in said.split("\n") if "아직 내지 않은" in line)
    assert "30건" in head
    told = [line for line in said.split("\n") if line[:1].isdigit() and line.endswith("원") and "년" in line]
    rest = next(line for line in said.split("\n") if line.startswith("그 밖에 20건"))
    shown = sum(int(line.rsplit(" ", 1)[1][:-1].replace(",", "")) for line in [*told, rest])
    assert len(told) == 10 and f"30건 {shown:,}원" in head


# -- the court ---------------------------------------------------------------------------------------------------------


async def test_a_court_is_told_of_once_with_its_number_and_a_deadline(people: People) -> None:
    debtor = await new_debtor(people)
    assert "어느 쪽이신가요" in await debtor.known(debtor.phone, "개인회생 중이에요")
    await debtor.phone.say("1")
    await debtor.phone.say("인천지방법원 2026개회12345")
    await debtor.phone.say("없음")
    assert await _requests(debtor) == []
    assert "까지 담당자가" in texts(await debtor.phone.say("알리기"))
    (row,) = await _requests(debtor)
    assert row.kind == "court" and row.due_at is not None
    assert row.wish == {"which": "rehabilitation", "text": "인천지방법원 2026개회12345", "files": []}
    assert "이미 받아" in texts(await debtor.phone.say("회생중이에요"))


async def _requests(debtor: Debtor) -> list[Any]:
    async with debtor.people.house.db.transaction() as tx:
        columns = [arrears_requests.c[name] for name in ("id", "kind", "state", "wish", "due_at")]
        return list((await tx.execute(select(*columns).where(arrears_requests.c.debtor_id == debtor.id))).all())
