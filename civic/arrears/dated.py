"""Reads dated rows of law from csv files beside the code that applies them: a day has the rows that were valid on it.

Each row says since when it counts (`valid_from`), its `article`, how sure we are of it (`certainty`: L the law was
read, O an official page, P a secondary page, K general knowledge, ? unknown) and its `source`.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from core.errors import ConfigError

Row = Mapping[str, str]
_SAID = ("valid_from", "article", "certainty", "source")


@cache
def rows(path: Path) -> tuple[tuple[date, Row], ...]:
    """All rows of a file with the day from which each counts, oldest first. Raises ConfigError with file and line."""
    return tuple(sorted(_read(path), key=lambda row: row[0]))


def _read(path: Path) -> Iterator[tuple[date, Row]]:
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            try:
                day = date.fromisoformat(row["valid_from"])
                if any(not row[column] for column in _SAID):
                    raise ValueError("empty")
            except (KeyError, TypeError, ValueError) as error:
                where = f"{path.name}:{line}"
                raise ConfigError(
                    f"{where}: {', '.join(_SAID)} 칸을 채우고 valid_from은 YYYY-MM-DD로 적어 주세요.",
                    f"{where}: {', '.join(_SAID)} are needed, valid_from as YYYY-MM-DD.",
                ) from error
            yield day, row


def valid(path: Path, day: date, key: Sequence[str]) -> dict[tuple[str, ...], list[Row]]:
    """Rows by `key`, of each the newest set whose day is not after `day`; a key with none is absent."""
    found: dict[tuple[str, ...], tuple[date, list[Row]]] = {}
    for since, row in rows(path):
        if since > day:
            continue
        which = tuple(row[column] for column in key)
        if which in found and found[which][0] == since:
            found[which][1].append(row)
        else:
            found[which] = (since, [row])
    return {which: of_day for which, (_, of_day) in found.items()}
