"""A reckoning is told short, and its lines still sum up to the won."""

from datetime import date

import pytest

from civic.arrears.asking.folding import folded
from civic.arrears.asking.planning import later
from civic.arrears.money.explained import Line


def months(count: int, krw: int = 2_420, first: int = 1) -> list[Line]:
    return [
        Line(later(date(2021, 2, 1), at), krw, f"가산금 {at}개월째: 남은 본세", f"Surcharge, month {at}: of the tax")
        for at in range(first, first + count)
    ]


def test_sixty_equal_months_are_one_line_with_their_sum() -> None:
    tax = Line(date(2020, 12, 31), 323_600, "본세", "Tax")
    assert folded([tax, *months(60)], "ko") == [
        "2020.12.31 본세 +323,600",
        "2021.03.01~2026.02.01 가산금 1~60개월째: 남은 본세 +2,420씩 60번 = +145,200",
    ]
    assert folded(months(60), "en") == [
        "2021.03.01~2026.02.01 Surcharge, month 1~60: of the tax +2,420 × 60 = +145,200"
    ]


@pytest.mark.parametrize("lines", [months(2), [*months(2), *months(2, 1_000, 3)]], ids=["two", "two and two"])
def test_a_few_months_and_months_unlike_each_other_stay_apart(lines: list[Line]) -> None:
    assert len(folded(lines, "ko")) == len(lines)


def test_what_counts_no_month_is_never_put_together() -> None:
    same = [Line(date(2026, 1, day), -10_000, "납부", "Paid") for day in (3, 3, 3, 4)]
    assert folded(same, "ko") == [f"2026.01.{line.on:%d} 납부 -10,000" for line in same]
