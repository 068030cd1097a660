"""What a SensorThings request asks, and the entities that answer it, from the stored stations and hours."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading
from civic.air.open.sensorthings import NAVIGATION, EntitySet, Shapes, Stream, hour_of
from civic.air.open.streams import observations, spans
from civic.air.records import Site
from core.errors import BadInput, NotFound

MOST_SKIPPED = 100_000
_USUAL = 100
_FRESH = timedelta(minutes=1)
_EXPANDED = 10
"""Observations inside another entity; their nextLink leads on."""
_KNOWN = {"$top", "$skip", "$count", "$orderby", "$expand", "$filter"}
_SIDE = re.compile(r"phenomenonTime\s+(ge|gt|le|lt)\s+'?(\d{4}-\d\d-\d\dT[0-9:.]{5,15}(?:Z|[+-]\d\d:\d\d))'?")
_FAR = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
Key = int | str


@dataclass(frozen=True, slots=True)
class Asked:
    """`begin`, `end`: hours that ended after the one and not after the other."""

    top: int = _USUAL
    skip: int = 0
    has_count: bool = False
    order: str = ""
    is_descending: bool = False
    expand: tuple[str, ...] = ()
    begin: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    entities: list[dict[str, Any]]
    has_more: bool
    count: int | None = None


def asked_of(params: Sequence[tuple[str, str]], most: int) -> Asked:
    """Raises BadInput for what is not understood: an answer to another question would be wrong."""
    said = dict(params)
    if strange := sorted(set(said) - _KNOWN):
        raise _bad(strange[0][:40])
    begin, end = _filtered(said.get("$filter", ""))
    order, _, way = said.get("$orderby", "").strip().partition(" ")
    if way not in ("", "asc", "desc"):
        raise _bad("$orderby")
    if said.get("$count", "false") not in ("true", "false"):
        raise _bad("$count")
    return Asked(
        top=min(_number(said, "$top", _USUAL, 1_000_000), most),
        skip=_number(said, "$skip", 0, MOST_SKIPPED),
        has_count=said.get("$count") == "true",
        order=order,
        is_descending=way == "desc",
        expand=tuple(one for one in said.get("$expand", "").split(",") if one),
        begin=begin,
        end=end,
    )


@dataclass(slots=True)
class Known:
    """Stations and streams, read at most once a minute: new ones are seldom, and days are grouped to find them."""

    at: datetime | None = None
    sites: dict[int, Site] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)

    async def read(self, tx: AsyncConnection, city_id: str, now: datetime) -> None:
        if self.at is None or not timedelta(0) <= now - self.at < _FRESH:
            self.sites = {one.id: one for one in await reading.sites(tx, city_id, now)}
            self.streams = {one.id: one for one in await spans(tx, self.sites)}
            self.at = now


@dataclass(slots=True)
class Store:
    """The stations and streams of a city for one request."""

    tx: AsyncConnection
    sites: dict[int, Site]
    streams: dict[str, Stream]
    shapes: Shapes
    file_days: int
    _order: tuple[str, ...] = field(default=("id", "@iot.id", "name", "phenomenonTime"))

    async def one(self, of: EntitySet, id: Key) -> dict[str, Any]:
        """Raises NotFound."""
        if of == "Observations":
            return await self._observation(str(id))
        found = self._entities(of, None, [id])
        if not found:
            raise _nothing()
        return found[0]

    async def many(self, of: EntitySet, parent: tuple[EntitySet, Key] | None, asked: Asked) -> Found:
        """A page of a set, or of what hangs on an entity (which is there)."""
        if asked.order not in ("", *self._order) or (asked.order == "phenomenonTime" and of != "Observations"):
            raise _bad("$orderby")
        if of == "Observations":
            return await self._observations(parent, asked)
        if asked.begin or asked.end:
            raise _bad("$filter")
        found = self._entities(of, parent, None)
        if asked.order == "name":
            found.sort(key=lambda one: str(one["name"]))
        if asked.is_descending:
            found.reverse()
        page = found[asked.skip : asked.skip + asked.top]
        return Found(page, asked.skip + asked.top < len(found), len(found) if asked.has_count else None)

    async def expanded(self, of: EntitySet, id: Key, one: dict[str, Any], asked: Asked) -> dict[str, Any]:
        """The entity with what $expand names inside it, in place of the link to it."""
        for name in asked.expand:
            to = NAVIGATION[of].get(name)
            if to is None:
                raise _bad("$expand")
            found = await self.many(to, (of, id), Asked(top=_EXPANDED))
            link = one.pop(f"{name}@iot.navigationLink")
            if name.endswith("s"):
                one[name] = found.entities
                if found.has_more:
                    one[f"{name}@iot.nextLink"] = f"{link}?$skip={_EXPANDED}"
            else:
                one[name] = found.entities[0]
        return one

    def next_link(self, path: str, params: Sequence[tuple[str, str]], asked: Asked) -> str:
        kept = [(name, value) for name, value in params if name not in ("$top", "$skip")]
        query = urlencode([*kept, ("$top", asked.top), ("$skip", asked.skip + asked.top)], safe="$,:'")
        return f"{self.shapes.origin}{path}?{query}"

    def _entities(
        self, of: EntitySet, parent: tuple[EntitySet, Key] | None, ids: Sequence[Key] | None
    ) -> list[dict[str, Any]]:
        streams = [one for one in self.streams.values() if parent is None or self._hangs(one, parent)]
        sites = {one.site.id: one.site for one in streams} if parent else self.sites
        if parent and parent[0] in ("Things", "Locations"):
            sites = {int(parent[1]): self.sites[int(parent[1])]}
        if of == "Datastreams":
            return [self.shapes.datastream(one) for one in streams if ids is None or one.id in ids]
        if of == "ObservedProperties":
            codes = sorted({one.pollutant for one in streams})
            return [self.shapes.observed_property(one) for one in codes if ids is None or one in ids]
        chosen = [one for key, one in sorted(sites.items()) if ids is None or key in ids]
        if of == "Locations":
            return [self.shapes.location(one) for one in chosen if one.lat is not None and one.lon is not None]
        return [self.shapes.thing(one) if of == "Things" else self.shapes.sensor(one) for one in chosen]

    def _hangs(self, stream: Stream, parent: tuple[EntitySet, Key]) -> bool:
        of, id = parent
        if of == "Datastreams":
            return stream.id == id
        if of == "ObservedProperties":
            return stream.pollutant == id
        if of == "Observations":
            known = hour_of(str(id))
            return known is not None and stream.id == f"{known[0]}:{known[1]}"
        return stream.site.id == id

    async def _observation(self, id: str) -> dict[str, Any]:
        known = hour_of(id)
        stream = self.streams.get(f"{known[0]}:{known[1]}") if known else None
        if known is None or stream is None or not _FAR[0] < known[2] < _FAR[1]:
            raise _nothing()
        end = known[2]
        found, _, _ = await observations(self.tx, [stream], end - timedelta(hours=1), end, Asked(top=1))
        if not found:
            raise _nothing()
        return self.shapes.observation(*found[0])

    async def _observations(self, parent: tuple[EntitySet, Key] | None, asked: Asked) -> Found:
        streams = [one for one in self.streams.values() if parent is None or self._hangs(one, parent)]
        begin = max([asked.begin or _FAR[0], min([one.first for one in streams if one.first], default=_FAR[0])])
        begin = begin if asked.begin else begin - timedelta(hours=1)
        end = min([asked.end or _FAR[1], max([one.last for one in streams if one.last], default=_FAR[0])])
        if asked.has_count and (end - begin).days > self.file_days:
            raise BadInput(
                f"$count는 {self.file_days}일까지의 $filter와 함께 물어 주세요.",
                f"$count needs a $filter of at most {self.file_days} days.",
            )
        found, has_more, count = await observations(self.tx, streams, begin, end, asked)
        return Found([self.shapes.observation(*one) for one in found], has_more, count)


def _filtered(said: str) -> tuple[datetime | None, datetime | None]:
    """Both sides of `phenomenonTime ge … and phenomenonTime lt …`; hours are compared by their end."""
    begin = end = None
    for part in re.split(r"\s+and\s+", said.strip()) if said.strip() else ():
        side = _SIDE.fullmatch(part.strip())
        try:
            at = datetime.fromisoformat(side[2]).astimezone(UTC) if side else None
        except (ValueError, OverflowError):
            at = None
        if side is None or at is None or not _FAR[0] <= at <= _FAR[1]:
            raise _bad("$filter")
        tick = timedelta(microseconds=1)
        if side[1] in ("ge", "gt"):
            begin = at - tick if side[1] == "ge" else at
        else:
            end = at if side[1] == "le" else at - tick
    return begin, end


def _number(said: dict[str, str], name: str, usual: int, most: int) -> int:
    value = said.get(name, str(usual))
    if not (value.isascii() and value.isdecimal() and len(value) < 8 and int(value) <= most):
        raise _bad(name)
    return int(value)


def _bad(what: str) -> BadInput:
    return BadInput(f"이 조건은 알지 못합니다: {what}", f"Not understood: {what}")


def _nothing() -> NotFound:
    return NotFound("그런 자료가 없습니다.", "There is no such entity.")
