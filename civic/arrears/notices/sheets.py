"""What stands on the paper of each document, as plain data: no text of anybody's is ever pasted into a source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from civic.arrears.notices.letters import Letter, LetterBill
from core import dated
from core.arrears_notice_rules import Sender
from core.korean import josa, krw

_HERE = Path(__file__).parent
_WON, _DAYS = ("amount_krw",), ("seized_on", "released_on")
_SHOWN = (
    "seizure_no",
    "debtor",
    "bank_name",
    "account",
    "claim",
    "amount_krw",
    "seized_on",
    "first_authority",
    "seizure_document",
    "released_on",
    "release_reason",
    "officer",
    "note",
)
"""Facts in the order in which a document tells them."""


@dataclass(frozen=True, slots=True)
class City:
    """`phone`: the city's, where the sender has none of its own."""

    name_ko: str
    name_en: str
    phone: str


def page(letter: Letter, bills: Sequence[LetterBill], sender: Sender, city: City) -> dict[str, Any]:
    """One document as the sheet takes it: texts, days and amounts written out, nothing left to reckon."""
    words, kind = _words("ko"), letter.kind
    own, labels = words["kinds"][kind], words["labels"]
    values = _values(letter, city)
    day = letter.issued_on or letter.created_at.date()
    is_bank = "debtor" in letter.facts
    return {
        "title": own["title"],
        "subject": own["subject"],
        "document_no": letter.document_no,
        "issued_on": _day(letter.issued_on) if letter.issued_on else "-",
        "recipient": {name: letter.recipient.get(name, "") for name in ("name", "address", "postcode")},
        "honorific": labels["bank_honorific" if is_bank else "honorific"],
        "body": [_filled(line, values) for line in (own.get("body_bank", own["body"]) if is_bank else own["body"])],
        "facts": _facts(letter, words),
        "bills": [_bill(bill) for bill in bills],
        "columns": words["columns"],
        "total": krw(letter.total_krw) if bills else "",
        "due_on": _day(letter.due_on) if letter.due_on else "",
        "pay": _pay(letter, labels),
        "has_help": kind in ("dun", "warning", "info", "seizure_debtor"),
        "instalments": _instalments(letter),
        "basis": _articles("basis", kind, day),
        "remedy": [] if is_bank else _articles("remedy", kind, day),
        "labels": labels,
        "sender": _sender(sender, city),
        "english": _english(letter, values, city) if letter.facts.get("lang") == "en" else None,
    }


@cache
def _words(lang: str) -> dict[str, Any]:
    """The Korean document, and the few English lines that stand beside it: no twins, for the Korean text counts."""
    name = "sheets_beside.yml" if lang == "en" else "sheets.yml"
    found: dict[str, Any] = yaml.safe_load((_HERE / name).read_text("utf-8"))
    return found


def _values(letter: Letter, city: City) -> dict[str, str]:
    facts = letter.facts
    return {
        "name": letter.recipient.get("name", ""),
        "total": krw(letter.total_krw),
        "due_on": _day(letter.due_on) if letter.due_on else "-",
        "city": city.name_ko,
        "released_on": _iso(facts.get("released_on")),
        "seized_on": _iso(facts.get("seized_on")),
        "bank_name": str(facts.get("bank_name", "")),
        "account": str(facts.get("account", "")),
    }


def _filled(line: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        line = line.replace("{" + name + "}", value)
    return line


def _day(value: date) -> str:
    return f"{value.year}. {value.month}. {value.day}."


def _iso(value: Any) -> str:
    return _day(date.fromisoformat(str(value))) if value else "-"


def _facts(letter: Letter, words: Mapping[str, Any]) -> list[list[str]]:
    named = {**words["facts"], **words["kinds"][letter.kind].get("facts", {})}
    return [[named[name], _fact(name, letter.facts[name], words)] for name in _SHOWN if letter.facts.get(name)]


def _fact(name: str, value: Any, words: Mapping[str, Any]) -> str:
    if name in _WON:
        return krw(int(value))
    if name in _DAYS:
        return _iso(value)
    if name == "release_reason":
        return str(words["reasons"].get(value, value))
    return str(value)


def _bill(bill: LetterBill) -> dict[str, str]:
    return {
        "tax_item": bill.tax_item,
        "year": f"{bill.tax_year} {bill.period}".strip(),
        "pay_no": bill.pay_no or bill.bill_no,
        "due_on": f"{bill.due_on:%Y.%m.%d.}",
        "tax": f"{bill.tax_krw:,}",
        "surcharge": f"{bill.surcharge_krw:,}",
        "costs": f"{bill.costs_krw:,}",
        "total": f"{bill.total_krw:,}",
    }


def _pay(letter: Letter, labels: Mapping[str, str]) -> list[str]:
    """Ways to pay; a bank and a released debtor are asked for nothing."""
    if letter.kind not in ("dun", "warning", "info", "seizure_debtor", "plan"):
        return []
    account = letter.facts.get("virtual_account") or {}
    lines = []
    if account.get("number"):
        head = f"{labels['virtual_account']}: {account.get('bank_name', '')} {account['number']}"
        lines.append(f"{head} ({labels['holder']} {account.get('holder', '')})")
    return [*lines, labels["pay_no_note"]]


def _instalments(letter: Letter) -> list[list[str]]:
    rows = letter.facts.get("instalments") or []
    return [[str(at), _iso(row["due_on"]), krw(int(row["amount_krw"]))] for at, row in enumerate(rows, 1)]


def _articles(part: str, kind: str, day: date) -> list[list[str]]:
    rows = dated.valid(_HERE / "articles.csv", day, ("part", "kind")).get((part, kind), [])
    return [[row["article"], row["text_ko"]] for row in rows]


def _sender(sender: Sender, city: City) -> dict[str, Any]:
    return {
        "city": city.name_ko,
        "office": sender.office.ko,
        "head": sender.head.ko or f"{city.name_ko}장",
        "address": sender.address,
        "postcode": sender.postcode,
        "phone": sender.phone or city.phone,
        "is_practice": sender.is_practice,
        "practice": f"{josa(city.name_ko, '이/가')} 연습으로 만든 서면입니다",
    }


def _english(letter: Letter, values: Mapping[str, str], city: City) -> dict[str, Any]:
    words = _words("en")
    own, labels = words["kinds"][letter.kind], words["labels"]
    said = {**values, "due_on": str(letter.due_on or "-"), "released_on": str(letter.facts.get("released_on", "-"))}
    rows = [[labels["total"], f"KRW {letter.total_krw:,}"]] if letter.total_krw else []
    if letter.due_on:
        rows.append([labels["due_on"], str(letter.due_on)])
    if letter.facts.get("amount_krw"):
        rows.append([labels["amount_krw"], f"KRW {int(letter.facts['amount_krw']):,}"])
    return {
        "head": labels["head"],
        "title": own["title"],
        "body": _filled(own["body"], said),
        "rows": [*rows, [labels["contact"], f"{city.name_en}, {city.phone}"]],
    }
