"""The city's own table of lots: it reads as a whole, and one bad line does not empty it."""

from pathlib import Path

import pytest

from core.errors import BadInput
from core.loading import ROOT
from integrations.parking import kr_standard
from integrations.parking.compact import COLUMNS, read

LINE = (
    "9900000:1,가람 공영주차장,public,CAR_PARK,나래시 가람동 1,37.6,126.7,50,yes,,24/7,,paid,30,600,10,300,7000,,"
    "현금,,나래시,000,2024-03-01"
)


def write(path: Path, *lines: str, header: str = ",".join(COLUMNS)) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return path


def test_a_line_is_a_record(tmp_path: Path) -> None:
    (record,) = read(write(tmp_path / "lots.csv", LINE)).records
    assert (record.uid, record.provider, record.external_ids) == ("9900000:1", "9900000", ("9900000:1",))
    assert (record.type, record.ownership, record.fee_kind) == ("CAR_PARK", "public", "paid")
    assert (record.has_disabled, record.has_charging, record.opening_hours) == (True, None, "24/7")
    assert record.tariff is not None and record.tariff.month_pass_krw is None
    assert record.tariff.day_cap_krw == 7_000


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("bad_value", LINE.replace("37.6,126.7", "37.6,")),
        ("bad_value", LINE.replace(",50,", ",쉰,")),
        ("bad_value", LINE.replace("CAR_PARK", "GARAGE")),
        ("bad_value", LINE.replace(",yes,", ",maybe,")),
        ("bad_value", LINE.replace("2024-03-01", "2024.3.1")),
        ("wrong_columns", "9900000:2,짧음"),
        ("id_repeats", LINE),
    ],
)
def test_a_bad_line_is_skipped_with_its_reason(tmp_path: Path, reason: str, line: str) -> None:
    file = read(write(tmp_path / "lots.csv", LINE, line))
    assert [(note.line, note.reason) for note in file.report.skipped] == [(3, reason)]
    assert len(file.records) == 1


def test_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="colour"):
        read(write(tmp_path / "lots.csv", LINE, header=",".join([*COLUMNS, "colour"])))


def test_the_demo_city_is_whole() -> None:
    file = read(ROOT / "demo/gimpo/parking_lots.csv")
    assert (file.report.rows, file.report.accepted, file.report.skipped) == (56, 56, ())
    assert file.report.source == kr_standard.SOURCE, "a later import of the national file must meet these lots"
    named = {record.name: record for record in file.records}
    gurae = named["구래1"]
    assert gurae.opening_hours == "Mo-Fr 10:00-23:00; Sa 10:00-23:00; Su,PH unknown"
    assert gurae.tariff is not None and gurae.tariff.day_cap_krw == 7_000
