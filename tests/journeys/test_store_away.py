"""The database goes away and comes back: providers are told to try again, and nothing that was acknowledged is lost."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.crash.databases import own_database
from tests.crash.partner import signed
from tests.journeys.conftest import opened
from tests.journeys.house import Citizen
from tests.waiting import until


@pytest.fixture
def own_url(server_url: str, template_name: str) -> Iterator[str]:
    with own_database(server_url, template_name) as url:
        yield url


def allow(server_url: str, database_url: str, is_allowed: bool) -> None:
    """Shut the database, ending every session in it, or open it again."""
    name = str(psycopg.conninfo.conninfo_to_dict(database_url)["dbname"])
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(
            SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(
                Identifier(name), SQL("true" if is_allowed else "false")
            )
        )
        if not is_allowed:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


async def test_webhooks_answer_503_while_the_store_is_away_and_all_is_well_afterwards(
    server_url: str, own_url: str, tmp_path: Path
) -> None:
    async with opened(tmp_path, own_url) as town:
        citizen = Citizen(town)
        assert await citizen.say("안녕하세요")
        allow(server_url, own_url, False)
        try:
            address = uuid4().hex
            posted = [signed({"id": f"{address}-{number}", "from": address, "text": "도움말"}) for number in range(20)]
            url = f"{await town.door()}/channels/partner"
            for raw, headers in posted:
                answer = await town.client.post(url, content=raw, headers=headers)
                assert (answer.status_code, answer.headers.get("retry-after")) == (503, "5")
            skill = await town.skill(uuid4().hex, "도움말")
            assert skill.status_code == 503
            assert (await town.client.get(f"{await town.door()}/readyz")).status_code == 503
            assert (await town.client.get(f"{await town.door()}/healthz")).status_code == 200
        finally:
            allow(server_url, own_url, True)
        left = list(posted)

        async def are_taken() -> bool:
            """Each once it was acknowledged, in order."""
            while left:
                raw, headers = left[0]
                answer = await town.client.post(url, content=raw, headers=headers)
                if answer.status_code == 503:
                    return False
                assert answer.status_code == 200
                del left[0]
            return True

        await until(are_taken, 60)
        await until(lambda: town.is_settled(address), 60)
        assert await town.rows("SELECT turns FROM conversations WHERE address = %s", address) == [{"turns": 20}]
        assert await citizen.say("고마워요")
