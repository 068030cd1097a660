"""Opens the city book from the store, and a new one when the data behind it changed."""

from typing import Any

from sqlalchemy import RowMapping, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.city.book import Category, CityBook, Department, Place
from civic.city.tables import areas, categories, departments, loads, places
from civic.parking.service import placed_names
from core.contracts.understanding import NamedPlace

# Lots of other cities may be in the store; the gazetteer needs those that a citizen here may name.
_MARGIN_DEGREES = 0.05


async def open_book(tx: AsyncConnection, city_id: str) -> CityBook:
    """A snapshot of what `load` stored, with the names of the city's parking lots."""
    digest = await _digest(tx, city_id)
    found_areas = tuple(_area(row) for row in await _rows(tx, areas, city_id))
    return CityBook(
        city_id=city_id,
        digest=digest,
        areas=found_areas,
        places=tuple(_place(row) for row in await _rows(tx, places, city_id)),
        departments=tuple(_department(row) for row in await _rows(tx, departments, city_id)),
        categories=tuple(_category(row) for row in await _rows(tx, categories, city_id, order="position")),
        lots=tuple(await _lots(tx, city_id, found_areas)),
    )


async def refreshed(tx: AsyncConnection, book: CityBook) -> CityBook:
    """The same book while its data folder's digest is the stored one, else a new one."""
    return book if await _digest(tx, book.city_id) == book.digest else await open_book(tx, book.city_id)


async def _digest(tx: AsyncConnection, city_id: str) -> str:
    return str(await tx.scalar(select(loads.c.digest).where(loads.c.city_id == city_id)) or "")


async def _rows(tx: AsyncConnection, table: Table, city_id: str, order: str = "id") -> list[RowMapping]:
    query = select(table).where(table.c.city_id == city_id).order_by(table.c[order])
    return list((await tx.execute(query)).mappings())


def _area(row: RowMapping) -> Place:
    return Place(row["id"], row["name_ko"], row["name_en"], row["kind"], row["lat"], row["lon"])


def _place(row: RowMapping) -> Place:
    return Place(**{**_own(row), "aliases": tuple(row["aliases"])})


def _department(row: RowMapping) -> Department:
    return Department(**{**_own(row), "keywords": tuple(row["keywords"])})


def _category(row: RowMapping) -> Category:
    kept = {name: value for name, value in _own(row).items() if name != "position"}
    return Category(**{**kept, "keywords": tuple(row["keywords"])})


def _own(row: RowMapping) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "city_id"}


async def _lots(tx: AsyncConnection, city_id: str, within: tuple[Place, ...]) -> list[NamedPlace]:
    if not within:
        return []
    low_lat, high_lat = min(a.lat for a in within) - _MARGIN_DEGREES, max(a.lat for a in within) + _MARGIN_DEGREES
    low_lon, high_lon = min(a.lon for a in within) - _MARGIN_DEGREES, max(a.lon for a in within) + _MARGIN_DEGREES
    return [
        NamedPlace(_spoken(name), "parking_lot", lat, lon)
        for name, lat, lon in await placed_names(tx, city_id)
        if low_lat <= lat <= high_lat and low_lon <= lon <= high_lon
    ]


def _spoken(name: str) -> str:
    """`구래1` alone would be heard in every other word; people say 구래1 주차장."""
    return name if any(word in name for word in ("주차", "노상", "노외")) else f"{name} 주차장"
