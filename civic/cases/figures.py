"""How the departments do: what came in, what was closed in time, how long it took; worked out where the rows are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.clock import days_off_of
from civic.cases.clock import law as laws
from civic.cases.clock.calendar import FIRST, DaysOff, working_days
from core.clock import SEOUL
from core.errors import BadInput

MOST_DAYS = 366
_OLDEST = timedelta(days=3650)
"""Nothing that is closed in a period was received longer before it; working days are counted so far back."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole Korean days, `last` included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if not 1 <= self.days <= MOST_DAYS:
            raise BadInput("기간은 1일부터 366일까지입니다.", "A period has 1 to 366 days.")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(), SEOUL)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(), SEOUL)

    @classmethod
    def until(cls, now: datetime, days: int) -> "Period":
        """The `days` days that end with today."""
        today = now.astimezone(SEOUL).date()
        return cls(today - timedelta(days=max(days, 1) - 1), today)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one department, of one week, or of the city. Shares are 0–1; None where there is nothing to divide.

    `open`, `overdue`: now. All others: of what was received, or closed, in the period. Withdrawn cases are closed but
    nobody's time is measured by them; one merged into another ends with that one and is not counted as closed.
    `median_working_days`: from the day of receipt to that of the answer, both counted, as 민원처리법 §19 counts;
    `median_days`: by the calendar; `median_instant_minutes`: of the instant lane (즉결). `reopened`: of the closed
    ones, those that were opened again. `transferred_late`: passed to another body after more working hours than the
    law gives (민원처리법 §16, 시행령 §13; the dated row of the period's end).
    """

    received: int = 0
    closed: int = 0
    open: int = 0
    overdue: int = 0
    median_working_days: float | None = None
    median_days: float | None = None
    on_time: float | None = None
    median_instant_minutes: float | None = None
    reopened: float | None = None
    rating: float | None = None
    rated: int = 0
    transferred: int = 0
    transferred_late: int = 0
    extensions: int = 0


@dataclass(frozen=True, slots=True)
class Board:
    """`weeks` by their Monday, oldest first."""

    period: Period
    city: Figures
    departments: dict[str, Figures]
    weeks: dict[date, Figures]


_CLOSED = """
    SELECT c.department_id, date_trunc('week', k.closed)::date AS week, c.status, c.status <> 'withdrawn' AS measured,
        c.track, c.rating, c.reopenings, c.extensions, c.closed_at <= c.due_at AS on_time,
        date_part('epoch', c.closed_at - c.received_at) AS seconds,
        CASE WHEN k.a > 0 THEN greatest(day.before[k.b] + day.works[k.b]::int - day.before[k.a], 0) END AS working_days,
        CASE WHEN c.status = 'transferred' THEN (:noon - :opens + :closes - :back) * (day.before[k.b] - day.before[k.a])
            + day.works[k.b]::int
                * (greatest(least(k.b_hour, :noon) - :opens, 0) + greatest(least(k.b_hour, :closes) - :back, 0))
            - day.works[k.a]::int
                * (greatest(least(k.a_hour, :noon) - :opens, 0) + greatest(least(k.a_hour, :closes) - :back, 0))
        END AS working_hours
    FROM day CROSS JOIN cases c
    CROSS JOIN LATERAL (
        SELECT c.received_at AT TIME ZONE 'Asia/Seoul' AS received, c.closed_at AT TIME ZONE 'Asia/Seoul' AS closed) at
    CROSS JOIN LATERAL (
        SELECT at.closed, at.received::date - day.first + 1 AS a, at.closed::date - day.first + 1 AS b,
            extract(epoch FROM at.received::time) / 3600 AS a_hour,
            extract(epoch FROM at.closed::time) / 3600 AS b_hour) k
    WHERE c.city_id = :city AND c.closed_at IS NOT NULL AND c.closed_at >= :start AND c.closed_at < :end
        AND c.merged_into_id IS NULL
        AND (CAST(:department AS text) IS NULL OR c.department_id = :department)
"""
# The calendar is a step of its own: put into the rows' own step, its arrays were cast anew for every case.
_BOARD = text(
    f"""WITH day AS MATERIALIZED (
    SELECT CAST(:before AS int[]) AS before, CAST(:works AS bool[]) AS works, CAST(:first AS date) AS first),
done AS MATERIALIZED ({_CLOSED})
SELECT grouping(department_id) AS g_department, grouping(week) AS g_week, department_id, week,
    count(*) AS closed,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY working_days) FILTER (WHERE measured) AS median_working_days,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE measured) / 86400 AS median_days,
    avg(on_time::int) FILTER (WHERE measured) AS on_time,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE measured AND track = 'instant') / 60
        AS median_instant_minutes,
    avg((reopenings > 0)::int) AS reopened, avg(rating) AS rating, count(rating) AS rated,
    count(*) FILTER (WHERE status = 'transferred') AS transferred,
    count(*) FILTER (WHERE status = 'transferred' AND working_hours > :late_hours) AS transferred_late,
    sum(extensions) AS extensions
FROM done GROUP BY GROUPING SETS ((department_id), (week), ())"""  # noqa: S608 - no value is put in
)
_RECEIVED = text(
    """SELECT grouping(department_id) AS g_department, grouping(week) AS g_week, department_id, week,
    sum(received)::bigint AS received
FROM (SELECT department_id, date_trunc('week', received_at AT TIME ZONE 'Asia/Seoul')::date AS week,
        count(*) AS received
    FROM cases WHERE city_id = :city AND received_at >= :start AND received_at < :end
        AND (CAST(:department AS text) IS NULL OR department_id = :department)
    GROUP BY 1, 2) part
