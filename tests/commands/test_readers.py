"""`import parking`: the reader that knows a file is found by the file's first line, or named."""

from pathlib import Path

import pytest

from commands.care import parking_reader
from core.errors import BadInput
from integrations.parking._seoul_rows import FILE_COLUMNS
from tests.integrations.parking.standard_rows import COLUMNS, row, write


@pytest.mark.parametrize("encoding", ["cp949", "utf-8", "utf-8-sig"])
def test_the_first_line_tells_whose_file_it_is(tmp_path: Path, encoding: str) -> None:
    national = write(tmp_path / "a.csv", [row()], encoding=encoding)
    seoul = tmp_path / "b.csv"
    seoul.write_bytes(",".join(FILE_COLUMNS.values()).encode(encoding))
    assert parking_reader(national).__name__.endswith(".kr_standard")
    assert parking_reader(seoul).__name__.endswith(".seoul")


def test_a_file_that_nobody_knows_is_read_as_the_national_standard_which_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("가,나\n1,2\n", "utf-8")
    with pytest.raises(BadInput, match="없는 열"):
        parking_reader(tmp_path / "c.csv").read(tmp_path / "c.csv")


def test_a_reader_may_be_named(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [row()], columns=COLUMNS)
    assert parking_reader(file, "seoul").__name__.endswith(".seoul")
    for name in ("nowhere", "kotsa", "_table"):
        with pytest.raises(BadInput, match=name):
            parking_reader(file, name)
