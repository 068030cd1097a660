"""The named gaps of a canned answer, `{{ receipt_no }}`: a short list, filled from the case and from nothing else."""

import re
from collections.abc import Mapping

from core.errors import BadInput

NAMES: Mapping[str, tuple[str, str]] = {
    "receipt_no": ("접수번호", "receipt number"),
    "title": ("민원 제목", "title of the case"),
    "category": ("민원 분류", "category"),
    "status": ("처리 상태", "status"),
    "place": ("장소", "place"),
    "received": ("접수한 때", "when it was received"),
    "due": ("처리 기한", "when it is due"),
    "department": ("담당 부서", "department"),
    "phone": ("부서 전화", "the department's phone"),
    "officer": ("담당자 이름", "officer's name"),
    "city": ("시 이름", "the city's name"),
}
"""Name → what it is, Korean and English. No name or phone of a citizen: a template is no place for them."""

_GAP = re.compile(r"\{\{\s*([a-z_]{1,30})\s*\}\}")
_LEFT_OVER = re.compile(r"\{\{|\}\}|\{%|%\}")


def used(text: str) -> frozenset[str]:
    """The gaps of a text. Raises BadInput for an unknown name and for braces that are no gap."""
    found = frozenset(_GAP.findall(text))
    if unknown := sorted(found - NAMES.keys()):
        known = ", ".join(NAMES)
        raise BadInput(
            f"모르는 자리표시입니다: {', '.join(unknown)}. 쓸 수 있는 것: {known}",
            f"Unknown placeholders: {', '.join(unknown)}. Known: {known}",
        )
    if _LEFT_OVER.search(_GAP.sub("", text)):
        raise BadInput(
            "자리표시는 {{ 이름 }} 꼴로만 쓸 수 있습니다.", "A placeholder is written {{ name }} and nothing else."
        )
    return found


def filled(text: str, values: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text, and the gaps for which there was no value; these stay visible as (이름)."""
    missing: list[str] = []

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if said := values.get(name, "").strip():
            return said
        missing.append(name)
        return f"({NAMES[name][0] if name in NAMES else name})"

    return _GAP.sub(value, text), list(dict.fromkeys(missing))
