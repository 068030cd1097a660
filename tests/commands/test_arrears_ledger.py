"""`./sinmungo arrears import` and `practice`: a newcomer's ledger, its own files again, and what is refused."""

from pathlib import Path

import pytest

from commands.arrears_ledger import bring_in, practise
from core.errors import BadInput, Conflict

pytestmark = pytest.mark.usefixtures("office")


def given(file: Path, kind: str, *control: str, is_dry_run: bool = False, **more: object) -> int:
    asked: dict[str, object] = {"is_whole": None, "side_file": None, "source": "practice", "rejects": None, **more}
    return bring_in(file, kind, is_dry_run=is_dry_run, control=control, **asked)  # type: ignore[arg-type]


def test_a_newcomer_fills_a_ledger_and_brings_in_its_own_files_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert practise(60, None, "csv", 1) == 0
    said = capsys.readouterr().err
    assert "새로 60," in said and "모두 지어낸 자료입니다" in said and "이 저장소는 이제 연습용입니다" in said
    assert practise(60, tmp_path / "files", "xlsx", 1) == 0
    assert given(tmp_path / "files" / "연습용-체납자.xlsx", "debtors") == 0
    assert "새로 0, 바뀜 0, 그대로 60, 거절 0" in capsys.readouterr().err
    with pytest.raises(Conflict):
        given(tmp_path / "files" / "연습용-체납자.xlsx", "debtors", source="file")


def test_a_refused_file_ends_with_one_says_why_and_lists_its_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "과세.csv", tmp_path / "거절.csv"
    lines = ["납세번호,과세번호,세목,과세연도,본세,고지일,납기", "98765,K-1,재산세,2025,1000,2025-09-01,2025-09-30"]
    file.write_bytes("\n".join(lines).encode("cp949"))
    assert given(file, "bills", is_dry_run=True) == 1
    assert "합계(건수·금액)가 없습니다" in capsys.readouterr().err
    assert given(file, "bills", "rows=1,krw=999") == 1
    assert "999원이라는데 1,000원" in capsys.readouterr().err
    side = tmp_path / "합계.csv"
    side.write_bytes("세목,건수,금액\n합계,1,1000\n".encode("cp949"))
    assert given(file, "bills", side_file=side, rejects=out) == 1
    said = capsys.readouterr().err
    assert "거절된 줄이 1줄 있어 파일 전체를 넣지 않았습니다" in said and "체납자 파일을 먼저" in said
    assert "unknown_debtor" in out.read_text("utf-8-sig") and "98765" not in out.read_text("utf-8-sig")
    with pytest.raises(BadInput):
        given(file, "houses")
