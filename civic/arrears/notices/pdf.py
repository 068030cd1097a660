"""Sheets as one PDF: set by typst with the Korean fonts that come with the house, tagged for those who hear it read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pylopdf_fonts_ko
import typst

SHEET = Path(__file__).parent / "sheet.typ"


def pdf(pages: Sequence[Mapping[str, Any]], title: str, author: str, at: datetime) -> bytes:
    """All pages in one file (PDF/UA-1: title, language, tags). The same pages and moment give the same bytes.

    Takes processor time: call it in a thread. Everything of anybody's goes in as JSON, never as source.
    """
    return typeset(SHEET, {"title": title, "author": author, "pages": list(pages)}, at)


def typeset(sheet: Path, data: Mapping[str, Any], at: datetime) -> bytes:
    """`data` as the sheet sets it, with `title` and `author` among it; as `pdf` otherwise."""
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[Path(pylopdf_fonts_ko.sans_path()).parent],
    )
    inputs = {"data": orjson.dumps(data).decode()}
    compiler = typst.Compiler(sheet.read_bytes(), font_paths=fonts, sys_inputs=inputs)
    made = compiler.compile(format="pdf", timestamp=at.replace(microsecond=0), pdf_standards=["ua-1"])
    if not isinstance(made, bytes):
        raise TypeError("typst gave no file")
    return made
