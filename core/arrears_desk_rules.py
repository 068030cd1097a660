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
    """An application this many days before the deadline, unanswered for `deemed_days`, counts as granted at `hour` of
    that day; staff are told `warn_days` before."""

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
    number may have been proven by a code. `release_hours`, `answer_days`: by when officers answer (hours;
    working days). `payment_word_days`: how long after it was paid money is still thanked for; `arrival_days`: working
    days that money of another bank or card may take to be seen here. `checks`: whom to ask whether a message is
    genuine; `papers`: where proofs of payment are issued.
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
    arrival_days: Annotated[int, Field(ge=0, le=30)] = 2
    checks: list[Way] = []
    papers: list[Way] = []
    told_source: str = ""


class Known(Section):
    """A figure from outside this ledger: how it was before, or what another city reported. Shown beside what is
    measured here, never added to it. `certainty`: L, O, P, K or ?, as in the facts."""

    measure: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    value: int
    unit: Literal["days", "months", "krw_a_year", "krw", "percent", "people"]
    ko: str
    en: str
    source: Annotated[str, Field(min_length=1)]
    certainty: Literal["L", "O", "P", "K", "?"]


class Partner(Section):
    """Another city that commissions are sent to or taken from (지방세징수법 §18). `keys`: its public keys, base64, as
    compared with it by telephone; without one nothing of it is taken."""

    name: str
    keys: list[str] = []


class Commission(Section):
    """`fee_percent`: of what was collected, for the collecting city."""

    fee_percent: Annotated[int, Field(ge=0, le=100)] = 30
    fee_source: str = ""
    partners: dict[str, Partner] = {}


class Oversight(Section):
    """What was before, what is aimed at, how long records are kept (docs/desk/arrears-oversight.md).

    `bands_krw`, `ages_days`: where amounts and ages are cut, ascending. `keep_years`: after a bill is closed.
    `hours`: from and until which hour of a working day looks are usual.
    """

    bands_krw: list[Annotated[int, Field(gt=0)]] = [100_000, 500_000, 1_000_000, 5_000_000, 10_000_000]
    ages_days: list[Annotated[int, Field(gt=0)]] = [90, 365, 1_095, 1_825]
    before: list[Known] = []
    seed: list[Known] = []
    keep_years: Annotated[int, Field(ge=1, le=100)] = 10
    keep_source: str = ""
    hours: tuple[Annotated[int, Field(ge=0, le=24)], Annotated[int, Field(ge=0, le=24)]] = (8, 20)
    commission: Commission = Commission()
