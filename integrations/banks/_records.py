"""Files of requests, answers and ledger lines: header, data, trailer with counts, sums and a checksum. One layout for
fixed-width CP949 and for CSV. It is our own example: a bank's real one is part of its contract.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Form = Literal["fixed", "csv"]
Type = Literal["ASK", "ANS", "LED"]
Values = Mapping[str, str | int]
CHARSET = "cp949"
END = b"\r\n"
_HEAD = (("record", 1), ("type", 3), ("bank", 3), ("day", 8), ("number", 6), ("made_at", 14))
_TAIL = (("record", 1), ("count", -8), ("amount_krw", -18), ("accounts", -8), ("sha256", 64))
_ACCOUNT = (
    ("record", 1),
    ("line", -8),
    ("request_id", 32),
    ("account", 30),
    ("kind", 8),
    ("balance_krw", -15),
    ("held_krw", -15),
    ("holder", 60),
)
LAYOUT: Mapping[str, Sequence[tuple[str, int]]] = {
    "H": _HEAD,
    "T": _TAIL,
    "A": _ACCOUNT,
    "ASK": (
        ("record", 1),
        ("line", -8),
        ("request_id", 32),
        ("kind", 8),
        ("tax_no", 30),
        ("is_company", 1),
        ("name", 60),
        ("account", 30),
        ("amount_krw", -15),
        ("document", 40),
    ),
    "ANS": (
        ("record", 1),
        ("line", -8),
        ("request_id", 32),
        ("status", 8),
        ("amount_krw", -15),
        ("reason", 20),
        ("at", 24),
        ("accounts", -4),
    ),
    "LED": (
        ("record", 1),
        ("line", -8),
        ("request_id", 32),
        ("kind", 8),
        ("account", 30),
        ("amount_krw", -15),
        ("at", 24),
    ),
}
"""Fields in order with their widths in bytes. A negative width is a number, right-aligned with zeros; text is
left-aligned with blanks. H header, T trailer, A an account of a lookup's answer, else a data record of such a file."""
NAME = re.compile(r"(ASK|ANS|LED)-(\d{3})-(\d{8})-(\d{6})\.(dat|csv)", re.ASCII)


class Refused(Exception):
    """A file is not taken, none of it. `reasons_ko`: all that were found, in plain words, without anybody's data."""

    def __init__(self, reasons_ko: Sequence[str]) -> None:
        super().__init__("; ".join(reasons_ko))
        self.reasons_ko = tuple(reasons_ko)


@dataclass(frozen=True, slots=True)
class Name:
    """What the name of a file says. `number` counts the files of one type and bank, and never begins again."""

    type: Type
    bank: str
    day: date
    number: int
    form: Form

    def __str__(self) -> str:
        ending = "dat" if self.form == "fixed" else "csv"
        return f"{self.type}-{self.bank}-{self.day:%Y%m%d}-{self.number:06}.{ending}"

    @classmethod
    def of(cls, text: str) -> "Name | None":
        found = NAME.fullmatch(text)
        if found is None:
            return None
        kind, bank, day, number, ending = found.groups()
        try:
            when = date.fromisoformat(day)
        except ValueError:
            return None
        return cls(kind, bank, when, int(number), "fixed" if ending == "dat" else "csv")  # type: ignore[arg-type]


def write(name: Name, made_at: str, records: Sequence[tuple[str, Values]]) -> bytes:
    """A whole file. `records`: ("D", values) or ("A", values) in their order; line numbers are put in here."""
    body = bytearray(_line(name.form, "H", _HEAD, _head(name, made_at)))
    count = accounts = amount = 0
    for line, (record, values) in enumerate(records, 1):
        layout = LAYOUT["A"] if record == "A" else LAYOUT[name.type]
        body += _line(name.form, record, layout, {**values, "line": line})
        if record == "A":
            accounts += 1
        else:
            count, amount = count + 1, amount + int(values.get("amount_krw", 0))
    sha256 = hashlib.sha256(bytes(body)).hexdigest()
    tail: Values = {"count": count, "amount_krw": amount, "accounts": accounts, "sha256": sha256}
    return bytes(body) + _line(name.form, "T", _TAIL, tail)


def read(name: Name, content: bytes) -> list[tuple[str, dict[str, str]]]:
    """Data and account records of a file that is whole. Raises Refused with all reasons otherwise."""
    lines = content.split(END)
    if len(lines) < 3 or lines[-1] != b"":
        raise Refused(["머리·꼬리 기록이 없거나 파일이 잘렸습니다."])
    head, *middle, tail = [_split(name.form, name.type, line) for line in lines[:-1]]
    reasons = [*_wrong_head(name, head), *_wrong_lines(middle), *_wrong_tail(content, lines, middle, tail)]
    if reasons:
        raise Refused(reasons)
    return [(one["record"], one) for one in middle if one is not None]


