"""Keys and the proof of the audit log as an operator handles them."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import orjson
import psycopg
import pytest

from civic.staff import chain
from civic.staff.service import record_change
from core.db import Database
from core.ids import new_id
from core.vault import vault_of
from tests.commands.conftest import Run

NEXT = "the-next-secret-of-the-city-0123456789"


@pytest.fixture(scope="module")
async def chained(database: Database) -> None:
    """Ten linked changes of the city in config.yml."""
    async with database.transaction() as tx:
        for number in range(10):
            await record_change(
                tx, city_id="gimpo", actor_kind="system", actor_id=None, action="case.status", object_kind="case",
                object_id=str(new_id()), detail={"to": f"상태 {number}"}, now=datetime.now(UTC),
            )  # fmt: skip
    async with database.transaction() as tx:
        assert await chain.chain(tx, vault_of(tx), "gimpo", datetime.now(UTC)) == 10


async def test_a_whole_log_verifies_here_and_from_a_file(run: Run, chained: None, tmp_path: Path) -> None:
    here = await asyncio.to_thread(run, "audit", "verify")
    assert here.returncode == 0, here.stderr
    assert "온전합니다" in here.stderr and "10건" in here.stderr
    file = tmp_path / "audit.jsonl"
    assert (await asyncio.to_thread(run, "audit", "export", str(file))).returncode == 0
    offline = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    whole = await asyncio.to_thread(run, "audit", "verify", "--file", str(file), **offline)
    assert whole.returncode == 0, whole.stderr

    lines = file.read_bytes().splitlines()
    forged = orjson.loads(lines[4])
    forged["detail"] = {"to": "다른 상태"}
    for name, changed, row in (
        ("edited", [*lines[:4], orjson.dumps(forged), *lines[5:]], 4),
        ("deleted", [*lines[:6], *lines[7:]], 6),
        ("moved", [*lines[:2], lines[3], lines[2], *lines[4:]], 2),
        ("doubled", [*lines[:3], lines[2], *lines[3:]], 3),
        ("cut", lines[:-2], 9),
    ):
        bad = tmp_path / f"{name}.jsonl"
        bad.write_bytes(b"\n".join(changed) + b"\n")
        shown = await asyncio.to_thread(run, "audit", "verify", "--file", str(bad), **offline)
        assert shown.returncode == 1, name
        assert f"{row}번" in shown.stderr and f"{row}" in shown.stderr.rpartition("(")[2], shown.stderr


async def test_a_row_changed_behind_our_back_ends_with_one_and_its_number(
    run: Run, chained: None, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = 'replica'")
        connection.execute("UPDATE audit_log SET actor_kind = 'staff' WHERE city_id = 'gimpo' AND seq = 7")
    shown = await asyncio.to_thread(run, "audit", "verify")
    assert shown.returncode == 1
    assert "7번 기록이 바뀌었거나" in shown.stderr and "Row 7" in shown.stderr


def test_a_file_that_is_none_is_said_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text("안녕\n", "utf-8")
    for name in ("odd.jsonl", "missing.jsonl"):
        done = run("audit", "verify", "--file", str(tmp_path / name))
        assert done.returncode == 2 and "Traceback" not in done.stderr


def test_keys_are_rotated_listed_and_wrapped_anew_and_a_lost_secret_is_told(run: Run, database: Database) -> None:
    rotated = run("keys", "rotate")
    assert rotated.returncode == 0, rotated.stderr
    listed = run("keys", "list")
    assert listed.returncode == 0
    assert all(word in listed.stderr for word in ("seal", "index", "audit", "물러남", "사용 중"))

    lost = run("keys", "list", SINMUNGO_SECRET=NEXT)
    assert lost.returncode == 2
    assert "SINMUNGO_OLD_SECRETS" in lost.stderr and "Traceback" not in lost.stderr
    first = os.environ["SINMUNGO_SECRET"]
    wrapped = run("keys", "rewrap", SINMUNGO_SECRET=NEXT, SINMUNGO_OLD_SECRETS=first)
    assert wrapped.returncode == 0, wrapped.stderr
    assert run("keys", "list", SINMUNGO_SECRET=NEXT).returncode == 0
    assert run("keys", "list").returncode == 2
    assert run("keys", "rewrap", SINMUNGO_OLD_SECRETS=NEXT).returncode == 0
