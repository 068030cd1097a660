"""Items in ParkAPI's shapes, with our own invented lots."""

import json
from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
COMBINED: dict[str, Any] = {
    "uid": "garam-1",
    "name": "가람 공영주차장",
    "purpose": "CAR",
    "operator_name": "나래시 시설관리공단",
    "lat": "37.6000",
    "lon": 126.7,
    "address": "가온도 나래시 가람로 1",
    "description": "지하 2층",
    "type": "UNDERGROUND",
    "capacity": 60,
    "has_realtime_data": True,
    "realtime_opening_status": "OPEN",
    "realtime_capacity": 58,
    "realtime_free_capacity": 27,
    "realtime_data_updated_at": "2026-11-23T11:55:00+09:00",
    "static_data_updated_at": "2026-11-01T09:00:00",
}
"""A lot and its number in one item, as an operator pushes it; the second date has no zone."""
NUMBER: dict[str, Any] = {
    "uid": "garam-1",
    "realtime_opening_status": "CLOSED",
    "realtime_free_capacity": -2,
    "realtime_data_updated_at": "2026-11-23T11:58:00",
}
"""A push of numbers alone."""


def item(**changes: Any) -> dict[str, Any]:
    return {**COMBINED, **changes}


def without(*names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in item(**changes).items() if name not in names}


def body(*items: Any) -> bytes:
    return json.dumps({"items": list(items)}).encode()
