"""What it smells of and how strongly, in words: read from two files that a city may correct, and found in sentences."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from core.dated import SOURCED, valid
from core.errors import ConfigError

_HERE = Path(__file__).parent
OTHER = "other"
Lang = Literal["ko", "en"]
_SMELL = re.compile(
    r"냄새|악취|냄세|[탄쉰단쇳]내(?:가|나|\s|$)|구린내|비린내|썩은내|꼬랑내|고약한|연기|매연|매캐|소각|태우|태워|타는|"
    r"\bsmell\w*|\bodou?rs?\b|\bstink\w*|\bstench|\bsmok[ey]\w*|\bfumes?\b|\bburning\b",
    re.I,
)
_NOT_HERE = re.compile(
    r"버스|트럭|화물차|승용차|경유차|오토바이|차량|자동차|공회전|배출가스|먼지|"
    r"\bbus(?:es)?\b|\btrucks?\b|\bcars?\b|\bvehicles?\b|exhaust|\bdust",
    re.I,
)
"""Vehicles and dust are the air's too, but nothing of them is told by a smell, a strength and the wind."""
_STINKS = re.compile(r"냄새|악취|\bsmell|\bodou?r|\bstink|\bstench", re.I)


@dataclass(frozen=True, slots=True)
class Kind:
    """A word for a smell. `codes`: pollutants that commonly smell so (general knowledge, for a doubt and no more).
    `is_offered`: as a button; the others are found in words.
    """

    id: str
    ko: str
    en: str
    is_offered: bool
    codes: frozenset[str]
    words: re.Pattern[str]

    def name(self, lang: str) -> str:
        return self.ko if lang == "ko" else self.en


@dataclass(frozen=True, slots=True)
class Strength:
    """A degree of the 직접관능법, 0 to 5, in words, with the source that numbers it so."""

    degree: int
    ko: str
    en: str
    words: re.Pattern[str]
    source: str

    def name(self, lang: str) -> str:
        return self.ko if lang == "ko" else self.en


@cache
def kinds() -> tuple[Kind, ...]:
    """In the order in which a sentence is searched: what says more comes first, `other` last."""
    with (_HERE / "kinds.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Kind(
                row["id"],
                row["ko"],
                row["en"],
                row["offered"] == "yes",
                frozenset(row["codes"].split()),
                _pattern(row["words"], row["id"]),
            )
            for row in csv.DictReader(file)
        )


@cache
def strengths(day: date) -> tuple[Strength, ...]:
    """The scale valid on the day, from 0."""
    found = [rows[0] for rows in valid(_HERE / "strengths.csv", day, ["degree"], SOURCED).values()]
    degrees = (
        Strength(int(row["degree"]), row["ko"], row["en"], _pattern(row["words"], row["degree"]), row["source"])
        for row in found
    )
    return tuple(sorted(degrees, key=lambda one: one.degree))


def kind(id: str) -> Kind:
    """By its id; `other` for one that is no longer in the file."""
    return next((one for one in kinds() if one.id == id), kinds()[-1])


def may_smell(id: str, emits: Iterable[str]) -> bool:
    """Whether what a stack declared (ids, codes or words of smells) may smell so; undeclared or unnamed: it may."""
    told, wanted = list(emits), kind(id)
    if not told or wanted.id == OTHER:
        return True
    known = (wanted.id, *wanted.codes)
    return any(one in known or one in wanted.ko or wanted.words.search(one) for one in told)


def is_smell(text: str) -> bool:
    """Whether the words tell of a smell or smoke that the wind may have brought, not of vehicles or dust alone."""
    if _NOT_HERE.search(text) and not _STINKS.search(text):
        return False
    return _SMELL.search(text) is not None


def kind_told(text: str) -> str:
    """The id of the kind that the words name, "" for none."""
    return next((one.id for one in kinds()[:-1] if one.words.search(text)), "")


def strength_told(text: str, day: date) -> int | None:
    """The degree that the words tell, the strongest of several; None for none. A bare figure is not looked for."""
    return next((one.degree for one in reversed(strengths(day)) if one.words.search(text)), None)


def _pattern(words: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(words, re.I)
    except re.error as error:
        raise ConfigError(
            f"냄새 낱말 '{where}'을(를) 읽을 수 없습니다: {error}", f"smell words {where}: {error}"
        ) from error
