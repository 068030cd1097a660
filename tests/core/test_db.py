"""The door to the store: all or nothing, a bounded wait, and one word for "away" whatever the driver raised."""

import psycopg
import pytest
from sqlalchemy import text

from core.db import Database, driver, driver_url
from core.errors import Unavailable


async def test_an_error_undoes_the_whole_transaction(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as tx:
            await tx.execute(text("CREATE TABLE never_made (id int)"))
            raise ZeroDivisionError
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT to_regclass('never_made')"))).scalar_one() is None


async def test_a_closed_port_is_unavailable() -> None:
    db = Database("postgresql://nobody@127.0.0.1:9/nothing")
    try:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await db.ping()
            with pytest.raises(Unavailable):
                async with db.reading():
                    pass
    finally:
        await db.close()


async def test_no_free_connection_is_unavailable_after_a_bounded_wait(database_url: str) -> None:
    db = Database(database_url, pool_size=1, wait_s=0.05)
    try:
        async with db.transaction():
            with pytest.raises(Unavailable):
                await db.ping()
        await db.ping()
    finally:
        await db.close()


@pytest.mark.parametrize("is_raw", [True, False])
async def test_a_session_that_the_server_ended_is_unavailable_once_and_then_replaced(
    database_url: str, is_raw: bool
) -> None:
    db = Database(database_url, pool_size=1)
    try:
        async with db.transaction() as tx:
            pid = (await tx.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(Unavailable):
            async with db.transaction() as tx:
                if is_raw:
                    await (await driver(tx)).execute("SELECT 1")
                else:
                    await tx.execute(text("SELECT 1"))
        await db.ping()
    finally:
        await db.close()


@pytest.mark.parametrize("written", ["postgresql://a@b/c", "postgres://a@b/c", "postgresql+psycopg://a@b/c"])
def test_any_common_way_to_write_the_address_works(written: str) -> None:
    assert driver_url(written) == "postgresql+psycopg://a@b/c"
