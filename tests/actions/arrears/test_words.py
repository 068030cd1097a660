"""Set phrases about taxes: another's, a wrong number, a part first, more time, an objection, and what is none."""

import re

import pytest

from actions.arrears import words

HEARD = {
    "others": (
        words.THIRD_PERSON,
        [
            "아버지 체납 대신 내고 싶어요",
            "어머니 앞으로 밀린 세금 있나요",
            "남편 명의로 된 체납도 볼 수 있나요",
            "친구 과태료 대신 납부하려고요",
            "김철수씨 체납 얼마예요",
            "할아버지 앞으로 나온 재산세 볼 수 있나요",
            "제3자 납부 되나요",
            "can I see my husband's unpaid tax",
            "I want to pay the tax for my mother",
        ],
        [
            "언니가 대신 냈다던데 내 체납 남았나요",
            "체납 얼마예요",
            "아버지 차 세울 주차장",
            "가족이랑 놀러 갈 곳",
            "고객님씨 세금",
            "제 세금 얼마예요",
            "임산부 배려 자리에 다른 사람이 대면 과태료 나와요?",
            "친구 대신 민원 접수하려고요",
            "아버지 이름으로 민원 넣을 수 있나요",
            "이웃이 밀린 쓰레기를 안 치워요",
            "엄마 앞으로 여권 신청하려면요",
        ],
    ),
    "wrong": (
        words.WRONG_NUMBER,
        ["번호 잘못 왔어요", "아니에요 번호 바뀌었어요", "저 아닌데요", "그런 사람 아닙니다", "wrong number"],
        ["체납 얼마예요", "주차장 번호 알려줘", "이거 아닌 것 같은데 다시 알려주세요 구래동 주차장이요"],
    ),
    "first": (
        words.PART_FIRST,
        ["10만원만 먼저 낼게요", "5만원 먼저 납부할게요", "일단 30만원 낼게요", "50,000원 입금할게요"],
        ["매달 10만원씩 낼게요", "10만원씩 나눠 낼게요", "나눠 낼 수 있나요", "월 5만원은 낼 수 있어요 다달이"],
    ),
    "time": (
        words.MORE_TIME,
        ["징수유예 신청하고 싶어요", "납부기한 연장 부탁드립니다", "can I defer the payment"],
        ["나눠 낼 수 있나요", "주차 시간 연장"],
    ),
    "protest": (
        words.PROTEST,
        [
            "이 세금 이의 있어요",
            "체납 이의신청 하려고요",
            "재산세 부과가 잘못됐어요",
            "I want to dispute this tax bill",
        ],
        ["이의 있습니다", "불법주차 신고할게요", "체납 얼마예요"],
    ),
    "genuine": (
        words.PHISHING,
        [
            "이거 피싱 아니에요?",
            "체납 문자 진짜 시청에서 보낸 거 맞아요?",
            "링크 눌러도 돼요?",
            "이거 사기 아니에요?",
            "보이스피싱인가요",
            "is this message a scam?",
        ],
        ["중고거래 사기 당했어요", "체납 얼마예요", "오늘 공기 맞아요?", "시청 어디예요", "이 문자 번호 바꿔 주세요"],
    ),
    "death": (
        words.DEATH,
        ["아버지가 돌아가셨어요", "체납자가 사망했어요", "my father passed away"],
        ["돌아가는 길 알려주세요", "체납 얼마예요"],
    ),
    "court": (
        words.COURT,
        ["파산했어요", "회생중이에요", "개인회생 신청했습니다", "I am bankrupt"],
        ["도시 재생 사업 부서", "도로가 파손됐어요", "체납 얼마예요"],
    ),
    "paid": (
        words.PAID,
        [
            "영수증 주세요",
            "어제 냈는데 또 문자왔어요",
            "납부확인서 떼주세요",
            "돈 들어갔나요",
            "I already paid the tax",
        ],
        [
            "압류 풀어주세요 돈 냈어요",
            "주차장 영수증 주세요",
            "가상계좌 알려주세요",
            "민원 냈는데 처리됐나요",
            "체납 얼마예요",
            "납세증명서 어떻게 떼요",
        ],
    ),
    "why": (
        words.WHY,
        ["이자 왜 이렇게 많아요", "가산금이 뭐예요", "왜 이렇게 늘었어요", "why is the late fee so high"],
        ["공기 왜 이렇게 나빠요", "대출 이자 얼마예요", "체납 얼마예요"],
    ),
    "until": (
        words.UNTIL,
        ["언제까지 내야돼요", "납부기한이 언제예요"],
        ["서류 언제까지 내야 하나요", "공사 언제까지 해요"],
    ),
    "how much": (words.HOW_MUCH, ["얼마에요", "다 해서 얼마예요?", "금액"], ["주차 요금 얼마예요", "얼마나 걸려요"]),
    "half": (words.HALF, ["반만 낼게요", "일단 절반만 납부할게요"], ["반납할게요", "반장 낼게요"]),
    "later": (
        words.LATER,
        ["다음달 15일에 낼게요", "월급날 낼게요", "내일 낼게요"],
        ["다음달부터 나눠 낼게요", "반은 이번달에 내고 나머지는 다음달에 낼게요", "내일 미세먼지"],
    ),
    "missed": (
        words.MISSED,
        ["분납 한 번 빠지면 어떻게 돼요", "what happens if I miss one month"],
        ["분납 되나요", "나눠 낼 수 있나요"],
    ),
    "living": (
        words.LIVING,
        ["생계비계좌가 뭐예요", "압류방지통장 어떻게 만들어요"],
        ["압류 풀어주세요", "생계비 통장인데 압류됐어요"],
    ),
    "plate": (words.PLATE, ["번호판 영치됐어요", "how do I get my plates back"], ["차 번호 바뀌었어요"]),
    "a secret": (
        words.MAYBE_SECRET,
        ["1234", "800101", "1234 맞아요", "생일은 80-01-01"],
        ["1", "12", "구래동 1234번지 앞 가로등이 꺼졌어요", "안녕하세요"],
    ),
    "end": (words.END, ["끝", "끝.", "로그아웃", "log out"], ["끝까지 가면 뭐가 있나요", "주차장 끝나는 시간"]),
}


@pytest.mark.parametrize(
    ("pattern", "said"),
    [pytest.param(one, text, id=f"{name}-{text}") for name, (one, yes, _) in HEARD.items() for text in yes],
)
def test_it_is_heard(pattern: re.Pattern[str], said: str) -> None:
    assert pattern.search(said)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [pytest.param(one, text, id=f"{name}-{text}") for name, (one, _, no) in HEARD.items() for text in no],
)
def test_it_is_not_heard(pattern: re.Pattern[str], said: str) -> None:
    assert not pattern.search(said)
