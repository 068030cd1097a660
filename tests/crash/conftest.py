"""A database of its own for each test that kills processes."""

from collections.abc import Iterator

import pytest

from tests.crash.databases import own_database


@pytest.fixture
def database_url(server_url: str, template_name: str) -> Iterator[str]:
    with own_database(server_url, template_name) as url:
        yield url
