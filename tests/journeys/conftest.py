"""The city as real processes over HTTP: one that does all, and three that share the work."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.crash.databases import own_database
from tests.crash.partner import counterpart
from tests.crash.processes import City, write_config
from tests.journeys.house import Town

NEVER_QUIET = {"quiet_hours": {"start": "00:00", "end": "00:00"}}


@asynccontextmanager
async def opened(folder: Path, database_url: str, *, is_three: bool = False, **messaging: Any) -> AsyncIterator[Town]:
    async with counterpart() as heard, httpx.AsyncClient(timeout=30) as client:
        config = write_config(folder, outbound_url=heard.url, messaging={**NEVER_QUIET, **messaging})
        city = City(config, database_url, doors=2 if is_three else 1, has_own_worker=is_three)
        try:
            await city.up()
            yield Town(city, heard, database_url, client)
        finally:
            city.close()


@pytest.fixture(scope="session")
def database_url(server_url: str, template_name: str) -> Iterator[str]:
    """One for all journeys: each citizen is a new one."""
    with own_database(server_url, template_name) as url:
        yield url


@pytest.fixture(scope="session", params=["one process", "three processes"])
async def town(
    request: pytest.FixtureRequest, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    async with opened(folder, database_url, is_three=request.param == "three processes") as made:
        yield made


@pytest.fixture(scope="session")
async def slow_town(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A city of little patience: `held_up` makes it miss the deadline of a skill call for certain."""
    async with opened(tmp_path_factory.mktemp("slow"), database_url, in_response_deadline_s=0.2) as made:
        yield made
