"""A migrated, empty database for as long as a test needs it, on whatever server the run uses."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.sql import SQL, Identifier

from tests.conftest import clone


@contextmanager
def own_database(server_url: str, template: str) -> Iterator[str]:
    url = clone(server_url, template)
    name = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
    try:
        yield url
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