GROUP BY GROUPING SETS ((department_id), (week), ())"""
)
_OPEN = text(
    """SELECT department_id, count(*) AS open,
    count(*) FILTER (WHERE due_at < coalesce(paused_at, :now)) AS overdue
FROM cases WHERE city_id = :city AND closed_at IS NULL AND merged_into_id IS NULL
    AND (CAST(:department AS text) IS NULL OR department_id = :department)
GROUP BY department_id"""
)


async def board(
    tx: AsyncConnection,
    city_id: str,
    period: Period,
    now: datetime,
    *,
    department_id: str | None = None,
    days_off: DaysOff | None = None,
) -> Board:
    """The city's figures, or one department's. Three statements, each over an index of its own."""
    asked = {"city": city_id, "start": period.start, "end": period.end, "department": department_id}
    calendar = _calendar(period, await days_off_of(tx, city_id, days_off or {}))
    found: dict[tuple[str, Any], dict[str, Any]] = {}
    for row in await tx.execute(_BOARD, {**asked, **calendar, **_office(period)}):
        found.setdefault(_key(row), {}).update(row._mapping)
    for row in await tx.execute(_RECEIVED, asked):
        found.setdefault(_key(row), {}).update(received=row.received)
    whole = found.setdefault(("city", None), {})
    for row in await tx.execute(_OPEN, {"city": city_id, "now": now, "department": department_id}):
        one = found.setdefault(("department", row.department_id), {})
        for name in ("open", "overdue"):
            one[name] = getattr(row, name)
            whole[name] = whole.get(name, 0) + one[name]
    return Board(
        period,
        _figures(whole),
        {key: _figures(values) for (kind, key), values in sorted(found.items(), key=str) if kind == "department"},
        {key: _figures(values) for (kind, key), values in sorted(found.items(), key=str) if kind == "week"},
    )


def _key(row: Any) -> tuple[str, Any]:
    if not row.g_department:
        return "department", row.department_id
    return ("week", row.week) if not row.g_week else ("city", None)


def _figures(values: Mapping[str, Any]) -> Figures:
    given = {one.name: values[one.name] for one in fields(Figures) if values.get(one.name) is not None}
    whole = {one.name for one in fields(Figures) if one.default == 0}
    plain = {name: int(value) if name in whole else round(float(value), 4) for name, value in given.items()}
    return Figures(**plain)  # type: ignore[arg-type]  # names and kinds are the record's own


def _office(period: Period) -> dict[str, float]:
    """Office hours and the hours of a transfer, as the law of the period's end has them."""
    law = laws.at(period.end)
    (opens, noon), (back, closes) = law.office
    hours = {"opens": opens, "noon": noon, "back": back, "closes": closes}
    found = {name: at.hour + at.minute / 60 for name, at in hours.items()}
    return {**found, "late_hours": float(law.number("transfer_outside_hours"))}


def _calendar(period: Period, off: DaysOff) -> dict[str, Any]:
    """Each day with the number of working days before it, from long before the period to its end."""
    table = working_days(off)
    first = max((period.start - _OLDEST).date(), FIRST)
    days = [first + timedelta(days=number) for number in range((period.last - first).days + 2)]
    before = [table.before(day) for day in days]
    return {"first": first, "before": before, "works": [table.works(day) for day in days]}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the public may read of one department; `department_id` None: all those too small to be shown alone."""

    department_id: str | None
    received: int
    closed: int
    median_days: float | None
    on_time: float | None


@dataclass(frozen=True, slots=True)
class PublicBoard:
    """`total` None: the whole city had fewer than k. `others`: how many departments the last row stands for."""

    period: Period
    total: Shown | None
    departments: list[Shown]
    others: int


async def public(
    tx: AsyncConnection, city_id: str, days: int, k: int, now: datetime, *, days_off: DaysOff | None = None
) -> PublicBoard:
    """Figures of which no cell stands for fewer than `k` cases, and none can be worked out from the others.

    A department with fewer than `k` received or closed is shown only together with others: at least two, and with
    `k` or more of both, else the next smallest joins them. Times and shares are those of the row as it is shown.
    """
    whole = await board(tx, city_id, Period.until(now, days), now, days_off=days_off)
    alone, together = apart({name: (one.received, one.closed) for name, one in whole.departments.items()}, k)
    if min(whole.city.received, whole.city.closed) < k:
        return PublicBoard(whole.period, None, [], 0)
    rows = [_shown(name, whole.departments[name]) for name in alone]
    if together:
        received = sum(whole.departments[name].received for name in together)
        closed = sum(whole.departments[name].closed for name in together)
        rows.append(Shown(None, received, closed, None, None))
    return PublicBoard(whole.period, _shown(None, whole.city), rows, len(together))


def apart(counts: Mapping[str, tuple[int, ...]], k: int) -> tuple[list[str], list[str]]:
    """Which are shown by themselves and which only in one sum. A sum of one would be that one: so it is of two or
    more, and of `k` or more in every count; when all together have fewer, nothing is shown by itself."""
    order = sorted(counts, key=lambda name: (min(counts[name]), name))
    together = [name for name in order if min(counts[name]) < k]
    rest = [name for name in order if name not in together]
    while together and rest and (len(together) < 2 or _least(counts, together) < k):
        together.append(rest.pop(0))
    if together and (len(together) < 2 or _least(counts, together) < k):
        return [], []
    return sorted(rest), sorted(together)


def _least(counts: Mapping[str, tuple[int, ...]], names: Sequence[str]) -> int:
    return min(map(sum, zip(*(counts[name] for name in names), strict=True)))


def _shown(name: str | None, one: Figures) -> Shown:
    return Shown(name, one.received, one.closed, one.median_working_days, one.on_time and round(one.on_time, 2))
