"""What devices send, as JSON: read within bounds, with exact numbers, each row left out named with its reason."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from core.contracts.air import DEVICE, FLAGS_KO, PERIOD, UNITS, Observation, Quality, ReadReport, RowNote
from core.errors import BadInput

MOST_DIGITS = 30
_SAME_UNIT = {"ug/m3": "µg/m³", "㎍/㎥": "µg/m³", "μg/m³": "µg/m³", "㎎/S㎥": "mg/Sm³", "mg/Sm3": "mg/Sm³"}
_TIMES = {
    ("ppb", "ppm"): Decimal("0.001"),
    ("ppm", "ppb"): Decimal(1_000),
    ("mg/m³", "µg/m³"): Decimal(1_000),
    ("mg/m3", "µg/m³"): Decimal(1_000),
}
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})")
_QUALITIES: Mapping[str, Quality] = {
    "OK": "OK",
    "COMM": "COMM",
    "CALIBRATION": "CALIBRATION",
    "MAINTENANCE": "MAINTENANCE",
    "SUSPECT": "SUSPECT",
    "MISSING": "MISSING",
    "정상": "OK",
    **FLAGS_KO,
}
REASONS_KO = {
    "shape": "행의 모양이 다릅니다",
    "time": "시각을 읽을 수 없습니다 (시간대가 있는 ISO 8601)",
    "value": "값이 수가 아닙니다",
    "unit": "이 항목에 쓰지 않는 단위입니다",
    "quality": "모르는 품질 표시입니다",
    "status": "설정에 없는 상태 표시입니다",
    "item": "설정에 없는 측정 항목입니다",
    "stack": "이 키의 배출구가 아닙니다",
    "too_many": "한 번에 보낼 수 있는 수를 넘었습니다",
}


@dataclass(slots=True)
class Account:
    """What came of a body, row by row."""

    source: str
    attribution: str
    taken: list[Observation] = field(default_factory=list)
    skipped: list[RowNote] = field(default_factory=list)
    doubts: list[RowNote] = field(default_factory=list)
    rows: int = 0

    def skip(self, line: int, uid: str, reason: str, detail: str = "") -> None:
        self.skipped.append(note(line, uid, reason, detail))

    def report(self) -> ReadReport:
        skipped, doubts = tuple(self.skipped), tuple(self.doubts)
        accepted = self.rows - len(skipped)
        return ReadReport(
            self.source, self.attribution, self.rows, accepted, skipped=skipped, doubts=doubts, reasons_ko=REASONS_KO
        )


def note(line: int, uid: str, reason: str, detail: str = "") -> RowNote:
    """`detail` is the sender's own text: cut, and without what cannot be shown."""
    return RowNote(line, uid, reason, "".join(one for one in detail[:100] if one.isprintable()))


def whose(headers: Mapping[str, str]) -> tuple[str, int]:
    """The device and its period in seconds."""
    return headers.get(DEVICE, ""), int(headers.get(PERIOD, "0") or 0)


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body, its numbers as Decimal. Raises BadInput."""
    try:
        found = json.loads(body, parse_float=_exact, parse_int=_exact, parse_constant=_never)
    except (ValueError, RecursionError):
        raise BadInput("JSON이 아닙니다.", "This is no JSON.") from None
    if not isinstance(found, dict):
        raise BadInput("JSON 객체를 보내 주세요.", "Send a JSON object.")
    return found


def rows_of(body: Mapping[str, Any], name: str) -> list[Any]:
    """The list of that name, or the body itself as the only row. Raises BadInput."""
    if name not in body:
        return [body]
    rows = body[name]
    if not isinstance(rows, list) or not rows:
        raise BadInput(f"{name}은(는) 비어 있지 않은 목록입니다.", f"{name} is a list that is not empty.")
    return rows


def sequence(body: Mapping[str, Any]) -> str:
    """The device's own count of its messages, "" where it has none. Raises BadInput."""
    given = body.get("seq")
    if given is None:
        return ""
    if not isinstance(given, Decimal) or given != given.to_integral_value() or not 0 <= given < 2**63:
        raise BadInput("seq는 0 이상의 정수입니다.", "seq is a whole number from 0.")
    return str(int(given))


def instant(text: object) -> datetime | None:
    """ISO 8601 with its zone, as aware UTC."""
    if not isinstance(text, str) or not _ISO.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def number(value: object) -> Decimal | None:
    """A plain number, also one written as text; None for what is none."""
    if isinstance(value, str) and len(value) <= MOST_DIGITS and re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", value):
        return Decimal(value.strip())
    return value if isinstance(value, Decimal) else None


def in_unit(value: Decimal, given: str, wanted: str) -> Decimal | None:
    """The value in the wanted unit; None where the given one cannot be turned into it without a guess."""
    given = _SAME_UNIT.get(given, given)
    if given in ("", wanted):
        return value
    times = _TIMES.get((given, wanted))
    return None if times is None else (value * times).normalize() + 0


def usual_unit(pollutant: str, others: Mapping[str, str]) -> str:
    return UNITS.get(pollutant) or others.get(pollutant, "")


def quality_of(word: object) -> Quality | None:
    return _QUALITIES.get(word) if isinstance(word, str) else None


def _exact(text: str) -> Decimal:
    if len(text) > MOST_DIGITS or "e" in text.lower():
        raise ValueError("a number beyond any instrument")
    return Decimal(text)


def _never(text: str) -> Decimal:
    raise ValueError(text)
