"""The city's file of virtual accounts: CSV in UTF-8 or CP949, each row good by itself or left out with its reason."""

import csv
import io
from dataclasses import dataclass

from civic.arrears.money.accounts import NewAccount
from civic.arrears.money.matching import digits
from core.errors import BadInput

COLUMNS = {"bank": "은행코드", "bank_name": "은행명", "number": "계좌번호", "holder": "예금주"}
_FEWEST_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Refused:
    """`line`: of the file, the heading being 1."""

    line: int
    reason_ko: str
    reason_en: str


def read(data: bytes) -> tuple[list[NewAccount], list[Refused]]:
    """Accounts and what was left out. Raises BadInput for a file that is none of the two encodings or lacks a column;
    columns are named in Korean or English."""
    rows = csv.DictReader(io.StringIO(_decoded(data)))
    names = _names(rows.fieldnames or ())
    good: list[NewAccount] = []
    bad: list[Refused] = []
    for line, row in enumerate(rows, 2):
        value = {name: (row.get(column) or "").strip() for name, column in names.items()}
        if why := _wrong(value):
            bad.append(Refused(line, *why))
        else:
            good.append(NewAccount(value["bank"], value["bank_name"], value["number"], value["holder"]))
    return good, bad


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput("UTF-8이나 CP949 파일이 아닙니다.", "The file is neither UTF-8 nor CP949.")


def _names(found: object) -> dict[str, str]:
    given = {str(name).strip(): str(name) for name in (found if isinstance(found, list) else [])}
    names = {name: given.get(ko) or given.get(name) or "" for name, ko in COLUMNS.items()}
    if missing := [COLUMNS[name] for name, column in names.items() if not column]:
        raise BadInput(f"파일에 이 칸이 없습니다: {', '.join(missing)}", f"Missing columns: {', '.join(missing)}")
    return names


def _wrong(value: dict[str, str]) -> tuple[str, str] | None:
    if not (len(value["bank"]) == 3 and value["bank"].isdecimal()):
        return "은행코드는 숫자 세 자리입니다.", "The bank's code has three digits."
    if len(digits(value["number"])) < _FEWEST_DIGITS or set(value["number"]) - set("0123456789-"):
        return (
            "계좌번호는 숫자와 -, 숫자 여덟 자리 이상입니다.",
            "An account has digits and hyphens, eight or more.",
        )
    if not value["bank_name"] or not value["holder"]:
        return "은행명과 예금주가 필요합니다.", "The bank's name and the holder are needed."
    return None
