"""What the rules of bays say on a day: dated rows with their article and how sure it is (rules.csv), no constants."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

RULES = Path(__file__).parent / "rules.csv"
_CERTAIN = frozenset("VSO")
"""Marks of what was read in law or held against data; P is public accounts of it, K general knowledge, ? unsure."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`hours`: the longest stay; `fine_krw`: what a breach costs; None where the row says none."""

    key: str
    topic: str
    valid_from: date
    hours: int | None
    fine_krw: int | None
    article: str
    certainty: str
    source: str

    @property
    def is_certain(self) -> bool:
        return self.certainty in _CERTAIN


def rules(day: date) -> Mapping[str, Rule]:
    """The newest row of each key that holds on a day."""
    held: dict[str, Rule] = {}
    for one in sorted(_all(), key=lambda rule: rule.valid_from):
        if one.valid_from <= day:
            held[one.key] = one
    return held


@cache
def _all() -> tuple[Rule, ...]:
    with RULES.open(encoding="utf-8") as file:
        return tuple(
            Rule(
                key=row["key"],
                topic=row["topic"],
                valid_from=date.fromisoformat(row["valid_from"]),
                hours=int(row["hours"]) if row["hours"] else None,
                fine_krw=int(row["fine_krw"]) if row["fine_krw"] else None,
                article=row["article"],
                certainty=row["certainty"],
                source=row["source"],
            )
            for row in csv.DictReader(file)
        )
