"""The schema: it migrates, it matches the tables in the code, and the models' ids grow with time."""

from alembic import command

from core import store
from core.db import Database
from core.ids import new_id


def test_it_matches_the_tables_in_the_code(database_url: str) -> None:
    command.check(store.alembic_config(database_url))


def test_it_migrates_twice_without_harm(database_url: str) -> None:
    store.migrate(database_url)


async def test_it_answers_a_ping(database: Database) -> None:
    await database.ping()


def test_ids_grow_with_time() -> None:
    made = [new_id() for _ in range(100)]
    assert made == sorted(made)
