"""Rows in PostgreSQL's COPY text format: a block of lines at once is what makes a million rows quick."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from core.db import Driver

_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": ""}
_SPECIAL = re.compile(r"[\\\t\n\r\x00]")


def _text(value: str) -> str:
    if value.isprintable() and "\\" not in value:
        return value
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], value)


_WRITTEN: dict[type, Callable[[Any], str]] = {
    str: _text,
    int: str,
    bool: lambda value: "t" if value else "f",
    bytes: lambda value: "\\\\x" + value.hex(),
    date: date.isoformat,
    type(None): lambda _: "\\N",
}


def block(rows: Iterable[Sequence[object]]) -> str:
    """The lines of these rows. Takes text, whole numbers, booleans, bytes, dates, None and what `str` writes right."""
    lines = []
    for row in rows:
        lines.append("\t".join([_WRITTEN.get(type(value), str)(value) for value in row]))
    lines.append("")
    return "\n".join(lines)


async def copy_in(connection: Driver, statement: bytes, rows: Iterable[Sequence[object]]) -> None:
    """One COPY … FROM STDIN of all these rows."""
    async with connection.cursor() as cursor, cursor.copy(statement) as copying:
        await copying.write(block(rows))
