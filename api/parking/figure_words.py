"""The words of the figures in Korean and English, and their lines as a file that a spreadsheet opens safely."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from fastapi import Query, Response
from pydantic import BaseModel

from civic.exports.files import harmless
from core.clock import SEOUL

Lang = Annotated[Literal["ko", "en"], Query(description="머리글과 설명의 말")]
CSV = {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "UTF-8 with its mark"}


class Said(BaseModel):
    ko: str
    en: str


@cache
def _texts(lang: str) -> dict[str, str]:
    found: dict[str, str] = yaml.safe_load((Path(__file__).parent / f"figure_words.{lang}.yml").read_text("utf-8"))
    return found


def word(key: str, lang: str, **values: object) -> str:
    return _texts(lang)[key].format(**values)


def both(key: str, **values: object) -> Said:
    return Said(ko=word(key, "ko", **values), en=word(key, "en", **values))


def headings(columns: Sequence[str]) -> dict[str, Said]:
    return {name: both(f"col.{name}") for name in columns}


def table(
    columns: Sequence[str],
    lines: Iterable[Mapping[str, object]],
    notes: Sequence[Said],
    lang: str,
    *,
    name: str,
    now: datetime,
) -> Response:
    """UTF-8 with its mark, lines ended by CR LF; the notes stand below the lines, after an empty one."""
    made = io.StringIO(newline="")
    writer = csv.writer(made, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([word(f"col.{column}", lang) for column in columns])
    writer.writerows([_cell(line.get(column)) for column in columns] for line in lines)
    writer.writerow([])
    writer.writerows([harmless(note.ko if lang == "ko" else note.en)] for note in notes)
    called = f"{name}-{now.astimezone(SEOUL):%Y%m%d-%H%M}.csv"
    return Response(
        made.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{called}"'},
    )


def _cell(value: object) -> str | int | float:
    if value is None:
        return ""
    return value if isinstance(value, int | float) else harmless(str(value))
