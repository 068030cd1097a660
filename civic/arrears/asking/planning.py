"""An agreement to pay in parts, reckoned: whole won that sum exactly, due on working days, one a month."""

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from core.arrears_desk_rules import Plans
from core.errors import BadInput

_COUNTED = {"한": 1, "두": 2, "세": 3, "석": 3, "네": 4, "넉": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9}
_COUNTED |= {"열한": 11, "열두": 12, "열": 10}
_ENGLISH = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_ENGLISH |= {"eleven": 11, "twelve": 12}
_WORDS = "|".join((*_COUNTED, *_ENGLISH))
_MONTHS = re.compile(
    rf"(?:(?P<digits>\d{{1,2}})|(?P<word>{_WORDS}))\s*-?\s*"
    r"(?:개월|달|번|회|차례|months?|payments?|instal?lments?|parts?|times)",
    re.I,
)
_YEAR = re.compile(r"일\s*년|1\s*년|(?:one|a|1)\s+year", re.I)
_MONEY = re.compile(
    r"(?P<man>\d[\d,.]*)\s*만\s*(?:(?P<thousand>\d)\s*천)?\s*원?|(?P<plain>\d[\d,]{3,})\s*(?:원|won|krw)?", re.I
)
_TENS = {"일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "칠": 7, "팔": 8, "구": 9}
_SPOKEN = re.compile(rf"(?P<tens>[{''.join(_TENS)}]?)십(?P<ones>[{''.join(_TENS)}]?)\s*만\s*원?")
_BARE = re.compile(r"\s*(\d{1,2})\s*")


@dataclass(frozen=True, slots=True)
class Part:
    """`number` from 1."""

    number: int
    due_on: date
    amount_krw: int


def parts(
    total_krw: int, months: int, first_on: date, works_next: Callable[[date], date], most_of_one_krw: int = 0
) -> list[Part]:
    """Equal parts, the last with what is left over; with `most_of_one_krw` that much each and the rest last. Each is
    due a month after the other on the day of `first_on`, moved on to the next working day.

    Raises BadInput where a part would be nothing.
    """
    each = most_of_one_krw or total_krw // months
    amounts = [each] * (months - 1)
    amounts.append(total_krw - sum(amounts))
    if min(amounts) <= 0:
        raise BadInput("그렇게는 나눌 수 없습니다.", "It cannot be split like that.")
    return [Part(number, works_next(later(first_on, number - 1)), amount) for number, amount in enumerate(amounts, 1)]


def months_for(total_krw: int, monthly_krw: int) -> int:
    """How many months it takes at so much a month."""
    return -(-total_krw // monthly_krw)


def proposed(total_krw: int, rules: Plans) -> int:
    """As many months as the city offers first, fewer where a part would be less than its least; never under its least
    number of months."""
    fitting = max(total_krw // rules.least_krw, 1)
    return max(min(rules.proposed_months, rules.most_months, fitting), rules.least_months)


def later(day: date, months: int) -> date:
    """The same day some months on, or the month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def read_wish(text: str) -> str:
    """ "여섯 달", "6개월", "매달 20만원", "6": what he wants, as "months:6" or "krw:200000". Raises BadInput."""
    if amount := read_krw(text):
        return f"krw:{amount}"
    if (months := read_months(text)) is not None:
        return f"months:{months}"
    raise BadInput(
        "몇 달로 나눌지, 또는 한 달에 얼마씩 내실지 알려 주세요. 예: 여섯 달, 6개월, 매달 20만원",
        "Please say how many months, or how much a month, e.g. six months, 200,000 won a month.",
    )


def read_months(text: str) -> int | None:
    """The number of months or parts that the words name."""
    if _YEAR.search(text):
        return 12
    if found := _MONTHS.search(text):
        word = found["word"]
        return int(found["digits"]) if found["digits"] else (_COUNTED | _ENGLISH)[word.lower()]
    if bare := _BARE.fullmatch(text):
        return int(bare[1])
    return None


def read_krw(text: str) -> int:
    """The won that the words name ("10만원", "12만 5천원", "이십만원", "150,000"); 0 for none."""
    if found := _MONEY.search(text):
        if found["plain"]:
            return int(found["plain"].replace(",", ""))
        digits = found["man"].replace(",", "").rstrip(".")
        try:
            return round(float(digits) * 10_000) + int(found["thousand"] or 0) * 1000
        except ValueError:
            return 0
    if spoken := _SPOKEN.search(text):
        return ((_TENS.get(spoken["tens"], 1)) * 10 + _TENS.get(spoken["ones"], 0)) * 10_000
    return 0


def fitted(total_krw: int, wish: str, rules: Plans) -> tuple[int, int]:
    """(months, won a month or 0) of a wish, within the city's bounds. Raises BadInput that says the bounds."""
    kind, _, number = wish.partition(":")
    monthly = int(number) if kind == "krw" else 0
    if monthly >= total_krw:
        raise BadInput(
            "그 금액이면 한 번에 다 내실 수 있습니다. 나누실 금액을 더 적게 말씀해 주세요.",
            "That amount would pay it all at once. Please name a smaller one.",
        )
    months = months_for(total_krw, monthly) if monthly else int(number)
    if not rules.least_months <= months <= rules.most_months:
        raise BadInput(
            f"{rules.least_months}개월에서 {rules.most_months}개월 사이로 나누실 수 있습니다."
            + (f" 말씀하신 대로면 {months}개월이 걸립니다." if monthly else ""),
            f"It can be split over {rules.least_months} to {rules.most_months} months."
            + (f" Like that it would take {months}." if monthly else ""),
        )
    if total_krw // months < min(rules.least_krw, total_krw // rules.least_months):
        raise BadInput(
            f"한 번에 {rules.least_krw:,}원보다는 많아야 합니다. 더 짧게 나눠 주세요.",
            f"Each part must be at least {rules.least_krw:,} won. Please choose fewer months.",
        )
    return months, monthly


def filled(amounts: Sequence[int], paid_krw: int) -> list[int]:
    """How much of each part is paid, when what came in fills them in their order."""
    paid: list[int] = []
    for amount in amounts:
        took = min(amount, max(paid_krw, 0))
        paid.append(took)
        paid_krw -= took
    return paid
