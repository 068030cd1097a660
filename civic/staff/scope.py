"""Which cases a member of staff may see: his departments' and areas', and always those he was given himself."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from civic.staff.permissions import Role


@dataclass(frozen=True, slots=True)
class Scope:
    """None means all. A case is within when its department and its area both are, or when `staff_id` owns it.

    A case whose place nobody knows has no area; it is the whole department's, so that it does not fall between two
    desks. `owns` False: not even those he was given (an auditor sees nothing of citizens).
    """

    staff_id: UUID
    departments: frozenset[str] | None = None
    areas: frozenset[str] | None = None
    owns: bool = True

    @property
    def is_everything(self) -> bool:
        return self.departments is None and self.areas is None

    @property
    def is_nothing(self) -> bool:
        """No department of his: nothing but what he was given himself."""
        return self.departments is not None and not self.departments


class Placed(Protocol):
    """What of a member of staff decides on his scope."""

    @property
    def id(self) -> UUID: ...
    @property
    def role(self) -> Role: ...
    @property
    def department_id(self) -> str | None: ...
    @property
    def departments(self) -> Iterable[str]: ...
    @property
    def areas(self) -> Iterable[str]: ...
    @property
    def sees_all(self) -> bool: ...


def scope_of(member: Placed) -> Scope:
    """Admins and the contact centre (`sees_all`): everything. Agents and managers: their departments and areas."""
    if member.role == "auditor":
        return Scope(member.id, frozenset(), None, owns=False)
    if member.role == "admin" or member.sees_all:
        return Scope(member.id)
    own = {member.department_id} if member.department_id else set()
    areas = frozenset(member.areas)
    return Scope(member.id, frozenset(own.union(member.departments)), areas or None)
