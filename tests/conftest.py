"""The tests' ground: one real PostgreSQL a run, a migrated template, and a fresh clone of it for each module."""

import os
import tempfile
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from core import secret, store
from core.db import Database
from core.loading import load_tables
from core.vault import open_vault

os.environ["SINMUNGO_SECRET"] = "secret-of-the-tests-0123456789abc"
SECRET = secret.load(Path())
"""Every process of a run has it, so that they open one another's data keys."""
EXTRA_PASS = "extra pass"
"""A skip whose reason begins so asks for data that is not ours to ship; any other skip fails under REQUIRE_ALL=1."""


LONG = ("tests/commands/test_demo_day.py", "tests/crash/", "tests/rasa/")
"""Few tests, minutes each: begun last, one of them would run alone while the other processes have nothing left."""
LAST = ("tests/journeys/",)
"""Their cities are processes that live until the session ends: begun first, they would work beside all other tests."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, then the modules of most tests; `--dist loadfile` hands modules out in this order."""
    modules = {item: item.nodeid.split("::")[0] for item in items}
    counts = Counter(modules.values())

    def turn(item: pytest.Item) -> tuple[bool, bool, int, str]:
        module = modules[item]
        return module.startswith(LAST), not module.startswith(LONG), -counts[module], module

    items.sort(key=turn)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under REQUIRE_ALL=1 (CI) a counterpart that the machine lacks is a failure, named."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("REQUIRE_ALL") != "1" or reporter is None:
        return
    reasons = [report.longrepr[2] for report in reporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple)]
    if wanted := [reason for reason in reasons if EXTRA_PASS not in reason]:
        reporter.write_line(f"\nREQUIRE_ALL=1: {len(wanted)} tests were skipped: {wanted[0]}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Administrative address: the server that TEST_DATABASE_URL names, else the embedded one in a throw-away folder."""
    if named := os.environ.get("TEST_DATABASE_URL"):
        yield named
        return
    with tempfile.TemporaryDirectory(prefix="sinmungo-test-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with store.embedded(Path(folder) / "pg") as url:
            _spare_the_disk(url)
            yield url


def _spare_the_disk(url: str) -> None:
    """Nothing of this server is to outlive a loss of power; what is killed is killed with the kernel still there."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            setting = psycopg.sql.SQL("ALTER SYSTEM SET {} TO off")
            connection.execute(setting.format(psycopg.sql.Identifier(name)))
        connection.execute("SELECT pg_reload_conf()")


def on_same_server(url: str, name: str) -> str:
    """The address of another database on the server that `url` points to."""
    info = psycopg.conninfo.conninfo_to_dict(url)
    info["dbname"] = name
    host = str(info.pop("host", ""))
    user = str(info.pop("user", "postgres"))
    password = f":{info.pop('password')}" if "password" in info else ""
    port = f":{info.pop('port')}" if "port" in info else ""
    return (
        f"postgresql://{user}{password}@/{name}?host={host}" + (f"&port={port[1:]}" if port else "")
        if host.startswith("/")
        else f"postgresql://{user}{password}@{host}{port}/{name}"
    )


@pytest.fixture(scope="session")
def template_name(server_url: str) -> Iterator[str]:
    load_tables()
    name = f"template_{uuid4().hex[:10]}"
    store.ensure_database(server_url, name)
    store.migrate(on_same_server(server_url, name))
    yield name
    _drop(server_url, name)


def _drop(server_url: str, name: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(
            psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(psycopg.sql.Identifier(name))
        )


def clone(server_url: str, template: str) -> str:
    """A new database made from the template; its address."""
    name = f"test_{uuid4().hex[:10]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(
            psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                psycopg.sql.Identifier(name), psycopg.sql.Identifier(template)
            )
        )
    return on_same_server(server_url, name)


@pytest.fixture(scope="module")
def database_url(server_url: str, template_name: str) -> Iterator[str]:
    """A migrated, empty database of this module's own."""
    url = clone(server_url, template_name)
    yield url
    _drop(server_url, url.rsplit("/", 1)[1].split("?")[0])


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url, pool_size=5)
    await open_vault(made, SECRET, datetime(2026, 1, 1, tzinfo=UTC))
    yield made
    await made.close()
