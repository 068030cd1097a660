"""Each read of the case desk is served by the index that is meant for it: plans, not times, on a few thousand cases."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from bench.cases_build import CITY, END, build, staff_ids
from bench.cases_plan import Plan, explain, watched
from civic.cases.duplicates import CROWD, Sought, crowd_asked, find_similar
from civic.cases.figures import Period, board
from civic.cases.filters import CaseFilters, Near
from civic.cases.listing import list_cases
from civic.cases.search.vocabulary import learn
from civic.cases.status import Status
from core.db import Database
from core.settings import Duplicates
from tests.conftest import clone

ROWS = 6000


@pytest.fixture(scope="module")
def database_url(server_url: str, template_name: str) -> Iterator[str]:
    """The bench's own city, in small."""
    url = clone(server_url, template_name)
    build(url, ROWS)
    asyncio.run(_learnt(url))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
    yield url


async def _learnt(url: str) -> None:
    database = Database(url, pool_size=1)
    async with database.transaction() as tx:
        await learn(tx, CITY)
    await database.close()


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url, pool_size=2)
    yield made
    await made.close()


async def plans(database: Database, sort: str, values: dict[str, Any]) -> list[Plan]:
    async with watched(database) as ran, database.transaction() as tx:
        filters = CaseFilters(city_id=CITY, now=END, **values)
        await list_cases(tx, filters, None, 50, sort=sort)  # type: ignore[arg-type]
        # A small table is read whole rather than by an index; what is asked here is which index serves at all.
        await tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return await explain(tx, [one for one in ran if "pg_class" not in one[0]], run=False)


@pytest.mark.parametrize(
    ("index", "sort", "values"),
    [
        ("ix_cases_list", "received", {}),
        ("ix_cases_status", "received", {"statuses": (Status.REFUSED,)}),
        ("ix_cases_open", "received", {"is_open": True}),
        ("ix_cases_open", "received", {"is_unassigned": True}),
        ("ix_cases_desk", "received", {"is_open": True, "department_id": "road"}),
        ("ix_cases_department", "received", {"department_id": "welfare"}),
        ("ix_cases_category", "received", {"category": "welfare"}),
        ("ix_cases_area", "received", {"area_id": "gunha"}),
        ("ix_cases_staff", "received", {"staff_id": staff_ids()[3]}),
        ("ix_cases_due", "due", {}),
        ("ix_cases_updated", "updated", {}),
        ("ix_cases_near", "received", {"near": Near(37.6, 126.7, 250)}),
        ("uq_cases_city_id_receipt_no", "received", {"receipt_no": "GP-2026-000001"}),
        ("uq_cases_city_id_receipt_no", "received", {"text": "GP-2026-000001"}),
        ("ix_case_terms_terms", "received", {"text": "염화칼슘"}),
        ("ix_case_terms_terms", "received", {"text": "빙판길 염화칼슘"}),
        ("ix_case_terms_terms", "relevance", {"text": "염화칼슘"}),
        ("ix_case_terms_terms", "updated", {"text": '"빙판길에 염화칼슘을"'}),
        ("ix_search_terms_keys", "received", {"text": "염화칼숨"}),
        ("pk_search_terms", "received", {"text": "가로등"}),
    ],
)
async def test_it_is_read_by_its_index(database: Database, index: str, sort: str, values: dict[str, Any]) -> None:
    used = set().union(*(plan.indexes for plan in await plans(database, sort, values)))
    assert index in used, used


async def test_words_of_open_cases_by_due_date_read_the_open_ones(database: Database) -> None:
    used = set().union(*(plan.indexes for plan in await plans(database, "due", {"text": "가로등"})))
    assert used & {"ix_cases_open", "ix_cases_due", "ix_cases_desk"} and "pk_case_terms" in used, used


@pytest.mark.parametrize(
    ("index", "where"), [("ix_cases_around", {"lat": 37.6, "lon": 126.7}), ("ix_cases_place", {"place": "구래동 12"})]
)
async def test_its_like_is_looked_for_among_the_open_cases_of_the_corner(
    database: Database, index: str, where: dict[str, Any]
) -> None:
    sought = Sought(city_id=CITY, category="street_light", text="가로등이 꺼졌어요", at=END, **where)
    async with watched(database) as ran, database.transaction() as tx:
        await find_similar(tx, sought, Duplicates())
        ran.append((CROWD, crowd_asked(sought, Duplicates(), 4)))
        await tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
        used = [plan.indexes for plan in await explain(tx, ran, run=False)]
    assert len(used) == 2 and all(index in one for one in used), used


async def test_figures_of_a_month_read_what_was_closed_in_it(database: Database) -> None:
    async with watched(database) as ran, database.transaction() as tx:
        await board(tx, CITY, Period.until(END - timedelta(days=300), 30), END)
        await tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
        used = set().union(*(plan.indexes for plan in await explain(tx, ran, run=False)))
    assert {"ix_cases_closing"} <= used, used
    assert used & {"ix_cases_open", "ix_cases_due", "ix_cases_desk"}, used
