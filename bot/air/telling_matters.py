"""What people are told of a matter: facts, why they hear it, and how to answer. A company is never accused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.replies import Texts
from civic.air.matters.people import DUTY
from civic.air.matters.record import Matter
from civic.air.matters.steps import Left, Step
from core.clock import SEOUL
from core.settings import Settings


class Wording:
    """Texts of actions/air_acting with the values of a matter."""

    def __init__(self, texts: Texts, settings: Settings) -> None:
        self._texts = texts
        self._settings = settings

    def values(self, matter: Matter, lang: str, *, url: str = "") -> dict[str, Any]:
        """`basis` and `from_degrees`: why this company hears of it (civic/air/matters/upwind.py)."""
        degrees = matter.traced.get("from_degrees")
        return {
            "title": matter.title(lang),
            "kind": matter.kind,
            "at": f"{matter.began_at.astimezone(SEOUL):%m-%d %H:%M}",
            "basis": matter.traced.get("basis", ""),
            "wind": direction(float(degrees), lang) if degrees is not None else "",
            "near_km": f"{self._settings.air.acting.near_km:g}",
            "silence": self._settings.air.acting.silence_minutes,
            "url": url,
        }

    def task(self, task: Mapping[str, Any]) -> dict[str, Any]:
        due: datetime = task["due_at"]
        return {"task": task["task"], "due": f"{due.astimezone(SEOUL):%m-%d %H:%M}"}

    def notice(self, step: Step, lang: str) -> str:
        values = self.values(step.matter, lang) | {"step": step.number, "companies": self._names(step.matter, lang)}
        return self._texts.render("air_acting.notice", lang, values)

    def nobody_left(self, left: Left, lang: str) -> str:
        name = "" if left.lane == DUTY else self.name(left.lane, lang)
        return self._texts.render("air_acting.nobody_left", lang, self.values(left.matter, lang) | {"company": name})

    def name(self, company: str, lang: str) -> str:
        found = self._settings.air.companies.get(company)
        return str(getattr(found.name, lang)) if found else company

    def _names(self, matter: Matter, lang: str) -> str:
        return ", ".join(self.name(one, lang) for one in matter.companies)


_KO = ("북", "북동", "동", "남동", "남", "남서", "서", "북서")
_EN = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")


def direction(from_degrees: float, lang: str) -> str:
    """Where the wind comes from in one of eight words: "북서풍", "northwest"."""
    at = int((from_degrees % 360 + 22.5) // 45) % 8
    return f"{_KO[at]}풍" if lang == "ko" else _EN[at]
