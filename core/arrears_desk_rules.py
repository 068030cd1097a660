"""What of the `arrears:` section of config.yml is about the citizens' side and the oversight."""

from typing import Annotated, Literal

from pydantic import Field

from core.section import Section


class Plans(Section):
    """An agreement to pay in parts: how many months are offered first and at most, the least of one part, days before
    a part is due to remind him, missed parts that end it. No statute read here fixes these: the city's own rule."""

    least_months: Annotated[int, Field(ge=2, le=60)] = 2
    most_months: Annotated[int, Field(ge=2, le=60)] = 12
    proposed_months: Annotated[int, Field(ge=2, le=60)] = 6
    least_krw: Annotated[int, Field(ge=1)] = 10_000
    remind_days: Annotated[int, Field(ge=0, le=30)] = 3
    missed_ends: Annotated[int, Field(ge=1, le=12)] = 2
    source: str = "시의 분납 기준: 시가 확인 [K]"


class Deferral(Section):
    """An application this many days before the deadline, unanswered for as many days as `deemed_days`, counts as granted
    at `hour` of that day; staff are told `warn_days` before."""

    before_days: Annotated[int, Field(ge=0)] = 10
    deemed_days: Annotated[int, Field(ge=1)] = 10
    warn_days: Annotated[int, Field(ge=0)] = 3
    hour: Annotated[int, Field(ge=0, le=23)] = 18
    most_months: Annotated[int, Field(ge=1, le=60)] = 6
    source: str = "지방세징수법 제25조의3 [L]; 기간의 한도는 시가 확인 [K]"


class Way(Section):
    """A way to pay besides the virtual account, as the citizen reads it."""

    ko: str
    en: str


class Asking(Section):
    """How a citizen shows who he is and what he may ask for (docs/desk/arrears-citizens.md).

    `secrets`: what proves him beside his telephone: tax_no and pay_no by their last four digits, birth as YYMMDD.
    `failures` wrong ones lock for `lock_minutes`; a proof lasts `proof_minutes` here. `phone_days`: how long ago the
    number may have been proven by a code. `release_hours`, `answer_days`: by when officers answer (hours; working days).
    """

    secrets: list[Literal["tax_no", "pay_no", "birth"]] = ["tax_no", "pay_no", "birth"]
    failures: Annotated[int, Field(ge=1, le=10)] = 5
    lock_minutes: Annotated[int, Field(ge=1)] = 30
    proof_minutes: Annotated[int, Field(ge=1, le=240)] = 30
    phone_days: Annotated[int, Field(ge=1, le=180)] = 30
    release_hours: Annotated[int, Field(ge=1)] = 3
    answer_days: Annotated[int, Field(ge=1)] = 7
    payment_word_days: Annotated[int, Field(ge=1)] = 3
    plans: Plans = Plans()
    deferral: Deferral = Deferral()
    ways: list[Way] = []


class Oversight(Section):
    """What was before, what is aimed at, what a letter costs (docs/desk/arrears-oversight.md)."""
