"""The words in use and how often, so that a slip of the keyboard finds the word that was meant."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rapidfuzz.distance import OSA
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.tables import search_terms
from core.korean import keystrokes

_NEAREST = 3
_RARE = 3
"""A word in fewer cases may itself be a slip."""
_TIMES = 20
"""How much more often a neighbour must stand there than a rare word to be meant in its place."""


@dataclass(frozen=True, slots=True)
class Near:
    """A word that may have been meant. `slips`: keys struck wrongly, left out, doubled or swapped."""

    term: str
    slips: int
    cases: int


async def counts(tx: AsyncConnection, city_id: str, terms: Iterable[str]) -> dict[str, int]:
    """In how many cases each of the terms stands; a term that nobody used is not in the answer."""
    wanted = sorted(set(terms))
    if not wanted:
        return {}
    found = await tx.execute(
        select(search_terms.c.term, search_terms.c.cases).where(
            search_terms.c.city_id == city_id, search_terms.c.term.in_(wanted)
        )
    )
    return {row.term: row.cases for row in found}


async def nearest(tx: AsyncConnection, city_id: str, written: str, known: int = 0) -> list[Near]:
    """What `written` (in `known` cases) may have been meant for, the fewest slips first, then the most used."""
    keys = keystrokes(written).lower()
    allowed = _allowed(keys)
    if known >= _RARE or not allowed:
        return []
    await tx.execute(text("SELECT set_config('pg_trgm.similarity_threshold', '0.25', true)"))
    found = await tx.execute(_ALIKE, {"city": city_id, "keys": keys, "low": len(keys) - allowed, "most": max(known, 1)})
    near = [
        Near(row.term, slips, row.cases)
        for row in found
        if row.term != written
        and (slips := OSA.distance(keys, row.keys, score_cutoff=allowed)) <= allowed
        and row.cases >= known * _TIMES
    ]
    near.sort(key=lambda one: (one.slips, -one.cases))
    return [one for one in near if one.slips == near[0].slips or one.cases > near[0].cases][:_NEAREST]


def _allowed(keys: str) -> int:
    """One slip in a word of two syllables, two in a longer one; short words have too many neighbours."""
    return 0 if len(keys) < 4 else 1 if len(keys) < 7 else 2


_ALIKE = text(
    """SELECT term, keys, cases FROM search_terms
    WHERE city_id = :city AND keys % :keys AND cases >= :most AND length(keys) BETWEEN :low AND :low + 4
    ORDER BY similarity(keys, :keys) DESC, cases DESC LIMIT 50"""
)


async def learn(tx: AsyncConnection, city_id: str, since: datetime | None = None) -> int:
    """Count the words again: of all cases, or, with `since`, take in what cases received after it brought.

    Counts of the second kind are too low until the next whole count: they only order proposals. Gives the number
    of words seen.
    """
    if since is None:
        await tx.execute(text("DELETE FROM search_terms WHERE city_id = :city"), {"city": city_id})
    rows = f"SELECT terms FROM case_terms WHERE city_id = {_literal(city_id)}"  # noqa: S608 - ts_stat takes a text
    rows += "" if since is None else f" AND received_at >= {_literal(since.isoformat())}"
    counted = await tx.execute(text("SELECT word, ndoc FROM ts_stat(:rows)"), {"rows": rows})
    found = [(word, cases) for word, cases in counted]
    for first in range(0, len(found), 5000):
        part = sorted(found[first : first + 5000])
        await tx.execute(
            _LEARN,
            {
                "city": city_id,
                "terms": [word for word, _ in part],
                "keys": [keystrokes(word).lower() for word, _ in part],
                "cases": [cases for _, cases in part],
            },
        )
    return len(found)


_LEARN = text(
    """INSERT INTO search_terms AS t (city_id, term, keys, cases)
    SELECT :city, * FROM unnest(CAST(:terms AS text[]), CAST(:keys AS text[]), CAST(:cases AS int[]))
    ON CONFLICT (city_id, term) DO UPDATE SET cases = EXCLUDED.cases WHERE t.cases < EXCLUDED.cases"""
)


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
