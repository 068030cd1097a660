"""The values that a notice's words may name, with a made-up person's for the preview, and what each is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from core.korean import krw


@dataclass(frozen=True, slots=True)
class Value:
    """`sample_*`: of a made-up person, as long as it usually gets, so that bytes are counted honestly."""

    name: str
    what: str
    sample_ko: str
    sample_en: str


VALUES: Mapping[str, Value] = {
    one.name: one
    for one in (
        Value("시", "시의 이름", "김포시", "Gimpo City"),
        Value("성명", "가린 이름(김*수)", "김*수", "Kim *su"),
        Value("세목", "세목과 건수", "자동차세 외 2건", "automobile tax and 2 more"),
        Value("건수", "체납 건수", "3", "3"),
        Value("금액", "기준일의 합계", "1,312,340원", "KRW 1,312,340"),
        Value("기준일", "금액을 셈한 날", "2026.11.24.", "2026-11-24"),
        Value("납부기한", "이 안내의 납부 기한", "2026.12.31.", "2026-12-31"),
        Value("은행", "가상계좌의 은행", "농협은행", "NH Bank"),
        Value("가상계좌", "가상계좌 번호", "79012345678901", "79012345678901"),
        Value("예금주", "가상계좌의 예금주", "김포시", "Gimpo City"),
        Value("부서", "맡은 부서", "징수과 체납정리팀", "Collection Division"),
        Value("전화", "문의 전화", "031-980-2114", "+82-31-980-2114"),
        Value("회차", "이 단계의 몇 번째 안내", "2", "2"),
        Value(
            "문서번호",
            "서면의 번호(인쇄할 때 정해지므로 글에는 쓰지 못함)",
            "체납징수-2026-000123",
            "체납징수-2026-000123",
        ),
    )
}
"""None of them is what a citizen is asked for to show who he is (`arrears.asking.secrets`): a number may have changed
hands."""
ALWAYS = ("금액", "납부기한", "은행", "가상계좌", "전화")
"""What every notice needs: how much, until when, how to pay, whom to ask."""
BESIDE = ("전화",)
"""What a word beside a 독촉장 needs: the letter says the rest, and whom to ask comes first."""
SAID_BY_LETTER = ("납부기한", "문서번호")
"""What only the 독촉장 says: both are fixed when it is printed, after the word beside it was written."""


def sample(lang: str) -> dict[str, str]:
    """The made-up person's values."""
    return {name: one.sample_en if lang == "en" else one.sample_ko for name, one in VALUES.items()}


def masked_name(name: str) -> str:
    """김철수 → 김*수, 이산 → 이*, 남궁민수 → 남**수, 주식회사 한빛 → 주******빛: identification, no more."""
    clean = name.strip()
    if len(clean) <= 1:
        return "*" * len(clean)
    if len(clean) == 2:
        return clean[0] + "*"
    return clean[0] + "*" * (len(clean) - 2) + clean[-1]


def won(amount_krw: int, lang: str) -> str:
    return f"KRW {amount_krw:,}" if lang == "en" else krw(amount_krw)


def day(value: date, lang: str) -> str:
    """2026-12-31 → "2026.12.31.", the short form that a telephone shows on one line."""
    return value.isoformat() if lang == "en" else f"{value:%Y.%m.%d}."


def items(tax_items: Sequence[str], lang: str) -> str:
    """The first item and how many more: "자동차세 외 2건"."""
    if not tax_items:
        return ""
    if len(tax_items) == 1:
        return tax_items[0]
    more = len(tax_items) - 1
    return f"{tax_items[0]} and {more} more" if lang == "en" else f"{tax_items[0]} 외 {more}건"
