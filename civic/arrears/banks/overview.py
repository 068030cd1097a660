"""How each bank stands, and what waits for it: figures and times, nobody's names or accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.banks.tables import arrears_bank_requests as requests_table
from civic.arrears.banks.tables import arrears_bank_ways as ways_table
from core.arrears_seizure_rules import Banks

State = Literal["ok", "failing", "resting", "unused", "no_gateway"]
"""unused: nothing was asked yet. no_gateway: no gateway of config.yml leads there, so its requests wait."""


@dataclass(frozen=True, slots=True)
class BankStanding:
    """One bank. `waiting`, `pending`, `dead`: requests, by their state. `oldest_at`: of those that wait."""

    bank: str
    name: str
    gateway: str
    state: State
    failure: str
    poll_failure: str
    last_ok_at: datetime | None
    resting_until: datetime | None
    waiting: int
    pending: int
    dead: int
    unknown: int
    oldest_at: datetime | None


async def standings(tx: AsyncConnection, city_id: str, rules: Banks, now: datetime) -> list[BankStanding]:
    """Every bank of config.yml, and every other that something was asked of, by code."""
    ways = {(row.gateway, row.bank): dict(row._mapping) for row in await tx.execute(_ways(city_id))}
    queues: dict[str, dict[str, Any]] = {}
    for row in await tx.execute(_queues(city_id)):
        queue = queues.setdefault(row.bank, {"unknown": 0, "oldest_at": None})
        queue[row.state] = row.count
        queue["unknown"] += row.unknown
        if row.state == "waiting":
            queue["oldest_at"] = row.oldest_at
    found = []
    for code in sorted(rules.banks.keys() | queues.keys()):
        bank = rules.banks.get(code)
        gateway = bank.gateway if bank else ""
        is_open = rules.gateways.get(gateway, {}).get("enabled") is True
        way: Mapping[str, Any] = ways.get((gateway, code), {})
        queue = queues.get(code, {})
        found.append(
            BankStanding(
                bank=code,
                name=bank.name if bank else code,
                gateway=gateway,
                state=_state(way, is_open=is_open, now=now),
                failure=way.get("failure", ""),
                poll_failure=way.get("poll_failure", ""),
                last_ok_at=way.get("last_ok_at"),
                resting_until=way.get("resting_until"),
                waiting=queue.get("waiting", 0),
                pending=queue.get("pending", 0),
                dead=queue.get("dead", 0),
                unknown=queue.get("unknown", 0),
                oldest_at=queue.get("oldest_at"),
            )
        )
    return found


def _state(way: Mapping[str, Any], *, is_open: bool, now: datetime) -> State:
    if not is_open:
        return "no_gateway"
    if not way:
        return "unused"
    if way["resting_until"] is not None and way["resting_until"] > now:
        return "resting"
    return "failing" if way["failures"] or way["poll_failure"] else "ok"


def _ways(city_id: str) -> Any:
    return select(ways_table).where(ways_table.c.city_id == city_id)


def _queues(city_id: str) -> Any:
    table = requests_table.c
    return (
        select(
            table.bank,
            table.state,
            func.count().label("count"),
            func.count().filter(table.is_unknown).label("unknown"),
            func.min(table.created_at).label("oldest_at"),
        )
        .where(table.city_id == city_id, table.state != "answered")
        .group_by(table.bank, table.state)
    )
