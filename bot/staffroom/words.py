"""What the staff room says, in the language of its room."""

from functools import cache
from pathlib import Path

import yaml


def say(lang: str, key: str, **values: object) -> str:
    """Raises KeyError for a text that is not there, or a value that it names and nobody gave."""
    return _texts(lang)[key].format(**values)


def has(key: str) -> bool:
    return key in _texts("ko")


@cache
def _texts(lang: str) -> dict[str, str]:
    found: dict[str, str] = yaml.safe_load((Path(__file__).parent / f"words.{lang}.yml").read_text("utf-8"))
    return found
