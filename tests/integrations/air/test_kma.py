"""The weather of a cell comes in whole, and what is missing there is not minus 999 degrees."""

import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.datagokr import GatewayFailed
from integrations.air import kma
from tests.civic.air.recorded import FOLDER, paths

NOW = datetime(2026, 3, 1, 3, 20, tzinfo=UTC)


def _answer(values: dict[str, Any], **changed: Any) -> bytes:
    items = [
        {"baseDate": "20260301", "baseTime": "1200", "category": name, "nx": 55, "ny": 128, "obsrValue": value}
        | changed
        for name, value in values.items()
    ]
    body = {"dataType": "JSON", "items": {"item": items}, "totalCount": len(items)}
    return json.dumps(
        {"response": {"header": {"resultCode": "00", "resultMsg": "NORMAL_SERVICE"}, "body": body}}
    ).encode()


GOOD = {"UUU": "2.2", "VVV": "-2.9", "VEC": "324", "WSD": "3.7", "T1H": "-1.5", "REH": "40", "RN1": "0", "PTY": "0"}


def test_an_hour_of_a_cell_comes_in() -> None:
    (wind,) = kma.read_ncst(_answer(GOOD), NOW).winds
    assert (wind.place, wind.at) == ("55,128", datetime(2026, 3, 1, 3, tzinfo=UTC))
    assert (wind.from_degrees, wind.speed) == (Decimal(324), Decimal("3.7"))
    assert (wind.u, wind.v, wind.temperature) == (Decimal("2.2"), Decimal("-2.9"), Decimal("-1.5"))
    assert (wind.humidity, wind.rain) == (Decimal(40), Decimal(0))


def test_numbers_of_older_answers_are_read_alike() -> None:
    values = {name: float(value) for name, value in GOOD.items()}
    (wind,) = kma.read_ncst(_answer(values, baseTime=900), NOW).winds
    assert (wind.speed, wind.at.hour) == (Decimal("3.7"), 0)


@pytest.mark.parametrize("missing", ["-999", "-998", "-998.9", -999, "-900", "", None, "강수없음"])
def test_what_is_missing_is_none(missing: object) -> None:
    pulled = kma.read_ncst(_answer(GOOD | {"WSD": missing, "RN1": missing}), NOW)
    assert (pulled.winds[0].speed, pulled.winds[0].rain) == (None, None)
    assert pulled.winds[0].from_degrees == 324
    assert [note.uid for note in pulled.report.skipped] == ["WSD", "RN1"]
    assert (pulled.report.rows, pulled.report.accepted) == (8, 6)


def test_an_hour_with_nothing_measured_is_no_wind() -> None:
    assert kma.read_ncst(_answer(dict.fromkeys(GOOD, "-999")), NOW).winds == ()
    assert kma.read_ncst(_answer(GOOD, baseDate="?"), NOW).winds == ()


def test_north_is_zero_and_no_direction_is_beyond_a_circle() -> None:
    assert kma.read_ncst(_answer(GOOD | {"VEC": "360"}), NOW).winds[0].from_degrees == 0
    assert kma.read_ncst(_answer(GOOD | {"VEC": "361"}), NOW).winds[0].from_degrees is None


def test_no_data_is_empty_and_an_hour_too_old_is_told() -> None:
    header = {"response": {"header": {"resultCode": "03", "resultMsg": "NO_DATA"}}}
    assert kma.read_ncst(json.dumps(header).encode(), NOW).winds == ()
    header["response"]["header"] = {"resultCode": "10", "resultMsg": "최근 1일 간의 자료만 제공합니다."}
    with pytest.raises(GatewayFailed) as failed:
        kma.read_ncst(json.dumps(header).encode(), NOW)
    assert failed.value.result == "10"


def test_recorded_answers_are_read() -> None:
    for path in paths("kma/ncst_seoul_20261002_0000.json", "kma/ncst_seoul_20261001_1400.json"):
        (wind,) = kma.read_ncst(path.read_bytes(), NOW).winds
        assert wind.place == "60,127"
        assert wind.u is not None
        assert wind.v is not None
        assert wind.from_degrees is not None
        from_parts = math.degrees(math.atan2(-float(wind.u), -float(wind.v))) % 360
        assert abs(from_parts - float(wind.from_degrees)) < 2
    for path in paths("kma/no_data.json"):
        assert kma.read_ncst(path.read_bytes(), NOW).winds == ()
    for name, status, kind in (("http401_bad_key", 401, "refused"), ("http403_not_applied", 403, "refused")):
        for path in paths(f"kma/{name}.json"):
            with pytest.raises(GatewayFailed) as failed:
                kma.read_ncst(path.read_bytes(), NOW, status=status)
            assert failed.value.kind == kind, FOLDER
