"""Files of confirmed hours are read with and without their network, and blanks, −1 and 0 are what they are."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from core.errors import BadInput
from integrations.air.confirmed import Settings, build
from tests.civic.air.recorded import paths

NOW = datetime(2026, 3, 1, 3, 20, tzinfo=UTC)
HEADER = "지역,측정소코드,측정소명,측정일시,SO2,CO,O3,NO2,PM10,PM25,주소"
ROW = "경기 김포시,131999,사우동,2025010124,0.003,0.400,0.021,0.017,33,,경기 김포시 사우중로 1"


def _file(folder: Path, *lines: str, encoding: str = "utf-8-sig") -> Path:
    path = folder / "확정.csv"
    path.write_text("\n".join(lines) + "\n", encoding)
    return path


def _values(path: Path, settings: Settings | None = None) -> dict[str, str | None]:
    found = build("확정", settings or Settings()).read(path, NOW).observations
    return {one.pollutant: None if one.value is None else str(one.value) for one in found}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_an_hour_comes_in_confirmed(tmp_path: Path, encoding: str) -> None:
    pulled = build("확정", Settings()).read(_file(tmp_path, HEADER, ROW, encoding=encoding), NOW)
    dust = next(one for one in pulled.observations if one.pollutant == "PM10")
    assert dust.value == 33
    assert dust.phenomenon_end == datetime(2025, 1, 1, 15, tzinfo=UTC)
    assert (dust.station_uid, dust.quality, dust.status, dust.source) == ("131999", "OK", "confirmed", "확정")
    fine = pulled.observations[-1]
    assert (fine.pollutant, fine.value, fine.quality) == ("PM25", None, "MISSING")
    assert pulled.stations is not None
    assert (pulled.stations[0].network, pulled.stations[0].address) == ("unknown", "경기 김포시 사우중로 1")


def test_the_network_is_read_where_its_column_is(tmp_path: Path) -> None:
    path = _file(tmp_path, HEADER.replace("지역,", "지역,망,"), ROW.replace("김포시,", "김포시,도로변대기,", 1))
    pulled = build("확정", Settings()).read(path, NOW)
    assert pulled.stations is not None
    assert pulled.stations[0].network == "roadside"
    assert len(pulled.observations) == 6


def test_a_number_for_nothing_is_nothing_and_a_zero_only_where_it_is_said(tmp_path: Path) -> None:
    path = _file(tmp_path, HEADER, ROW.replace(",33,,", ",0,-1,").replace("0.021", "0"))
    assert (_values(path)["PM10"], _values(path)["PM25"], _values(path)["O3"]) == ("0", None, "0")
    seoul = _values(path, Settings(zero_is_missing=("PM10", "PM25")))
    assert (seoul["PM10"], seoul["O3"]) == (None, "0")
    kept = build("확정", Settings(missing_values=())).read(path, NOW)
    assert [note.reason for note in kept.report.doubts] == ["odd_value"]
    assert kept.observations[-1].value is None


def test_odd_lines_are_told_and_the_others_kept(tmp_path: Path) -> None:
    lines = [ROW, ROW + ",", ROW.replace("2025010124", "2.025E+09"), "", ROW.replace("131999,사우동", ","), ROW]
    report = build("확정", Settings()).read(_file(tmp_path, HEADER, *lines), NOW).report
    assert [(note.line, note.reason) for note in report.skipped] == [
        (3, "wrong_columns"),
        (4, "no_time"),
        (6, "no_station"),
    ]
    assert (report.rows, report.accepted) == (5, 2)
    words = build("확정", Settings()).read(_file(tmp_path, HEADER, ROW.replace(",33,", ",많음,")), NOW)
    assert [(note.line, note.detail) for note in words.report.doubts] == [(2, "PM10=많음")]


def test_another_table_is_refused(tmp_path: Path) -> None:
    for text in ("이름,나이", "측정소명,측정일시,주소", ""):
        with pytest.raises(BadInput, match="확정자료"):
            build("확정", Settings()).read(_file(tmp_path, text), NOW)


def test_recorded_files_are_read_whole() -> None:
    for path in paths("airkorea_confirmed_2015q1.csv"):
        pulled = build("확정", Settings()).read(path, NOW)
        assert (pulled.report.accepted, pulled.report.skipped, len(pulled.observations)) == (10_800, (), 64_800)
        fine = [one for one in pulled.observations if one.pollutant == "PM25"]
        assert sum(one.value is None for one in fine) == 6_645
        assert max(one.value for one in pulled.observations if one.value is not None) == Decimal(1008)
    for path in paths("airkorea_confirmed_2017-05.csv"):
        pulled = build("확정", Settings()).read(path, NOW)
        assert (pulled.report.accepted, pulled.report.skipped) == (3_720, ())
        assert pulled.stations is not None
        assert {station.network for station in pulled.stations} == {"urban"}
