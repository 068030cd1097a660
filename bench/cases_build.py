"""A city's three years as rows: written by COPY in the order of receipt, the same for every run of a seed."""

import os
from bisect import bisect, bisect_left
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache, lru_cache
from random import Random
from uuid import UUID

import orjson
import psycopg

from bench.cases_text import WEIGHTS, compose
from civic.cases.clock import Deadline, due
from civic.cases.search.words import vector
from civic.city import rows as city_rows
from core.clock import SEOUL
from core.loading import ROOT

CITY, PREFIX, SEED = "gimpo", "GP", 2014
END = datetime(2026, 11, 20, 9, tzinfo=UTC)
YEARS = 3
STAFF, THREADS_OF = 130, 4
CHUNK = 10_000
CHANNELS = ("kakao", "web", "telegram", "sms", "slack")
TABLES = {
    "conversations": "id, city_id, channel, address, last_inbound_at, created_at",
    "cases": """id, city_id, receipt_no, status, category, department_id, staff_id, title, body, place, lat, lon,
        conversation_id, channel, received_at, due_at, due_rule, closed_at, answer, track, area_id, joined, paused_at,
        extensions, rating, reopenings, version, updated_at""",
    "case_terms": "case_id, city_id, department_id, received_at, terms",
    "case_events": "id, city_id, case_id, at, actor_kind, actor_id, kind, from_value, to_value, text, is_public",
}
"""Table to the columns of its rows."""


def staff_ids() -> list[UUID]:
    return [row_id(END - timedelta(days=YEARS * 400), 9, number) for number in range(STAFF)]


def build(url: str, rows: int) -> None:
    """Fill an empty, migrated database. Indexes are made at the end; the terms' vocabulary is learnt by the caller."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("SET session_replication_role = replica")  # no check of keys that are right by making
        connection.execute("SET synchronous_commit = off")
        indexes = _without_indexes(connection)
        with ProcessPoolExecutor(max_workers=os.cpu_count() or 1, initializer=os.nice, initargs=(10,)) as workers:
            spans = [(first, min(first + CHUNK, rows), rows) for first in range(0, rows, CHUNK)]
            for chunk in workers.map(_chunk, spans):
                for table, columns in TABLES.items():
                    with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                        copy.write(chunk[table])
        for definition in indexes:
            connection.execute(definition)
        _numbers(connection)


def _without_indexes(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Drop what is not unique; the definitions to make it again."""
    found = connection.execute(
        """SELECT i.indexname, i.indexdef FROM pg_indexes i JOIN pg_class c ON c.relname = i.indexname
        JOIN pg_index x ON x.indexrelid = c.oid
        WHERE i.schemaname = 'public' AND i.tablename = ANY(%s) AND NOT x.indisunique""",
        (list(TABLES),),
    ).fetchall()
    for name, _ in found:
        connection.execute(psycopg.sql.SQL("DROP INDEX {}").format(psycopg.sql.Identifier(str(name))))
    return [str(definition) for _, definition in found]


