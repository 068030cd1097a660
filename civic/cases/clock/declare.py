"""Staff declare a day off with its source, or take it back; the day itself is an audited change."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Row, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.clock.calendar import FIRST, LAST, holiday, is_working_day
from civic.cases.tables import days_off
from civic.staff.service import record_change
from core.errors import BadInput, NotFound


@dataclass(frozen=True, slots=True)
class DayOff:
    """One declared day. `source`: the gazette or notice that says so. `is_settled`: open cases are counted again."""

    day: date
    name: str
    source: str
    declared_at: datetime
    declared_by: UUID
    is_settled: bool

    @classmethod
    def of(cls, row: Row[tuple[object, ...]]) -> "DayOff":
        values = {name: row._mapping[name] for name in ("day", "name", "source", "declared_at", "declared_by")}
        return cls(**values, is_settled=row._mapping["settled_at"] is not None)


async def declared(tx: AsyncConnection, city_id: str) -> list[DayOff]:
    """The days that staff declared and nobody withdrew, the latest first."""
    valid = (days_off.c.city_id == city_id, days_off.c.withdrawn_at.is_(None))
    return [DayOff.of(row) for row in await tx.execute(select(days_off).where(*valid).order_by(days_off.c.day.desc()))]


async def declare(
    tx: AsyncConnection, city_id: str, day: date, name: str, source: str, staff_id: UUID, now: datetime
) -> DayOff:
    """Declare the day, or correct its name and source; saying the same again changes nothing.

    Open cases are counted again by `civic.cases.shift`. Raises BadInput for a day that is off anyway or lies outside
    the calendar, and for an empty name or source.
    """
    _must_be_sayable(day, name, source)
    values = {
        "name": name.strip(),
        "source": source.strip(),
        "declared_at": now,
        "declared_by": staff_id,
        "withdrawn_at": None,
        "withdrawn_by": None,
        "settled_at": None,
    }
    said = upsert(days_off).values(city_id=city_id, day=day, **values)
    made = await tx.execute(
        said.on_conflict_do_update(
            index_elements=["city_id", "day"],
            set_=values,
            where=or_(
                days_off.c.name != said.excluded.name,
                days_off.c.source != said.excluded.source,
                days_off.c.withdrawn_at.is_not(None),
            ),
        ).returning(days_off)
    )
    row = made.one_or_none()
    if row is None:
        return await _read(tx, city_id, day)
    await _audited(
        tx, city_id, day, "day_off.declared", {"name": name.strip(), "source": source.strip()}, staff_id, now
    )
    return DayOff.of(row)


async def withdraw(tx: AsyncConnection, city_id: str, day: date, staff_id: UUID, now: datetime) -> None:
    """The day works after all. Raises NotFound when nobody declared it."""
    gone = await tx.execute(
        update(days_off)
        .where(days_off.c.city_id == city_id, days_off.c.day == day, days_off.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by=staff_id, settled_at=None)
        .returning(days_off.c.name)
    )
    row = gone.one_or_none()
    if row is None:
        raise NotFound("지정된 휴무일이 아닙니다.", "No such declared day off.")
    await _audited(tx, city_id, day, "day_off.withdrawn", {"name": row.name}, staff_id, now)


def _must_be_sayable(day: date, name: str, source: str) -> None:
    if not name.strip() or not source.strip():
        raise BadInput("이름과 근거를 적어 주세요.", "A name and a source are needed.")
    if not FIRST <= day <= LAST:
        raise BadInput(
            f"{FIRST.year}~{LAST.year}년의 날이어야 합니다.", f"Expected a day from {FIRST.year} to {LAST.year}."
        )
    if not is_working_day(day, {}):
        known = holiday(day, {}) or "토요일·일요일"
        raise BadInput(f"이미 쉬는 날입니다: {known}", "The office does not work on that day anyway.")


async def _read(tx: AsyncConnection, city_id: str, day: date) -> DayOff:
    wanted = (days_off.c.city_id == city_id, days_off.c.day == day)
    return DayOff.of((await tx.execute(select(days_off).where(*wanted))).one())


async def _audited(
    tx: AsyncConnection, city_id: str, day: date, action: str, detail: dict[str, str], staff_id: UUID, now: datetime
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=staff_id,
        action=action,
        object_kind="day_off",
        object_id=day.isoformat(),
        detail=detail,
        now=now,
    )
