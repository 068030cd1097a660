"""Extra pass over recorded answers: our index beside the number that the publisher showed for the same row."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from civic.air.index import index
from tests.civic.air.recorded import paths

_FIELDS = {"SO2": "so2", "CO": "co", "O3": "o3", "NO2": "no2", "PM10": "pm10", "PM25": "pm25"}


def _items(path: Path) -> list[dict[str, Any]]:
    answer = json.loads(path.read_text("utf-8"))
    found: list[dict[str, Any]] = answer["list"] if "list" in answer else answer["response"]["body"]["items"]
    return found


def _number(value: str | None) -> Decimal | None:
    try:
        return Decimal(value or "")
    except InvalidOperation:
        return None


def _differences(path: Path, needed: Mapping[str, str] | None = None) -> list[int]:
    """Ours less theirs, of every row that shows an index; dust by its 24 h mean where the row has one."""
    found = []
    for item in _items(path):
        shown = _number(item["khaiValue"])
        if shown is None:
            continue
        values = {
            code: _number(item.get(f"{field}Value24") or item.get(f"{field}Value")) for code, field in _FIELDS.items()
        }
        ours = index(values | {name: Decimal(value) for name, value in (needed or {}).items()}, date(2026, 1, 1)).value
        assert ours is not None
        found.append(ours - int(shown))
    return found


def test_an_hour_of_seoul_is_met_in_every_row() -> None:
    # The answer has no 24 h means, and a dusty hour after a clean day says nothing of them: the gases decide.
    for path in paths("airkorea_api_seoul_2022-05-09T10.json"):
        assert _differences(path, {"PM10": "0", "PM25": "0"}) == [0] * 38


def test_rows_with_predicted_means_are_met_exactly() -> None:
    for path in paths("airkorea_api_legacy_bokjeong_2020-10-28.json"):
        assert _differences(path) == [0] * 10
    for path in paths("airkorea_api_jeongneung_2025-11-26_ver1.5.json"):
        assert _differences(path) == [0]


def test_an_answer_without_fine_dust_is_met_but_for_hidden_digits() -> None:
    # The fourth shows 50 where nothing that is shown passes 45: its fine dust (15 µg/m³) is not in the answer.
    for path in paths("airkorea_api_seoul_2023-11-08T14_nover.json"):
        assert _differences(path, {"PM25": "0"}) == [0, -1, 0, -5, 0, 0, 0, -1, 1]
