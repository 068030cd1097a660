"""Masking: resident, card and account numbers go, phone and receipt numbers stay, and no text takes long."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.masking import mask

relaxed = settings(deadline=None)
PLAIN = st.text(st.characters(blacklist_categories=["Nd", "Cs"], blacklist_characters="-*~"), max_size=40)
DIGITS = st.text("0123456789", min_size=6, max_size=6)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("제 주민번호는 900101-1234567입니다", "제 주민번호는 ******-*******입니다"),
        ("9001011234567", "*************"),
        ("900101 – 2234567 이요", "****** – ******* 이요"),
        ("외국인등록번호 851231-5123456", "외국인등록번호 ******-*******"),
        ("851231－8123456", "******－*******"),
        ("９００１０１-１２３４５６７", "******-*******"),
        ("카드 4111-1111-1111-1111 로", "카드 ****-****-****-**** 로"),
        ("4111111111111111", "****************"),
        ("카드번호 1234-5678-9012-3456이요", "카드번호 ****-****-****-****이요"),
        ("면허번호 11-12-123456-01", "면허번호 **-**-******-**"),
        ("여권 M12345678 분실했어요", "여권 M******** 분실했어요"),
        ("여권번호는 M123A4567", "여권번호는 M***A****"),
        ("계좌 국민은행 123456-78-901234 로 보내 주세요", "계좌 국민은행 ******-**-****** 로 보내 주세요"),
        ("카카오뱅크 3333-01-1234567", "카카오뱅크 ****-**-*******"),
        ("농협 302-1234-5678-91, 302-1234-5678-92", "농협 ***-****-****-**, ***-****-****-**"),
    ],
)
def test_it_masks(said: str, kept: str) -> None:
    assert mask(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "전화는 010-1234-5678이에요",
        "01012345678",
        "031-980-2114",
        "계좌 말고 010-1234-5678로 전화 주세요",
        "은행 앞이에요 전화 02-120",
        "접수번호 GP-2026-000123 어떻게 됐나요",
        "계좌 환급 접수번호 GP-20261122-000123",
        "2026-11-22 21:30에 봤어요",
        "4111-1111-1111-1112",
        "모델 RM12345678이에요",
        "11-12-123456",
        "9013321234567",
        "9001010234567",
        "37.6152, 126.7156",
        "주소는 김포한강11로 287, 10102",
        "1234567890123456789012345",
        "",
    ],
)
def test_it_leaves_alone(said: str) -> None:
    assert mask(said) == said


@relaxed
@given(PLAIN, DIGITS, st.sampled_from("12345678"), DIGITS, PLAIN)
def test_no_resident_number_gets_through(before: str, birth: str, sex: str, rest: str, after: str) -> None:
    assert mask(f"{before}{birth}-{sex}{rest}{after}") == f"{before}******-*******{after}"


@relaxed
@given(PLAIN, st.dates(), st.sampled_from("12345678"), DIGITS, PLAIN)
def test_nor_without_its_dash(before: str, born: object, sex: str, rest: str, after: str) -> None:
    assert f"{before}{'*' * 13}{after}" == mask(f"{before}{born:%y%m%d}{sex}{rest}{after}")


@relaxed
@given(st.text())
def test_what_is_masked_stays_as_it_is(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@relaxed
@given(st.text("0123456789-* 계좌은행가\n", max_size=80))
def test_it_only_ever_turns_digits_into_stars(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    assert all(new == old or (new == "*" and old.isdigit()) for old, new in zip(text, masked, strict=True))
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "12-",
        "계좌",
        "계좌 1",
        "900101-",
        "1234-1234-1234-",
        "가",
        "은행 12 ",
        "* 1 ",
        "4111-1111-1111-1111 ",
        "카드 1",
        "11-12-",
        "M1",
    ],
)
def test_a_megabyte_takes_linear_time(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        began = time.thread_time()
        mask(text)
        return time.thread_time() - began

    assert seconds(1_000_000) < 3


def test_ordinary_text_takes_no_time() -> None:
    text = (
        "구래동 김포한강11로 287 앞 가로등이 2026년 11월부터 꺼져 있어요. 010-1234-5678로 연락 주세요. GP-2026-000123"
    )
    best = min(_seconds(text) for _ in range(50))
    assert best < 50e-6


def _seconds(text: str) -> float:
    began = time.thread_time()
    mask(text)
    return time.thread_time() - began
