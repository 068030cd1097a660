"""How long a kind of 민원 may take, as the law and the city's table of categories say it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from core.errors import BadInput

Kind = Literal["immediate", "hours", "days", "weeks", "months", "years"]
MOST: Mapping[Kind, int] = {"immediate": 1, "hours": 400, "days": 365, "weeks": 104, "months": 60, "years": 10}
"""A longer period is a slip in a table and no 처리기간."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A 처리기간. `amount` counts units of `kind` and is 1 for `immediate`; `article` sets it, `certainty` how sure."""

    kind: Kind
    amount: int = 1
    article: str = ""
    certainty: str = ""

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind) or not 1 <= self.amount <= MOST[self.kind]:
            raise BadInput(
                f"처리기간을 읽을 수 없습니다: {self.amount} {self.kind}",
                f"Not a processing period: {self.amount} {self.kind}",
            )

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "Deadline":
        """From a category's JSON: {kind, amount, article, certainty}, the last two may be absent. Raises BadInput."""
        kind, amount = value.get("kind"), value.get("amount", 1)
        if not isinstance(kind, str) or not isinstance(amount, int) or isinstance(amount, bool):
            raise BadInput("처리기간을 읽을 수 없습니다.", "Not a processing period.")
        return cls(cast(Kind, kind), amount, str(value.get("article", "")), str(value.get("certainty", "")))

    def as_json(self) -> dict[str, Any]:
        # By hand: dataclasses.asdict copies deeply and is most of the work of a due date.
        return {"kind": self.kind, "amount": self.amount, "article": self.article, "certainty": self.certainty}
