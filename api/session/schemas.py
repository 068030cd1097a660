"""Signing in, and what a member of staff sees of himself."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.fields import Plain
from civic.staff.permissions import Role
from civic.staff.policy import Need


class SignIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    login: Plain = Field(min_length=1, max_length=60, examples=["kim.minji"])
    password: Plain = Field(min_length=1, max_length=200)


class Code(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Plain = Field(min_length=6, max_length=40, examples=["492039"], description="인증 앱의 6자리 번호")


class SecondStep(Code):
    """`code`: of the app, or a recovery code."""

    challenge: Plain = Field(min_length=1, max_length=200)


class Me(BaseModel):
    """The signed-in member of staff. `hint` says in Korean and English what keeps him from seeing any case."""

    id: UUID
    login: str
    name: str
    role: Role
    department_id: str | None
    departments: list[str] = Field(description="department_id 밖의 부서")
    areas: list[str] = Field(description="비어 있으면 모든 구역")
    sees_all: bool
    actions: list[str] = Field(description="이 역할이 할 수 있는 일")
    needs: list[Need] = Field(description="먼저 해야 하는 일. 마칠 때까지 다른 것은 열리지 않습니다")
    has_second_factor: bool
    second_factor_due_at: datetime | None = Field(description="2단계 인증 없이 쓸 수 있는 마지막 시각")
    hint_ko: str | None
    hint_en: str | None


class Session(BaseModel):
    """`token` goes into `Authorization: Bearer …` and is shown only here."""

    token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_at: datetime
    staff: Me


class SecondFactorAsked(BaseModel):
    """The password was right: send `challenge` and the code to /session/second before it expires."""

    needs: Literal["totp"] = "totp"
    challenge: str
    expires_at: datetime


class NewPassword(BaseModel):
    model_config = ConfigDict(extra="forbid")

    current: Plain = Field(min_length=1, max_length=200)
    new: Plain = Field(min_length=1, max_length=200)


class NewFactor(BaseModel):
    """Shown once. `qr_svg` is a picture of `uri`."""

    secret: str
    uri: str
    qr_svg: str


class RecoveryCodes(BaseModel):
    """Each good once in the place of a code; shown once."""

    recovery_codes: list[str]


class FactorRemoval(Code):
    password: Plain = Field(min_length=1, max_length=200)


class SessionRow(BaseModel):
    """`last_seen_at` is at most a minute old."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    source_ip: str
    user_agent: str
    is_this: bool = Field(default=False, description="지금 쓰고 있는 세션")


class Ended(BaseModel):
    count: int = Field(description="끝낸 세션의 수")
