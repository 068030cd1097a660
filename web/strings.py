"""The words of the page, Korean and English side by side in strings.ko.yml and strings.en.yml."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

Lang = Literal["ko", "en"]
_FOLDER = Path(__file__).resolve().parent


@cache
def words(lang: Lang) -> dict[str, Any]:
    """All strings of a language: `page` for the template, `chat` for the script in the browser."""
    loaded: dict[str, Any] = yaml.safe_load((_FOLDER / f"strings.{lang}.yml").read_text("utf-8"))
    return loaded


def chosen(query: str | None, cookie: str | None) -> Lang:
    """Korean unless the citizen asked for English."""
    for asked in (query, cookie):
        if asked == "en":
            return "en"
        if asked == "ko":
            return "ko"
    return "ko"
