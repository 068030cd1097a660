"""Keys change while the house runs: a new data key, every value sealed anew in small rounds, the old key destroyed.

The same rounds seal what lay plain before the vault. A process that has not heard of the new key yet goes on with the
old one for half a minute; what it wrote is found by the next round, and a key is destroyed only when nothing uses it.
"""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import Database, Driver, driver
from core.sealed import Place, SealedBytes, SealedText, places
from core.vault import KEYS_LOCK, MARK, VERSION, Vault, add_key

BATCH = 500
GRACE = timedelta(hours=1)
"""A retired key lives at least this long: by then every process seals with its successor (`vault.WATCH_S`)."""
Told = Callable[[str, int], None]
_BLANK = '{"text": ""}'
"""What retention leaves in a message: nothing to seal."""


async def new_key(db: Database, vault: Vault, now: datetime) -> int:
    """A fresh data key seals from now on; the others are retired. Its id."""
    async with db.transaction() as tx:
        connection = await driver(tx)
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (KEYS_LOCK,))
        made = await add_key(tx, vault.keks[0], "seal", now)
        await connection.execute(
            "UPDATE data_keys SET retired_at = %s WHERE purpose = 'seal' AND id <> %s AND retired_at IS NULL",
            (now, made),
        )
        await vault.refresh(tx)
    return made


async def reseal(db: Database, vault: Vault, tell: Told = lambda place, rows: None) -> int:
    """Seal everything anew that the active key did not seal; how many values. Broken off, it is simply run again."""
    total = 0
    for place in places():
        last: UUID | None = None
        while True:
            async with db.transaction() as tx:
                rows, last = await _round(await driver(tx), vault, place, last)
            total += rows
            tell(f"{place.table}.{place.column}", rows)
            if last is None:
                break
    return total


async def _round(connection: Driver, vault: Vault, place: Place, after: UUID | None) -> tuple[int, UUID | None]:
    """One batch of one column, its rows locked for that long; how many, and where to go on (None: done)."""
    names = {"table": sql.Identifier(place.table), "column": sql.Identifier(place.column)}
    wanted = sql.SQL(
        "SELECT id, {column} FROM {table} WHERE {stale} AND (%(after)s::uuid IS NULL OR id > %(after)s)"
        " ORDER BY id LIMIT %(most)s FOR UPDATE"
    ).format(stale=_stale(vault, place), **names)
    rows = await (await connection.execute(wanted, {"after": after, "most": BATCH})).fetchall()
    change = sql.SQL("UPDATE {table} SET {column} = %s WHERE id = %s").format(**names)
    async with connection.cursor() as cursor:
        await cursor.executemany(change, [(_anew(vault, place, row_id, value), row_id) for row_id, value in rows])
    return len(rows), rows[-1][0] if len(rows) == BATCH else None


def _stale(vault: Vault, place: Place) -> sql.Composable:
    """What the active key did not seal."""
    column = sql.Identifier(place.column)
    if isinstance(place.type, SealedBytes):
        return sql.SQL("substring({0} from 1 for 3) <> {1}").format(column, sql.Literal(vault.header()))
    if isinstance(place.type, SealedText):
        return sql.SQL("{0} <> '' AND left({0}, 5) <> {1}").format(column, sql.Literal(MARK + vault.prefix()))
    return sql.SQL("{0} NOT IN ('{{}}', {2}) AND COALESCE(left({0} ->> 'sealed', 4), '') <> {1}").format(
        column, sql.Literal(vault.prefix()), sql.Literal(_BLANK)
    )


def _anew(vault: Vault, place: Place, row_id: UUID, value: Any) -> Any:
    context = f"{place.type.where}:{row_id}"
    if isinstance(place.type, SealedBytes):
        return vault.seal(vault.open(value, context), context)
    if isinstance(place.type, SealedText):
        return vault.seal_text(vault.open_text(value, context), context)
    return Jsonb(vault.seal_json(vault.open_json(value, context), context))


async def destroy(db: Database, now: datetime, grace: timedelta = GRACE) -> list[int]:
    """Destroy retired keys that nothing is sealed with any more; their ids."""
    async with db.transaction() as tx:
        connection = await driver(tx)
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (KEYS_LOCK,))
        cursor = await connection.execute(
            "SELECT id FROM data_keys WHERE purpose = 'seal' AND wrapped IS NOT NULL AND retired_at <= %s ORDER BY id",
            (now - grace,),
        )
        gone = [row[0] for row in await cursor.fetchall() if not await _is_used(connection, row[0])]
        await connection.execute(
            "UPDATE data_keys SET wrapped = NULL, destroyed_at = %s WHERE id = ANY(%s)", (now, gone)
        )
    return gone


async def _is_used(connection: Driver, key_id: int) -> bool:
    header = bytes([VERSION]) + key_id.to_bytes(2, "big")
    prefix = base64.b64encode(header).decode()
    for place in places():
        column = sql.Identifier(place.column)
        if isinstance(place.type, SealedBytes):
            uses = sql.SQL("substring({0} from 1 for 3) = {1}").format(column, sql.Literal(header))
        elif isinstance(place.type, SealedText):
            uses = sql.SQL("left({0}, 5) = {1}").format(column, sql.Literal(MARK + prefix))
        else:
            uses = sql.SQL("left({0} ->> 'sealed', 4) = {1}").format(column, sql.Literal(prefix))
        query = sql.SQL("SELECT EXISTS (SELECT 1 FROM {0} WHERE {1})").format(sql.Identifier(place.table), uses)
        row = await (await connection.execute(query)).fetchone()
        if row is not None and row[0]:
            return True
    return False


async def rewrap(tx: AsyncConnection, vault: Vault) -> int:
    """Wrap every key with the present secret; how many were wrapped by an earlier one. Values are not touched."""
    connection = await driver(tx)
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (KEYS_LOCK,))
    now = vault.keks[0]
    cursor = await connection.execute(
        "SELECT id, purpose, kek, wrapped FROM data_keys WHERE wrapped IS NOT NULL AND kek <> %s", (now.fingerprint,)
    )
    rows = await cursor.fetchall()
    for key_id, purpose, fingerprint, wrapped in rows:
        key = vault.unwrapped(key_id, purpose, fingerprint, wrapped)
        values = (now.wrap(key, key_id, purpose), now.fingerprint, key_id)
        await connection.execute("UPDATE data_keys SET wrapped = %s, kek = %s WHERE id = %s", values)
    return len(rows)
