"""What the clock brings to matters beside the chains: overdue tasks, and actions that the values themselves confirm."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.record import HOUSE, Matter, change, note, rows_of
from civic.air.matters.tables import air_matter_actions, air_matter_tasks, air_matters
from civic.air.matters.work import settle
from civic.staff.notices import notify
from core.air_rules import Air

MOST = 100


async def warn_overdue(tx: AsyncConnection, city_id: str, now: datetime, rules: Air) -> int:
    """Whoever set a task and whoever has it hear once that its time is over; how many tasks."""
    task = air_matter_tasks
    wanted = (
        select(task, air_matters.c.title_ko, air_matters.c.title_en)
        .join(air_matters, air_matters.c.id == task.c.matter_id)
        .where(
            task.c.city_id == city_id,
            task.c.due_at <= now,
            task.c.done_at.is_(None),
            task.c.warned_at.is_(None),
            air_matters.c.state != "closed",
        )
        .order_by(task.c.due_at)
        .limit(MOST)
        .with_for_update(skip_locked=True, of=task)
    )
    rows = (await tx.execute(wanted)).all()
    for row in rows:
        company = rules.companies.get(row.lane)
        names = (company.name.ko, company.name.en) if company else ("시 담당자", "the city's officer")
        await notify(
            tx,
            city_id=city_id,
            kind="air.overdue",
            text_ko=f"기한이 지난 조치({names[0]}): {row.what} (대기 사안: {row.title_ko})",
            text_en=f"Overdue ({names[1]}): {row.what} (air matter: {row.title_en})",
            now=now,
            staff_ids={one for one in (row.set_by, row.staff_id) if one is not None},
            department_id=rules.department or None,
            dedupe_key=f"air_task:{row.id}:overdue",
        )
        matter = Matter.of((await tx.execute(rows_of(city_id).where(air_matters.c.id == row.matter_id))).one())
        await note(tx, matter, HOUSE, "overdue", now, task=str(row.id), lane=row.lane)
        await tx.execute(update(task).where(task.c.id == row.id).values(warned_at=now))
    return len(rows)


async def values_fell(tx: AsyncConnection, matter: Matter, value: Decimal, at: datetime, now: datetime) -> Matter:
    """The matter, locked by the caller, whose values are under the limit since `at`: measured, not merely silent.

    It is written in the timeline once; actions that were done by then are verified by `settle_fallen`.
    """
    detail = {"value": format(value, "f"), "at": at.isoformat(timespec="seconds")}
    matter = await change(tx, matter, HOUSE, "fell", now, detail=detail, fell_at=at)
    return await settle_fallen(tx, matter, now)


async def settle_fallen(tx: AsyncConnection, matter: Matter, now: datetime) -> Matter:
    """Every action that was done before the values fell, and that nobody has judged, is verified by the values.

    It is said to be so, for it is no officer's word; he may still refuse it. What was done after the fall, and what is
    told of another time, waits for him.
    """
    if matter.fell_at is None:
        return matter
    action = air_matter_actions
    wanted = (
        action.c.matter_id == matter.id,
        action.c.kind == "action",
        action.c.state == "told",
        action.c.done_at <= matter.fell_at,
        action.c.told_at >= matter.opened_at,
    )
    found = update(action).where(*wanted).values(state="verified", verified_at=now, verified_by="values")
    ids = list((await tx.execute(found.returning(action.c.id))).scalars())
    return await settle(tx, matter, HOUSE, now, ids[0], "values") if ids else matter
