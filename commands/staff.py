"""Staff accounts at the terminal: the first admin, and whatever must go when nobody can sign in."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.city.service import load
from civic.staff.change import MemberChange, change_member, must_exist
from civic.staff.credentials import reset_password, take_factor_away, unlock
from civic.staff.members import Member, add_staff, list_staff, member_by_login
from civic.staff.service import scope_of
from commands.house import console, running_store
from core import store
from core.db import Database
from core.settings import Settings

ROLES_KO = {"agent": "담당자", "manager": "팀장", "admin": "관리자", "auditor": "감사"}


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command works with; `by` is always None: whoever may run commands on the machine is nobody's role."""

    tx: AsyncConnection
    settings: Settings
    now: datetime

    @property
    def city_id(self) -> str:
        return self.settings.city.id


def _run(work: Callable[[Desk], Awaitable[None]]) -> None:
    """In one transaction, on a store that is up and has its schema."""

    async def run(settings: Settings, url: str) -> None:
        db = Database(url, pool_size=1)
        try:
            async with db.transaction() as tx:
                await work(Desk(tx, settings, datetime.now(UTC)))
        finally:
            await db.close()

    with running_store() as (settings, url):
        store.migrate(url)
        asyncio.run(run(settings, url))


def add(login: str, name: str, role: str, password: str, **placed: Any) -> None:
    """`placed`: department_id, departments, areas, sees_all."""

    async def work(desk: Desk) -> None:
        await _known(desk, placed)
        given = {"login": login, "name": name, "role": role, "password": password, **placed}
        member = await add_staff(desk.tx, city_id=desk.city_id, now=desk.now, **given)
        console.print(f"{member.name} 님({member.login}, {ROLES_KO[member.role]})을 등록했습니다.")
        _warn_of_nothing(member)

    _run(work)


def change(login: str, wanted: MemberChange) -> None:
    async def work(desk: Desk) -> None:
        before = await member_by_login(desk.tx, desk.city_id, login)
        await _known(desk, wanted.values())
        member = await change_member(desk.tx, desk.city_id, before.id, wanted, desk.now, by=None, versions=None)
        console.print(f"{member.name} 님({member.login}, {ROLES_KO[member.role]})의 정보를 바꾸었습니다.")
        _warn_of_nothing(member)

    _run(work)


async def _known(desk: Desk, placed: dict[str, Any]) -> None:
    """The city's folder is loaded first, as it is when the service starts: the first admin comes before that."""
    named = {key: value for key, value in placed.items() if value}
    await load(desk.tx, desk.city_id, desk.settings.path(desk.settings.city.data), desk.now)
    await must_exist(desk.tx, desk.city_id, named)


def _warn_of_nothing(member: Member) -> None:
    if member.role != "auditor" and scope_of(member).is_nothing:
        console.print("부서가 없어 민원이 보이지 않습니다. './sinmungo staff set … --department'로 정해 주세요.")


def show() -> None:
    async def work(desk: Desk) -> None:
        table = Table("아이디", "이름", "역할", "부서", "구역", "2단계 인증", "상태", box=None)
        for member in await list_staff(desk.tx, desk.city_id):
            own = [member.department_id] if member.department_id else []
            table.add_row(
                member.login,
                member.name,
                ROLES_KO[member.role],
                "모든 부서" if scope_of(member).is_everything else ", ".join([*own, *member.departments]) or "-",
                ", ".join(member.areas) or "모두",
                "있음" if member.has_second_factor else "-",
                "사용" if member.is_active else "중지",
            )
        console.print(table)

    _run(work)


def free(login: str, *, new_password: bool, without_factor: bool) -> None:
    """Unlock; with a temporary password; without a lost second factor."""

    async def work(desk: Desk) -> None:
        member = await member_by_login(desk.tx, desk.city_id, login)
        await unlock(desk.tx, desk.city_id, member.id, desk.now, by=None)
        console.print(f"{member.name} 님({member.login})의 잠금을 풀었습니다.")
        if without_factor:
            await take_factor_away(desk.tx, desk.city_id, member.id, desk.now, by=None)
            console.print("2단계 인증을 없앴습니다. 다음 로그인 뒤에 다시 등록합니다.")
        if new_password:
            lifetime = timedelta(hours=desk.settings.staff.temporary_hours)
            password, until = await reset_password(
                desk.tx, desk.city_id, member.id, desk.now, by=None, lifetime=lifetime
            )
            console.print(
                f"임시 비밀번호: {password} (한 번만 보여 드립니다. {until:%Y-%m-%d %H:%M} UTC까지)", highlight=False
            )

    _run(work)


def listed(value: str | None) -> tuple[str, ...] | None:
    """ "road,parks" as names; "-" is none at all; None stays None."""
    if value is None:
        return None
    return tuple(word for word in (part.strip() for part in value.split(",")) if word not in ("", "-"))
