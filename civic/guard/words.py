"""Harsh words in what a citizen wrote, however he spaced, spelled or disguised them; a list that staff can read."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from core.korean import jamo

FOLDER = Path(__file__).parent
_MOST = 4000
"""Longer texts are looked at as far as this."""
_MARKS = r"[^\sㄱ-ㅎㅏ-ㅣa-z]*"
"""What may stand between two letters of one disguised word: digits and marks, yet no space and no other letter."""
_ONLY_INITIALS = re.compile(r"[ㄱ-ㅎ]+")
_COMPATIBLE = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0x3131, 0x3164)}
"""NFKC makes joining letters of single ones; the list and the keyboard have them as they stand alone."""


@dataclass(frozen=True, slots=True)
class Harsh:
    """`level` 1 rude, 2 abuse, 3 threat or sexual harassment: the worst found. `kinds` sorted."""

    level: int
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Word:
    pattern: re.Pattern[str]
    form: str
    kind: str
    level: int


def look(text: str) -> Harsh | None:
    """What the text holds, None for a text that anybody may be asked to read."""
    plain = "".join(_COMPATIBLE.get(one, one) for one in unicodedata.normalize("NFKC", text[:_MOST]).casefold())
    if not plain.strip():
        return None
    forms = {"plain": plain, "jamo": jamo(plain)}
    found = [word for word in _words() if word.pattern.search(forms[word.form])]
    if not found:
        return None
    return Harsh(max(word.level for word in found), tuple(sorted({word.kind for word in found})))


@cache
def flood() -> tuple[int, int]:
    """How many equal messages within how many minutes are a flood."""
    source = _source("ko")["flood"]
    return int(source["count"]), int(source["minutes"])


@cache
def _words() -> tuple[_Word, ...]:
    return (*_korean(), *_english())


def _korean() -> Iterator[_Word]:
    for group in _source("ko")["words"]:
        for word in group["words"]:
            form, pattern = _pattern(str(word), group)
            yield _Word(re.compile(pattern), form, group["kind"], group["level"])


def _pattern(word: str, group: dict[str, Any]) -> tuple[str, str]:
    """In which form of the text it is looked for, and how."""
    if _ONLY_INITIALS.fullmatch(word):
        # Initials alone are no part of a syllable, so the text is not taken apart for them; spaces may part them.
        return "plain", r"(?<![ㄱ-ㅎ가-힣])" + r"[\W\d_]*".join(map(re.escape, word)) + r"(?![ㅏ-ㅣ])"
    # It begins a token and runs on with marks between its letters, and a space where the list has one …
    parts = [_MARKS.join(map(re.escape, jamo(part))) for part in word.split()]
    together = r"(?<![ㄱ-ㅎㅏ-ㅣ])" + r"[\W\d_]*".join(parts) + _but(group.get("except", ()))
    # … or each of its syllables stands alone between spaces ("시 발"): "다시 발급" is neither.
    syllables = [_MARKS.join(map(re.escape, jamo(one))) for one in word.replace(" ", "")]
    apart = r"(?<!\S)" + r"[\W_]+".join(syllables) + r"(?![ㄱ-ㅎㅏ-ㅣ])"
    return "jamo", f"(?:{together}|{apart})"


def _but(others: Iterable[str]) -> str:
    """Not followed by any of these, which make it another word."""
    return "".join(rf"(?!{_MARKS}{re.escape(jamo(one))})" for one in others)


def _english() -> Iterator[_Word]:
    for group in _source("en")["words"]:
        for word in group["words"]:
            pattern = re.compile(r"\b" + r"\s+".join(map(re.escape, str(word).split())) + r"\b")
            yield _Word(pattern, "plain", group["kind"], group["level"])


def _source(lang: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / f"words.{lang}.yml").read_text("utf-8"))
    return loaded
