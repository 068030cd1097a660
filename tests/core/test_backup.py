"""Backup: what was saved comes back row for row, from any damage, and a bad file changes nothing."""

import stat
from pathlib import Path

import psycopg
import pytest

from core.backup import BackupFailed, backup, restore

ROWS = "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY id)) FROM kept t"


@pytest.fixture(scope="module")
def filled(database_url: str) -> str:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE kept (id int PRIMARY KEY, said text, data jsonb, at timestamptz)")
        connection.execute("CREATE SCHEMA dbos; CREATE TABLE dbos.work AS SELECT 7 AS id")
        connection.execute(
            "INSERT INTO kept SELECT n, '구래동 ' || n || E'\\n\\t🙂', jsonb_build_object('n', n), now() FROM"
            " generate_series(1, 500) n"
        )
    return database_url


def rows(url: str) -> object:
    with psycopg.connect(url) as connection:
        return connection.execute(ROWS).fetchone(), connection.execute("SELECT id FROM dbos.work").fetchall()


def drop(url: str, name: str) -> None:
    with psycopg.connect(psycopg.conninfo.make_conninfo(url, dbname="postgres"), autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("DROP DATABASE {}").format(psycopg.sql.Identifier(name)))


def names(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()}


def test_what_was_saved_comes_back(filled: str, tmp_path: Path) -> None:
    before = rows(filled)
    saved = backup(filled, tmp_path / "backups")
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]
    with psycopg.connect(filled) as connection:
        connection.execute("DELETE FROM kept WHERE id % 2 = 0")
        connection.execute("UPDATE kept SET said = ''")
        connection.execute("DROP SCHEMA dbos CASCADE")
        connection.execute("CREATE TABLE later (id int REFERENCES kept)")
    open_one = psycopg.connect(filled)
    old = restore(filled, saved)
    with pytest.raises(psycopg.OperationalError):
        open_one.execute("SELECT 1")
    open_one.close()
    assert rows(filled) == before
    with psycopg.connect(filled) as connection:
        assert connection.execute("SELECT to_regclass('later')").fetchone() == (None,)
    with psycopg.connect(psycopg.conninfo.make_conninfo(filled, dbname=old)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (250,)
    drop(filled, old)


@pytest.mark.parametrize("damage", ["cut", "rubbish", "missing"])
def test_a_bad_file_changes_nothing(filled: str, tmp_path: Path, damage: str) -> None:
    before, databases = rows(filled), names(filled)
    saved = backup(filled, tmp_path)
    whole = saved.read_bytes()
    if damage == "missing":
        saved.unlink()
    else:
        saved.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"rubbish")
    with pytest.raises(BackupFailed):
        restore(filled, saved)
    assert rows(filled) == before
    assert names(filled) == databases


def test_a_store_that_is_away_leaves_no_half_file(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="pg_dump"):
        backup("postgresql://nobody:pass-word@127.0.0.1:1/none", tmp_path)
    assert list(tmp_path.iterdir()) == []
