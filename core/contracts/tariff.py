"""What a lot costs, as data: first block and steps, hours with prices of their own, caps, passes, who pays less.

ParkAPI has only text for this; the shape follows APDS RateTable/RateLine (ISO/TS 5206-1) in our own words (ADR 0027).
"""

from dataclasses import dataclass
from typing import Literal

DayKind = Literal["weekday", "saturday", "sunday", "holiday"]
"""Of a Korean calendar day; a public holiday (substitute days too) is a holiday whatever day of the week it is."""
FeeKind = Literal["free", "paid", "mixed", "unknown"]
DayBasis = Literal["entry", "calendar"]
DiscountKind = Literal[
    "compact",  # 경차
    "disabled",  # 장애인
    "veteran",  # 국가유공자, 고엽제, 5·18
    "green",  # 저공해·친환경(전기·수소·하이브리드)
    "electric",  # 전기차(충전 포함)
    "children",  # 다자녀
    "pregnant",  # 임산부
    "senior",  # 경로우대
    "transit",  # 대중교통 환승
    "resident",  # 거주자·지역주민
    "carpool",  # 승용차 요일제, 함께 타기
    "taxpayer",  # 모범납세자
    "visitor",  # 시설·시장 이용자
    "other",
]
EVERY_DAY: tuple[DayKind, ...] = ("weekday", "saturday", "sunday", "holiday")
DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class Rate:
    """`first_minutes` cost `first_fee_krw` as a whole, then every begun `step_minutes` costs `step_fee_krw`."""

    first_minutes: int | None = None
    first_fee_krw: int | None = None
    step_minutes: int | None = None
    step_fee_krw: int | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """Hours of some kinds of day that cost something else than the rest: nothing, or a rate of their own.

    `start`, `end`: minutes of the Korean day, 0…1440; `end` not above `start` runs past midnight and belongs to the
    day on which it began. `rate` None: free. `cap_krw`: the most that one such stretch costs (a night's flat price).
    Of two bands over one minute the earlier in the tuple holds.
    """

    days: tuple[DayKind, ...] = EVERY_DAY
    start: int = 0
    end: int = DAY_MINUTES
    rate: Rate | None = None
    cap_krw: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Discount:
    """Who pays less: `free_minutes` taken off the charged time first, then `percent` (1…100) off what is left.

    `basis`: the article or notice it rests on, in Korean, to be shown. `most_krw`: the most it takes off.
    `needs`: what to bring or show, in Korean. Two discounts never add up: the citizen gets the better one.
    """

    kind: DiscountKind
    percent: int = 0
    free_minutes: int = 0
    most_krw: int | None = None
    basis: str = ""
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass for sale, shown and not computed with. `name` in Korean (주간, 야간, 경차…); `months` its length."""

    name: str
    krw: int
    months: int = 1
    days: tuple[DayKind, ...] = EVERY_DAY
    start: int = 0
    end: int = DAY_MINUTES


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices in won, times in minutes; None is "the source does not say", never zero.

    `first_minutes` cost `first_fee_krw` as a whole, then every begun `step_minutes` costs `step_fee_krw`: outside the
    `bands`, which win where they apply. `day_cap_krw` is the most that a day costs; None or 0 is no cap. A day is
    `day_basis`: "entry", `day_cap_minutes` (1440) from driving in and again after it; "calendar", midnight to
    midnight in Korea, of which `day_cap_from`…`day_cap_to` are the minutes it covers (the whole day unless said).
    `month_pass_krw` (the usual pass) and `passes` are shown, not computed with.
    `free_minutes`: a stay up to it costs nothing; a longer one pays for the rest only when `is_free_deducted`, else
    for all of it (회차). `discounts`: the lot's own; those of a city's ordinance come on top of them at the answer.
    `round_down_krw`: a sum is cut to a multiple of it (10원 미만 절사), 1 is no cut.
    `basis`: where the prices are written (ordinance, notice), in Korean; "" when only the source says them.
    """

    first_minutes: int | None = None
    first_fee_krw: int | None = None
    step_minutes: int | None = None
    step_fee_krw: int | None = None
    day_cap_krw: int | None = None
    month_pass_krw: int | None = None
    free_minutes: int | None = None
    is_free_deducted: bool = True
    day_basis: DayBasis = "entry"
    day_cap_minutes: int | None = None
    day_cap_from: int = 0
    day_cap_to: int = DAY_MINUTES
    bands: tuple[Band, ...] = ()
    discounts: tuple[Discount, ...] = ()
    passes: tuple[Pass, ...] = ()
    round_down_krw: int = 1
    basis: str = ""

    @property
    def rate(self) -> Rate:
        """The price outside the bands."""
        return Rate(self.first_minutes, self.first_fee_krw, self.step_minutes, self.step_fee_krw)
