"""Receipt numbers: GP-2026-000123 for a 민원, T-2026-000123 for a 제보, without gaps within a city's year."""

import re
import unicodedata
from datetime import datetime
from typing import Literal

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.tables import receipt_numbers
from core.clock import SEOUL

INQUIRY_PREFIX = "T"
_NUMBER = re.compile(r"([A-Z]{1,4})[\s\-_]*(\d{4})[\s\-_]*(\d{1,9})(?:-(\d{1,2}))?")


async def next_number(
    tx: AsyncConnection, city_id: str, series: Literal["case", "inquiry"], prefix: str, now: datetime
) -> str:
    """The next number of the Korean year of `now`.

    The counter's row stays locked until the transaction ends, so a rolled-back case leaves no hole.
    """
    year = now.astimezone(SEOUL).year
    statement = insert(receipt_numbers).values(city_id=city_id, series=series, year=year, last=1)
    taken = await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["city_id", "series", "year"], set_={"last": receipt_numbers.c.last + 1}
        ).returning(receipt_numbers.c.last)
    )
    return f"{prefix}-{year}-{taken.scalar_one():06d}"


NEXT = """INSERT INTO receipt_numbers (city_id, series, year, last) VALUES (%(city)s, 'case', %(year)s::int, 1)
ON CONFLICT (city_id, series, year) DO UPDATE SET last = receipt_numbers.last + 1 RETURNING last"""
"""`next_number` within the statement that files a case (filed.py); `WRITTEN` is the number as it then stands."""
WRITTEN = "%(prefix)s::text || '-' || %(year)s::text || '-' || lpad(last::text, greatest(6, length(last::text)), '0')"


def read_number(text: str) -> str | None:
    """The receipt number as it is stored, from what a person typed (`gp 2026 123`, full-width digits), else None.

    `-2` at the end is the second part of a split case.
    """
    match = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip().upper())
    if match is None:
        return None
    part = f"-{int(match[4])}" if match[4] else ""
    return f"{match[1]}-{match[2]}-{int(match[3]):06d}{part}"
