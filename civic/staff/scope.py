"""Which cases a member of staff may see: his departments' and areas', and always those he was given himself."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Scope:
    """None means all. A case is within when its department and its area both are, or when `staff_id` owns it."""

    staff_id: UUID
    departments: frozenset[str] | None = None
    areas: frozenset[str] | None = None

    @property
    def is_everything(self) -> bool:
        return self.departments is None and self.areas is None
