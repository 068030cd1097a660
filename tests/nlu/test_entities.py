"""Entities as tables: what citizens write, what it means. Now is Wednesday, 11 March 2026, 14:00 in Seoul."""

import pytest

from nlu.engine import LightEngine

from .conftest import NOW


def only(engine: LightEngine, text: str, kind: str) -> list[tuple[str, str]]:
    return [(entity.text, entity.value) for entity in engine.understand(text, now_iso=NOW).all(kind)]


@pytest.mark.parametrize(
    ("text", "said", "value"),
    [
        ("오늘 공기 어때요", "오늘", "2026-03-11T00:00:00+09:00"),
        ("어제 신고했어요", "어제", "2026-03-10T00:00:00+09:00"),
        ("오늘 저녁 행사", "오늘 저녁", "2026-03-11T18:00:00+09:00"),
        ("다음 주 화요일 공연", "다음 주 화요일", "2026-03-17T00:00:00+09:00"),
        ("3시 반에 볼게요", "3시 반", "2026-03-11T15:30:00+09:00"),
        ("모레까지 낼게요", "모레", "2026-03-13T00:00:00+09:00"),
        ("내일 오후 세 시", "내일 오후 세 시", "2026-03-12T15:00:00+09:00"),
        ("오전 10시 20분", "오전 10시 20분", "2026-03-11T10:20:00+09:00"),
        ("밤 12시에", "밤 12시", "2026-03-12T00:00:00+09:00"),
        ("새벽 2시부터 시끄러워요", "새벽 2시", "2026-03-11T02:00:00+09:00"),
        ("이번 주말에 뭐 해요", "이번 주말", "2026-03-14T00:00:00+09:00"),
        ("5월 축제", "5월", "2026-05-01T00:00:00+09:00"),
        ("12월 25일 행사", "12월 25일", "2025-12-25T00:00:00+09:00"),
        ("2026-04-01 공연", "2026-04-01", "2026-04-01T00:00:00+09:00"),
        ("30분 전에 사고 났어요", "30분 전", "2026-03-11T13:30:00+09:00"),
        ("사흘 뒤 오존", "사흘 뒤", "2026-03-14T00:00:00+09:00"),
        ("금요일에 해요", "금요일", "2026-03-13T00:00:00+09:00"),
        ("낼 미세먼지", "낼", "2026-03-12T00:00:00+09:00"),
        ("next tuesday at 3 pm", "next tuesday at 3 pm", "2026-03-17T15:00:00+09:00"),
        ("report it on saturday", "saturday", "2026-03-14T00:00:00+09:00"),
        ("air tomorrow?", "tomorrow", "2026-03-12T00:00:00+09:00"),
    ],
)
def test_moments(engine: LightEngine, text: str, said: str, value: str) -> None:
    assert only(engine, text, "date") == [(said, value)]


def test_moments_say_grain_end_and_edge(engine: LightEngine) -> None:
    until = engine.understand("다음 주까지 납부할게요", now_iso=NOW).first("date")
    assert until is not None
    assert (until.role, until.detail["grain"], until.detail["end"]) == ("until", "week", "2026-03-23T00:00:00+09:00")


@pytest.mark.parametrize("text", ["2월 30일에 봐요", "공휴일에도 하나요", "설 연휴 주차"])
def test_days_that_no_calendar_places_have_their_words_as_value(engine: LightEngine, text: str) -> None:
    date = engine.understand(text, now_iso=NOW).first("date")
    assert date is None or (date.value, date.detail["grain"]) == (date.text, "named")


def test_now_of_another_zone_is_read_in_seoul(engine: LightEngine) -> None:
    entity = engine.understand("내일", now_iso="2026-03-11T20:00:00+00:00").first("date")
    assert entity is not None and entity.value == "2026-03-13T00:00:00+09:00"


@pytest.mark.parametrize(
    "text",
    [
        "세금 낼게요",
        "다시 알려줘",
        "99시에",
        "매주 민원",
        "주민세 조회",
        "좋은 아침이에요",
        "good evening",
        "지금 자리 있어요?",
        "방금 봤는데 아까부터 매일 이래요 요즘",
    ],
)
def test_what_is_no_moment(engine: LightEngine, text: str) -> None:
    assert only(engine, text, "date") == []


