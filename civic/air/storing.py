"""Takes what a source brought: late, repeated and out of order, by one process or several, the same tables come out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import dayrows, indexing, stations, versions, words
from civic.air.dayrows import DayKey
from civic.air.merging import joined, standing
from civic.air.packing import HOURS, QUALITIES, Cell, Layer, key_of, micros, place_of, scaled
from civic.air.stations import Kept, Meeting, Register
from civic.air.versions import WordKey
from core.contracts.air import Observation, Pulled
from core.db import Driver, driver

HOUR_S = 3_600
Told = dict[WordKey, list[Cell]]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch. `stored`: values of hours nobody had spoken of. `repeated`: said so already.

    `corrected`: said otherwise before (which of the words stands: civic/air/merging.py). `unknown`: of a sensor or
    stack that is not entered, or not the mean of a whole hour. The others: rows that are new or changed.
    """

    stored: int = 0
    repeated: int = 0
    corrected: int = 0
    unknown: int = 0
    stations: int = 0
    indices: int = 0
    winds: int = 0
    alerts: int = 0
    forecasts: int = 0


async def take(tx: AsyncConnection, city_id: str, source: str, pulled: Pulled, now: datetime) -> Taken:
    """Store all of a pull, push or file. Takes turns with every other writer of the city's hours until the commit."""
    connection = await driver(tx)
    await stations.lock(connection, city_id)
    register = await stations.load(connection, city_id)
    _introduce(register, source, pulled, now)
    sites, unknown = _resolve(register, source, pulled)
    changed = sum(kept.is_changed for kept in register.all)
    for meeting in await stations.save(connection, city_id, register, now):
        await move(connection, meeting)
    told = _words(pulled.observations, sites)
    stored, repeated, corrected = await store_words(connection, told)
    official = [(sites[one.station_uid].id, one) for one in pulled.indices if one.station_uid in sites]
    indices = await indexing.take_official(connection, official)
    await indexing.reckon(
        connection,
        {(site, at) for site, at, _, _ in told} | {(site, one.phenomenon_end) for site, one in official},
    )
    return Taken(
        stored=stored,
        repeated=repeated,
        corrected=corrected,
        unknown=unknown,
        stations=changed,
        indices=indices,
        winds=await words.store_winds(connection, city_id, source, pulled.winds),
        alerts=await words.store_alerts(connection, city_id, source, pulled.alerts),
        forecasts=await words.store_forecasts(connection, city_id, source, pulled.forecasts),
    )


async def store_words(connection: Driver, told: Told) -> tuple[int, int, int]:
    """Join words to those that are there: how many were new, repeated, otherwise. The caller holds the lock."""
    days: dict[DayKey, Told] = {}
    for key, cells in told.items():
        site, at, _, confirmed = key
        days.setdefault((site, place_of(at)[0], confirmed), {})[key] = cells
    layers = await dayrows.layers(connection, days)
    differing = _differing(told, layers)
    others = await versions.load(connection, differing)
    counts = [0, 0, 0]
    replaced: dict[WordKey, list[Cell]] = {}
    for day_key, of_day in days.items():
        layer = layers.setdefault(day_key, {})
        for key, cells in of_day.items():
            known = _at(layer, key)
            contents = {cell.content for cell in cells}
            before = {cell.content for cell in (*others.get(key, ()), *([known] if known else ()))}
            new = len(contents - before)
            counts[0] += known is None
            counts[1] += len(cells) - new
            counts[2] += new - (known is None)
            together = joined([*cells, *others.get(key, ()), *([known] if known else ())])
            has_older = known is not None and known.has_older and key not in differing
            word = standing(together)
            layer.setdefault(key[2], [None] * HOURS)[place_of(key[1])[1]] = (
                word._replace(has_older=True) if has_older else word
            )
            if len(together) > 1 or key in others:
                replaced[key] = together[1:]
    await dayrows.write_layers(connection, {key: layers[key] for key in days})
    await versions.write(connection, replaced)
    return counts[0], counts[1], counts[2]


async def move(connection: Driver, meeting: Meeting) -> None:
    """The hours of a row that turned out to be another's station go there, as words like all others."""
    told = await versions.all_of(connection, meeting.gone)
    await store_words(
        connection, {(meeting.stays, at, key, confirmed): cells for (_, at, key, confirmed), cells in told.items()}
    )
    await indexing.move_official(connection, meeting.gone, meeting.stays)
    await versions.delete_all(connection, meeting.gone)
    await indexing.reckon(connection, {(meeting.stays, at) for _, at, _, _ in told})


def _introduce(register: Register, source: str, pulled: Pulled, now: datetime) -> None:
    """Stations as told; what a file says of them speaks for its newest hour and not for today."""
    spoken_of: dict[str, datetime] = {}
    for one in pulled.observations:
        if one.station_uid not in spoken_of or spoken_of[one.station_uid] < one.phenomenon_end:
            spoken_of[one.station_uid] = one.phenomenon_end
    for station in pulled.stations or ():
        register.hear(source, station, micros(min(spoken_of.get(station.uid, now), now)))


def _resolve(register: Register, source: str, pulled: Pulled) -> tuple[dict[str, Kept], int]:
    """Rows of all uids that are spoken of, and how many observations have none."""
    sites: dict[str, Kept] = {}
    unknown = 0
    for one in pulled.observations:
        if one.period_s != HOUR_S or not _is_whole_hour(one.phenomenon_end):
            unknown += 1
            continue
        kept = sites.get(one.station_uid) or register.find(source, one.station_uid, one.origin)
        if kept is None and one.origin == "official":
            kept = register.unheard(source, one.station_uid)
        if kept is None:
            unknown += 1
            continue
        sites[one.station_uid] = kept
        kept.seen(micros(one.phenomenon_end))
    for index in pulled.indices:
        found = sites.get(index.station_uid) or register.find(source, index.station_uid)
        if found is not None:
            sites[index.station_uid] = found
    return sites, unknown


def _words(observations: Iterable[Observation], sites: Mapping[str, Kept]) -> Told:
    told: Told = {}
    for one in observations:
        if one.station_uid in sites and one.period_s == HOUR_S and _is_whole_hour(one.phenomenon_end):
            key = (
                sites[one.station_uid].id,
                one.phenomenon_end,
                key_of(one.pollutant, one.unit),
                one.status == "confirmed",
            )
            told.setdefault(key, []).append(cell_of(one))
    return told


def cell_of(one: Observation) -> Cell:
    """A value that no instrument shows is kept as doubtful, without a number and with the number as its flag."""
    at = micros(one.received_at)
    value = None if one.value is None else scaled(one.value)
    quality, flag = one.quality, one.flag.replace("\0", "")
    if one.value is not None and value is None:
        quality, flag = "SUSPECT", flag or f"{one.value:f}"[:40]
    return Cell(QUALITIES.index(quality) + 1, value, flag, at, at)


def _is_whole_hour(end: datetime) -> bool:
    return not (end.minute or end.second or end.microsecond)


def _at(layer: Layer, key: WordKey) -> Cell | None:
    hours = layer.get(key[2])
    return None if hours is None else hours[place_of(key[1])[1]]


def _differing(told: Told, layers: Mapping[DayKey, Layer]) -> Sequence[WordKey]:
    """Where other words may be kept that have to be compared."""
    found = []
    for key, cells in told.items():
        known = _at(layers.get((key[0], place_of(key[1])[0], key[3]), {}), key)
        if known is not None and known.has_older and any(cell.content != known.content for cell in cells):
            found.append(key)
    return found
