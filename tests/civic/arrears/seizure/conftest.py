"""The town of these tests, one a test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.db import Database
from tests.civic.arrears.seizure.town import Town
from tests.civic.arrears.seizure.town import town as open_town


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    with open_town(database, tmp_path) as opened:
        await opened.awake()
        yield opened
