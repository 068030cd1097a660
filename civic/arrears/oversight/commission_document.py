"""징수촉탁 as a document (지방세징수법 §18): whom another city is asked to collect from, bill by bill, with the ledger
lines that its own reckoning needs to come to the same won. Layout: docs/desk/arrears-oversight.md.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from civic.arrears.oversight.signed_file import Broken
from civic.exports.files import harmless

ENTRY = ("costs_krw", "tax_krw", "surcharge_krw")
_BILL = ("bill_no", "pay_no", "tax_item", "tax_year", "period", "principal_krw", "notified_on", "due_on", "dunned_on",
         "dun_due_on")  # fmt: skip
_OWED = ("costs_krw", "tax_krw", "surcharge_krw", "total_krw")


@dataclass(frozen=True, slots=True)
class Asked:
    """One bill as it is commissioned. `entries`: its ledger lines so far; `owed`: what stands on the day."""

    facts: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]
    owed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Commission:
    """`number`: the asking city's. `documents`: numbers of the written ones (독촉장 …) with their service."""

    number: str
    from_city: str
    to_city: str
    on_day: date
    debtor: Mapping[str, Any]
    bills: tuple[Asked, ...]
    documents: tuple[Mapping[str, Any], ...]

    @property
    def asked_krw(self) -> int:
        return sum(one.owed["total_krw"] for one in self.bills)


def plain(commission: Commission, names: Mapping[str, Mapping[str, str]], why: str) -> dict[str, Any]:
    """For the signed file. `names`: {from, to} with ko and en."""
    bills = [{**one.facts, "entries": [dict(line) for line in one.entries], "owed": dict(one.owed)}
             for one in commission.bills]  # fmt: skip
    return {
        "number": commission.number,
        "from": {"id": commission.from_city, **names["from"]},
        "to": {"id": commission.to_city, **names["to"]},
        "article": "지방세징수법 제18조",
        "on": commission.on_day.isoformat(),
        "why": why,
        "debtor": dict(commission.debtor),
        "bills": bills,
        "count": len(bills),
        "total_krw": commission.asked_krw,
        "documents": [dict(one) for one in commission.documents],
    }


def parsed(document: Mapping[str, Any]) -> Commission:
    """Raises Broken for a document that does not say what it must, or whose sums do not add up."""
    try:
        bills = tuple(_asked(one) for one in document["bills"])
        made = Commission(
            _text(document["number"]),
            _text(document["from"]["id"]),
            _text(document["to"]["id"]),
            date.fromisoformat(document["on"]),
            {name: str(document["debtor"].get(name, "")) for name in ("tax_no", "name", "phone", "address", "postcode")}
            | {"is_company": bool(document["debtor"].get("is_company", False))},
            bills,
            tuple(document["documents"]),
        )
        adds_up = made.asked_krw == document["total_krw"] and len(bills) == document["count"]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Broken("징수촉탁서의 내용을 읽을 수 없습니다.", "The commission cannot be read.") from None
    if not bills or not adds_up:
        raise Broken("징수촉탁서의 합계가 맞지 않습니다.", "The sums of the commission do not add up.")
    return made


def _asked(one: Mapping[str, Any]) -> Asked:
    facts = {name: one[name] for name in _BILL}
    owed = {name: _won(one["owed"][name]) for name in _OWED}
    if owed["total_krw"] != sum(owed[name] for name in ENTRY) or _won(facts["principal_krw"]) < 1:
        raise ValueError("sums")
    entries = []
    for line in one["entries"]:
        if line["kind"] not in ("cost", "payment", "reduction"):
            raise ValueError("kind")
        amounts = {name: _whole(line[name]) for name in ENTRY}
        entries.append({"kind": line["kind"], "on": date.fromisoformat(line["on"]).isoformat(), **amounts})
    return Asked(facts, tuple(entries), owed)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("won are whole")
    return value


def _won(value: Any) -> int:
    if _whole(value) < 0:
        raise ValueError("below nothing")
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 100:
        raise ValueError("text")
    return value


def as_csv(document: Mapping[str, Any]) -> str:
    """The same for a spreadsheet, one bill a line; the signed JSON is the original."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("촉탁번호", "촉탁", "수탁", "기준일", "납세번호", "성명", *_BILL, *_OWED))
    for one in document["bills"]:
        head = (document["number"], document["from"]["id"], document["to"]["id"], document["on"])
        who = (document["debtor"]["tax_no"], document["debtor"]["name"])
        cells = (*head, *who, *(one[name] for name in _BILL), *(one["owed"][name] for name in _OWED))
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])
    return "\ufeff" + out.getvalue()


def bill_name(from_city: str, bill_no: str) -> str:
    """How the asked city's ledger calls another city's bill."""
    return f"{from_city}/{bill_no}"
