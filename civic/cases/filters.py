"""What a list of cases may be asked for, as conditions of SQL."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from math import cos, radians
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, false, func

from civic.cases.case import Track
from civic.cases.cursor import fingerprint
from civic.cases.receipt import read_number
from civic.cases.status import CLOSED, Status
from civic.cases.tables import cases
from civic.cases.visible import within
from civic.staff.scope import Scope

Sort = Literal["received", "due", "updated", "relevance"]
METERS_A_DEGREE = 111_320.0
_STREETS = 0.012
"""Degrees: about a kilometre."""


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees (WGS 84)."""

    south: float
    west: float
    north: float
    east: float

    @classmethod
    def around(cls, lat: float, lon: float, radius_m: float) -> "Box":
        """The smallest box that holds the circle."""
        up = radius_m / METERS_A_DEGREE
        aside = up / max(cos(radians(lat)), 0.01)
        return cls(lat - up, lon - aside, lat + up, lon + aside)


@dataclass(frozen=True, slots=True)
class Near:
    """Within `radius_m` of a point."""

    lat: float
    lon: float
    radius_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilters:
    """All given conditions hold together; moments are aware. `scope` None sees the whole city.

    `text`: words, "a phrase", -without (see `search.asked`). `is_overdue` and `due_within` need `now`.
    `is_unassigned`: open cases of nobody. Merged cases are shown only `with_merged` or by number. `citizen_ids`: whose
    cases, () for nobody's, None for everybody's.
    """

    city_id: str
    scope: Scope | None = None
    now: datetime | None = None
    statuses: tuple[Status, ...] = ()
    is_open: bool | None = None
    is_overdue: bool = False
    due_within: timedelta | None = None
    is_paused: bool | None = None
    track: Track | None = None
    department_id: str | None = None
    area_id: str | None = None
    category: str | None = None
    staff_id: UUID | None = None
    is_unassigned: bool = False
    channel: str | None = None
    receipt_no: str | None = None
    citizen_ids: tuple[UUID, ...] | None = None
    text: str | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None
    closed_from: datetime | None = None
    closed_before: datetime | None = None
    due_before: datetime | None = None
    max_rating: int | None = None
    is_in_review: bool = False
    is_mass: bool = False
    with_merged: bool = False
    min_joined: int | None = None
    min_warned: int | None = None
    box: Box | None = None
    near: Near | None = None

    @property
    def is_small(self) -> bool:
        """Within a few streets: hundreds of cases and not the city's."""
        box = Box.around(self.near.lat, self.near.lon, self.near.radius_m) if self.near else self.box
        return box is not None and max(box.north - box.south, box.east - box.west) <= _STREETS

    def asked(self) -> str:
        """The same for the same question, whenever it is asked."""
        return fingerprint([(one.name, getattr(self, one.name)) for one in fields(self) if one.name != "now"])


def conditions(filters: CaseFilters) -> list[ColumnElement[bool]]:
    """Over `cases`, all but the words."""
    wanted: list[ColumnElement[bool]] = [cases.c.city_id == filters.city_id]
    if (visible := within(filters.scope)) is not None:
        wanted.append(visible)
    wanted += _equal(filters)
    wanted += _states(filters)
    wanted += _moments(filters)
    wanted += _numbers(filters)
    if filters.receipt_no is not None:
        wanted.append(cases.c.receipt_no == (read_number(filters.receipt_no) or filters.receipt_no))
    elif not filters.with_merged:
        wanted.append(cases.c.merged_into_id.is_(None))
    if filters.citizen_ids is not None:
        wanted.append(cases.c.citizen_id.in_(filters.citizen_ids) if filters.citizen_ids else false())
    if filters.box is not None:
        wanted += _within(filters.box)
    if filters.near is not None:
        wanted += _near(filters.near)
    return wanted


def _equal(filters: CaseFilters) -> list[ColumnElement[bool]]:
    pairs = (
        (cases.c.department_id, filters.department_id),
        (cases.c.category, filters.category),
        (cases.c.area_id, filters.area_id),
        (cases.c.staff_id, filters.staff_id),
        (cases.c.channel, filters.channel),
        (cases.c.track, filters.track),
    )
    return [column == value for column, value in pairs if value is not None]


def _states(filters: CaseFilters) -> list[ColumnElement[bool]]:
    """An open case has no closing moment, by the table of changes: said so, the indexes of open cases serve."""
    wanted: list[ColumnElement[bool]] = []
    is_open = filters.is_open
    if filters.statuses:
        names = sorted(status.value for status in set(filters.statuses))
        wanted.append(cases.c.status == names[0] if len(names) == 1 else cases.c.status.in_(names))
        if is_open is None and not CLOSED.intersection(filters.statuses):
            is_open = True
    if filters.is_overdue or filters.due_within is not None or filters.is_paused or filters.is_unassigned:
        is_open = is_open is not False
    if is_open is not None:
        wanted.append(cases.c.closed_at.is_(None) if is_open else cases.c.closed_at.is_not(None))
    if filters.is_unassigned:
        wanted.append(cases.c.staff_id.is_(None))
    if filters.is_paused is not None:
        wanted.append(cases.c.paused_at.is_not(None) if filters.is_paused else cases.c.paused_at.is_(None))
    if filters.is_in_review:
        wanted.append(cases.c.review_at.is_not(None))
    if filters.is_mass:
        wanted.append(cases.c.mass_at.is_not(None))
    return wanted


def _moments(filters: CaseFilters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    for column, since, before in (
        (cases.c.received_at, filters.received_from, filters.received_before),
        (cases.c.closed_at, filters.closed_from, filters.closed_before),
        (cases.c.due_at, None, filters.due_before),
    ):
        if since is not None:
            wanted.append(column >= since)
        if before is not None:
            wanted.append(column < before)
    if filters.closed_before is not None:
        # Nothing is closed before it is received: said so, the list is read from there and not from today.
        wanted.append(cases.c.received_at < filters.closed_before)
    if (filters.is_overdue or filters.due_within is not None) and filters.now is None:
        raise ValueError("overdue and due_within are asked at a moment")
    if filters.is_overdue:
        # 보완을 기다리는 동안에는 기한이 가지 않는다(시행령 §20): as `Case.is_overdue`.
        wanted += [cases.c.due_at < filters.now, cases.c.due_at < func.coalesce(cases.c.paused_at, filters.now)]
    if filters.due_within is not None and filters.now is not None:
        wanted.append(cases.c.due_at.between(filters.now, filters.now + filters.due_within))
    return wanted


def _numbers(filters: CaseFilters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if filters.max_rating is not None:
        wanted.append(cases.c.rating <= filters.max_rating)
    if filters.min_joined is not None:
        wanted.append(cases.c.joined >= filters.min_joined)
    if filters.min_warned is not None:
        wanted.append(cases.c.warn_level >= filters.min_warned)
    return wanted


def _within(box: Box) -> list[ColumnElement[bool]]:
    """Over the border of day no Korean city lies, so west is less than east."""
    return [cases.c.lat.between(box.south, box.north), cases.c.lon.between(box.west, box.east)]


def _near(near: Near) -> list[ColumnElement[bool]]:
    """The box first, by index; then the circle, on a plane that is flat enough for a city."""
    aside = cos(radians(near.lat)) * METERS_A_DEGREE
    distance = func.sqrt(
        func.power((cases.c.lat - near.lat) * METERS_A_DEGREE, 2) + func.power((cases.c.lon - near.lon) * aside, 2)
    )
    return [*_within(Box.around(near.lat, near.lon, near.radius_m)), distance <= near.radius_m]
