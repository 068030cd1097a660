"""A provider's result codes in words that staff understand: a table beside the channel, Korean first."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml


class CodeBook:
    """`file`: YAML of tables, each `code: [Korean, English]`; whatever else stands in it is read by `listed`."""

    def __init__(self, file: Path) -> None:
        self._tables: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))

    def has(self, table: str, code: str) -> bool:
        return code in self._tables[table]

    def listed(self, name: str, part: str = "") -> frozenset[str]:
        """The codes of a plain list, or of one part where the list has parts."""
        return frozenset(self._tables[name][part] if part else self._tables[name])

    def reason(self, table: str, code: str, otherwise: Sequence[str], *, shown: str = "") -> str:
        """`쓰이지 않는 번호입니다 (no such subscriber, 23001)`; `shown` where the whole code is longer than its key."""
        korean, english = self._tables[table].get(code, otherwise)
        said = ", ".join(part for part in (english, shown or code) if part)
        return f"{korean} ({said})"
