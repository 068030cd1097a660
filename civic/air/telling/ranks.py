"""How high a change ranks: one ladder for grades, criteria met and official alerts, so that a line is a number."""

from collections.abc import Mapping

from civic.air.watch.values import Rule
from core.contracts.air import Level

UNHEALTHY, VERY_UNHEALTHY, ADVISORY, WARNING, CRITICAL = 1, 2, 3, 4, 5
"""나쁨, 매우나쁨, 주의보, 경보, 중대경보: `air_wishes.line` and `air_tellings.rank`."""
_RANKS: Mapping[tuple[Rule, str], int] = {
    ("grade", "advisory"): UNHEALTHY,
    ("grade", "warning"): VERY_UNHEALTHY,
    ("criteria", "advisory"): ADVISORY,
    ("criteria", "warning"): WARNING,
    ("criteria", "critical"): CRITICAL,
}


def rank_of(rule: Rule, level: Level | None, before: Level | None = None) -> int:
    """The higher of both: of a fall, what it falls from, so that it reaches those who heard of the rise."""
    return max(_RANKS.get((rule, one), 0) for one in (level or "", before or ""))
