"""Advertising says what it is, who sends it and how to end it; nobody writes the mark himself in another spelling."""

import pytest

from civic.campaigns.marking import check, marked
from core.errors import BadInput


def test_it_begins_with_the_mark_and_ends_with_the_way_out() -> None:
    text = marked("가을 축제가 열립니다.", "ko", sender="김포시", contact="031-980-2114", free_number="")
    assert text.split("\n") == [
        "(광고) 김포시 031-980-2114",
        "가을 축제가 열립니다.",
        "무료 수신거부: ‘광고 수신거부’라고 보내 주세요",
    ]


def test_a_text_to_a_telephone_names_the_free_number() -> None:
    text = marked("축제", "ko", sender="김포시", contact="031-980-2114", free_number="080-123-4567")
    assert text.endswith("\n무료 수신거부 080-123-4567")


def test_an_english_text_keeps_the_korean_mark() -> None:
    text = marked("A festival", "en", sender="Gimpo City", contact="031-980-2114", free_number="")
    assert text.startswith("(광고) Gimpo City") and 'send "stop ads"' in text


@pytest.mark.parametrize(
    "text", ["(광고) 축제", "(광 고) 축제", "（광고）축제", "[광/고] 축제", "【광.고】 축제", "축제 ( 광고 )"]
)
def test_a_mark_within_the_text_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        check(text)


@pytest.mark.parametrize("text", ["가을 축제에 오세요", "관광 안내소 고객 행사", "광장 고구마 축제"])
def test_a_text_without_one_is_taken(text: str) -> None:
    check(text)
