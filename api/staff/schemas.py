"""A member of staff as admins read and change him."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.fields import Plain, Word
from civic.staff.change import MemberChange
from civic.staff.permissions import Role

Places = Annotated[tuple[Word, ...], Field(max_length=200)]


class MemberRow(BaseModel):
    """`departments`: further ones beside `department_id`; `areas`: none means all; `version` is the ETag."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    login: str
    name: str
    role: Role
    department_id: str | None
    departments: list[str]
    areas: list[str]
    sees_all: bool
    is_active: bool
    has_second_factor: bool
    version: int


class NewMember(BaseModel):
    """The password is temporary: it is changed at the first sign-in."""

    model_config = ConfigDict(extra="forbid")

    login: Plain = Field(max_length=60, examples=["kim.minji"])
    name: Plain = Field(max_length=60)
    role: Role
    department_id: Word | None = None
    departments: Places = ()
    areas: Places = ()
    sees_all: bool = False
    password: Plain = Field(max_length=200)


class StaffChange(BaseModel):
    """What is absent stays. `department_id: null` takes the department away."""

    model_config = ConfigDict(extra="forbid")

    name: Plain | None = Field(default=None, max_length=60)
    role: Role | None = None
    department_id: Word | None = None
    departments: Places | None = None
    areas: Places | None = None
    sees_all: bool | None = None
    is_active: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_to_change", "Nothing to change")
        return self

    def change(self) -> MemberChange:
        has_department = "department_id" in self.model_fields_set
        return MemberChange(
            name=self.name,
            role=self.role,
            department_id=(self.department_id,) if has_department else None,
            departments=self.departments,
            areas=self.areas,
            sees_all=self.sees_all,
            is_active=self.is_active,
        )


class TemporaryPassword(BaseModel):
    """Shown once; it must be changed at the first sign-in, before `valid_until`."""

    password: str
    valid_until: datetime
