"""Made-up debtors, bills and payments for practice and measuring: the same for a seed, real in shape, nobody's in fact.

연습용: names are drawn from lists, tax numbers begin with 99, telephones lie in 010-1xxx (a block that, to general
knowledge, no carrier was given), and each address says that it is practice.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from civic.arrears.ledger.rows import NewBill, NewDebtor, PaymentRow
from civic.arrears.ledger.stops import Kind

MARK = "(연습용)"
SOURCE = "practice"
"""Source of the payments, and how a store that holds the practice is known."""
_SURNAMES = "김이박최정강조윤장임한오서신권황안송류홍"
_GIVEN = (
    "가람", "가온", "나래", "다솜", "두리", "라온", "마루", "미르", "바다", "벼리", "보람", "산들", "새봄", "슬기",
    "아람", "여울", "온새", "유빛", "이든", "잔디", "지음", "찬솔", "초롱", "큰솔", "탐스", "푸름", "하늘", "한결",
    "해솔", "희나리",
)  # fmt: skip
_FIRMS = ("누리상사", "다온건설", "마루물산", "새길운수", "아람식품", "온누리기계", "한빛산업", "해솔유통")
_ROADS = ("걸포로", "고촌로", "구래로", "김포대로", "마산로", "북변로", "사우로", "운양로", "장기로", "풍무로")
_BILLS = (4, 4, 1, 7, 2, 6, 4)
"""Bills of seven people in a row; on average four."""
_ITEMS = (
    # 세목, share, median won, spread, (month and day of the deadline, 기분)
    ("자동차세", 34, 240_000, 0.6, ((6, 30, "1기"), (12, 31, "2기"))),
    ("재산세", 26, 180_000, 1.0, ((7, 31, "1기"), (9, 30, "2기"))),
    ("주민세", 20, 12_500, 0.2, ((8, 31, "개인분"),)),
    ("지방소득세", 14, 390_000, 1.3, ((5, 31, "확정"), (10, 31, "수시"))),
    ("취득세", 4, 1_900_000, 1.1, ((3, 31, "수시"), (11, 30, "수시"))),
    ("등록면허세", 2, 27_000, 0.4, ((1, 31, "정기분"),)),
)
_WEIGHTS = [share for _, share, _, _, _ in _ITEMS]
_STOPS: tuple[tuple[Kind, float, str], ...] = (
    ("deferral", 0.012, "지방세징수법 제25조 징수유예 통지"),
    ("instalment", 0.010, "분납 계획 승인"),
    ("dispute", 0.006, "이의신청서 접수"),
    ("died", 0.006, "사망 확인"),
    ("rehabilitation", 0.004, "회생 개시 결정"),
    ("bankrupt", 0.003, "파산 선고"),
    ("welfare", 0.010, "기초생활수급자 확인"),
    ("wrong_number", 0.015, "받은 분이 본인이 아니라고 알림"),
)


@dataclass(frozen=True, slots=True)
class PracticeStop:
    """A stop of a made-up debtor."""

    tax_no: str
    kind: Kind
    basis: str


@dataclass(frozen=True, slots=True)
class Practice:
    """`debtors` people, as of a day. Each number's person is the same however many there are."""

    debtors: int
    on: date
    seed: int = 1

    def people(self) -> Iterator[NewDebtor]:
        return (self._person(number) for number in range(self.debtors))

    def bills(self) -> Iterator[NewBill]:
        for number in range(self.debtors):
            yield from self._bills(number)

    def payments(self) -> Iterator[PaymentRow]:
        """One bill in twelve was paid in part, one in twenty-five whole."""
        for number in range(self.debtors):
            chance = self._chance(number, "payments")
            for bill in self._bills(number):
                drawn = chance.random()
                if drawn >= 0.12:
                    continue
                part = 1.0 if drawn < 0.04 else chance.choice((0.1, 0.25, 0.5))
                on = bill.due_on + timedelta(days=chance.randint(5, 120))
                amount = max(int(bill.principal_krw * part) // 10 * 10, 10)
                way = chance.choice(("virtual_account", "bank", "card", "counter"))
                if on > self.on:
                    continue
                yield PaymentRow(f"99-{bill.bill_no[3:]}", amount, on, way, bill_no=bill.bill_no)

    def stops(self) -> Iterator[PracticeStop]:
        for number in range(self.debtors):
            drawn = self._chance(number, "stops").random()
            for kind, share, basis in _STOPS:
                if drawn < share:
                    yield PracticeStop(_tax_no(number), kind, f"{basis} {MARK}")
                    break
                drawn -= share

    def _chance(self, number: int, what: str) -> Random:
        return Random(f"{self.seed}:{what}:{number}")  # noqa: S311 - made up, not secret

    def _person(self, number: int) -> NewDebtor:
        chance = self._chance(number, "person")
        is_company = chance.random() < 0.08
        if is_company:
            name, birth = f"(주){chance.choice(_FIRMS)} {number + 1}", ""
        else:
            name = chance.choice(_SURNAMES) + chance.choice(_GIVEN)
            birth = f"{chance.randint(45, 99):02d}{chance.randint(1, 12):02d}{chance.randint(1, 28):02d}"
        phone = f"010-1{number // 10_000 % 1_000:03d}-{number % 10_000:04d}" if chance.random() < 0.93 else ""
        road, house = chance.choice(_ROADS), chance.randint(1, 399)
        lang = "en" if chance.random() < 0.02 else "ko"
        address = f"{MARK} 경기도 김포시 {road} {house}"
        return NewDebtor(
            _tax_no(number), name, phone, address, f"10{chance.randint(50, 139):03d}", birth, is_company, lang
        )

    def _bills(self, number: int) -> Iterator[NewBill]:
        chance = self._chance(number, "bills")
        for index in range(_BILLS[number % 7]):
            item, _, median, spread, days = chance.choices(_ITEMS, _WEIGHTS)[0]
            month, day, period = chance.choice(days)
            year = self.on.year - 1 - min(int(chance.expovariate(0.55)), 8)
            due = date(year, month, day)
            amount = int(median * math.exp(chance.gauss(0, spread))) // 10 * 10
            dunned = due + timedelta(days=chance.randint(10, 45)) if chance.random() < 0.9 else None
            yield NewBill(
                tax_no=_tax_no(number),
                bill_no=f"99-{year}-{number:07d}-{index}",
                tax_item=item,
                tax_year=year,
                principal_krw=max(amount, 1_000),
                notified_on=due - timedelta(days=chance.randint(14, 20)),
                due_on=due,
                pay_no=f"99{year % 100:02d}{number:08d}{index:02d}",
                period=period,
                detail=_taxed(item, chance),
                dunned_on=dunned,
                dun_due_on=dunned + timedelta(days=20) if dunned else None,
            )


def _tax_no(number: int) -> str:
    return f"99{number:08d}"


def _taxed(item: str, chance: Random) -> str:
    if item == "자동차세":
        return f"{chance.randint(10, 69)}{chance.choice('가나다라마거너더러머')}{chance.randint(1000, 9999)} {MARK}"
    if item in ("재산세", "취득세"):
        return f"김포시 {chance.choice(_ROADS)} {chance.randint(1, 399)} {MARK}"
    return ""
