"""How wishes for notices of the air are read: pollutants, levels, hours, nights, eves, and what is only a question."""

import pytest

from actions.alerts import air_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("미세먼지 나빠지면 알려줘", ("PM10", "PM25")),
        ("구래동 초미세먼지만", ("PM25",)),
        ("미세먼지만 알려줘", ("PM10",)),
        ("초미세먼지랑 오존 알림", ("PM25", "O3")),
        ("미세먼지 초미세먼지 오존 다", ("PM10", "PM25", "O3")),
        ("공기 나빠지면 알려줘", None),
        ("대기질 알림 신청", None),
        ("ozone alerts", ("O3",)),
        ("PM2.5 only", ("PM25",)),
        ("미세먼지 알림 아침 7시부터 10시까지만", ("PM10", "PM25")),
    ],
)
def test_pollutants(text: str, expected: tuple[str, ...] | None) -> None:
    assert air_words.pollutants(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("미세먼지 나빠지면 알려줘", None),
        ("아이가 있어서 나쁨부터 알려줘", 1),
        ("어머니가 천식이라 알림 부탁해요", 1),
        ("매우 나쁨일 때만", 2),
        ("주의보 나오면 문자 주세요", 3),
        ("경보만 알려줘", 4),
        ("주의보나 경보 뜨면 알려줘", 3),
        ("오존 중대경보만", 5),
        ("when it gets unhealthy", 1),
    ],
)
def test_levels(text: str, expected: int | None) -> None:
    assert air_words.line(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("아침 7시부터 밤 10시까지", (420, 1320)),
        ("7시~22시", (420, 1320)),
        ("오전 6시 반부터 오후 1시까지만", (390, 780)),
        ("8시부터 6시까지", (480, 1080)),
        ("밤 11시부터 새벽 5시까지", (1380, 300)),
        ("일곱시부터 아홉시까지", (420, 540)),
        ("낮에만 알려줘", (540, 1080)),
        ("from 7 am to 10 pm", (420, 1320)),
        ("초미세먼지 알려줘", None),
        ("7시에 알려줘", None),
    ],
)
def test_hours(text: str, expected: tuple[int, int] | None) -> None:
    assert air_words.hours(text) == expected


@pytest.mark.parametrize(
    ("text", "is_phrase"),
    [
        ("미세먼지 나빠지면 알려줘", True),
        ("오존 주의보 뜨면 문자 줘", True),
        ("초미세먼지 경보 되면 연락 주세요. 알려줘", True),
        ("미세먼지 알려줘", False),
        ("구래동 미세먼지", False),
        ("자리 나면 알려줘", False),
    ],
)
def test_a_word_whenever_it_comes_to_be_is_a_wish(text: str, is_phrase: bool) -> None:
    assert bool(air_words.WHEN.search(text)) is is_phrase


@pytest.mark.parametrize(
    ("text", "is_phrase"),
    [
        ("알림 목록", True),
        ("내가 신청한 알림 보여줘", True),
        ("대기질 알림 설정", True),
        ("my subscriptions", True),
        ("자리 알림 목록", False),
        ("알림 신청", False),
    ],
)
def test_the_list_is_asked_for_in_few_words(text: str, is_phrase: bool) -> None:
    assert bool(air_words.LIST.search(text)) is is_phrase


@pytest.mark.parametrize(
    ("text", "is_phrase"),
    [("내일 나쁘면 전날 저녁에 알려줘", True), ("내일 미세먼지 나쁘면 알려줘", True), ("내일 미세먼지 어때", False)],
)
def test_the_eve_is_asked_for(text: str, is_phrase: bool) -> None:
    assert bool(air_words.EVENING_ASKED.search(text)) is is_phrase


def test_nights_are_asked_for_or_refused() -> None:
    assert air_words.nights("밤에도 경보 뜨면") is True
    assert air_words.nights("밤에는 보내지 마세요") is False
    assert air_words.nights("오존 알림") is None


@pytest.mark.parametrize(
    ("text", "is_phrase"),
    [
        ("대기질 알림 그만", True),
        ("미세먼지 알림 해지해 주세요", True),
        ("stop air notices", True),
        ("오존은 빼줘", False),
        ("대기질 알림 신청", False),
        ("안전 알림 그만", False),
    ],
)
def test_the_words_that_end_it_need_no_guess(text: str, is_phrase: bool) -> None:
    assert bool(air_words.END.search(text)) is is_phrase
