"""A database of its own for each test that kills processes."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import clone


@pytest.fixture
def database_url(server_url: str, template_name: str) -> Iterator[str]:
    url = clone(server_url, template_name)
    yield url
    name = psycopg.sql.Identifier(str(psycopg.conninfo.conninfo_to_dict(url)["dbname"]))
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
