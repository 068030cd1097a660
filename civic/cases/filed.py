"""A new case in one statement: its number, row, words, history, audit and hints, so that the number is held shortly."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson

from civic.cases import live
from civic.cases.duplicates import CROWD
from civic.cases.history import audit_row
from civic.cases.receipt import NEXT, WRITTEN
from civic.webhooks.service import enqueue
from core.bus import CHANNEL
from core.clock import SEOUL
from core.db import Driver

Row = Mapping[str, Any]


async def write(
    connection: Driver, prefix: str, case: Row, terms: Row, events: Sequence[Row], *, crowd: Mapping[str, Any]
) -> tuple[str, int]:
    """Write them all, queue what outside systems want of it, and count the crowd that stands around it then.

    Gives the receipt number and the crowd. The rows hold columns of their tables; the rest stays the tables' default.
    """
    now, city_id = case["received_at"], case["city_id"]
    audit = [audit_row(one) for one in events]
    given = {
        "city": city_id,
        "year": now.astimezone(SEOUL).year,
        "prefix": prefix,
        "case": _json(case),
        "terms": _json(terms),
        "events": _json(events),
        "audit": _json(audit),
        "channel": CHANNEL,
        "hints": _json([live.message(city_id, one["case_id"], one["kind"]) for one in events]),
    }
    statement = _statement(tuple(case), tuple(terms), tuple(events[0]), tuple(audit[0]))
    async with connection.pipeline():
        written = await connection.execute(statement, given, prepare=True)
        await enqueue(connection, city_id, [one["id"] for one in events], now)
        # A statement of its own: it sees who filed while this one waited for its number.
        counted = await connection.execute(CROWD, crowd, prepare=True)
    number, people = await written.fetchone(), await counted.fetchone()
    assert number is not None and people is not None
    return number[0], int(people[0])


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


@cache
def _statement(case: tuple[str, ...], terms: tuple[str, ...], events: tuple[str, ...], audit: tuple[str, ...]) -> str:
    """Rows go as JSON and come out typed by their tables, so the statement has one shape whatever is empty."""
    # Names of our own tables and columns; what a citizen wrote goes as parameters.
    return f"""
WITH number AS ({NEXT}),
made AS (
  INSERT INTO cases ({_list(case)}, receipt_no) SELECT {_list(case, "r.")}, {WRITTEN}
  FROM number, json_populate_record(NULL::cases, %(case)s::json) r RETURNING receipt_no),
words AS ({_insert("case_terms", terms, "record", "terms")}),
lines AS ({_insert("case_events", events, "recordset", "events")}),
audited AS ({_insert("audit_log", audit, "recordset", "audit")})
SELECT receipt_no,
  (SELECT count(pg_notify(%(channel)s::text, hint)) FROM json_array_elements_text(%(hints)s::json) hint) FROM made
"""  # noqa: S608


def _insert(table: str, columns: tuple[str, ...], of: str, name: str) -> str:
    read = f"json_populate_{of}(NULL::{table}, %({name})s::json) r"
    return f"INSERT INTO {table} ({_list(columns)}) SELECT {_list(columns, 'r.')} FROM {read}"  # noqa: S608


def _list(columns: tuple[str, ...], row: str = "") -> str:
    return ", ".join(f'{row}"{one}"' for one in columns)
