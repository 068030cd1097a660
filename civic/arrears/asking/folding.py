"""A bill's reckoning short enough to be read on a telephone: months alike become one line, and no won is lost."""

import re
from collections.abc import Sequence
from datetime import date
from itertools import groupby

from civic.arrears.money.explained import Line

_LEAST = 3
"""So many months alike are told as one."""
_NUMBER = {"ko": re.compile(r"(\d+)(?=개월째)"), "en": re.compile(r"(?<=month )(\d+)")}


def folded(lines: Sequence[Line], lang: str) -> list[str]:
    """Each step as a line of text, oldest first. Sixty equal months read "1~60개월째 … +2,420씩 60번 = +145,200".

    Only neighbours whose words and won differ in nothing but the month's number are put together.
    """
    number = _NUMBER["en" if lang == "en" else "ko"]
    texts = [(line, line.text_en if lang == "en" else line.text_ko) for line in lines]
    told: list[str] = []
    for _, group in groupby(texts, lambda one: _alike(one[0], one[1], number)):
        same = list(group)
        if len(same) < _LEAST or not number.search(same[0][1]):
            told += [f"{_day(line.on)} {text} {line.krw:+,}" for line, text in same]
        else:
            told.append(_together(same, number, lang))
    return told


def _alike(line: Line, text: str, number: re.Pattern[str]) -> tuple[str, int, date | None]:
    """What neighbours must have in common; a line that counts no month is alike to its own day alone."""
    found = number.search(text)
    return number.sub("#", text), line.krw, None if found else line.on


def _together(same: Sequence[tuple[Line, str]], number: re.Pattern[str], lang: str) -> str:
    (first, text), (last, last_text) = same[0], same[-1]
    found, end = number.search(text), number.search(last_text)
    assert found is not None and end is not None
    said = number.sub(f"{found[1]}~{end[1]}", text, count=1)
    whole = first.krw * len(same)
    times = f" × {len(same)}" if lang == "en" else f"씩 {len(same)}번"
    return f"{_day(first.on)}~{_day(last.on)} {said} {first.krw:+,}{times} = {whole:+,}"


def _day(on: date) -> str:
    return f"{on:%Y.%m.%d}"