def _head(name: Name, made_at: str) -> Values:
    return {
        "type": name.type,
        "bank": name.bank,
        "day": f"{name.day:%Y%m%d}",
        "number": f"{name.number:06}",
        "made_at": made_at,
    }


def _line(form: Form, record: str, layout: Sequence[tuple[str, int]], values: Values) -> bytes:
    whole = {**values, "record": record}
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow([_plain(str(whole.get(field, ""))) for field, _ in layout])
        return text.getvalue().encode(CHARSET, "replace") + END
    return b"".join(_cell(whole.get(field, ""), width) for field, width in layout) + END


def _plain(text: str) -> str:
    return " ".join(text.split())


def _cell(value: str | int, width: int) -> bytes:
    """Text that is too long is cut between characters; a number that is too long is a fault of ours."""
    if width < 0:
        digits = f"{int(value or 0):0{-width}}"
        if len(digits) > -width or int(value or 0) < 0:
            raise ValueError("a number does not fit its field")
        return digits.encode()
    cut, text = b"", _plain(str(value))
    for letter in text:
        coded = letter.encode(CHARSET, "replace")
        if len(cut) + len(coded) > width:
            break
        cut += coded
    return cut.ljust(width)


def _split(form: Form, kind: Type, line: bytes) -> dict[str, str] | None:
    """A line's fields, None for a line of no known shape."""
    record = line[:1].decode("ascii", "replace")
    layout = LAYOUT[kind] if record == "D" else LAYOUT.get(record)
    if layout is None:
        return None
    try:
        return _from_csv(layout, line) if form == "csv" else _from_fixed(layout, line)
    except UnicodeDecodeError:
        return None


def _from_csv(layout: Sequence[tuple[str, int]], line: bytes) -> dict[str, str] | None:
    rows = list(csv.reader([line.decode(CHARSET)]))
    if len(rows) != 1 or len(rows[0]) != len(layout):
        return None
    found = {field: cell for (field, _), cell in zip(layout, rows[0], strict=True)}
    return found if all(found[field].isdigit() for field, width in layout if width < 0) else None


def _from_fixed(layout: Sequence[tuple[str, int]], line: bytes) -> dict[str, str] | None:
    if len(line) != sum(abs(width) for _, width in layout):
        return None
    found, start = {}, 0
    for field, width in layout:
        cell = line[start : start + abs(width)].decode(CHARSET).rstrip(" ")
        if width < 0 and not cell.isdigit():
            return None
        found[field] = cell
        start += abs(width)
    return found


def _wrong_head(name: Name, head: Mapping[str, str] | None) -> Iterator[str]:
    if head is None or head["record"] != "H":
        yield "첫 줄이 머리 기록이 아닙니다."
        return
    wanted = _head(name, "")
    if any(head[field] != wanted[field] for field in ("type", "bank", "day", "number")):
        yield "머리 기록이 파일 이름과 다릅니다."


def _wrong_lines(middle: Sequence[Mapping[str, str] | None]) -> Iterator[str]:
    for line, one in enumerate(middle, 1):
        if one is None or one["record"] not in ("D", "A"):
            yield f"{line + 1}번째 줄의 모양이 다릅니다."
        elif int(one["line"]) != line:
            yield f"{line + 1}번째 줄의 일련번호가 {line}이 아닙니다."


def _wrong_tail(
    content: bytes, lines: Sequence[bytes], middle: Sequence[Mapping[str, str] | None], tail: Mapping[str, str] | None
) -> Iterator[str]:
    if tail is None or tail["record"] != "T":
        yield "마지막 줄이 꼬리 기록이 아닙니다."
        return
    data = [one for one in middle if one is not None and one["record"] == "D"]
    accounts = [one for one in middle if one is not None and one["record"] == "A"]
    if int(tail["count"]) != len(data) or int(tail["accounts"]) != len(accounts):
        yield f"건수가 다릅니다: 꼬리 {int(tail['count'])}건, 실제 {len(data)}건."
    if int(tail["amount_krw"]) != sum(int(one.get("amount_krw", "0")) for one in data):
        yield "금액 합계가 다릅니다."
    body = content[: len(content) - len(lines[-2]) - len(END)]
    if tail["sha256"] != hashlib.sha256(body).hexdigest():
        yield "내용이 바뀌었습니다(검증값이 다릅니다)."
