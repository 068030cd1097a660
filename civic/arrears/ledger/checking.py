"""A row of a file as a debtor, a bill or a payment, or why it cannot be one: each rule is about one row alone."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Generic, TypeVar

from civic.arrears.ledger import values
from civic.arrears.ledger.rows import NewBill, NewDebtor, PaymentRow
from civic.arrears.ledger.staging import Numbered, Refusal
from civic.arrears.ledger.values import Unreadable
from civic.people.service import normalise_phone
from core.arrears_rules import Ledger
from core.errors import BadInput
from core.masking import mask

Row = TypeVar("Row")
MOST_KRW = 10**13
NEEDED: Mapping[str, Sequence[str]] = {
    "debtors": ("tax_no", "name"),
    "bills": ("tax_no", "bill_no", "tax_item", "tax_year", "principal_krw", "notified_on", "due_on"),
    "payments": ("payment_no", "amount_krw", "paid_on"),
}
FIELDS: Mapping[str, Sequence[str]] = {
    "debtors": ("tax_no", "name", "phone", "address", "postcode", "birth", "is_company", "lang"),
    "bills": (
        "tax_no", "bill_no", "tax_item", "tax_year", "principal_krw", "notified_on", "due_on", "pay_no", "period",
        "detail", "dunned_on", "dun_due_on",
    ),
    "payments": ("payment_no", "amount_krw", "paid_on", "way", "bill_no", "pay_no", "tax_no"),
}  # fmt: skip
"""In the order in which `Checker` reads them."""
AMOUNTS: Mapping[str, str] = {"bills": "principal_krw", "payments": "amount_krw"}
KEYS: Mapping[str, str] = {"bills": "bill_no", "payments": "payment_no"}
_POSTCODE = re.compile(r"\d{5}|\d{3}-?\d{3}|")
_NUMBER = re.compile(r"[0-9A-Za-z가-힣./_-]{1,60}")
_BIRTH = re.compile(r"(?:19|20)?(\d{2})[-./]?(0[1-9]|1[0-2])[-./]?(0[1-9]|[12]\d|3[01])\.?")
_LANGS = {"": "ko", "ko": "ko", "한국어": "ko", "en": "en", "영어": "en", "english": "en"}
_WAYS = {
    "가상계좌": "virtual_account", "계좌이체": "bank", "자동이체": "bank", "은행": "bank", "인터넷": "bank",
    "카드": "card", "신용카드": "card", "창구": "counter", "수납창구": "counter", "추심": "seizure", "압류": "seizure",
    "압류추심": "seizure", "제3자": "third_party", "제3자납부": "third_party", "제삼자": "third_party",
    **{way: way for way in ("virtual_account", "bank", "card", "counter", "seizure", "third_party", "import")},
}  # fmt: skip


class Wrong(Exception):
    """A row that is not taken: the code of the reason and our name of the field."""

    def __init__(self, code: str, field: str) -> None:
        super().__init__(code)
        self.code = code
        self.field = field


class Checker(Generic[Row]):
    """Reads the rows of one file: where its columns stand, what the settings allow, and the day it is read on."""

    def __init__(self, kind: str, at: Mapping[str, int], rules: Ledger, today: date) -> None:
        fields = FIELDS[kind]
        self._read: Callable[..., Any] = getattr(self, f"_{kind}")
        self._places = [at.get(field, -1) for field in fields]
        self._least = max(self._places) + 1
        self._key = fields.index(KEYS[kind]) if kind in KEYS else -1
        self._tax_no = re.compile(rules.tax_no)
        self._first, self._today = today.year - rules.years_back, today

    def read(self, line: int, row: Sequence[str]) -> Numbered[Row] | Refusal:
        """What one row says."""
        if len(row) < self._least:
            row = [*row, *[""] * (self._least - len(row))]
        cells = [row[place].strip() if place >= 0 else "" for place in self._places]
        try:
            return Numbered(line, self._read(*cells))
        except Wrong as wrong:
            return Refusal(line, wrong.code, wrong.field, key_shown(cells[self._key]) if self._key >= 0 else "")

    def _debtors(
        self,
        tax_no: str,
        name: str,
        phone: str,
        address: str,
        postcode: str,
        birth: str,
        company: str,
        lang: str,
    ) -> NewDebtor:
        self._taxpayer(tax_no)
        is_company = _value(values.is_company, company, "is_company")
        if not is_company and mask(tax_no) != tax_no:
            raise Wrong("resident_no", "tax_no")
        if not name or len(name) > 100 or not name.isprintable():
            raise Wrong("name", "name")
        if phone:
            try:
                phone = normalise_phone(phone)
            except BadInput:
                raise Wrong("phone", "phone") from None
        born = _BIRTH.fullmatch(birth) if birth else None
        if birth and born is None:
            raise Wrong("birth", "birth")
        if _POSTCODE.fullmatch(postcode) is None:
            raise Wrong("postcode", "postcode")
        if (spoken := _LANGS.get(lang.casefold())) is None:
            raise Wrong("lang", "lang")
        day = "".join(born.groups()) if born else ""
        return NewDebtor(tax_no, name, phone, address[:300], postcode, day, is_company, spoken)

    def _bills(
        self,
        tax_no: str,
        bill_no: str,
        item: str,
        tax_year: str,
        amount: str,
        notified_on: str,
        due_on: str,
        pay_no: str,
        period: str,
        detail: str,
        dunned_on: str,
        dun_due_on: str,
    ) -> NewBill:
        _whole(bill_no, "bill_no")
        _whole(pay_no, "pay_no")
        if _NUMBER.fullmatch(bill_no) is None:
            raise Wrong("number", "bill_no")
        if not item or len(item) > 40:
            raise Wrong("tax_item", "tax_item")
        year = _value(values.year, tax_year, "tax_year")
        if not self._first <= year <= self._today.year + 1:
            raise Wrong("year", "tax_year")
        principal = _value(values.won, amount, "principal_krw")
        if not 0 < principal <= MOST_KRW:
            raise Wrong("principal", "principal_krw")
        notified, due = self._past(notified_on, "notified_on"), self._day(due_on, "due_on")
        dunned = self._past(dunned_on, "dunned_on") if dunned_on else None
        dun_due = self._day(dun_due_on, "dun_due_on") if dun_due_on else None
        if due < notified:
            raise Wrong("due_before_notice", "due_on")
        if dunned is not None and dunned <= due:
            raise Wrong("dunned_before_due", "dunned_on")
        if dun_due is not None and (dunned is None or dun_due < dunned):
            raise Wrong("dun_due_before_dun", "dun_due_on")
        if pay_no and _NUMBER.fullmatch(pay_no) is None:
            raise Wrong("number", "pay_no")
        self._taxpayer(tax_no)
        return NewBill(
            tax_no, bill_no, item, year, principal, notified, due, pay_no, period[:20], detail[:200], dunned, dun_due
        )

    def _payments(
        self, payment_no: str, amount: str, paid_on: str, way: str, bill_no: str, pay_no: str, tax_no: str
    ) -> PaymentRow:
        _whole(payment_no, "payment_no")
        if _NUMBER.fullmatch(payment_no) is None:
            raise Wrong("number", "payment_no")
        krw = _value(values.won, amount, "amount_krw")
        if not 0 < krw <= MOST_KRW:
            raise Wrong("amount", "amount_krw")
        day = self._past(paid_on, "paid_on")
        for number, field in ((bill_no, "bill_no"), (pay_no, "pay_no"), (tax_no, "tax_no")):
            _whole(number, field)
        if not (bill_no or pay_no or tax_no):
            raise Wrong("whose", "bill_no")
        known = _WAYS.get(way.replace(" ", "").casefold(), "import")
        return PaymentRow(payment_no, krw, day, known, bill_no, pay_no, tax_no)

    def _past(self, text: str, field: str) -> date:
        """A day on which something was done."""
        found = self._day(text, field)
        if found > self._today:
            raise Wrong("future", field)
        return found

    def _taxpayer(self, tax_no: str) -> None:
        _whole(tax_no, "tax_no")
        if self._tax_no.fullmatch(tax_no) is None:
            raise Wrong("tax_no", "tax_no")

    def _day(self, text: str, field: str) -> date:
        if values.is_serial(text):
            raise Wrong("serial", field)
        found: date = _value(values.day, text, field)
        if not self._first <= found.year <= self._today.year + 2:
            raise Wrong("year", field)
        return found


def _value(read: Callable[[str], Any], text: str, field: str) -> Any:
    try:
        return read(text)
    except Unreadable:
        raise Wrong("unreadable" if text else "missing", field) from None


def _whole(number: str, field: str) -> None:
    """Not what a spreadsheet made of a long number: another one, perhaps somebody else's."""
    if values.is_rounded(number):
        raise Wrong("rounded", field)


def key_shown(text: str) -> str:
    """A number of a bill or payment for the list of refused rows; nothing where the cell holds something else."""
    return text if _NUMBER.fullmatch(text) and mask(text) == text else ""
