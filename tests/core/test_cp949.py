"""What a carrier gets can be sent, is counted as it counts, and still says what it said."""

import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from core import cp949
from core.cp949 import plain

ODD = "뷁펲똠샾"
TEXT = st.text(st.characters(), max_size=120) | st.text("가나 ab.\n😀é—👨‍👩‍👧\u200d️1️⃣각ᄀ🇰🇷체ฉั", max_size=60)


@given(TEXT)
@example("\ud800 \x00\r\n\r\t")
@example("Å 😀")
def test_whatever_comes_can_be_sent_and_comes_back_the_same(text: str) -> None:
    found = plain(text)
    found.text.encode("cp949")
    assert plain(found.text) == cp949.Plain(found.text)
    assert found.lost <= found.text.count("?")


@given(st.text(st.characters(codec="cp949", exclude_characters="\r", exclude_categories=["Cc"])))
def test_what_can_be_sent_is_left_as_it_is(text: str) -> None:
    assert plain(text) == cp949.Plain(text)


@given(TEXT, st.integers(2, 200))
def test_no_piece_is_longer_than_its_bound_and_none_is_empty(text: str, most: int) -> None:
    sent = plain(text).text
    pieces = cp949.split(sent, most)
    assert all(len(piece.encode("cp949")) <= most for piece in pieces)
    assert all(pieces) or not sent.strip()
    assert "".join("".join(pieces).split()) == "".join(sent.split())
    assert len(cp949.cut(sent, most).encode("cp949")) <= most
    assert [again for piece in pieces for again in cp949.split(piece, most)] == pieces


@given(TEXT)
def test_the_size_is_what_the_carrier_counts(text: str) -> None:
    sent = plain(text).text
    assert cp949.size(sent) == len(sent.encode("cp949"))
    assert cp949.size(text) >= 0


def test_syllables_outside_ks_x_1001_are_two_bytes_and_not_eight() -> None:
    assert cp949.size(ODD) == 8 < len(ODD.encode("euc_kr"))
    assert cp949.kind(ODD * 11 + "가") == "sms"


@pytest.mark.parametrize(
    ("text", "sent", "replaced", "lost"),
    [
        ("🚨 지금 바로 119에 전화하세요.", "[긴급] 지금 바로 119에 전화하세요.", "🚨", 0),
        ("• 민원 — café", "· 민원 - cafe", "•—é", 0),
        ("안녕 🐶 하세요", "안녕 하세요", "🐶", 0),
        ("고맙습니다 🐶\n또 봬요 🐶", "고맙습니다\n또 봬요", "🐶", 0),
        ("👨‍👩‍👧 우리 가족👍🏽", "우리 가족[좋아요]", "👨👩👧👍🏽", 0),
        ("☎️ 1️⃣ ⑯ 🇰🇷", "☎ 1 16 KR", "⑯🇰🇷", 0),
        (unicodedata.normalize("NFD", "김포시 각"), "김포시 각", "", 0),
        ("ᄀ 여기\u200b요", "ㄱ 여기요", "ᄀ", 0),
        ("₩1,000 ‘맞나요’… ㎡ ①", "￦1,000 ‘맞나요’… ㎡ ①", "₩", 0),
        ("体 ไทย", "? ???", "体ไทย", 4),
        ("줄\r\n바꿈\t칸", "줄\n바꿈 칸", "", 0),
    ],
)
def test_what_cp949_lacks_is_said_in_other_words(text: str, sent: str, replaced: str, lost: int) -> None:
    assert plain(text) == cp949.Plain(sent, tuple(replaced), lost)


@pytest.mark.parametrize(
    ("text", "wanted"), [("가" * 45, "sms"), ("가" * 45 + "a", "lms"), ("가" * 1000, "lms"), ("가" * 1001, "too_long")]
)
def test_a_text_is_sms_or_lms_by_its_bytes(text: str, wanted: str) -> None:
    assert cp949.kind(text) == wanted
    assert cp949.kind("가나다", sms=4, lms=5) == "too_long"


def test_it_cuts_at_lines_then_sentences_then_words() -> None:
    assert cp949.split("첫 줄입니다.\n둘째 줄입니다.", 16) == ["첫 줄입니다.", "둘째 줄입니다."]
    assert cp949.split("앞 문장이에요. 뒤 문장이에요.", 20) == ["앞 문장이에요.", "뒤 문장이에요."]
    assert cp949.split("낱말 낱말 낱말", 10) == ["낱말 낱말", "낱말"]
    assert [cp949.cut("가나다라마", most) for most in (10, 7, 3, 2, 1)] == ["가나다라마", "가나…", "…", "…", ""]


def test_every_word_of_the_table_can_be_sent_and_is_needed() -> None:
    table = yaml.safe_load((Path(cp949.__file__).parent / "cp949.yml").read_text("utf-8"))
    for word, characters in table:
        word.encode("cp949")
        for character in characters.split():
            assert len(character) == 1
            assert plain(character).replaced == (character,), f"{character} can be sent as it is"
