"""Reads the dated rows of this folder's csv files: what was valid on a day counts for that day."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from core.errors import ConfigError

FOLDER = Path(__file__).parent


@cache
def rows(name: str) -> tuple[tuple[date, Mapping[str, str]], ...]:
    """All rows of a file with the day from which each counts, oldest first. Raises ConfigError with file and line."""
    return tuple(sorted(_read(FOLDER / name), key=lambda row: row[0]))


def _read(path: Path) -> Iterator[tuple[date, Mapping[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            try:
                day = date.fromisoformat(row["valid_from"])
            except (KeyError, ValueError) as error:
                where = f"{path.name}:{line}"
                raise ConfigError(f"{where}: valid_from은 YYYY-MM-DD입니다.", f"{where}: valid_from") from error
            yield day, row


def valid(name: str, day: date, key: Sequence[str]) -> dict[tuple[str, ...], list[Mapping[str, str]]]:
    """Rows by `key`, of each the newest set whose day is not after `day`; a key with none is absent."""
    found: dict[tuple[str, ...], tuple[date, list[Mapping[str, str]]]] = {}
    for since, row in rows(name):
        if since > day:
            continue
        which = tuple(row[column] for column in key)
        if which in found and found[which][0] == since:
            found[which][1].append(row)
        else:
            found[which] = (since, [row])
    return {which: of_day for which, (_, of_day) in found.items()}
