"""One rule of the city: when it applies, and what follows. Both are data that staff write and a folder may hold."""

from datetime import datetime, time
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from shapely.geometry import shape  # type: ignore[import-untyped]
from shapely.geometry.base import BaseGeometry  # type: ignore[import-untyped]

MOST_POINTS = 2000
Track = Literal["instant", "long"]


def _storable(value: str) -> str:
    """PostgreSQL takes no NUL and no lone surrogate."""
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise PydanticCustomError("not_storable", "The text holds characters that cannot be stored")
    return value


Text = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True), AfterValidator(_storable)]
Ids = Annotated[tuple[Text, ...], Field(max_length=100)]
Weekday = Annotated[int, Field(ge=1, le=7)]
"""ISO: 1 월요일 … 7 일요일."""
Longitude = Annotated[float, Field(ge=124, le=132)]
Latitude = Annotated[float, Field(ge=33, le=39)]
Point = tuple[Longitude, Latitude]
Ring = Annotated[tuple[Point, ...], Field(min_length=4)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Polygon(_Strict):
    """A GeoJSON polygon (RFC 7946 §3.1.6): rings of [longitude, latitude], the first outside, the others holes."""

    type: Literal["Polygon"]
    coordinates: Annotated[tuple[Ring, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _encloses(self) -> Self:
        if sum(map(len, self.coordinates)) > MOST_POINTS:
            raise PydanticCustomError("polygon_too_long", "A polygon has at most 2000 points")
        if any(ring[0] != ring[-1] for ring in self.coordinates):
            raise PydanticCustomError("polygon_open", "Each ring ends where it began")
        if not (area := self.shape).is_valid or area.is_empty:
            raise PydanticCustomError("polygon_crossed", "The rings cross themselves or enclose nothing")
        return self

    @cached_property
    def shape(self) -> BaseGeometry:
        return shape({"type": self.type, "coordinates": self.coordinates})


class Hours(_Strict):
    """A span of the day in Korean time; `until` before `since` runs over midnight. `until` itself is outside."""

    since: time
    until: time

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.since == self.until:
            raise PydanticCustomError("hours_empty", "The span is empty")
        if self.since.tzinfo or self.until.tzinfo:
            raise PydanticCustomError("hours_zone", "Hours are Korean time and name no zone")
        return self


class Words(_Strict):
    """Looked for in the text without regard to spaces and case."""

    any: Ids = ()
    all: Ids = ()
    none: Ids = ()


class Conditions(_Strict):
    """All that are given must hold; none given holds always. `areas` are ids of the city's areas."""

    categories: Ids = ()
    areas: Ids = ()
    polygon: Polygon | None = None
    hours: Hours | None = None
    weekdays: Annotated[tuple[Weekday, ...], Field(max_length=7)] = ()
    words: Words = Words()
    channels: Ids = ()
    track: Track | None = None


class Result(_Strict):
    """What follows. Absent parts stay as without the rule. `priority` high: the heads are told at once."""

    department_id: Text | None = None
    staff_id: UUID | None = None
    track: Track | None = None
    priority: Literal["normal", "high"] = "normal"

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self == Result.model_construct():
            raise PydanticCustomError("result_empty", "The rule has no result")
        return self


class RuleDraft(_Strict):
    """A rule as somebody writes it. Rules are tried by `position`, the smallest first; the first that fits decides."""

    name: Text
    position: Annotated[int, Field(ge=0, le=100_000)]
    conditions: Conditions = Conditions()
    result: Result
    is_active: bool = True


class Rule(RuleDraft):
    """A stored rule. Moments are aware UTC; `version` grows with each change."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: UUID
    source: Literal["desk", "folder"]
    version: int
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        return cls.model_validate(dict(row._mapping))
