"""The book of downloads, for whoever checks them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.city.tables import categories, departments
from civic.exports.columns import Names
from civic.exports.files import Format
from civic.exports.tables import exports
from civic.staff.tables import staff
from core.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One file. `filters` without what was searched for by name, number or words; `sha256` of the file's bytes."""

    city_id: str
    staff_id: UUID
    at: datetime
    format: Format
    reason: str
    filters: Mapping[str, Any]
    columns: Sequence[str]
    rows: int
    size: int
    sha256: str
    source_ip: str


async def note(tx: AsyncConnection, export: Export) -> UUID:
    """Written before the file leaves the house; its id."""
    export_id = new_id()
    values = {name: getattr(export, name) for name in Export.__dataclass_fields__}
    await tx.execute(insert(exports).values(values | {"id": export_id, "columns": list(export.columns)}))
    return export_id


def list_exports(city_id: str) -> Select[Any]:
    """For `api.paging.page` over `at`, with the login of who took it."""
    return (
        select(exports, staff.c.login)
        .join(staff, staff.c.id == exports.c.staff_id, isouter=True)
        .where(exports.c.city_id == city_id)
    )


async def names_of(tx: AsyncConnection, city_id: str) -> Names:
    """A city has dozens of departments and some hundred members: read once a file."""

    async def pairs(key: Any, name: Any, city: Any) -> dict[str, str]:
        found = await tx.execute(select(key, name).where(city == city_id))
        return {str(row[0]): row[1] for row in found}

    return Names(
        await pairs(departments.c.id, departments.c.name_ko, departments.c.city_id),
        await pairs(categories.c.id, categories.c.name_ko, categories.c.city_id),
        await pairs(staff.c.id, staff.c.name, staff.c.city_id),
    )
