"""The city's file of virtual accounts, as a bank's spreadsheet writes it."""

import pytest

from civic.arrears.money.accounts import NewAccount
from civic.arrears.money.accounts_file import read
from core.errors import BadInput

GOOD = "은행코드,은행명,계좌번호,예금주\n020,우리은행,1111-2222-33,김포시청\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_it_reads_what_a_spreadsheet_writes(encoding: str) -> None:
    assert read(GOOD.encode(encoding)) == ([NewAccount("020", "우리은행", "1111-2222-33", "김포시청")], [])


def test_a_wrong_row_is_left_out_with_its_line_and_reason() -> None:
    rows = GOOD + "20,우리은행,1111-2222-34,김포시청\n020,우리은행,12,김포시청\n020,,1111-2222-35,김포시청\n"
    good, bad = read(rows.encode())
    assert len(good) == 1
    assert [(one.line, one.reason_ko.split()[0]) for one in bad] == [
        (3, "은행코드는"),
        (4, "계좌번호는"),
        (5, "은행명과"),
    ]


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe\xff", "은행코드,은행명\n".encode()], ids=["empty", "bytes", "columns"]
)
def test_a_file_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        read(data)
