"""Writes many lots at once: copied into a table of the transaction, then compared and taken over by the store."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
import psycopg
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.tariffs import to_row
from core.contracts.parking import ParkingRecord
from core.db import driver
from core.ids import new_id

_COLUMNS = tuple(ParkingRecord.__slots__)
_KEYS = ("id", "city_id", "source", "updated_at")
_WORTH_COUNTING = 500
"""From how many rows on the planner should know how many there are."""


@dataclass(frozen=True, slots=True)
class Stored:
    """How many lots were written and why not. `removed`: gone from their publisher's list."""

    added: int
    changed: int
    kept_newer: int
    removed: int


async def store_lots(
    tx: AsyncConnection,
    city_id: str,
    source: str,
    records: Sequence[ParkingRecord],
    now: datetime,
    *,
    newest: Mapping[str, date],
    gone: Sequence[str] = (),
) -> Stored:
    """Take over the records (each uid once) where they differ and are not older than what is stored.

    `newest`: publishers whose list this is, with the date of the list; their lots that are not in it, and the uids in
    `gone`, are marked as gone. Ids that a lot was ever published under stay with it.
    """
    connection = await driver(tx)
    # One import of a source at a time: two would each find the other's new lots missing.
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"lots:{city_id}:{source}",))
    await _bring(connection, city_id, source, records, now)
    of = {"city": city_id, "source": source, "now": now}
    kept = await _count(connection, _MARK_OLDER, of)
    await connection.execute(_KEEP_IDS, of)
    changed = await _count(connection, _CHANGE, of)
    added = await _count(connection, _ADD, of)
    listed = {"providers": list(newest), "dates": [str(newest[one]) for one in newest], "gone": list(gone)}
    removed = await _count(connection, _GO, {**of, **listed})
    return Stored(added, changed, kept, removed)


async def _bring(
    connection: psycopg.AsyncConnection[Any],
    city_id: str,
    source: str,
    records: Sequence[ParkingRecord],
    now: datetime,
) -> None:
    for statement in _TABLE:
        await connection.execute(statement)
    async with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for record in records:
            await copy.write_row((new_id(), city_id, source, now, *_values(record)))
    if len(records) > _WORTH_COUNTING:
        await connection.execute("ANALYZE pg_temp.parking_incoming")


def _values(record: ParkingRecord) -> Iterator[Any]:
    for name in _COLUMNS:
        value = getattr(record, name)
        if name == "external_ids":
            yield [_storable(one) for one in value]
        elif name == "tariff":
            block = to_row(value)
            yield None if block is None else _storable(orjson.dumps(block).decode().replace("\\u0000", ""))
        elif name in _SAID_BY and value is None:
            bays = getattr(record, _SAID_BY[name])
            yield None if bays is None else bays > 0
        else:
            yield _storable(value) if isinstance(value, str) else value


_SAID_BY = {"has_disabled": "capacity_disabled", "has_charging": "capacity_charging"}


def _storable(text: str) -> str:
    """PostgreSQL's text has no NUL."""
    return text.replace("\0", "") if "\0" in text else text


async def _count(connection: psycopg.AsyncConnection[Any], statement: str, values: dict[str, Any]) -> int:
    return (await connection.execute(statement, values)).rowcount


_LISTED = ", ".join(_COLUMNS)
_ALL = ", ".join((*_KEYS, *_COLUMNS))
_NEW = ", ".join(f"i.{name}" for name in _COLUMNS)
_OLD = ", ".join(f"l.{name}" for name in _COLUMNS)
_SAME = "l.city_id = %(city)s AND l.source = %(source)s AND l.uid = i.uid"
# ruff: noqa: S608 - the words put into these statements are the column names above
_TABLE = (
    "DROP TABLE IF EXISTS pg_temp.parking_incoming",
    f"""CREATE TEMP TABLE parking_incoming ON COMMIT DROP AS
    SELECT {_ALL}, false AS is_older FROM parking_lots WHERE false""",
    "ALTER TABLE pg_temp.parking_incoming ALTER is_older SET DEFAULT false",
)
_COPY = f"COPY pg_temp.parking_incoming ({_ALL}) FROM STDIN"
# A moment where both sides have one, else the reference day; a row without a day never replaces one that has a day.
_MARK_OLDER = f"""UPDATE pg_temp.parking_incoming i SET is_older = true FROM parking_lots l WHERE {_SAME}
AND CASE WHEN l.static_data_updated_at IS NOT NULL AND i.static_data_updated_at IS NOT NULL
    THEN i.static_data_updated_at < l.static_data_updated_at
    ELSE l.data_date IS NOT NULL AND (i.data_date IS NULL OR i.data_date < l.data_date) END"""
_KEEP_IDS = f"""UPDATE pg_temp.parking_incoming i SET external_ids = i.external_ids || ARRAY(
    SELECT known FROM unnest(l.external_ids) WITH ORDINALITY AS k(known, at)
    WHERE NOT known = ANY(i.external_ids) ORDER BY at)
FROM parking_lots l WHERE {_SAME} AND NOT l.external_ids <@ i.external_ids"""
_CHANGE = f"""UPDATE parking_lots l SET ({_LISTED}) = ROW({_NEW}), updated_at = %(now)s, gone_at = NULL
FROM pg_temp.parking_incoming i WHERE {_SAME} AND NOT i.is_older
AND (l.gone_at IS NOT NULL OR ({_OLD}) IS DISTINCT FROM ({_NEW}))"""
_ADD = f"""INSERT INTO parking_lots ({_ALL}) SELECT {_ALL} FROM pg_temp.parking_incoming i
WHERE NOT EXISTS (SELECT 1 FROM parking_lots l WHERE {_SAME})"""
_GO = """UPDATE parking_lots l SET gone_at = %(now)s, updated_at = %(now)s
WHERE l.city_id = %(city)s AND l.source = %(source)s AND l.gone_at IS NULL
AND (l.uid = ANY(%(gone)s::text[]) OR (
    EXISTS (SELECT 1 FROM unnest(%(providers)s::text[], %(dates)s::date[]) AS p(provider, day)
        WHERE p.provider = l.provider AND (l.data_date IS NULL OR l.data_date <= p.day))
    AND NOT EXISTS (SELECT 1 FROM pg_temp.parking_incoming i WHERE i.uid = l.uid)))"""
