"""Dates, amounts and words as Korean tax systems and clerks write them in files."""

import re
import unicodedata
from datetime import date, datetime
from functools import lru_cache

_SPLIT = re.compile(r"(\d{4})\s*[-./년]\s*(\d{1,2})\s*[-./월]\s*(\d{1,2})\s*[.일]?(?:[T\s].*)?")
_WHOLE = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{6})?")
_AMOUNT = re.compile(r"[₩￦]?\s*([-△▲]?)\s*[₩￦]?\s*(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?\s*원?정?")
_ROUNDED = re.compile(r"[-+]?\d+(?:\.\d+)?[Ee]\+?\d{2,}")
EXACT = 10**15
"""A spreadsheet keeps fifteen digits of a number."""
_SERIAL = re.compile(r"[1-9]\d{4}(?:\.\d+)?")
_COUNT = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)\s*(?:건|행|명)")
_COMPANY = {"법인": True, "개인": False, "y": True, "n": False, "예": True, "아니오": False, "true": True, "": False,
            "false": False, "1": True, "0": False, "2": True}  # fmt: skip


class Unreadable(ValueError):
    """Not a value of this kind; the row is refused, the text is never quoted."""


@lru_cache(maxsize=4096)
def day(text: str) -> date:
    """2026-01-31, 2026.1.31., 2026/01/31, 20260131, 2026년 1월 31일, with a time behind or none. Raises Unreadable."""
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _SPLIT.fullmatch(plain) or _WHOLE.fullmatch(plain)
    if found is None:
        raise Unreadable
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise Unreadable from None


@lru_cache(maxsize=65_536)
def won(text: str) -> int:
    """1,234,567원, ₩1,234, 1234.0, △500 (a minus). Fractions of a won are refused. Raises Unreadable."""
    plain = text.strip()
    if plain.isascii() and plain.isdigit():
        return int(plain)
    found = _AMOUNT.fullmatch(unicodedata.normalize("NFKC", plain))
    if found is None:
        raise Unreadable
    amount = int(found[2].replace(",", ""))
    return -amount if found[1] else amount


def is_rounded(text: str) -> bool:
    """1.23457E+18: a long number that a spreadsheet took for an amount and cut."""
    return _ROUNDED.fullmatch(text) is not None


def is_serial(text: str) -> bool:
    """45961: a date that lost its format. Which day it is depends on the workbook (1900 or 1904), so nobody guesses."""
    return _SERIAL.fullmatch(text) is not None


def count(text: str) -> int | None:
    """1,000건 as 1000, None for anything else."""
    found = _COUNT.fullmatch(unicodedata.normalize("NFKC", text).strip())
    return int(found[1].replace(",", "")) if found else None


@lru_cache(maxsize=256)
def year(text: str) -> int:
    """2025, 2025년. Raises Unreadable."""
    plain = unicodedata.normalize("NFKC", text).strip().removesuffix("년").removesuffix(".0")
    if not (plain.isascii() and plain.isdigit() and len(plain) == 4):
        raise Unreadable
    return int(plain)


@lru_cache(maxsize=256)
def is_company(text: str) -> bool:
    """법인, 개인, Y, N. Raises Unreadable."""
    found = _COMPANY.get(text.strip().casefold())
    if found is None:
        raise Unreadable
    return found


def cell(value: object) -> str:
    """What a sheet's cell says, as the same words that a CSV would hold."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        if abs(value) >= EXACT:
            return f"{value:.5E}"  # its last digits are lost: as a spreadsheet shows it, so that it is refused
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    return "" if value is None else str(value)


def header(text: str) -> str:
    """One spelling of a column's name: NFKC, no blanks, no unit in brackets behind it, small letters."""
    plain = "".join(unicodedata.normalize("NFKC", text).replace("\ufeff", "").split()).casefold()
    return re.sub(r"\((?:원|단위:원|krw)\)$", "", plain)
