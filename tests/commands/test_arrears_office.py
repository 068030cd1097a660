"""What the arrears do at a terminal is noted as in the office, and read as an officer reads: whole ids, Korean."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.tables import access_log
from commands import arrears_seizure as seizure
from commands.arrears_ledger import practise
from commands.arrears_notices import list_letters, print_letters
from core.errors import Forbidden
from tests.commands.offices import hire, within

pytestmark = pytest.mark.usefixtures("office")
ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def test_printing_at_the_terminal_leaves_who_printed_whose_papers(tmp_path: Path, database_url: str) -> None:
    assert practise(40, None, "csv", 1) == 0
    hire(database_url, "tax.chief", "admin")
    hire(database_url, "road.clerk", "agent")
    assert list_letters("dun", "tax.chief", 1000) == 0
    out = tmp_path / "서면.pdf"
    with pytest.raises(Forbidden):
        print_letters(out, "road.clerk", "", 10, again=False)
    assert print_letters(out, "tax.chief", "", 10, again=False) == 0
    listed = out.with_suffix(".csv").read_text("utf-8-sig").splitlines()[1:]
    assert out.read_bytes().startswith(b"%PDF") and listed

    async def rows(tx: AsyncConnection) -> Sequence[Any]:
        return (await tx.execute(select(access_log).where(access_log.c.action == "arrears_letter.print"))).all()

    (row,) = within(database_url, rows)
    assert row.source_ip == "terminal" and row.subject_kind == "arrears_list"
    assert set(row.reason.split(", ")) == {line.split(",")[0] for line in listed}


def test_a_batch_at_a_narrow_terminal_keeps_its_id_and_tells_its_steps_in_korean(
    database_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert practise(40, None, "csv", 1) == 0
    hire(database_url, "tax.drafter", "admin")
    seizure.draft("11월 예금 압류", 1, None, [], 1000, "tax.drafter")
    batch_id = UUID(_one(capsys))
    seizure.show_all()
    assert UUID(_one(capsys)) == batch_id
    seizure.show(batch_id)
    said = capsys.readouterr().err
    assert "심사됨" in said and "제외" in said and "{" not in said
    seizure.change(batch_id, "cancel", "기한을 다시 봅니다", "tax.drafter")
    capsys.readouterr()
    seizure.events(batch_id, 10)
    said = capsys.readouterr().err
    assert all(word in said for word in ("심사", "취소", "까닭:"))
    assert not re.search(r"[a-z_]{3,}|[{}]", said)


def _one(capsys: pytest.CaptureFixture[str]) -> str:
    (found,) = set(re.findall(ID, capsys.readouterr().err))
    return str(found)
