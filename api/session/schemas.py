"""Signing in."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.fields import Plain
from civic.staff.permissions import Role


class SignIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    login: Plain = Field(min_length=1, max_length=60, examples=["kim.minji"])
    password: Plain = Field(min_length=1, max_length=200)


class Me(BaseModel):
    """The signed-in member of staff."""

    id: UUID
    login: str
    name: str
    role: Role
    department_id: str | None
    actions: list[str] = Field(description="이 역할이 할 수 있는 일")


class Session(BaseModel):
    """`token` goes into `Authorization: Bearer …` and is shown only here."""

    token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_at: datetime
    staff: Me
