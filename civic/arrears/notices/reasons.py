"""Why somebody is left out of a notice, in words for officers."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml


def reason(code: str) -> Mapping[str, str]:
    """{ko, en} of a code that the ladder told; empty texts for "" and a code of nobody's."""
    return _all().get(code, {"ko": "", "en": ""})


@cache
def _all() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = yaml.safe_load((Path(__file__).parent / "reasons.yml").read_text("utf-8"))
    return found
