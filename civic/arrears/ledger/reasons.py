"""Why a row was refused, in words, and what our fields are called in the city's own files."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from core.arrears_rules import Ledger

Lang = Literal["ko", "en"]


@cache
def reasons(lang: Lang) -> Mapping[str, str]:
    """Code to sentence."""
    read: dict[str, str] = yaml.safe_load(Path(__file__).with_name(f"reasons.{lang}.yml").read_text(encoding="utf-8"))
    return read


def reason(code: str, lang: Lang = "ko") -> str:
    """The sentence of one code, the code itself where there is none."""
    return reasons(lang).get(code, code)


def column(rules: Ledger, kind: str, field: str) -> str:
    """The first header that the settings give a field: how the sender knows it."""
    names = getattr(rules, kind).get(field)
    return names[0] if names else field