def _numbers(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    connection.execute(
        """INSERT INTO receipt_numbers (city_id, series, year, last)
        SELECT city_id, 'case', split_part(receipt_no, '-', 2)::int, max(split_part(receipt_no, '-', 3)::int)
        FROM cases GROUP BY 1, 2, 3"""
    )


def _chunk(span: tuple[int, int, int]) -> dict[str, bytes]:
    first, last, rows = span
    random = Random(SEED * 1_000_003 + first)
    made: dict[str, list[bytes]] = {table: [] for table in TABLES}
    for number in range(first, last):
        _case(random, number, rows, made)
    return {table: b"".join(lines) for table, lines in made.items()}


def _case(random: Random, number: int, rows: int, made: dict[str, list[bytes]]) -> None:
    city, at = the_city(), moment(number, rows)
    case_id, thread_id = row_id(at, 1, number), thread_of(number, rows)
    category = random.choices(city.categories, city.weights)[0]
    area, area_name, lat, lon = random.choices(city.areas, city.crowds)[0]
    department = city.department_of[category] if random.random() > 0.06 else random.choice(city.departments)
    said = compose(random, category, area_name, city.landmarks)
    is_instant = random.random() < 0.15
    due_at, rule = _due(at.replace(minute=0, second=0, microsecond=0), is_instant)
    status, moved_at, closed_at = _fate(random, at, due_at, is_instant)
    staff = random.choice(city.staff_of[department]) if moved_at else None
    channel = random.choices(CHANNELS, (50, 25, 10, 12, 3))[0]
    if number % THREADS_OF == 0:
        made["conversations"].append(_line(thread_id, CITY, channel, f"citizen-{number // THREADS_OF}", at, at))
    is_rated = closed_at is not None and random.random() < 0.2
    point = (round(random.gauss(lat, 0.006), 6), round(random.gauss(lon, 0.008), 6))
    joined = random.choices((0, 1, 2, 3, 6), (900, 60, 25, 10, 5))[0]
    rating = random.choices((1, 2, 3, 4, 5), (6, 6, 13, 30, 45))[0] if is_rated else None
    made["cases"].append(
        _line(
            *(case_id, CITY, _receipt(number, at, rows), status, category, department, staff),
            *(said.title, said.body, said.place),
            *(*point, thread_id, channel, at, due_at, rule, closed_at),
            *("현장을 확인하고 조치하였습니다." if closed_at else None, "instant" if is_instant else "long", area),
            *(joined, moved_at if status == "waiting_citizen" else None, int(random.random() < 0.04)),
            *(rating, int(random.random() < 0.015), 3 if closed_at else 2 if moved_at else 1),
            closed_at or moved_at or at,
        )
    )
    made["case_terms"].append(_line(case_id, CITY, department, at, vector(said.title, said.place, said.body)))
    happened: list[tuple[object, ...]] = [(at, "citizen", None, "opened", None, "received")]
    if moved_at:
        happened.append((moved_at, "staff", staff, "status", "received", "in_progress"))
    if status not in ("received", "in_progress"):
        happened.append((closed_at or moved_at or at, "staff", staff, "status", "in_progress", status))
    for order, one in enumerate(happened):
        made["case_events"].append(_line(row_id(at, 3 + order, number), CITY, case_id, *one, "", True))


def _fate(
    random: Random, at: datetime, due_at: datetime, is_instant: bool
) -> tuple[str, datetime | None, datetime | None]:
    """Status, when somebody took it up, when it was closed: most on time, one in nine late, few never."""
    moved_at = at + timedelta(hours=random.expovariate(1 / (0.3 if is_instant else 9)))
    length = (due_at - at) * (random.betavariate(2, 3) if random.random() < 0.89 else random.uniform(1, 2.5))
    closed_at = max(moved_at, at + length)
    if closed_at < END and random.random() < 0.997:
        return (
            random.choices(("answered", "refused", "transferred", "withdrawn"), (85, 6, 5, 4))[0],
            moved_at,
            closed_at,
        )
    if moved_at > END:
        return "received", None, None
    return random.choices(("in_progress", "waiting_citizen", "assigned"), (70, 12, 18))[0], moved_at, None


def moment(number: int, rows: int) -> datetime:
    """When the case of this number is received: later for every number, busy at ten, quiet at night."""
    days, within = divmod(number * YEARS * 365 / rows, 1)
    hour = bisect(_UNTIL, within) - 1
    share = (within - _UNTIL[hour]) / (_UNTIL[hour + 1] - _UNTIL[hour])
    start = datetime.combine(END.astimezone(SEOUL).date(), time(), SEOUL) - timedelta(days=YEARS * 365)
    return (start + timedelta(days=days, hours=hour + share)).astimezone(UTC)


_HOURS = [1] * 6 + [5, 10, 25, 40, 45, 40, 30, 35, 40, 40, 35, 35, 30, 20, 15, 10, 5, 3]
_UNTIL = [sum(_HOURS[:hour]) / sum(_HOURS) for hour in range(24)] + [1.0]


def row_id(at: datetime, kind: int, number: int) -> UUID:
    """A UUIDv7 of that moment; `kind` and `number` stand for what is random."""
    return UUID(int=(int(at.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | (kind << 40) | number)


def thread_of(number: int, rows: int) -> UUID:
    first = number - number % THREADS_OF
    return row_id(moment(first, rows), 2, first)


def _receipt(number: int, at: datetime, rows: int) -> str:
    year = at.astimezone(SEOUL).year
    return f"{PREFIX}-{year}-{number - _first_of(year, rows) + 1:06d}"


@cache
def _first_of(year: int, rows: int) -> int:
    """The number of the year's first case."""
    return bisect_left(range(rows), year, key=lambda number: moment(number, rows).astimezone(SEOUL).year)


@lru_cache(maxsize=4096)
def _due(hour: datetime, is_instant: bool) -> tuple[datetime, str]:
    made = due(hour, Deadline("immediate") if is_instant else Deadline("days", 7, "민원처리법 시행령 제17조(고충민원)"))
    return made.at, orjson.dumps(made.rule).decode()


@dataclass(frozen=True, slots=True)
class _City:
    categories: list[str]
    weights: list[int]
    department_of: dict[str, str]
    departments: list[str]
    areas: list[tuple[str, str, float, float]]
    crowds: list[float]
    landmarks: list[str]
    staff_of: dict[str, list[UUID]]


@cache
def the_city() -> _City:
    folder = ROOT / "demo" / CITY
    categories, areas = city_rows.read(folder, "categories"), city_rows.read(folder, "areas")
    departments = [row["id"] for row in city_rows.read(folder, "departments")]
    people = staff_ids()
    return _City(
        categories=[row["id"] for row in categories],
        weights=[WEIGHTS[row["id"]] for row in categories],
        department_of={row["id"]: row["department_id"] for row in categories},
        departments=departments,
        areas=[(row["id"], row["name_ko"], row["lat"], row["lon"]) for row in areas],
        crowds=[1 / (1 + position * 0.35) for position in range(len(areas))],
        landmarks=[row["name"] for row in city_rows.read(folder, "places")],
        staff_of={name: people[position :: len(departments)] for position, name in enumerate(departments)},
    )


def _line(*values: object) -> bytes:
    """One row as COPY reads it."""
    return ("\t".join(map(_cell, values)) + "\n").encode()


def _cell(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).translate(_ESCAPED)


_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
