"""Puts the city's data folder into the store, once for each state of the folder."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.city import rows
from civic.city.tables import areas, categories, departments, loads, places
from core.errors import ConfigError

_TABLES = {"areas": areas, "departments": departments, "places": places, "categories": categories}
_FORM = b"1"  # raise it when the same files must be stored differently
_LOCK = 0x43495459  # "CITY": processes that start together load one after the other


@dataclass(frozen=True, slots=True)
class LoadReport:
    """`is_changed` False: the store already held exactly this folder. `rows`: file name to number of rows."""

    is_changed: bool
    digest: str
    loaded_at: datetime
    rows: dict[str, int] = field(default_factory=dict)


async def load(tx: AsyncConnection, city_id: str, folder: Path, now: datetime) -> LoadReport:
    """Replace the city's areas, departments, places and categories when the folder's files changed.

    Raises ConfigError naming file, line, column and expectation; nothing is written then.
    """
    read = {name: rows.read(folder, name) for name in _TABLES}
    _check_departments(folder, read)
    counts = {name: len(found) for name, found in read.items()}
    digest = _digest(folder)
    await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    stored = await tx.scalar(select(loads.c.digest).where(loads.c.city_id == city_id))
    if stored == digest:
        return LoadReport(False, digest, now, counts)
    read["categories"] = [_category(position, row) for position, row in enumerate(read["categories"])]
    for name, table in _TABLES.items():
        await tx.execute(delete(table).where(table.c.city_id == city_id))
        await tx.execute(insert(table), [{"city_id": city_id, **row} for row in read[name]])
    kept = upsert(loads).values(city_id=city_id, digest=digest)
    await tx.execute(kept.on_conflict_do_update(index_elements=[loads.c.city_id], set_={"digest": digest}))
    return LoadReport(True, digest, now, counts)


def _category(position: int, row: dict[str, Any]) -> dict[str, Any]:
    deadline = {
        "kind": row["deadline_kind"],
        "amount": row["deadline_amount"],
        "article": row["deadline_article"],
        "certainty": row["deadline_certainty"],
    }
    kept = {name: value for name, value in row.items() if not name.startswith("deadline_")}
    return {**kept, "deadline": deadline, "position": position}


def _check_departments(folder: Path, read: dict[str, list[dict[str, Any]]]) -> None:
    known = {row["id"] for row in read["departments"]}
    for line, row in enumerate(read["categories"], start=2):
        if (wanted := row["department_id"]) not in known:
            raise ConfigError(
                f"categories.csv {line}번째 줄 'department_id' 열: departments.csv에 없는 부서입니다: {wanted}",
                f"{folder.name}/categories.csv:{line}: department_id: not in departments.csv: {wanted}",
            )


def _digest(folder: Path) -> str:
    """Of every table in the folder, the lots' too: whoever calls `load` reads them again when it changed."""
    sum_ = hashlib.sha256(_FORM)
    for path in sorted(folder.glob("*.csv")):
        sum_.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return sum_.hexdigest()
