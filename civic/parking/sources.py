"""What a pull or push of lots and numbers comes to in the store; how the sources themselves are is in civic/sources."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.accounts import of_lots, of_numbers
from civic.parking.importing import ImportReport, import_pulled
from civic.parking.quarantine import owners
from civic.parking.realtime import Taken, take_realtime
from civic.sources import book as sources
from civic.sources.book import Book
from core.contracts.parking import Pulled
from core.parking_rules import Parking


@dataclass(frozen=True, slots=True)
class Stored:
    """What a pull or push came to in the store. `lots` None: it was not about lots."""

    lots: ImportReport | None
    numbers: Taken


def book_of(city_id: str, rules: Parking) -> Book:
    """The book of the city's sources of parking."""
    return Book("parking", city_id, rules.asking, owners(rules))


async def take_pulled(
    tx: AsyncConnection, city_id: str, name: str, pulled: Pulled, now: datetime, rules: Parking
) -> Stored:
    """Store what a pull or push brought, lots before numbers, and its account in the source's row (which exists)."""
    lots = await import_pulled(tx, city_id, name, pulled, now)
    numbers = await take_realtime(tx, city_id, name, pulled.realtime, now, rules) if pulled.realtime else Taken()
    told: dict[str, Any] = {}
    if lots is not None:
        told = {"report": of_lots(lots, now), "last_static_at": now}
    if pulled.realtime or pulled.realtime_report is not None:
        told["realtime_report"] = of_numbers(pulled, asdict(numbers), now)
    await sources.report(tx, book_of(city_id, rules), name, told)
    return Stored(lots, numbers)


async def pushed(
    tx: AsyncConnection, city_id: str, name: str, vendor: str, pulled: Pulled, now: datetime, rules: Parking
) -> Stored:
    """A push, whose caller and size were checked: stored like a pull. Call `civic.sources.book.is_off` before."""
    book = book_of(city_id, rules)
    vendors: Mapping[str, str] = {name: vendor}
    await sources.enrol(tx, book, vendors, now)
    stored = await take_pulled(tx, city_id, name, pulled, now, rules)
    await sources.arrived(tx, book, name, now)
    return stored
