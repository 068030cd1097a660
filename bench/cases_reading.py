"""Lists, searches, one case and the figures, through the functions and over HTTP, each with its plan."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from random import Random
from typing import Any

import httpx
from sqlalchemy import select, text

from bench.cases_build import CITY, END, PREFIX, SEED, staff_ids
from bench.cases_figures import Times, head, line, timed
from bench.cases_plan import explain, watched
from civic.cases.figures import Period, board
from civic.cases.filters import CaseFilters, Near, Sort
from civic.cases.listing import count_cases, list_cases
from civic.cases.status import OPEN, Status
from civic.cases.tables import cases
from core.clock import SEOUL
from core.db import Database
from core.loading import ROOT
from tests.ports import free_port

LIST_MS, TEXT_MS, OPEN_MS = 50, 150, 30
DEPARTMENTS = ("parking", "recycling", "road", "environment", "bus", "parks", "welfare")
AREAS = ("tongjin", "gochon", "sau", "janggi", "gurae", "hagun", "gunha")
_RANDOM = Random(SEED)

Values = Mapping[str, Any]
LISTS: Mapping[str, Callable[[int], Values]] = {
    "no filter": lambda _: {},
    "status in_progress": lambda _: {"statuses": (Status.IN_PROGRESS,)},
    "every open status": lambda _: {"statuses": tuple(sorted(OPEN))},
    "answered, of a department": lambda n: {"statuses": (Status.ANSWERED,), "department_id": _of(DEPARTMENTS, n)},
    "department": lambda n: {"department_id": _of(DEPARTMENTS, n)},
    "open": lambda _: {"is_open": True},
    "overdue": lambda _: {"is_overdue": True},
    "overdue of a department": lambda n: {"is_overdue": True, "department_id": _of(DEPARTMENTS, n)},
    "due within 24 hours": lambda _: {"due_within": timedelta(hours=24)},
    "paused": lambda _: {"is_paused": True},
    "instant lane": lambda _: {"track": "instant"},
    "area": lambda n: {"area_id": _of(AREAS, n)},
    "category": lambda n: {"category": _of(("welfare", "snow_ice", "noise", "waste"), n)},
    "category that a department never has": lambda _: {"category": "pest", "department_id": "welfare"},
    "of one officer": lambda n: {"staff_id": staff_ids()[n]},
    "unassigned": lambda _: {"is_unassigned": True},
    "channel": lambda n: {"channel": _of(("kakao", "slack"), n)},
    "received in a month two years ago": lambda n: _month("received", n),
    "closed in a month two years ago": lambda n: _month("closed", n),
    "rating at most 1": lambda _: {"max_rating": 1},
    "joined by 5 or more": lambda _: {"min_joined": 5},
    "within 250 m": lambda n: {"near": Near(37.60 + n % 50 / 400, 126.60 + n % 37 / 250, 250)},
    "department, category, area, open": lambda n: {
        "department_id": "road",
        "category": "street_light",
        "area_id": _of(AREAS, n),
        "is_open": True,
    },
}
TEXTS: Mapping[str, Callable[[int], str]] = {
    "a common word": lambda n: _of(("주차", "가로등", "쓰레기", "포트홀", "소음"), n),
    "a rare word": lambda n: _of(("가마식당", "해솔약국", "달별카페", "강산치킨"), n),
    "a plate": lambda n: f"{10 + n}가{1000 + n * 7}",
    "two words": lambda n: _of(("구래동 가로등", "장기동 소음", "통진읍 악취", "횡단보도 주정차"), n),
    "two common words that never meet": lambda n: _of(("모기 염화칼슘", "현수막 포트홀", "버스 벌집"), n),
    "four words": lambda n: _of(("구래동 가로등 깜빡 확인", "사우동 쓰레기 무단투기 조치"), n),
    "with a slip": lambda n: _of(("가로동", "쓰래기", "포트훌", "현슈막", "rkfhemd"), n),
    "a phrase": lambda n: _of(('"무단투기가 심합니다"', '"배차 간격"', '"대형폐기물"'), n),
    "without a word": lambda n: _of(("가로등 -고장", "소음 -공사장"), n),
    "still being typed": lambda n: _of(("가로", "불법주", "쓰레"), n),
}


async def run(url: str, calls: int) -> None:
    """Each read `calls` times, each time with other values."""
    db = Database(url, pool_size=4)
    await _bounds(db, calls)
    await _lists(db, calls)
    await _texts(db, calls)
    await _figures(db)
    await _http(url, calls)
    await db.close()


async def _bounds(db: Database, calls: int) -> None:
    head("bound: the same pool and driver")

    async def one(_: int) -> None:
        async with db.transaction() as tx:
            await tx.execute(text("SELECT 1"))

    ids = await _some_ids(db, calls)

    async def key(number: int) -> None:
        async with db.transaction() as tx:
            await tx.execute(select(cases.c.receipt_no).where(cases.c.id == ids[number]))

    line("SELECT 1 in a transaction", Times.of(await timed(calls, one)))
    line("one case by its key", Times.of(await timed(calls, key)))


async def _lists(db: Database, calls: int) -> None:
    head(f"lists: 50 of a page, {calls} calls each, through list_cases")
    all_times: list[float] = []
    for name, values in LISTS.items():
        all_times += await _measure(db, calls, name, values, LIST_MS)
    for sort in ("due", "updated"):
        all_times += await _measure(db, calls, f"sorted by {sort}", lambda _: {}, LIST_MS, sort=sort)
    for depth in (100, 400):
        cursors = await _deep(db, depth)
        all_times += await _measure(db, calls, f"page {depth} by cursor", lambda _: {}, LIST_MS, cursors=cursors)
    line("all lists", Times.of(all_times), LIST_MS)
    head("counts, bounded at 10,000")
    for name in ("no filter", "department", "overdue", "department, category, area, open"):
        times = Times.of(await timed(20, lambda n, name=name: _counted(db, {**LISTS[name](n)})))  # type: ignore[misc]
        line(f"count: {name}", times)


async def _texts(db: Database, calls: int) -> None:
    head(f"full text: 50 of a page, {calls} calls each")
    all_times: list[float] = []
    for name, said in TEXTS.items():
        all_times += await _measure(db, calls, name, lambda n, said=said: {"text": said(n)}, TEXT_MS)  # type: ignore[misc]
    more: Mapping[str, Callable[[int], Values]] = {
        "a common word in a department": lambda n: {"text": "가로등", "department_id": _of(DEPARTMENTS, n)},
        "a common word of one officer": lambda n: {"text": "주차", "staff_id": staff_ids()[n]},
        "a common word, open cases": lambda _: {"text": "쓰레기", "is_open": True},
    }
    for name, values in more.items():
        all_times += await _measure(db, calls, name, values, TEXT_MS)
    for sort in ("relevance", "due", "updated"):
        all_times += await _measure(db, calls, f"two words by {sort}", _two_words, TEXT_MS, sort=sort)
    all_times += await _measure(db, calls, "a common word by relevance", _one_word, TEXT_MS, sort="relevance")
    line("all searches", Times.of(all_times), TEXT_MS)


def _two_words(number: int) -> Values:
    return {"text": TEXTS["two words"](number)}


def _one_word(number: int) -> Values:
    return {"text": TEXTS["a common word"](number)}


async def _measure(
    db: Database,
    calls: int,
    name: str,
    values: Callable[[int], Values],
    aim: float,
    *,
    sort: Sort | str = "received",
    cursors: list[str] | None = None,
) -> list[float]:
    async def call(number: int) -> None:
        filters = CaseFilters(city_id=CITY, now=END, **values(number))
        cursor = _of(cursors, number) if cursors else None
        async with db.transaction() as tx:
            await list_cases(tx, filters, cursor, 50, sort=sort)  # type: ignore[arg-type]

    times = await timed(calls, call)
    line(name, Times.of(times), aim)
    async with watched(db) as ran:
        await call(1)
    async with db.transaction() as tx:
        await tx.execute(text("SELECT set_config('pg_trgm.similarity_threshold', '0.25', true)"))
        plans = await explain(tx, [one for one in ran if "pg_class" not in one[0]])
    for plan in plans:
        print(f"    {plan.said()}")
    return times


async def _figures(db: Database) -> None:
    head("figures of the departments")
    for days in (30, 90, 365):

        async def call(_: int, days: int = days) -> None:
            async with db.transaction() as tx:
                await board(tx, CITY, Period.until(END, days), END)

        line(f"{days} days", Times.of(await timed(10, call)), 300 if days == 30 else None)
        async with watched(db) as ran:
            await call(0)
        async with db.transaction() as tx:
            for plan in await explain(tx, ran):
                print(f"    {plan.said()}")


async def _counted(db: Database, values: dict[str, Any]) -> None:
    async with db.transaction() as tx:
        await count_cases(tx, CaseFilters(city_id=CITY, now=END, **values))


async def _deep(db: Database, depth: int) -> list[str]:
    """Cursors of pages that a reader came to by turning so many."""
    found, cursor = [], None
    filters = CaseFilters(city_id=CITY, now=END)
    async with db.transaction() as tx:
        for number in range(depth + 20):
            cursor = (await list_cases(tx, filters, cursor, 50)).next_cursor
            if cursor is None:
                break
            if number >= min(depth, 50):
                found.append(cursor)
    return found or [""]


async def _some_ids(db: Database, count: int) -> list[Any]:
    year = END.astimezone(SEOUL).year - 1
    numbers = [f"{PREFIX}-{year}-{_RANDOM.randint(1, 1000):06d}" for _ in range(count)]
    async with db.transaction() as tx:
        found = await tx.execute(select(cases.c.id).where(cases.c.city_id == CITY, cases.c.receipt_no.in_(numbers)))
        ids = list(found.scalars())
    return [ids[number % len(ids)] for number in range(count)]


async def _http(url: str, calls: int) -> None:
    """The real application in a process of its own, one client that keeps its connection."""
    head("over HTTP (loopback, signed in, access log written)")
    year = END.astimezone(SEOUL).year - 1
    async with _server(url) as client:
        paths: Mapping[str, tuple[Callable[[int], str], float]] = {
            "bound: GET /api/v1/me": (lambda _: "/api/v1/me", 0),
            "list": (lambda _: "/api/v1/cases", LIST_MS),
            "list: overdue of a department": (
                lambda n: f"/api/v1/cases?overdue=true&department={_of(DEPARTMENTS, n)}",
                LIST_MS,
            ),
            "search: a common word": (lambda n: f"/api/v1/cases?q={TEXTS['a common word'](n)}", TEXT_MS),
            "search: two words": (lambda n: f"/api/v1/cases?q={TEXTS['two words'](n)}", TEXT_MS),
            "search: with a slip": (lambda n: f"/api/v1/cases?q={TEXTS['with a slip'](n)}", TEXT_MS),
            "open a case": (lambda n: f"/api/v1/cases/{PREFIX}-{year}-{n * 97 + 1:06d}", OPEN_MS),
            "figures of 90 days": (lambda _: "/api/v1/figures?days=90", 0),
        }
        for name, (path, aim) in paths.items():

            async def call(number: int, path: Callable[[int], str] = path) -> None:
                answer = await client.get(path(number))
                assert answer.status_code == 200, answer.text

            line(name, Times.of(await timed(calls, call)), aim or None)


@asynccontextmanager
async def _server(url: str) -> AsyncIterator[httpx.AsyncClient]:
    port = free_port()
    env = {**os.environ, "DATABASE_URL": url}
    command = (sys.executable, "-m", "bench.cases_server", str(port))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=env, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        token = (await process.stdout.readline()).decode().strip()
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
            await _until_up(client)
            yield client
    finally:
        process.terminate()
        await process.wait()


async def _until_up(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            with suppress(httpx.HTTPError):
                await client.get("/healthz")
                return
            await asyncio.sleep(0.1)


def _of(choices: Any, number: int) -> Any:
    return choices[number % len(choices)]


def _month(what: str, number: int) -> Values:
    start = END - timedelta(days=700 + number)
    return {f"{what}_from": start, f"{what}_before": start + timedelta(days=30)}
