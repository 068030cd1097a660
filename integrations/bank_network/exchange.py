"""The network's side of the file exchange: takes files of requests, brings files of answers and of its ledger.

What a file will hold is in the book before it is written, so a process that dies writes the very same file again.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from core.clock import SEOUL
from integrations.bank_network.book import Book, Row, booked, late_answers
from integrations.bank_network.customers import NAMES
from integrations.bank_network.serving import Bank
from integrations.banks._folder import found, put, refuse
from integrations.banks._records import Form, Name, Refused, Type, Values, read, write

MOST = 5_000


class FileDesk:
    """`folder`: as the other side names it, with its out/ and in/. `go` is called again and again, one at a time."""

    def __init__(self, book: Book, folder: Path, form: Form) -> None:
        self._book = book
        self._bank = Bank(book)
        self._folder = folder
        self._form = form

    def go(self, now: datetime) -> int:
        """Take what is there, bring what is due; how many files were brought."""
        for bank in NAMES:
            for path, name in found(self._folder / "out" / bank, "ASK", bank):
                self._take(path, name, now)
            with self._book.writing() as writing:
                writing.ripen(bank, now.timestamp())
        return sum(self._bring(kind, bank, now) for bank in NAMES for kind in ("ANS", "LED"))

    def _take(self, path: Path, name: Name, now: datetime) -> None:
        content = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        with self._book.writing() as writing:
            if writing.has_file(str(name)):
                return
        try:
            rows = read(name, content)
        except Refused as refused:
            refuse(path, list(refused.reasons_ko))
            return
        self._bank.serve(name.bank, [_asked(values) for _, values in rows], now)
        with self._book.writing() as writing:
            for _, values in rows:
                known = writing.request(str(UUID(values["request_id"])))
                if known is not None and known["ready_at"] is not None:
                    writing.say_again(name.bank, known["request_id"])
            writing.took_file(str(name), sha256)

    def _bring(self, kind: Type, bank: str, now: datetime) -> int:
        with self._book.writing() as writing:
            writing.plan_file(kind, bank, now.astimezone(SEOUL).date().isoformat(), MOST)
            planned = writing.unsent(kind, bank)
        for one in planned:
            self._write(kind, bank, one, now)
        return len(planned)

    def _write(self, kind: Type, bank: str, plan: Row, now: datetime) -> None:
        name = Name(kind, bank, datetime.fromisoformat(plan["day"]).date(), plan["number"], self._form)
        count = plan["last"] - plan["first"]
        if kind == "ANS":
            told = late_answers(self._book, bank, plan["first"], count)
            records = [each for row in told if row["seq"] <= plan["last"] for each in _told(row["answer"])]
        else:
            lines = booked(self._book, bank, plan["first"], count)
            records = [("D", _line(row)) for row in lines if row["seq"] <= plan["last"]]
        made_at = f"{now.astimezone(SEOUL):%Y%m%d%H%M%S}"
        put(self._folder / "in" / bank, name, write(name, made_at, records))
        with self._book.writing() as writing:
            writing.sent(kind, bank, plan["number"])


def _asked(values: dict[str, str]) -> Row:
    return {
        "request_id": str(UUID(values["request_id"])),
        "kind": values["kind"],
        "tax_no": values["tax_no"],
        "name": values["name"],
        "is_company": values["is_company"] == "Y",
        "account": values["account"],
        "amount_krw": int(values["amount_krw"]),
        "document": values["document"],
    }


def _told(answer: Row) -> list[tuple[str, Values]]:
    request_id = UUID(answer["request_id"]).hex
    data: Values = {
        "request_id": request_id,
        "status": answer["status"],
        "amount_krw": answer["amount_krw"],
        "reason": answer["reason"],
        "at": _at(answer["at"]),
        "accounts": len(answer["found"]),
    }
    return [("D", data), *(("A", {**one, "request_id": request_id}) for one in answer["found"])]


def _line(row: Row) -> Values:
    return {
        "request_id": UUID(row["request_id"]).hex,
        "kind": row["kind"],
        "account": row["account"],
        "amount_krw": row["amount"],
        "at": _at(row["at"]),
    }


def _at(text: str | None) -> str:
    if not text:
        return ""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
