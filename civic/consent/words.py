"""The words of consent: what is asked and what is told of it, so that the row keeps exactly what was read."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.clock import SEOUL

_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@cache
def _texts(lang: str) -> Mapping[str, str]:
    found: Mapping[str, str] = yaml.safe_load((Path(__file__).parent / f"words.{lang}.yml").read_text("utf-8"))
    return found


def said(key: str, lang: str, **values: Any) -> str:
    """The text, plain. `at` is shown as a Korean date."""
    lang = "en" if lang == "en" else "ko"
    if isinstance(at := values.get("at"), datetime):
        local = at.astimezone(SEOUL)
        values["at"] = f"{local:%Y-%m-%d}" if lang == "en" else f"{local.year}년 {local.month}월 {local.day}일"
    return _ENVIRONMENT.from_string(_texts(lang)[key].strip()).render(values).strip()