@pytest.mark.parametrize(
    ("text", "said", "value"),
    [
        ("3만 5천원 낼게요", "3만 5천원", "35000"),
        ("35,000원 입금", "35,000원", "35000"),
        ("매달 10만 원씩", "10만 원", "100000"),
        ("삼십만원 밀렸어요", "삼십만원", "300000"),
        ("1억 2천만원", "1억 2천만원", "120000000"),
        ("1.5만원", "1.5만원", "15000"),
        ("50,000 won", "50,000 won", "50000"),
        ("５만원", "５만원", "50000"),
    ],
)
def test_amounts(engine: LightEngine, text: str, said: str, value: str) -> None:
    assert only(engine, text, "amount") == [(said, value)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("두 시간 주차", "120"),
        ("1시간 반 대면", "90"),
        ("30분 주차", "30"),
        ("세시간 세우면", "180"),
        ("2 hours parking", "120"),
        ("half an hour", "30"),
        ("하루종일 대면", "1440"),
        ("1시간 20분", "80"),
        ("열두 시간", "720"),
        ("1박 2일 주차하면", "1440"),
        ("두 박이면 얼마", "2880"),
        ("3일 주차하면 얼마", "4320"),
        ("3일 세워 두면", "4320"),
    ],
)
def test_durations_are_minutes(engine: LightEngine, text: str, value: str) -> None:
    assert [found for _, found in only(engine, text, "duration")] == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("첫 번째 주차장", "1"),
        ("두번째 거요", "2"),
        ("3번", "3"),
        ("세 번째", "3"),
        ("second one please", "2"),
        ("2", "2"),
        ("②", "2"),
        ("number 4", "4"),
        ("마지막 거", "-1"),
    ],
)
def test_ordinals(engine: LightEngine, text: str, value: str) -> None:
    assert [found for _, found in only(engine, text, "ordinal")] == [value]


@pytest.mark.parametrize("text", ["3번 출구 앞", "80번 버스", "48번 국도", "두 번 신고했어요"])
def test_what_is_no_ordinal(engine: LightEngine, text: str) -> None:
    assert only(engine, text, "ordinal") == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("12가3456 체납", "plate", "12가3456"),
        ("경기12가3456이요", "plate", "경기12가3456"),
        ("123 나 4567 차", "plate", "123나4567"),
        ("010-1234-5678로 전화", "phone", "01012345678"),
        ("031)980-2114", "phone", "0319802114"),
        ("+82 10 1234 5678", "phone", "01012345678"),
        ("1588-1234", "phone", "15881234"),
        ("GP-2026-000123 조회", "complaint_no", "GP-2026-000123"),
        ("2026-000123 조회", "complaint_no", "GP-2026-000123"),
        ("gp2026000123", "complaint_no", "GP-2026-000123"),
        ("접수번호２０２６－０００１２３이요", "complaint_no", "GP-2026-000123"),
        ("민원 2026-0000123", "complaint_no", "2026-0000123"),
        ("1AA-2604-0123456 조회", "complaint_no", "1AA-2604-0123456"),
        ("쓰레기 무단 투기", "category", "waste"),
        ("불법 주정차 단속", "category", "illegal_parking"),
        ("포트홀 신고", "category", "road_damage"),
        ("가로등이 꺼졌어요", "category", "street_light"),
        ("층간소음", "category", "noise"),
        ("맨홀뚜껑 소리", "category", "manhole"),
        ("유기견이 있어요", "category", "animal"),
        ("정류장에 쓰레기가 있어요", "category", "waste"),
        ("전봇대에 불법 현수막", "category", "illegal_ad"),
        ("there is a pothole", "category", "road_damage"),
    ],
)
def test_shapes_and_lists(engine: LightEngine, text: str, kind: str, value: str) -> None:
    assert [found for _, found in only(engine, text, kind)] == [value]


@pytest.mark.parametrize(
    ("text", "role", "value"),
    [
        ("전기차 충전", "vehicle", "ev"),
        ("경차 할인", "vehicle", "compact"),
        ("장애인 주차", "vehicle", "disabled"),
        ("트럭 주차", "vehicle", "large"),
        ("미먼 어때", "pollutant", "pm10"),
        ("초미세 먼지 수치", "pollutant", "pm25"),
        ("ozone level", "pollutant", "o3"),
        ("자동차세 얼마", "tax", "car_tax"),
        ("약국 어디", "shop", "pharmacy"),
        ("유모차 빌려요", "item", "baby"),
        ("여권 서류", "paper", "passport"),
    ],
)
def test_a_category_says_which_list_it_is_of(engine: LightEngine, text: str, role: str, value: str) -> None:
    seen = engine.understand(text, now_iso=NOW)
    kinds = {"pollutant", "vehicle", "tax", "shop", "item", "paper"}
    assert {one: [found.value for found in seen.all("category", one)] for one in kinds} == {
        **{one: [] for one in kinds},
        role: [value],
    }


