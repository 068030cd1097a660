"""What a filing goes by and what hardly changes: rules, towns, days off; kept in the process while the store agrees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from weakref import WeakKeyDictionary

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.clock import days_off_of
from civic.routing.service import Rule, Town, list_rules, towns_of
from core.db import Database, Driver, store_of

Marker = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """`rules`: the active ones in order. `days_off`: those declared in the store. `guarded`: departments of whoever
    has a capacity, so that filings of all others need no lock."""

    rules: Sequence[Rule]
    towns: Sequence[Town]
    days_off: Mapping[date, str]
    guarded: frozenset[str | None]


# A row's place and the transaction that wrote it name one version of the row: whatever changes, by whom and how ever,
# the marker changes with it. It is asked for in the filing's own transaction, so a change counts at the next filing.
_MARKER = """
SELECT (SELECT string_agg(ctid::text || xmin::text, '') FROM routing_rules WHERE city_id = %(city)s),
       (SELECT string_agg(ctid::text || xmin::text, '') FROM areas WHERE city_id = %(city)s),
       (SELECT string_agg(ctid::text || xmin::text, '') FROM days_off WHERE city_id = %(city)s),
       (SELECT array_agg(DISTINCT s.department_id) FROM staff_capacity c JOIN staff s ON s.id = c.staff_id
        WHERE c.city_id = %(city)s)
"""
_KEPT: WeakKeyDictionary[Database, dict[str, tuple[Marker, Standing]]] = WeakKeyDictionary()


async def standing(tx: AsyncConnection, connection: Driver, city_id: str) -> Standing:
    """As it stands now: one short statement, and the reading of it all only after a change."""
    row = await (await connection.execute(_MARKER, {"city": city_id}, prepare=True)).fetchone()
    assert row is not None
    marker, guarded = row[:3], frozenset(row[3] or ())
    cities = _KEPT.setdefault(store_of(tx), {})
    kept = cities.get(city_id)
    if kept is not None and kept[0] == marker and kept[1].guarded == guarded:
        return kept[1]
    # Read after the marker: at worst newer than it says, and then the next filing reads again.
    made = Standing(
        rules=tuple(await list_rules(tx, city_id, only_active=True)),
        towns=await towns_of(tx, city_id),
        days_off=await days_off_of(tx, city_id, {}),
        guarded=guarded,
    )
    cities[city_id] = (marker, made)
    return made
