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
        self._read: Callable[[Callable[[str], str]], Any] = getattr(self, f"_{kind}")
        self._at = at
        self._key = KEYS.get(kind, "")
        self._tax_no = re.compile(rules.tax_no)
        self._first, self._today = today.year - rules.years_back, today

    def read(self, line: int, row: Sequence[str]) -> Numbered[Row] | Refusal:
        """What one row says."""

        def given(field: str) -> str:
            place = self._at.get(field, -1)
            return row[place].strip() if 0 <= place < len(row) else ""

        try:
            return Numbered(line, self._read(given))
        except Wrong as wrong:
            return Refusal(line, wrong.code, wrong.field, key_shown(given(self._key)) if self._key else "")

    def _debtors(self, given: Callable[[str], str]) -> NewDebtor:
        tax_no, name, phone = self._taxpayer(given), given("name"), given("phone")
        company = _value(values.is_company, given("is_company"), "is_company")
        if not company and mask(tax_no) != tax_no:
            raise Wrong("resident_no", "tax_no")
        if not name or len(name) > 100 or not name.isprintable():
            raise Wrong("name", "name")
        if phone:
            try:
                phone = normalise_phone(phone)
            except BadInput:
                raise Wrong("phone", "phone") from None
        birth, postcode = given("birth"), given("postcode")
        born = _BIRTH.fullmatch(birth) if birth else None
        if birth and born is None:
            raise Wrong("birth", "birth")
        if _POSTCODE.fullmatch(postcode) is None:
            raise Wrong("postcode", "postcode")
        lang = _LANGS.get(given("lang").casefold())
        if lang is None:
            raise Wrong("lang", "lang")
        return NewDebtor(
            tax_no, name, phone, given("address")[:300], postcode, "".join(born.groups()) if born else "", company, lang
        )

    def _bills(self, given: Callable[[str], str]) -> NewBill:
        bill_no, item, year = given("bill_no"), given("tax_item"), _value(values.year, given("tax_year"), "tax_year")
        if _NUMBER.fullmatch(bill_no) is None:
            raise Wrong("number", "bill_no")
        if not item or len(item) > 40:
            raise Wrong("tax_item", "tax_item")
        if not self._first <= year <= self._today.year + 1:
            raise Wrong("year", "tax_year")
        principal = _value(values.won, given("principal_krw"), "principal_krw")
        if not 0 < principal <= MOST_KRW:
            raise Wrong("principal", "principal_krw")
        notified, due = self._day(given, "notified_on"), self._day(given, "due_on")
        dunned = self._day(given, "dunned_on") if given("dunned_on") else None
        dun_due = self._day(given, "dun_due_on") if given("dun_due_on") else None
        if due < notified:
            raise Wrong("due_before_notice", "due_on")
        if dunned is not None and dunned <= due:
            raise Wrong("dunned_before_due", "dunned_on")
        if dun_due is not None and (dunned is None or dun_due < dunned):
            raise Wrong("dun_due_before_dun", "dun_due_on")
        pay_no = given("pay_no")
        if pay_no and _NUMBER.fullmatch(pay_no) is None:
            raise Wrong("number", "pay_no")
        return NewBill(
            self._taxpayer(given), bill_no, item, year, principal, notified, due, pay_no,
            given("period")[:20], given("detail")[:200], dunned, dun_due,
        )  # fmt: skip

    def _payments(self, given: Callable[[str], str]) -> PaymentRow:
        payment_no = given("payment_no")
        if _NUMBER.fullmatch(payment_no) is None:
            raise Wrong("number", "payment_no")
        amount = _value(values.won, given("amount_krw"), "amount_krw")
        if not 0 < amount <= MOST_KRW:
            raise Wrong("amount", "amount_krw")
        paid_on = self._day(given, "paid_on")
        if paid_on > self._today:
            raise Wrong("future", "paid_on")
        whose = [given(field) for field in ("bill_no", "pay_no", "tax_no")]
        if not any(whose):
            raise Wrong("whose", "bill_no")
        way = _WAYS.get(given("way").replace(" ", "").casefold(), "import")
        return PaymentRow(payment_no, amount, paid_on, way, *whose)

    def _taxpayer(self, given: Callable[[str], str]) -> str:
        tax_no = given("tax_no")
        if self._tax_no.fullmatch(tax_no) is None:
            raise Wrong("tax_no", "tax_no")
        return tax_no

    def _day(self, given: Callable[[str], str], field: str) -> date:
        found: date = _value(values.day, given(field), field)
        if not self._first <= found.year <= self._today.year + 2:
            raise Wrong("year", field)
        return found


def _value(read: Callable[[str], Any], text: str, field: str) -> Any:
    try:
        return read(text)
    except Unreadable:
        raise Wrong("unreadable" if text else "missing", field) from None


def key_shown(text: str) -> str:
    """A number of a bill or payment for the list of refused rows; nothing where the cell holds something else."""
    return text if _NUMBER.fullmatch(text) and mask(text) == text else ""
