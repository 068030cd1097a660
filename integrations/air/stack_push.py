"""Monitors of companies' stacks, which push as 굴뚝 TMS does: 5- or 30-minute means, each with its status.

The official protocol is not public; which word or code means what is therefore a setting (docs/sources/stack_push.md).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from core.contracts.air import Mark, Observation, Pulled, Quality, Terms
from core.errors import BadInput
from core.section import Section
from integrations.air import _device_json as told
from integrations.air._values import moment

ITEMS = {
    "TSP": "mg/Sm³",
    "SOX": "ppm",
    "NOX": "ppm",
    "HCL": "ppm",
    "HF": "ppm",
    "NH3": "ppm",
    "CO": "ppm",
}
ALIASES = {
    "먼지": "TSP",
    "황산화물": "SOX",
    "질소산화물": "NOX",
    "염화수소": "HCL",
    "불화수소": "HF",
    "암모니아": "NH3",
    "일산화탄소": "CO",
}
STATUSES: dict[str, Quality] = {
    "정상": "OK",
    "점검": "MAINTENANCE",
    "보수": "MAINTENANCE",
    "교정": "CALIBRATION",
    "통신불량": "COMM",
    "통신": "COMM",
    "전원단절": "COMM",
    "비정상": "SUSPECT",
    "가동중지": "MISSING",
}


class Settings(Section):
    """`statuses`: what a status of the monitor means, by word or code. `items`: unit of each item; `aliases`: its
    other names. `periods`: minutes that a mean may have.
    """

    attribution: str = "사업장 굴뚝 자동측정기 (실시간, 확정 전 자료)"
    licence: str = "사업장과 시의 약정에 따름"
    statuses: dict[str, Quality] = Field(default_factory=lambda: dict(STATUSES))
    items: dict[str, str] = Field(default_factory=lambda: dict(ITEMS))
    aliases: dict[str, str] = Field(default_factory=lambda: dict(ALIASES))
    periods: list[int] = Field(default_factory=lambda: [5, 30])


class StackPush:
    """Implements `core.contracts.air.Pushing`."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self.terms = Terms(settings.attribution, settings.licence, freshness_s=5_400)

    def receive(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Pulled:
        device, _ = told.whose(headers)
        found = told.read_object(body)
        if "values" not in found:
            raise BadInput("values가 없습니다.", "values is missing.")
        if found.get("device", device) != device:
            raise BadInput("이 키의 측정기가 아닙니다.", "This key belongs to another device.")
        account = told.Account(self.name, self.terms.attribution)
        seq = told.sequence(found)
        for line, row in enumerate(told.rows_of(found, "values"), 1):
            account.rows += 1
            made = self._read(row, device, now) if isinstance(row, dict) else ("shape", "")
            if isinstance(made, Observation):
                account.taken.append(made)
            else:
                account.skip(line, device, *made)
        return Pulled(tuple(account.taken), account.report(), mark=Mark(cursor=seq))

    def _read(self, row: Mapping[str, Any], device: str, now: datetime) -> Observation | tuple[str, str]:
        """One mean of one item, or why it is left out."""
        end = moment(row.get("time")) or told.instant(row.get("time"))
        if end is None:
            return "time", str(row.get("time", ""))
        minutes = told.number(row.get("minutes"))
        if minutes is None or minutes not in self._settings.periods:
            return "shape", "minutes"
        item = str(row.get("item", ""))
        item = self._settings.aliases.get(item, item)
        unit = self._settings.items.get(item)
        if unit is None:
            return "item", item
        status = str(row.get("status", ""))
        quality = self._settings.statuses.get(status)
        if quality is None:
            return "status", status
        given = row.get("value")
        value = told.number(given)
        if value is None and given not in (None, "", "-"):
            return "value", item
        if value is not None:
            value = told.in_unit(value, str(row.get("unit", "")), unit)
            if value is None:
                return "unit", item
        if (value is None and quality == "OK") or quality == "MISSING":
            quality, value = "MISSING", None
        flag = "" if quality == "OK" else status
        seconds = int(minutes) * 60
        return Observation(
            self.name, device, item, value, unit, end, now, quality, origin="stack", flag=flag, period_s=seconds
        )


def build(name: str, settings: Settings) -> StackPush:
    return StackPush(name, settings)
