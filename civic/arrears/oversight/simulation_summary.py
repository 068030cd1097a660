"""What a simulation found, row by row and in sum, and which rows of the law were valid on its day: pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from civic.arrears.dated import valid
from civic.arrears.money.law import SURCHARGE
from civic.arrears.oversight.bands import amount_band, bands
from civic.arrears.seizure.floors import FILE as FLOORS
from civic.arrears.seizure.floors import floor_on
from civic.arrears.seizure.reasons import reason
from core.arrears_rules import Arrears


@dataclass(frozen=True, slots=True)
class Simulated:
    """One debtor. `would_krw`: at most so much would be seized, 0 where he is left out. `reasons`: code, and the bill
    where one alone is meant. `bills`: (bill, item of tax, owed) for which it would be."""

    debtor_id: UUID
    owed_krw: int
    would_krw: int
    reasons: tuple[tuple[str, UUID | None], ...]
    bills: tuple[tuple[UUID, str, int], ...]

    @property
    def is_in(self) -> bool:
        return self.would_krw > 0

    def plain(self) -> dict[str, Any]:
        return {
            "debtor": str(self.debtor_id),
            "owed_krw": self.owed_krw,
            "would_krw": self.would_krw,
            "reasons": [{"code": code, "bill": str(bill) if bill else ""} for code, bill in self.reasons],
            "bills": [{"bill": str(bill), "item": item, "krw": krw} for bill, item, krw in self.bills],
        }

    def stored(self, simulation_id: UUID, city_id: str) -> dict[str, Any]:
        plain = self.plain()
        return {
            "simulation_id": simulation_id,
            "debtor_id": self.debtor_id,
            "city_id": city_id,
            "owed_krw": self.owed_krw,
            "would_krw": self.would_krw,
            "reasons": plain["reasons"],
            "bills": plain["bills"],
        }

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Simulated":
        return cls(
            row["debtor_id"],
            row["owed_krw"],
            row["would_krw"],
            tuple((one["code"], UUID(one["bill"]) if one["bill"] else None) for one in row["reasons"]),
            tuple((UUID(one["bill"]), one["item"], one["krw"]) for one in row["bills"]),
        )


def summary_of(rows: Sequence[Simulated], cuts: Sequence[int]) -> dict[str, Any]:
    """Whole numbers alone. A debtor with two reasons counts under both; `left_out` counts him once."""
    free = [one for one in rows if one.is_in]
    return {
        "debtors": len(rows),
        "owed_krw": sum(one.owed_krw for one in rows),
        "would": len(free),
        "would_krw": sum(one.would_krw for one in free),
        "left_out": len(rows) - len(free),
        "left_out_krw": sum(one.owed_krw for one in rows if not one.is_in),
        "by_reason": _by_reason(rows),
        "by_item": _by_item(free),
        "by_band": _by_band(rows, cuts),
    }


def _by_reason(rows: Sequence[Simulated]) -> list[dict[str, Any]]:
    debtors: dict[str, int] = defaultdict(int)
    krw: dict[str, int] = defaultdict(int)
    bills: dict[str, int] = defaultdict(int)
    for one in rows:
        for code in dict.fromkeys(code for code, bill in one.reasons if bill is None):
            debtors[code] += 1
            krw[code] += one.owed_krw
        for code, bill in one.reasons:
            bills[code] += bill is not None
    found = []
    for code in sorted({*debtors, *bills}, key=lambda one: (-debtors[one], one)):
        why = reason(code)
        told = {"code": code, "article": why.article, "ko": why.text_ko, "en": why.text_en}
        found.append({**told, "debtors": debtors[code], "owed_krw": krw[code], "bills": bills[code]})
    return found


def _by_item(free: Sequence[Simulated]) -> list[dict[str, Any]]:
    krw: dict[str, int] = defaultdict(int)
    bills: dict[str, int] = defaultdict(int)
    for one in free:
        for _, item, owed in one.bills:
            krw[item] += owed
            bills[item] += 1
    return [{"item": item, "bills": bills[item], "krw": krw[item]} for item in sorted(krw)]


def _by_band(rows: Sequence[Simulated], cuts: Sequence[int]) -> list[dict[str, Any]]:
    found = {band: {"band": band, "debtors": 0, "owed_krw": 0, "would": 0, "would_krw": 0} for band in bands(cuts)}
    for one in rows:
        line: dict[str, Any] = found[amount_band(one.owed_krw, cuts)]
        line["debtors"] += 1
        line["owed_krw"] += one.owed_krw
        line["would"] += one.is_in
        line["would_krw"] += one.would_krw
    return list(found.values())


def basis_on(on: date, rules: Arrears) -> dict[str, Any]:
    """The floor and the dated rows of the day with their articles and sources, and what the city set."""
    floor, seizure = floor_on(on, rules.seizure.floor), rules.seizure
    dated = [
        {"table": path.name, **row}
        for path, key in ((FLOORS, ("rule",)), (SURCHARGE, ("rule", "regime")))
        for rows in valid(path, on, key).values()
        for row in rows
    ]
    return {
        "on": on.isoformat(),
        "floor": {
            "krw": floor.krw,
            "rule": floor.rule,
            "article": floor.article,
            "certainty": floor.certainty,
            "source": floor.source,
            "is_confirmed": floor.is_confirmed,
            "reading": seizure.floor.reading,
        },
        "dated": sorted(dated, key=lambda row: sorted(row.items())),
        "settings": {
            "least_krw": seizure.least_krw,
            "grace_days": seizure.grace_days,
            "needs_service": seizure.needs_service,
            "stops_on": list(seizure.stops_on),
            "cost_krw": seizure.cost_krw,
        },
        "ko": "은행에 묻기 전의 셈입니다. 잔액과 보호 예금은 조회한 뒤에야 알 수 있어, 실제 압류는 이 금액을 넘지"
        " 않습니다.",
        "en": "Reckoned before any bank is asked: balances and protected money are known after the lookup, so no more"
        " than this is seized.",
    }
