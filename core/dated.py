"""Reads dated rows of law and published values from csv files beside the code that applies them: each day its own.

Each row says since when it counts (`valid_from`) and its `source`; of law its `article`, too, and how sure we are of it
(`certainty`: L the law was read, O an official page, P a secondary page, K general knowledge, ? unknown).
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from core.errors import ConfigError

Row = Mapping[str, str]
OF_LAW = ("article", "certainty", "source")
"""What each row of a table that applies articles must say."""
SOURCED = ("source",)
"""And of one that goes by published values."""


@cache
def rows(path: Path, said: tuple[str, ...] = OF_LAW) -> tuple[tuple[date, Row], ...]:
    """All rows of a file with the day from which each counts, oldest first; `said`: columns that each row must fill.
    Raises ConfigError with file and line."""
    return tuple(sorted(_read(path, said), key=lambda row: row[0]))


def _read(path: Path, said: tuple[str, ...]) -> Iterator[tuple[date, Row]]:
    needed = ", ".join(("valid_from", *said))
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            try:
                day = date.fromisoformat(row["valid_from"])
                if not all(row[column] for column in said):
                    raise ValueError("empty")
            except (KeyError, TypeError, ValueError) as error:
                where = f"{path.name}:{line}"
                raise ConfigError(
                    f"{where}: {needed} 칸을 채우고 valid_from은 YYYY-MM-DD로 적어 주세요.",
                    f"{where}: {needed} are needed, valid_from as YYYY-MM-DD.",
                ) from error
            yield day, row


def valid(
    path: Path, day: date, key: Sequence[str], said: tuple[str, ...] = OF_LAW
) -> dict[tuple[str, ...], list[Row]]:
    """Rows by `key`, of each the newest set whose day is not after `day`; a key with none is absent."""
    found: dict[tuple[str, ...], tuple[date, list[Row]]] = {}
    for since, row in rows(path, said):
        if since > day:
            continue
        which = tuple(row[column] for column in key)
        if which in found and found[which][0] == since:
            found[which][1].append(row)
        else:
            found[which] = (since, [row])
    return {which: of_day for which, (_, of_day) in found.items()}
