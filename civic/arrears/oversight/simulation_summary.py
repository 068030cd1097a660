"""What a simulation found, row by row and in sum, and which rows of the law were valid on its day: pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from orjson import dumps

from civic.arrears.money.law import SURCHARGE
from civic.arrears.oversight.bands import amount_band, bands
from civic.arrears.seizure.floors import FILE as FLOORS
from civic.arrears.seizure.floors import floor_on
from civic.arrears.seizure.reasons import reason
from core.arrears_rules import Arrears
from core.dated import valid


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

    def stored(self, simulation_id: UUID, city_id: str, plain: Mapping[str, Any]) -> tuple[Any, ...]:
        """A line of the table, `plain` as told above."""
        lists = (dumps(plain["reasons"]).decode(), dumps(plain["bills"]).decode())
        return (simulation_id, self.debtor_id, city_id, self.owed_krw, self.would_krw, *lists)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Simulated":
        return cls(
            row["debtor_id"],
            row["owed_krw"],
            row["would_krw"],
            tuple((one["code"], UUID(one["bill"]) if one["bill"] else None) for one in row["reasons"]),
            tuple((UUID(one["bill"]), one["item"], one["krw"]) for one in row["bills"]),
        )


@dataclass(slots=True)
class Summing:
    """Adds up debtors one by one: memory grows with reasons, items and bands, not with people. Whole numbers alone; a
    debtor with two reasons counts under both, `left_out` counts him once."""

    cuts: Sequence[int]
    sums: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    items: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    bands: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, one: Simulated) -> None:
        given = {"debtors": 1, "owed_krw": one.owed_krw, "would": int(one.is_in), "would_krw": one.would_krw}
        self.sums.update(given)
        self.bands[amount_band(one.owed_krw, self.cuts)].update(given)
        if not one.is_in:
            self.sums.update(left_out=1, left_out_krw=one.owed_krw)
        for code in dict.fromkeys(code for code, bill in one.reasons if bill is None):
            self.reasons[code].update(debtors=1, owed_krw=one.owed_krw)
        for code, bill in one.reasons:
            self.reasons[code]["bills"] += bill is not None
        for _, item, owed in one.bills if one.is_in else ():
            self.items[item].update(bills=1, krw=owed)

    def plain(self) -> dict[str, Any]:
        names = ("debtors", "owed_krw", "would", "would_krw")
        return {
            **{name: self.sums[name] for name in (*names, "left_out", "left_out_krw")},
            "by_reason": self._by_reason(),
            "by_item": [{"item": item, **self.items[item]} for item in sorted(self.items)],
            "by_band": [
                {"band": band, **{name: self.bands[band][name] for name in names}} for band in bands(self.cuts)
            ],
        }

    def _by_reason(self) -> list[dict[str, Any]]:
        found = []
        for code in sorted(self.reasons, key=lambda one: (-self.reasons[one]["debtors"], one)):
            why, counted = reason(code), self.reasons[code]
            told = {"code": code, "article": why.article, "ko": why.text_ko, "en": why.text_en}
            found.append({**told, **{name: counted[name] for name in ("debtors", "owed_krw", "bills")}})
        return found


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
