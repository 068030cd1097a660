"""The account of a pull as staff read it: what was taken, what was left out, and the reason of each in Korean."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from civic.parking.importing import ImportReport
from core.contracts.parking import Pulled, RowNote

_EXAMPLES = 3
REASONS_KO = {
    "unknown_uid": "주차장 목록에 없는 관리번호",
    "stamp_ahead": "집계 시각이 미래로 되어 있어 받은 시각으로 셈",
    "older": "이미 아는 것보다 오래된 숫자",
    "beside": "다른 출처가 이미 알리고 있는 주차장",
    "doubted": "믿을 수 없어 알리지 않음(격리)",
}


def of_lots(report: ImportReport, now: datetime) -> dict[str, Any]:
    """The import's own report with its moment."""
    return {**asdict(report), "at": now.isoformat()}


def of_numbers(pulled: Pulled, taken: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What the source's rows came to: read (`rows`, `skip_reasons`…) and then taken or not (`taken`)."""
    read = pulled.realtime_report
    counts = {
        "unknown_uid": taken["unknown_uid"],
        "stamp_ahead": taken["ahead"],
        "older": taken["older"],
        "beside": taken["beside"],
        "doubted": taken["doubted"],
    }
    examples = _examples((*read.skipped, *read.doubts)) if read else {}
    if taken["unknown"]:
        examples["unknown_uid"] = list(taken["unknown"])[:_EXAMPLES]
    return {
        "at": now.isoformat(),
        "rows": read.rows if read else len(pulled.realtime),
        "accepted": read.accepted if read else len(pulled.realtime),
        "skip_reasons": _counted(read.skipped) if read else {},
        "doubt_reasons": (_counted(read.doubts) if read else {})
        | {name: count for name, count in counts.items() if count},
        "examples": examples,
        "reasons_ko": {**REASONS_KO, **(read.reasons_ko if read else {})},
        "taken": dict(taken),
    }


def _counted(notes: Sequence[RowNote]) -> dict[str, int]:
    return dict(Counter(note.reason for note in notes))


def _examples(notes: Sequence[RowNote]) -> dict[str, list[str]]:
    examples: dict[str, list[str]] = {}
    for note in notes:
        shown = examples.setdefault(note.reason, [])
        if len(shown) < _EXAMPLES:
            shown.append(f"{note.line}행 {note.uid}".strip())
    return examples
