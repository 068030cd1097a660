"""The door to the store: all or nothing, a bounded wait, and one word for "away" whatever the driver raised."""

from contextlib import AsyncExitStack

import psycopg
import pytest
from sqlalchemy import text

from core.db import DIRECT, Database, driver, driver_url
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
            with pytest.raises(Unavailable):
                async with db.direct():
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


async def test_direct_transactions_are_all_or_nothing_too(database: Database) -> None:
    async with database.direct() as connection:
        await connection.execute("CREATE TABLE made (id int)")
    with pytest.raises(ZeroDivisionError):
        async with database.direct() as connection:
            await connection.execute("INSERT INTO made VALUES (1)")
            raise ZeroDivisionError
    with pytest.raises(psycopg.errors.UndefinedTable):
        async with database.direct() as connection:
            await connection.execute("SELECT 1 FROM nowhere")
    async with database.direct() as connection:
        assert await (await connection.execute("SELECT count(*) FROM made")).fetchone() == (0,)


async def test_direct_connections_are_bounded_in_number_and_wait(database_url: str) -> None:
    db = Database(database_url, wait_s=0.05)
    try:
        async with AsyncExitStack() as held:
            for _ in range(DIRECT):
                await held.enter_async_context(db.direct())
            with pytest.raises(Unavailable):
                async with db.direct():
                    pass
        async with db.direct() as connection:
            await connection.execute("SELECT 1")
    finally:
        await db.close()


async def test_a_restart_of_the_server_costs_direct_transactions_one_failure(database_url: str) -> None:
    db = Database(database_url)
    try:
        async with AsyncExitStack() as held:
            for _ in range(DIRECT):
                await (await held.enter_async_context(db.direct())).execute("SELECT 1")
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute(
                """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()"""
            )
        with pytest.raises(Unavailable):
            async with db.direct() as connection:
                await connection.execute("SELECT 1")
        for _ in range(DIRECT):
            async with db.direct() as connection:
                await connection.execute("SELECT 1")
    finally:
        await db.close()


@pytest.mark.parametrize("written", ["postgresql://a@b/c", "postgres://a@b/c", "postgresql+psycopg://a@b/c"])
def test_any_common_way_to_write_the_address_works(written: str) -> None:
    assert driver_url(written) == "postgresql+psycopg://a@b/c"
