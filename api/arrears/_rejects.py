"""Refused rows as a file that a spreadsheet opens: where each stands and what to do, and no more of anybody."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from api.deps import House
from api.exports.handing import Made, begun
from civic.arrears.ledger.imports import Import
from civic.arrears.ledger.reasons import column, reason
from civic.arrears.ledger.staging import Refusal
from civic.exports import service as exports
from civic.exports.service import Column, Format
from core.arrears_rules import Ledger

_TITLES = (("줄 (Line)", 8), ("칸 (Column)", 16), ("번호 (No.)", 26), ("까닭 코드 (Code)", 18), ("까닭 (Reason)", 70))


async def made_file(house: House, one: Import, refused: Sequence[Refusal], file_format: Format) -> Made:
    """The file, whole, below `var`."""
    made = begun(house, file_format)
    try:
        await asyncio.to_thread(write, made.path, one.kind, refused, file_format, house.settings.arrears.ledger)
        made.sha256, made.size = await asyncio.to_thread(exports.fingerprint, made.path)
    except BaseException:
        made.path.unlink(missing_ok=True)
        raise
    return made


def write(path: Path, kind: str, refused: Sequence[Refusal], file_format: Format, rules: Ledger) -> None:
    columns = [Column(title, "text", lambda _: None, width) for title, width in _TITLES]
    file = exports.open_file(file_format, path, columns)
    try:
        file.add([[r.line, column(rules, kind, r.field), r.key, r.code, reason(r.code)] for r in refused])
    finally:
        file.close()
