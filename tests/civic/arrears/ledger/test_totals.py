"""Control totals as a command and a side file tell them, and the dates and amounts that files hold."""

from datetime import date

import pytest

from civic.arrears.ledger import values
from civic.arrears.ledger.reasons import reasons
from civic.arrears.ledger.totals import Total, differing, from_file, from_words, joined
from civic.arrears.ledger.values import Unreadable
from core.errors import BadInput

WORDS = ["합계", "총계"]


def test_a_command_tells_totals_of_all_and_of_an_item() -> None:
    told = from_words(["rows=1000,krw=5000", "재산세:rows=10", "재산세:krw=100"])
    assert told == {"": Total(1000, 5000), "재산세": Total(10, 100)}


@pytest.mark.parametrize("wrong", ["1000", "rows=x", "krw=-5", "sum=3", "재산세:"])
def test_a_command_that_says_something_else_is_refused(wrong: str) -> None:
    with pytest.raises(BadInput):
        from_words([wrong])


@pytest.mark.parametrize(
    "text",
    [
        '세목,건수,금액\n재산세,"1,000건","5,000원"\n자동차세,20,300\n합 계,1020,5300\n',
        "재산세,1000,5000\n자동차세,20건,300\n총계,1020,5300",
        '{"": {"rows": 1020, "krw": 5300}, "재산세": {"rows": 1000, "krw": 5000},'
        ' "자동차세": {"rows": 20, "krw": 300}}',
    ],
)
def test_a_side_file_tells_them_with_or_without_headers(text: str) -> None:
    assert from_file(text, WORDS) == {"": Total(1020, 5300), "재산세": Total(1000, 5000), "자동차세": Total(20, 300)}


@pytest.mark.parametrize("text", ["", "세목,건수,금액\n", "재산세,많음,3\n", "합계,1,2\n합계,1,3\n"])
def test_a_side_file_that_tells_none_or_two_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        from_file(text, WORDS)


def test_totals_that_are_told_twice_must_be_the_same() -> None:
    assert joined({"": Total(rows=3)}, {"": Total(krw=5)}) == {"": Total(3, 5)}
    with pytest.raises(BadInput):
        joined({"": Total(3, 5)}, {"": Total(3, 6)})


def test_it_differs_by_a_single_won_or_row_and_by_an_item_that_is_not_there() -> None:
    found = {"": Total(3, 600), "재산세": Total(3, 600)}
    assert differing({"": Total(3, 600), "재산세": Total(krw=600)}, found) == []
    assert [key for key, _, _ in differing({"": Total(3, 601), "재산세": Total(2), "주민세": Total(1)}, found)] == [
        "",
        "재산세",
        "주민세",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31",
        "2026.1.31",
        "2026. 1. 31.",
        "2026/01/31",
        "20260131",
        "2026년 1월 31일",
        "２０２６-01-31",
        "2026-01-31 09:30:00",
        "20260131093000",
        " 2026-1-31 ",
    ],
)
def test_a_day_is_read_in_each_way_that_it_is_written(text: str) -> None:
    assert values.day(text) == date(2026, 1, 31)


@pytest.mark.parametrize("text", ["", "26.1.31", "2026-02-30", "2026-1", "31/01/2026", "내일", "46053"])
def test_what_could_be_another_day_is_no_day(text: str) -> None:
    with pytest.raises(Unreadable):
        values.day(text)


@pytest.mark.parametrize(
    ("text", "krw"),
    [
        ("1,234,567원", 1_234_567),
        ("₩1,234", 1_234),
        ("1234.0", 1_234),
        ("△500", -500),
        ("-500", -500),
        ("１２３", 123),
        (" 0 ", 0),
        ("1,000 원정", 1_000),
    ],
)
def test_an_amount_is_read_in_each_way_that_it_is_written(text: str, krw: int) -> None:
    assert values.won(text) == krw


@pytest.mark.parametrize("text", ["", "1.5", "1,23", "천원", "1 000", "1e6", "12만원"])
def test_what_is_no_whole_number_of_won_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        values.won(text)


def test_each_reason_has_a_korean_and_an_english_sentence() -> None:
    assert set(reasons("ko")) == set(reasons("en"))
