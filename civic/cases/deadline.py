"""How long a kind of 민원 may take, as the law and the city's table of categories say it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from core.errors import BadInput

Unit = Literal["immediate", "days", "weeks", "months", "years"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A 처리기간. `amount` counts units and is 1 for `immediate`; `source` names the article or the city's own rule."""

    unit: Unit
    amount: int = 1
    source: str = ""

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit) or not 1 <= self.amount <= 365:
            raise BadInput(
                f"처리기간을 읽을 수 없습니다: {self.amount} {self.unit}",
                f"Not a processing period: {self.amount} {self.unit}",
            )

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "Deadline":
        """From a category's JSON: {unit, amount, source?}. Raises BadInput."""
        unit, amount = value.get("unit"), value.get("amount", 1)
        if not isinstance(unit, str) or not isinstance(amount, int) or isinstance(amount, bool):
            raise BadInput("처리기간을 읽을 수 없습니다.", "Not a processing period.")
        return cls(cast(Unit, unit), amount, str(value.get("source", "")))

    def as_json(self) -> dict[str, Any]:
        return {"unit": self.unit, "amount": self.amount, "source": self.source}
