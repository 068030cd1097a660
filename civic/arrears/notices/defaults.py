"""The words that ship with the house: entered as drafts, so that a second officer stands for them, too."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.notices.words import Template, Written, templates_of, write

LANGS = ("ko", "en")


@cache
def shipped() -> tuple[Written, ...]:
    """Every level's words for every kind of channel, in both languages."""
    read = yaml.safe_load((Path(__file__).parent / "defaults.yml").read_text("utf-8"))
    return tuple(
        _written(level, kind, lang, kinds)
        for level, kinds in read.items()
        for kind, one in kinds.items()
        for lang in LANGS
        if lang in one or "same_as" in one
    )


def _written(level: str, kind: Any, lang: Any, kinds: dict[str, Any]) -> Written:
    one = kinds[kind]
    body = kinds[one["same_as"]][lang] if "same_as" in one else one[lang]
    if kind != "alimtalk":
        body = body.replace("▶ ", "- ")
    return Written(level, kind, lang, body, one.get(f"subject_{lang}", ""), one.get("key", ""))


async def enter(tx: AsyncConnection, city_id: str, by: UUID, now: datetime) -> list[Template]:
    """Drafts of those for which the city has no words yet; what was entered."""
    known = {(row.level, row.kind, row.lang) for row in await tx.execute(templates_of(city_id))}
    new = [one for one in shipped() if (one.level, one.kind, one.lang) not in known]
    return [await write(tx, city_id, one, by, now) for one in new]
