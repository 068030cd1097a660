"""Refused rows as a file that a spreadsheet opens: where each stands and what to do, and no more of anybody."""

from collections.abc import Sequence
from pathlib import Path

from civic.arrears.ledger.reasons import column, reason
from civic.arrears.ledger.staging import Refusal
from civic.exports.service import Column, Format, open_file
from core.arrears_rules import Ledger

_TITLES = (("줄 (Line)", 8), ("칸 (Column)", 16), ("번호 (No.)", 26), ("까닭 코드 (Code)", 18), ("까닭 (Reason)", 70))


def write_rejects(path: Path, kind: str, refused: Sequence[Refusal], file_format: Format, rules: Ledger) -> None:
    """Line, column, number of the bill or payment, code and sentence of each."""
    columns = [Column(title, "text", lambda _: None, width) for title, width in _TITLES]
    file = open_file(file_format, path, columns)
    try:
        file.add([[r.line, column(rules, kind, r.field), r.key, r.code, reason(r.code)] for r in refused])
    finally:
        file.close()