@pytest.mark.parametrize(
    ("text", "said", "value"),
    [
        ("구래동에서 주차", "구래동", "구래동"),
        ("구래 근처 주차", "구래", "구래동"),
        ("구레동 주차장", "구레동", "구래동"),
        ("굴래동 공기", "굴래동", "구래동"),
        ("여기구래동주차장", "구래동", "구래동"),
        ("김포 아트홀 앞", "김포 아트홀", "김포아트홀"),
        ("구래공영주차장 요금", "구래공영주차장", "구래 공영주차장"),
        ("걸포북변역이요", "걸포북변역", "걸포북변역"),
        ("시청 앞", "시청", "김포시청"),
        ("near city hall", "city hall", "김포시청"),
        ("park in Gurae-dong", "Gurae-dong", "구래동"),
        ("김포한강4로 125 앞", "김포한강4로 125", "김포한강4로 125"),
        ("사우중로 100번길 12", "사우중로 100번길 12", "사우중로100번길 12"),
        ("장기동 1888-18이요", "장기동 1888-18", "장기동 1888-18"),
        ("김포대로에 구멍", "김포대로", "김포대로"),
    ],
)
def test_places(engine: LightEngine, text: str, said: str, value: str) -> None:
    assert only(engine, text, "place") == [(said, value)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("어젯밤 11시부터 시끄러워요", "어젯밤 11시"),
        ("이번 주 금요일 오후 3시에 갈게요", "이번 주 금요일 오후 3시"),
        ("야간에도 주차되나요", "야간"),
        ("평일 저녁 강좌", "평일 저녁"),
        ("공휴일 주차 무료인가요", "공휴일"),
        ("24시 약국 있나요", "24시"),
        ("2024년 재산세 미납", "2024년"),
        ("작년 자동차세 얼마였죠", "작년"),
        ("4월 중순에 열리는 공연", "4월 중순"),
        ("추석 연휴에도 여나요", "추석 연휴"),
        ("올봄 벚꽃 언제 피나요", "올봄"),
        ("free on weekends?", "weekends"),
        ("o월 말고 1O월 3일이요", "1O월 3일"),
    ],
)
def test_a_date_is_one_span(engine: LightEngine, text: str, said: str) -> None:
    assert [found for found, _ in only(engine, text, "date")] == [said]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("어젯밤 11시에 봤어요", "2026-03-10T23:00:00+09:00"),
        ("작년 5월 고지서", "2025-05-01T00:00:00+09:00"),
        ("5월 둘째 주 축제", "2026-05-04T00:00:00+09:00"),
        ("광복절에도 하나요", "2026-08-15T00:00:00+09:00"),
        ("2024년 3월 부과분", "2024-03-01T00:00:00+09:00"),
        ("march 20 concert", "2026-03-20T00:00:00+09:00"),
    ],
)
def test_dates_of_years_months_and_holidays(engine: LightEngine, text: str, value: str) -> None:
    assert [found for _, found in only(engine, text, "date")] == [value]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("새빛동 주차장", "새빛동"),
        ("은하수공원에서 소리가 나요", "은하수공원"),
        ("하늘별초등학교 앞 신호등", "하늘별초등학교"),
        ("달맞이시장 근처 약국", "달맞이시장"),
        ("솔바람역 환승주차장", "솔바람역"),
        ("초롱마을아파트 후문 가로등", "초롱마을아파트"),
        ("구청 앞 주차", "구청"),
        ("터미널 근처 공영주차장", "터미널"),
        ("고촌읍 사무소 전화번호", "고촌읍"),
        ("near Bluebird Park", "Bluebird Park"),
    ],
)
def test_places_that_no_list_holds_are_known_by_their_shape(engine: LightEngine, text: str, said: str) -> None:
    assert [found for found, _ in only(engine, text, "place")] == [said]


@pytest.mark.parametrize(
    "text",
    ["운동 강좌 있어요", "봉사활동 하고 싶어요", "자동 이체 할게요", "체납내역 보여줘", "주차구역 표시가 지워졌어요",
     "우리 동네 소식", "하면 되나요", "그 소리가 커요", "요금 추천해 주세요", "any park around"],
)  # fmt: skip
def test_everyday_words_that_end_like_a_place_are_none(engine: LightEngine, text: str) -> None:
    assert only(engine, text, "place") == []


def test_a_place_of_the_list_says_where_it_is(engine: LightEngine) -> None:
    place = engine.understand("구래역 주차장", now_iso=NOW).first("place")
    assert place is not None
    assert (place.detail["kind"], place.detail["lat"]) == ("station", 37.6455)


@pytest.mark.parametrize(
    "text", ["장기 체납이에요", "바로 3시에 갈게요", "제대로 처리해주세요", "카드로 3만원", "마산 여행", "으로 5분"]
)
def test_what_is_no_place(engine: LightEngine, text: str) -> None:
    assert only(engine, text, "place") == []


def test_resident_and_card_numbers_are_starred_and_offsets_stay(engine: LightEngine) -> None:
    answer = engine.understand("제 번호 900101-1234567 구래동 살아요", now_iso=NOW)
    assert answer.text == "제 번호 ******-******* 구래동 살아요"
    place = answer.first("place")
    assert place is not None and answer.text[place.start : place.end] == "구래동"
