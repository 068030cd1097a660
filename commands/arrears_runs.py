"""Work of `./sinmungo arrears run …`: drafted, shown in figures, approved by a second person, paused, cancelled."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from commands.house import console, number, running_store
from core import secret, store
from core.clock import SEOUL
from core.db import Database
from core.errors import Forbidden
from core.settings import Settings
from core.vault import old_secrets, open_vault

T = TypeVar("T")
Work = Callable[[AsyncConnection, Settings, datetime], Awaitable[T]]
STATUS = {
    "draft": "작성",
    "preparing": "명단 셈하는 중",
    "prepared": "승인 대기",
    "filling": "올리는 중",
    "filled": "보내는 중",
    "cancelled": "취소",
    "ended": "마침",
}
WAYS = {"alimtalk": "알림톡", "sms": "단문", "lms": "장문", "letter": "우편"}


def run(work: Work[T]) -> T:
    """In one transaction on the store that is there, or on the embedded one."""

    async def go(settings: Settings, url: str) -> T:
        db, now = Database(url, pool_size=1, days_off=settings.city.days_off), datetime.now(UTC)
        try:
            await open_vault(db, secret.load(settings.path(settings.var)), now, old_secrets())
            async with db.transaction() as tx:
                return await work(tx, settings, now)
        finally:
            await db.close()

    with running_store() as (settings, url):
        store.migrate(url)
        return asyncio.run(go(settings, url))


async def officer(tx: AsyncConnection, settings: Settings, login: str, *, approves: bool = False) -> UUID:
    """Whose login it is, if his role and his department may (지방세기본법 §86). Raises NotFound, Forbidden."""
    from civic.staff.members import member_by_login
    from civic.staff.service import Action, check

    found = await member_by_login(tx, settings.city.id, login)
    check(found.role, Action.ARREARS_APPROVE if approves else Action.ARREARS_WRITE)
    wanted = settings.arrears.department
    if wanted and found.role != "admin" and wanted not in {found.department_id, *found.departments}:
        raise Forbidden("징수 부서의 직원이 아닙니다(지방세기본법 제86조).", "Not of the department (§86).")
    return found.id


def show_all() -> None:
    """The newest twenty."""
    from civic.arrears.runs.tables import arrears_runs as table
    from civic.arrears.runs.writing import listed

    async def work(tx: AsyncConnection, settings: Settings, now: datetime) -> list[Mapping[str, Any]]:
        wanted = listed(settings.city.id).order_by(table.c.created_at.desc()).limit(20)
        return [dict(row) for row in (await tx.execute(wanted)).mappings()]

    shown = Table(number(), "이름", "단계", "상태", "만든 때")
    for one in run(work):
        state = STATUS[one["status"]] + (" (멈춤)" if one["paused_at"] else "")
        shown.add_row(
            str(one["id"]), one["title"], one["level"], state, f"{one['created_at'].astimezone(SEOUL):%m-%d %H:%M}"
        )
    console.print(shown)


def draft(
    title: str, level: str, least: int, area: str, items: tuple[str, ...], per_second: float | None, by: str
) -> None:
    """Drafted, and its list asked for."""
    from civic.arrears.runs import writing

    async def work(tx: AsyncConnection, settings: Settings, now: datetime) -> UUID:
        city_id = settings.city.id
        staff_id = await officer(tx, settings, by)
        criteria = writing.Criteria(minimum_krw=least, area=area, tax_items=items)
        wanted = writing.Draft(title, level, criteria, per_second)
        made = await writing.add(tx, city_id, wanted, settings.arrears, staff_id, now)
        asked = await writing.prepare(tx, made, staff_id, now.astimezone(SEOUL).date(), now)
        made_id: UUID = asked["id"]
        return made_id

    console.print(f"만들었습니다: {run(work)}. 명단이 되면 show로 보시고, 다른 담당자가 승인합니다.")


def show(run_id: UUID) -> None:
    """Counts, reasons, costs; nobody is named."""
    from civic.arrears.runs import writing
    from civic.arrears.runs.figures import figures

    async def work(
        tx: AsyncConnection, settings: Settings, now: datetime
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        one = await writing.read(tx, settings.city.id, run_id)
        return one, await figures(tx, one, settings.arrears)

    tell(*run(work))


def change(run_id: UUID, what: str, by: str, why: str) -> None:
    """approve, pause, resume or cancel."""
    from civic.arrears.runs import writing

    async def work(tx: AsyncConnection, settings: Settings, now: datetime) -> str:
        staff_id = await officer(tx, settings, by, approves=what == "approve")
        before = await writing.read(tx, settings.city.id, run_id, lock=True)
        if what == "approve":
            today = now.astimezone(SEOUL).date()
            after = await writing.approve(tx, before, settings.arrears, staff_id, today, now)
        elif what == "cancel":
            after = await writing.cancel(tx, before, staff_id, why, now)
        else:
            after = await getattr(writing, what)(tx, before, staff_id, now)
        return STATUS[after["status"]] + (" (멈춤)" if after["paused_at"] else "")

    console.print(f"지금 상태: {run(work)}")


def tell(one: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    """A run in figures, in Korean."""
    from civic.arrears.runs.ways import DELIVERED_IS_NOT_SERVED_KO

    state = STATUS[one["status"]] + (" (멈춤)" if one["paused_at"] else "")
    console.print(f"{one['title']} · {one['level']} · {state} · {told['recipients']:,}명 {told['amount_krw']:,}원")
    shown = Table("길", "사람", "글의 상태")
    for way, people in told["by_way"].items():
        receipts = ", ".join(f"{name} {count:,}" for name, count in told["receipts"].get(way, {}).items())
        shown.add_row(WAYS.get(way, way), f"{people:,}", receipts)
    console.print(shown)
    for name, title in (("excluded", "빠진 분"), ("by_letter", "우편으로 가는 까닭"), ("stopped", "그사이 멈춘 분")):
        if told[name]:
            console.print(f"{title}: " + ", ".join(f"{why} {count:,}" for why, count in told[name].items()))
    console.print(
        f"예상 비용 {told['planned_krw']:,}원, 지금까지 {told['costs_krw']:,}원, "
        f"모두 등기로 보냈다면 {told['all_by_post_krw']:,}원, 아낀 우편료 {told['saved_krw']:,}원"
    )
    console.print(DELIVERED_IS_NOT_SERVED_KO)
