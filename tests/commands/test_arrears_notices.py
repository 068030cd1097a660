"""`./sinmungo arrears letters`: what is printed at a terminal is noted like what is printed in the office."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.members import add_staff
from civic.staff.tables import access_log
from commands.arrears_ledger import practise
from commands.arrears_notices import list_letters, print_letters
from core.db import Database
from core.errors import Forbidden
from core.loading import ROOT


@pytest.fixture(autouse=True)
def office(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    config = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
    config["var"] = str(tmp_path / "var")
    (tmp_path / "config.yml").write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    monkeypatch.setenv("SINMUNGO_CONFIG", str(tmp_path / "config.yml"))
    monkeypatch.setenv("DATABASE_URL", database_url)
    yield database_url


def _with(url: str, work: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        db = Database(url, pool_size=1)
        async with db.transaction() as tx:
            found = await work(tx)
        await db.close()
        return found

    return asyncio.run(run())


async def _hire(tx: AsyncConnection) -> None:
    for login, role in (("tax.chief", "admin"), ("road.clerk", "agent")):
        await add_staff(
            tx, city_id="gimpo", login=login, name="김세무", role=role, department_id=None,
            password="sinmungo-북소리-2026", now=datetime.now(UTC),
        )  # fmt: skip


def test_printing_at_the_terminal_leaves_who_printed_whose_papers(tmp_path: Path, office: str) -> None:
    assert practise(40, None, "csv", 1) == 0
    _with(office, _hire)
    assert list_letters("dun", "tax.chief", 1000) == 0
    out = tmp_path / "서면.pdf"
    with pytest.raises(Forbidden):
        print_letters(out, "road.clerk", "", 10, again=False)
    assert print_letters(out, "tax.chief", "", 10, again=False) == 0
    listed = out.with_suffix(".csv").read_text("utf-8-sig").splitlines()[1:]
    assert out.read_bytes().startswith(b"%PDF") and listed

    async def rows(tx: AsyncConnection) -> Any:
        return (await tx.execute(select(access_log).where(access_log.c.action == "arrears_letter.print"))).all()

    (row,) = _with(office, rows)
    assert row.source_ip == "terminal" and row.subject_kind == "arrears_list"
    assert set(row.reason.split(", ")) == {line.split(",")[0] for line in listed}
