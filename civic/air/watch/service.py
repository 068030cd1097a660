"""Episodes as everybody in the house reads them: ours ("기준 도달") and the governor's (발령), never mixed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading
from civic.air.watch.tables import air_watch_changes, air_watch_hours, air_watches
from core.contracts.air import LEVELS, Level, OfficialAlert

EpisodeKind = Literal["reached", "official"]
ChangeKind = Literal["reached", "stepped_down", "lifted"]


@dataclass(frozen=True, slots=True)
class EpisodeChange:
    """A change of level at the end of an hour. `value`: of that hour, unrounded, as known now; `first_value`: what was
    said before a correction. `withdrawn_at`: corrected hours took the change back; it is shown, never erased.
    """

    at: datetime
    kind: ChangeKind
    level: Level | None
    before: Level | None
    value: Decimal | None
    noted_at: datetime
    first_value: Decimal | None = None
    corrected_at: datetime | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """`kind` "reached": a criterion was met, by our reckoning, never 발령; "official": issued by a governor (`issuer`).

    `zone`: its name in config.yml (official: "" where config.yml maps none). `level`: the highest of its changes that
    stand, None when all were withdrawn. `ended_at` None: it stands. `peak`: the highest hour, in the pollutant's unit,
    at `peak_at`. `changes`: oldest first, withdrawn ones too.
    """

    zone: str
    pollutant: str
    level: Level | None
    kind: EpisodeKind
    began_at: datetime
    ended_at: datetime | None
    peak: Decimal | None
    changes: tuple[EpisodeChange, ...]
    peak_at: datetime | None = None
    issuer: str = ""
    issuer_zone: str = ""
    now_level: Level | None = None


async def episodes(
    tx: AsyncConnection,
    city_id: str,
    begin: datetime,
    end: datetime,
    official: Mapping[str, str] | None = None,
) -> list[Episode]:
    """Those that stood at any time in [begin, end), the oldest first, ours before official ones of the same moment.

    `official`: the publishers' names of zones to those of config.yml; alerts for these are among them, for others not.
    """
    table, watch = air_watch_changes.c, air_watches.c
    columns = (*air_watch_changes.c, watch.zone, watch.pollutant)
    within = (
        select(table.watch_id, table.began_at).where(table.city_id == city_id, table.at < end).distinct().subquery()
    )
    query = (
        select(*columns)
        .join(air_watches, watch.id == table.watch_id)
        .join(within, (within.c.watch_id == table.watch_id) & (within.c.began_at == table.began_at))
        .where(watch.rule == "criteria")
        .order_by(table.began_at, table.watch_id, table.at, table.noted_at)
    )
    rows = (await tx.execute(query)).mappings().all()
    grouped: dict[tuple[int, datetime], list[RowMapping]] = {}
    for row in rows:
        grouped.setdefault((row["watch_id"], row["began_at"]), []).append(row)
    found = [await _episode(tx, group) for group in grouped.values()]
    kept = [one for one in found if one.ended_at is None or one.ended_at > begin]
    if official:
        told = await reading.official_alerts(tx, city_id, begin, end)
        kept += [_official(one, official[one.zone]) for one in told if one.zone in official and one.issued_at < end]
    return sorted(kept, key=lambda one: (one.began_at, one.kind != "reached"))


async def standing(tx: AsyncConnection, city_id: str) -> list[Episode]:
    """Those that stand as of the newest hours taken, by zone and pollutant."""
    table, watch = air_watch_changes.c, air_watches.c
    live = (table.city_id == city_id, table.withdrawn_at.is_(None))
    last = select(table.watch_id, func.max(table.at).label("at")).where(*live).group_by(table.watch_id).subquery()
    newest = (
        select(table.watch_id, table.began_at, table.kind)
        .join(last, (last.c.watch_id == table.watch_id) & (last.c.at == table.at))
        .join(air_watches, watch.id == table.watch_id)
        .where(*live, watch.rule == "criteria")
        .subquery()
    )
    query = (
        select(*air_watch_changes.c, watch.zone, watch.pollutant)
        .join(air_watches, watch.id == table.watch_id)
        .join(newest, (newest.c.watch_id == table.watch_id) & (newest.c.began_at == table.began_at))
        .where(newest.c.kind != "lifted")
        .order_by(watch.zone, watch.pollutant, table.at, table.noted_at)
    )
    grouped: dict[int, list[RowMapping]] = {}
    for row in (await tx.execute(query)).mappings():
        grouped.setdefault(row["watch_id"], []).append(row)
    return [await _episode(tx, group) for group in grouped.values()]


async def _episode(tx: AsyncConnection, rows: Sequence[RowMapping]) -> Episode:
    first = rows[0]
    live = [row for row in rows if row["withdrawn_at"] is None]
    last = live[-1] if live else None
    is_over = last is None or last["kind"] == "lifted"
    ended_at = (last["at"] if last else first["began_at"]) if is_over else None
    peak, peak_at = await _peak(tx, first["watch_id"], first["began_at"], ended_at) if live else (None, None)
    reached = [row["level"] for row in live if row["level"]]
    return Episode(
        zone=first["zone"],
        pollutant=first["pollutant"],
        level=max(reached, key=LEVELS.index, default=None),
        kind="reached",
        began_at=first["began_at"],
        ended_at=ended_at,
        peak=peak,
        peak_at=peak_at,
        changes=tuple(_change(row) for row in rows),
        now_level=None if is_over or last is None else last["level"],
    )


def _official(alert: OfficialAlert, zone: str) -> Episode:
    """As the governor said it: issued and lifted, nothing of ours."""
    noted = alert.received_at
    changes = [EpisodeChange(alert.issued_at, "reached", alert.level, None, alert.issued_value, noted)]
    if alert.lifted_at is not None:
        changes.append(EpisodeChange(alert.lifted_at, "lifted", None, alert.level, alert.lifted_value, noted))
    return Episode(
        zone=zone,
        pollutant=alert.pollutant,
        level=alert.level,
        kind="official",
        began_at=alert.issued_at,
        ended_at=alert.lifted_at,
        peak=alert.issued_value,
        changes=tuple(changes),
        issuer=alert.region,
        issuer_zone=alert.zone,
        now_level=None if alert.lifted_at else alert.level,
    )


async def _peak(
    tx: AsyncConnection, watch_id: int, began_at: datetime, ended_at: datetime | None
) -> tuple[Decimal | None, datetime | None]:
    hour = air_watch_hours.c
    wanted = select(hour.value, hour.at).where(hour.watch_id == watch_id, hour.at >= began_at, hour.value.is_not(None))
    if ended_at is not None:
        wanted = wanted.where(hour.at < ended_at)
    row = (await tx.execute(wanted.order_by(hour.value.desc(), hour.at).limit(1))).one_or_none()
    return (row.value, row.at) if row else (None, None)


def _change(row: RowMapping) -> EpisodeChange:
    return EpisodeChange(
        at=row["at"],
        kind=row["kind"],
        level=row["level"],
        before=row["before"],
        value=row["value"],
        noted_at=row["noted_at"],
        first_value=row["first_value"],
        corrected_at=row["corrected_at"],
        withdrawn_at=row["withdrawn_at"],
    )
