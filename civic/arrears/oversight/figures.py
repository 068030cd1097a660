"""The arrears in figures: what is owed, what came in by which way, what it cost, how long each stage took.

What was before, and what another city reported, stand beside (settings, each with its source) and are never added in.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.oversight import days
from civic.arrears.oversight import figures_sql as sql
from civic.arrears.runs.figures import PAID_FOR
from civic.arrears.runs.ways import price
from core.arrears_desk_rules import Known
from core.arrears_rules import Arrears
from core.db import driver


async def figures(tx: AsyncConnection, city_id: str, first: date, last: date, rules: Arrears) -> dict[str, Any]:
    """Plain JSON over the Korean days `first` to `last`, both in it. Won are whole; days and minutes have fractions.

    `arrears`: of the newest day kept (`on`), null before the first. `per_million_krw`: cost of a million collected,
    null where nothing was.
    """
    given = {"city": city_id, "first": first, "last": last, "target": rules.seizure.release_minutes}
    paid = await _rows(tx, sql.COLLECTED, given)
    messages = await _rows(tx, sql.MESSAGES, given)
    letters = await _rows(tx, sql.LETTERS, given)
    costs = await _rows(tx, sql.COSTS, given)
    seized = await _rows(tx, sql.SEIZED, given)
    stages = {row.pop("stage"): row for row in await _rows(tx, sql.STAGES, given)}
    (release,) = await _rows(tx, sql.RELEASES, given)
    saved = _saved(await _rows(tx, sql.REACHED, given), rules)
    standing = await days.kept(tx, city_id, last)
    message_krw = sum(price(rules.runs, row["way"], row["on"]) * row["n"] for row in _billed(messages))
    letter_krw = sum(price(rules.runs, "letter", row["on"]) * row["n"] for row in letters)
    process_krw = sum(int(row["krw"]) for row in costs)
    collected = sum(int(row["krw"]) for row in paid)
    spent = message_krw + letter_krw + process_krw
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "arrears": {"on": standing[0].isoformat(), **standing[1]} if standing else None,
        "collected": {"krw": collected, "payments": sum(row["payments"] for row in paid), "by_way": _by_way(paid)},
        "cost": {
            "krw": spent,
            "messages_krw": message_krw,
            "letters_krw": letter_krw,
            "process_krw": process_krw,
            "per_million_krw": round(spent * 1_000_000 / collected) if collected else None,
        },
        "messages": _receipts(messages),
        "letters": {"printed": sum(row["n"] for row in letters), "by_kind": _sums(letters, "kind")},
        "postage_saved": saved,
        "stages": stages,
        "release": {**release, "target_minutes": rules.seizure.release_minutes},
        "compared": _compared(stages, saved, rules),
        "by_month": _months(
            paid, costs, seized, messages, letters, await days.month_ends(tx, city_id, first, last), rules
        ),
    }


async def _rows(tx: AsyncConnection, statement: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    connection = await driver(tx)
    async with connection.cursor(row_factory=dict_row) as cursor:
        return await (await cursor.execute(statement, given)).fetchall()


def _billed(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a provider bills: taken by it. A message in a messenger without a price costs nothing."""
    return [row for row in messages if row["status"] in PAID_FOR and row["way"] in ("alimtalk", "sms", "lms")]


def _by_way(paid: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in paid:
        found[row["way"]][0] += row["payments"]
        found[row["way"]][1] += int(row["krw"])
    return [{"way": way, "payments": found[way][0], "krw": found[way][1]} for way in sorted(found)]


def _receipts(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By way: how many, and in which state of receipt."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in messages:
        found[row["way"]][row["status"]] += row["n"]
    return [
        {"way": way, "messages": sum(states.values()), "by_status": dict(sorted(states.items()))}
        for way, states in sorted(found.items())
    ]


def _sums(rows: list[dict[str, Any]], name: str) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for row in rows:
        found[row[name]] += row["n"]
    return dict(sorted(found.items()))


def _saved(reached: list[dict[str, Any]], rules: Arrears) -> dict[str, int]:
    """Levels that always go by post save nothing."""
    counted = [row for row in reached if row["level"] not in rules.runs.written]
    krw = sum(price(rules.runs, "letter", row["on"]) * row["n"] for row in counted)
    return {"people": sum(row["n"] for row in counted), "krw": krw}


def _compared(stages: Mapping[str, Mapping[str, Any]], saved: Mapping[str, int], rules: Arrears) -> dict[str, Any]:
    """Ours as measured; what the city itself told of before; what another city reported: three lists, each apart."""
    seized = stages["drafted_to_seized"]
    measured = [
        {"measure": "seizure_days", "value": seized["median"], "n": seized["n"], "unit": "days"},
        {"measure": "postage_saved", "value": saved["krw"], "n": saved["people"], "unit": "krw"},
    ]
    return {"measured": measured, "before": _known(rules.oversight.before), "seed": _known(rules.oversight.seed)}


def _known(rows: list[Known]) -> list[dict[str, Any]]:
    return [row.model_dump() for row in rows]


def _months(
    paid: list[dict[str, Any]],
    costs: list[dict[str, Any]],
    seized: list[dict[str, Any]],
    messages: list[dict[str, Any]],
    letters: list[dict[str, Any]],
    standing: Mapping[str, int],
    rules: Arrears,
) -> list[dict[str, Any]]:
    """Months in which anything happened, in their order. `arrears_krw`: at the last day kept, null where none was."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in paid:
        found[row["month"]]["collected_krw"] += int(row["krw"])
    for row in costs:
        found[row["month"]]["cost_krw"] += int(row["krw"])
    for row in seized:
        found[row["month"]]["seizures"] += row["n"]
        found[row["month"]]["held_krw"] += int(row["held_krw"])
    for row in _billed(messages):
        month = found[f"{row['on']:%Y-%m}"]
        month["messages"] += row["n"]
        month["cost_krw"] += price(rules.runs, row["way"], row["on"]) * row["n"]
    for row in letters:
        month = found[f"{row['on']:%Y-%m}"]
        month["letters"] += row["n"]
        month["cost_krw"] += price(rules.runs, "letter", row["on"]) * row["n"]
    names = ("collected_krw", "cost_krw", "messages", "letters", "seizures", "held_krw")
    return [
        {"month": month, **{name: found[month][name] for name in names}, "arrears_krw": standing.get(month)}
        for month in sorted({*found, *standing})
    ]
