"""What a finder reports, before offsets are taken back to the citizen's own text."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Found:
    """A span of the folded text; the fields mean what they mean in `core.contracts.understanding.Entity`."""

    start: int
    end: int
    type: str
    value: str
    confidence: float = 1.0
    role: str | None = None
    detail: Mapping[str, str | float | int] = field(default_factory=dict)
