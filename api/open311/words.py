"""The sentences of the Open311 answers, Korean or English by Accept-Language, and the names of services."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from api.problems import prefers_english
from civic.city.tables import areas, categories, departments

LANGUAGE = {"Vary": "Accept-Language"}


def lang_of(request: Request) -> str:
    return "en" if prefers_english(request.headers.get("accept-language", "")) else "ko"


def say(lang: str, key: str, **values: str) -> str:
    return _texts(lang)[key].format(**values)


@cache
def _texts(lang: str) -> dict[str, str]:
    found: dict[str, str] = yaml.safe_load((Path(__file__).parent / f"texts.{lang}.yml").read_text("utf-8"))
    return found


class Names:
    """The city's categories, departments and areas in one language; an unknown id is its own name."""

    def __init__(self, lang: str, services: list[RowMapping], units: dict[str, str], places: dict[str, str]) -> None:
        self.lang = lang
        self.services = services
        self._services = {row["id"]: str(row[f"name_{lang}"]) for row in services}
        self._units = units
        self._places = places

    @classmethod
    async def read(cls, tx: AsyncConnection, city_id: str, lang: str) -> "Names":
        found = await tx.execute(
            select(categories).where(categories.c.city_id == city_id).order_by(categories.c.position, categories.c.id)
        )
        units, places = [await _names(tx, table, city_id, lang) for table in (departments, areas)]
        return cls(lang, list(found.mappings()), units, places)

    def service(self, code: str) -> str:
        return self._services.get(code, code)

    def department(self, id: str) -> str:
        return self._units.get(id, id)

    def area(self, id: str | None) -> str | None:
        return self._places.get(id, None) if id else None


async def _names(tx: AsyncConnection, table: Any, city_id: str, lang: str) -> dict[str, str]:
    name = table.c[f"name_{lang}"]
    found = await tx.execute(select(table.c.id, name).where(table.c.city_id == city_id))
    return {row[0]: row[1] for row in found}
