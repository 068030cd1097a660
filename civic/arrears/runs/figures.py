"""A run in figures: who by which way, what became of the messages, what it costs and what all by post would have."""

from collections.abc import Mapping
from typing import Any

from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.runs.ways import price, priced
from civic.arrears.runs.writing import Run
from core.arrears_notice_rules import Runs
from core.arrears_rules import Arrears
from core.clock import SEOUL
from core.db import Driver, driver

PAID_FOR = ("sent", "delivered", "read", "unknown")
"""States of a message that a provider bills: taken by it, whatever it told us later. A failed 알림톡 costs nothing."""

_LEDGER = """
SELECT state, way, first_way, reason, count(*)::int AS people, sum(amount_krw)::bigint AS amount_krw,
    count(letter_id)::int AS letters
FROM arrears_run_recipients WHERE run_id = %(run)s GROUP BY 1, 2, 3, 4
"""

_MESSAGES = """
WITH RECURSIVE mine AS (
    SELECT COALESCE(r.message_id, r.id) AS id FROM arrears_run_recipients r WHERE r.run_id = %(run)s
    UNION
    SELECT o.follows_id FROM mine m JOIN outbound o ON o.id = m.id WHERE o.follows_id IS NOT NULL
)
SELECT o.way, o.status, (o.created_at AT TIME ZONE 'Asia/Seoul')::date AS on, count(*)::int AS messages
FROM mine m JOIN outbound o ON o.id = m.id GROUP BY 1, 2, 3
"""
"""Every message of the run, with those that came before a next way."""


async def figures(tx: AsyncConnection, run: Run, rules: Arrears) -> dict[str, Any]:
    """Plain JSON: counts by state, first way and reason; messages by way and state, by day; costs in won.

    `planned_krw`: by the ways chosen when it was prepared. `costs_krw`: of what was sent and listed so far.
    `all_by_post_krw`: had every recipient got a registered letter. `saved_krw`: that less the costs so far, of those
    who were told.
    """
    connection = await driver(tx)
    ledger = await _rows(connection, _LEDGER, run)
    messages = await _rows(connection, _MESSAGES, run)
    on = (run["approved_at"] or run["prepared_at"] or run["created_at"]).astimezone(SEOUL).date()
    chosen = [row for row in ledger if row["first_way"]]
    people = sum(row["people"] for row in chosen)
    is_written = run["level"] in rules.runs.written
    letter = price(rules.runs, "letter", on)
    sent = _sent(messages)
    letters = sum(row["letters"] for row in ledger)
    costs = sum(price(rules.runs, way, day) * count for (way, day), count in sent.items()) + letters * letter
    told = sum(row["people"] for row in ledger if row["state"] in ("queued", "letter", "done"))
    started = run["approved_at"] is not None
    return {
        "recipients": people,
        "amount_krw": int(sum(row["amount_krw"] or 0 for row in chosen)),
        "by_way": _sums(chosen, "first_way"),
        "by_state": _sums(ledger, "state"),
        "excluded": _sums([row for row in ledger if row["state"] == "excluded"], "reason"),
        "by_letter": _sums([row for row in ledger if row["way"] == "letter"], "reason"),
        "stopped": _sums([row for row in ledger if row["state"] == "stopped"], "reason"),
        "receipts": _receipts(messages),
        "days": _days(messages),
        "letters": letters,
        "planned_krw": _planned(chosen, rules.runs, on, is_written=is_written),
        "costs_krw": costs,
        "all_by_post_krw": people * letter,
        "saved_krw": (told * letter - costs if started else 0),
        "prices": _prices(rules.runs, on),
    }


async def _rows(connection: Driver, statement: str, run: Run) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        return await (await cursor.execute(statement, {"run": run["id"]})).fetchall()


def _sums(rows: list[dict[str, Any]], name: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row[name]] = found.get(row[name], 0) + row["people"]
    return dict(sorted(found.items()))


def _planned(chosen: list[dict[str, Any]], rules: Runs, on: Any, *, is_written: bool) -> int:
    by_message: int = sum(price(rules, row["first_way"], on) * row["people"] for row in chosen)
    beside = sum(row["people"] for row in chosen if row["first_way"] != "letter") if is_written else 0
    return by_message + price(rules, "letter", on) * int(beside)


def _sent(messages: list[dict[str, Any]]) -> Mapping[tuple[str, Any], int]:
    found: dict[tuple[str, Any], int] = {}
    for row in messages:
        if row["status"] in PAID_FOR:
            key = (row["way"] or "", row["on"])
            found[key] = found.get(key, 0) + row["messages"]
    return found


def _receipts(messages: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Way to delivery state to messages."""
    found: dict[str, dict[str, int]] = {}
    for row in messages:
        states = found.setdefault(row["way"] or "", {})
        states[row["status"]] = states.get(row["status"], 0) + row["messages"]
    return found


def _days(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[Any, dict[str, int]] = {}
    for row in messages:
        of_day = found.setdefault(row["on"], {})
        of_day[row["status"]] = of_day.get(row["status"], 0) + row["messages"]
    return [{"on": day.isoformat(), "messages": states} for day, states in sorted(found.items())]


def _prices(rules: Runs, on: Any) -> list[dict[str, Any]]:
    found = [(way, priced(rules.prices, way, on)) for way in ("alimtalk", "sms", "lms", "letter")]
    return [{"way": way, "krw": row.krw, "source": row.source, "certainty": row.certainty} for way, row in found if row]
