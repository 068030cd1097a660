"""An observation that would turn a missing value into a number cannot be made."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.contracts import air, parking, sources

NOW = datetime(2026, 3, 1, 3, 20, tzinfo=UTC)
GOOD = air.Observation("keco", "111121", "PM10", Decimal(31), "µg/m³", NOW.replace(minute=0), NOW)


def test_a_value_that_is_missing_stays_missing() -> None:
    assert GOOD.usable == 31
    with pytest.raises(ValueError, match="OK has a value"):
        replace(GOOD, value=None)
    with pytest.raises(ValueError, match="MISSING has none"):
        replace(GOOD, quality="MISSING")
    assert replace(GOOD, value=None, quality="COMM").usable is None
    with pytest.raises(ValueError, match="finite"):
        replace(GOOD, value=Decimal("NaN"))


def test_a_flagged_value_is_kept_and_not_reckoned_with() -> None:
    flagged = replace(GOOD, quality="SUSPECT", flag="자료이상")
    assert (flagged.value, flagged.usable) == (Decimal(31), None)


def test_a_moment_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        replace(GOOD, phenomenon_end=GOOD.phenomenon_end.replace(tzinfo=None))


def test_sources_of_lots_and_of_air_fail_alike() -> None:
    for kind in (air.SourceFailed, parking.SourceFailed):
        failed = kind("quota", "한도", "limit")
        assert isinstance(failed, sources.SourceFailed)
        assert failed.kind == "quota"
    assert air.SourceFailed.code == "air_source"
    assert parking.SourceFailed.code == "parking_source"
