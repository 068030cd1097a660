"""The words of a level with somebody's values: one message for all his bills, sealed for the row that will carry it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from civic.arrears.money.accounts import VirtualAccount
from civic.arrears.notices import values as named
from civic.arrears.notices.words import Rendered, Template, rendered
from civic.arrears.records import BillOwed, Person
from civic.arrears.runs.ways import Choice, Way, length
from core.arrears_rules import Arrears
from core.errors import BadInput
from core.settings import City, SmsBytes

Words = Mapping[tuple[str, str], Template]
"""(kind, language) to the approved words of a level."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose notice it is: the city, the office that answers, the carrier's bounds, the rules of the house."""

    city: City
    rules: Arrears
    sms: SmsBytes

    @property
    def phone(self) -> str:
        return self.rules.notices.sender.phone or self.city.phone


@dataclass(frozen=True, slots=True)
class Told:
    """One message: by which way it goes, as the carrier bills it, and the body of its row."""

    way: Way
    body: dict[str, Any]


def values_of(
    sender: Sender,
    level: str,
    person: Person,
    bills: Sequence[BillOwed],
    account: VirtualAccount | None,
    on: date,
    times: int,
    lang: str,
) -> dict[str, str]:
    """What the words may name (civic/arrears/notices/values.py)."""
    office = sender.rules.notices.sender.office
    found = {
        "시": sender.city.name.en if lang == "en" else sender.city.name.ko,
        "성명": named.masked_name(person.name),
        "세목": named.items([one.tax_item for one in bills], lang),
        "건수": str(len(bills)),
        "금액": named.won(sum(one.total_krw for one in bills), lang),
        "기준일": named.day(on, lang),
        "납부기한": named.day(pay_by(sender.rules, level, bills, on), lang),
        "부서": office.en if lang == "en" else office.ko,
        "전화": sender.phone,
        "회차": str(times + 1),
    }
    if account is not None:
        found |= {"은행": account.bank_name, "가상계좌": account.number, "예금주": account.holder}
    return found


def pay_by(rules: Arrears, level: str, bills: Sequence[BillOwed], on: date) -> date:
    """The bill's own date while it is not due; the 독촉's days; else what the city asks for."""
    if rules.notices.levels[level].after == "notified":  # type: ignore[index]
        return min(one.due_on for one in bills)
    return on + timedelta(days=rules.notices.dun_days if level == "dun" else rules.runs.pay_by_days)


def told(choice: Choice, words: Words, values: Mapping[str, str], lang: str, sms: SmsBytes) -> Told | None:
    """The message by the way that was chosen; None where these words cannot be said of him (a value is missing).

    A text goes by the short words where there are any and they fit one short message, else by the long ones.
    """
    for kind in ("alimtalk",) if choice.kind == "alimtalk" else ("sms", "lms"):
        template = words.get((kind, lang))
        if template is None:
            continue
        try:
            said = rendered(template, values, lang, kind)  # type: ignore[arg-type]
        except BadInput:
            continue
        way: Way = "alimtalk" if kind == "alimtalk" else length(said.text, sms)
        if kind == "sms" and way != "sms" and ("lms", lang) in words:
            continue
        return Told(way, body_of(said, lang))
    return None


def body_of(said: Rendered, lang: str) -> dict[str, Any]:
    """As civic.conversations.delivery.outgoing reads it."""
    body: dict[str, Any] = {"text": said.text, "lang": lang}
    if said.subject:
        body["subject"] = said.subject
    if said.key:
        body["template"] = {"key": said.key, "values": dict(said.values or {})}
    return body


def lang_of(words: Words, wanted: str) -> str:
    """English for who reads it and where words were written in it, else Korean."""
    return wanted if wanted != "ko" and any(lang == wanted for _, lang in words) else "ko"
