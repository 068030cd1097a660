"""The door to PostgreSQL: one engine a process, explicit transactions, bounded waits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from datetime import date
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, WeakKeyDictionary, ref

import orjson
import psycopg
from sqlalchemy import TIMESTAMP, Dialect, MetaData, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core.errors import Unavailable

if TYPE_CHECKING:
    from core.vault import Vault

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of the house registers here; migrations/ is written from it and checked against it."""

Driver = psycopg.AsyncConnection[tuple[Any, ...]]
DIRECT = 6
"""Connections for the few statements of every message: intake, turns, moments, marks, outcomes flush one at a time."""
BEFORE_COMMIT: ContextVar[Callable[[AsyncConnection], Awaitable[None]] | None] = ContextVar(
    "before_commit", default=None
)
"""What a request does last in each of its transactions (api/idempotency.py notes there that something was changed)."""
Id = Uuid(as_uuid=True)
Moment = TIMESTAMP(timezone=True)
Json = JSONB(none_as_null=True)


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def driver_url(url: str) -> str:
    """The same address for SQLAlchemy with psycopg 3, whatever scheme the operator wrote."""
    _, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}"


class _Direct:
    """A few connections made when they are needed: a store that is away refuses at once, and nobody waits for it.

    A connection that broke takes the idle ones with it, since the server that ended one has most likely ended all.
    """

    def __init__(self, store: "Database", wait_s: float) -> None:
        self._store = store
        self._wait_s = wait_s
        self._free = asyncio.Semaphore(DIRECT)
        self._idle: list[Driver] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Driver]:
        try:
            await asyncio.wait_for(self._free.acquire(), self._wait_s)
        except TimeoutError as error:
            raise _unavailable(error) from None
        try:
            connection = self._idle.pop() if self._idle else await self._connect()
            try:
                yield connection
                await connection.commit()
            except BaseException:
                with suppress(psycopg.Error):
                    await connection.rollback()
                raise
            finally:
                if connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                    self._idle.append(connection)
                else:
                    await connection.close()
                    await self.close()
        finally:
            self._free.release()

    async def _connect(self) -> Driver:
        made = await psycopg.AsyncConnection.connect(self._store.url, connect_timeout=5, prepare_threshold=2)
        _STORES[made] = ref(self._store)
        return made

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()


class Database:
    """A pool of connections. `url` is a libpq-style `postgresql://` address. `days_off`: those that config.yml names
    beside the declared ones, for whoever reckons with days in a transaction (civic/cases/clock/days_off.py)."""

    def __init__(
        self, url: str, *, pool_size: int = 10, wait_s: float = 5.0, days_off: Mapping[date, str] | None = None
    ) -> None:
        self.url = url
        self.days_off: Mapping[date, str] = days_off or {}
        self.engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=wait_s,
            pool_pre_ping=False,
            hide_parameters=True,  # an error text must not quote what a citizen wrote
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
            connect_args={"connect_timeout": 5, "prepare_threshold": 2},
        )
        # The same pool; only how its connections begin a statement differs.
        self._reader = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._direct = _Direct(self, wait_s)
        self.vault: Vault | None = None
        """What seals and opens the personal data of this store (`core.vault.open_vault` sets it)."""
        _STORES[self.engine.dialect] = ref(self)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the end of the block, rolled back on any error.

        Raises Unavailable when no connection can be had or the server goes away.
        """
        with _said_plainly():
            async with self.engine.begin() as connection:
                yield connection
                if (last := BEFORE_COMMIT.get()) is not None:
                    await last(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for single reads, each its own snapshot: one round trip a query, no BEGIN and COMMIT around it.

        Raises Unavailable like `transaction`.
        """
        with _said_plainly():
            async with self._reader.connect() as connection:
                yield connection

    @asynccontextmanager
    async def direct(self) -> AsyncIterator[Driver]:
        """A transaction of psycopg alone, for the few that every message needs; BEGIN, statements and COMMIT go
        out together where the caller pipelines. Raises Unavailable like `transaction`.
        """
        with _said_plainly():
            async with self._direct.transaction() as connection:
                yield connection

    async def ping(self) -> None:
        """Raises Unavailable when the store does not answer."""
        async with self.transaction() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._direct.close()
        await self.engine.dispose()


_STORES: WeakKeyDictionary[object, ReferenceType[Database]] = WeakKeyDictionary()
"""Which store a connection is on: an engine's dialect is its own, a direct connection is noted when it is made."""


def store_of(tx: "AsyncConnection | Driver | Dialect") -> Database:
    """The store whose transaction this is. Raises KeyError for a connection that no Database made."""
    found = _STORES[tx.dialect if isinstance(tx, AsyncConnection) else tx]()
    if found is None:
        raise KeyError("the store was closed")
    return found


async def driver(connection: "AsyncConnection | Driver") -> Driver:
    """psycopg's own connection below, in the same transaction: for the few statements where each microsecond counts."""
    if isinstance(connection, psycopg.AsyncConnection):
        return connection
    raw = await connection.get_raw_connection()
    return raw.driver_connection  # type: ignore[return-value]


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Whatever a lost or busy store raises, by SQLAlchemy or below it, as Unavailable."""
    try:
        yield
    except (PoolTimeout, OperationalError, InterfaceError) as error:
        raise _unavailable(error) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:  # the pool's own timeout among them
        raise _unavailable(error) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _unavailable(error) from error
        raise


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(
        "데이터베이스에 연결할 수 없습니다.", "The database cannot be reached.", cause=type(error).__name__
    )
