"""Searching and filtering over HTTP: what is asked, what is refused in two languages, what the log keeps."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from civic.cases.case import OpenedCase
from civic.cases.open import open_case
from civic.cases.search.vocabulary import learn
from civic.cases.tables import cases
from civic.people.citizens import name_citizen
from civic.staff.tables import access_log
from core.vault import vault_of
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW, conversation, draft


@pytest.fixture(scope="module")
async def filed(house: SmallHouse) -> list[OpenedCase]:
    """A paused one, an overdue one, a closed and rated one, a merged one, a far one."""
    made = []
    for number in range(5):
        async with house.db.transaction() as tx:
            thread = await conversation(tx)
            phone = f"010-5555-000{number}"
            citizen = await name_citizen(tx, vault_of(tx), thread, CITY, f"김시민{'가나다라마'[number]}", phone, NOW)
            body = f"구래동 공원 앞 가로등이 꺼져 있습니다. {number}번"
            values = draft(thread, citizen_id=citizen, body=body, lat=37.60 + number / 50, lon=126.62)
            made.append(await open_case(tx, values, NOW - timedelta(minutes=5 - number)))
    changes: list[dict[str, Any]] = [
        {"status": "waiting_citizen", "paused_at": NOW - timedelta(days=1), "due_at": NOW - timedelta(hours=1)},
        {"due_at": NOW - timedelta(hours=2), "joined": 6, "mass_at": NOW, "track": "instant"},
        {"status": "answered", "closed_at": NOW, "rating": 2, "review_at": NOW, "due_at": NOW + timedelta(days=1)},
        {"merged_into_id": made[0].id},
        {"area_id": "gurae", "warn_level": 2, "parent_id": made[0].id},
    ]
    async with house.db.transaction() as tx:
        for case, change in zip(made, changes, strict=True):
            await tx.execute(update(cases).where(cases.c.id == case.id).values(change))
        await learn(tx, CITY)
    return made


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ("", [4, 2, 1, 0]),
        ("merged=true", [4, 3, 2, 1, 0]),
        ("open=true", [4, 1, 0]),
        ("open=false", [2]),
        ("overdue=true", [1]),
        ("paused=true", [0]),
        ("paused=false&open=true", [4, 1]),
        ("due_within_hours=1000", [4]),
        ("track=instant", [1]),
        ("area=gurae", [4]),
        ("max_rating=2", [2]),
        ("review=true", [2]),
        ("mass=true", [1]),
        ("min_joined=6", [1]),
        ("min_warned=2", [4]),
        ("channel=web", [4, 2, 1, 0]),
        ("channel=kakao", []),
        ("near=37.62,126.62&radius_m=100", [1]),
        ("box=126.6,37.61,126.7,37.65", [2, 1]),
        ("phone=010 5555 0002", [2]),
        ("name=김시민나", [1]),
        ("name=김시민나&phone=010-5555-0002", []),
        ("sort=due", [1, 0, 4]),
        ("status=answered&status=waiting_citizen", [2, 0]),
        ("q=가로등", [4, 2, 1, 0]),
        ("q=가로동", [4, 2, 1, 0]),
        ("q=가로등&open=true&sort=due", [1, 0, 4]),
        ("closed_from=2026-09-01T00:00:00Z&closed_before=2026-10-01T00:00:00Z", [2]),
    ],
)
async def test_a_filter_shows_what_it_says(
    house: SmallHouse, agent: httpx.AsyncClient, filed: list[OpenedCase], asked: str, numbers: list[int]
) -> None:
    answer = await agent.get(f"/api/v1/cases?{asked}")
    assert answer.status_code == 200, answer.text
    assert [row["receipt_no"] for row in answer.json()["items"]] == [filed[number].receipt_no for number in numbers]


async def test_a_slip_is_told_and_a_count_given_when_asked(
    house: SmallHouse, agent: httpx.AsyncClient, filed: list[OpenedCase]
) -> None:
    plain = (await agent.get("/api/v1/cases", params={"q": "가로등"})).json()
    assert (plain["did_you_mean"], plain["count"], plain["count_is_more"]) == (None, None, False)
    counted = (await agent.get("/api/v1/cases", params={"q": "가로동", "count": "true", "limit": 1})).json()
    assert (counted["did_you_mean"], counted["count"], len(counted["items"])) == ("가로등", 4, 1)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("near=0,0", "query.near"),
        ("near=x", "query.near"),
        ("near=37.6", "query.near"),
        ("near=nan,nan", "query.near"),
        ("box=1,2,3", "query.box"),
        ("box=127,37,126,38", "query.box"),
        ("status=lost", "query.status.0"),
        ("sort=random", "query.sort"),
        ("max_rating=9", "query.max_rating"),
        ("limit=0", "query.limit"),
        ("received_from=2026-09-01", "query.received_from"),
        ("staff=me", "query.staff"),
        ("colour=red", "query.colour"),
    ],
)
async def test_an_impossible_question_is_refused_in_two_languages(
    agent: httpx.AsyncClient, asked: str, field: str
) -> None:
    answer = await agent.get(f"/api/v1/cases?{asked}")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert error["en"] and any("가" <= char <= "힣" for char in error["ko"])


@pytest.mark.parametrize("asked", ["cursor=x", "sort=relevance", "phone=12", "name=1"])
async def test_what_only_the_desk_can_refuse_is_refused_too(agent: httpx.AsyncClient, asked: str) -> None:
    assert (await agent.get(f"/api/v1/cases?{asked}")).status_code == 422


async def test_the_log_keeps_the_filters_and_no_name(
    house: SmallHouse, agent: httpx.AsyncClient, filed: list[OpenedCase]
) -> None:
    await agent.get("/api/v1/cases", params={"name": "김시민가", "q": "가로등", "overdue": "false", "area": "sau"})
    async with house.db.transaction() as tx:
        found = await tx.execute(select(access_log.c.reason).order_by(access_log.c.id.desc()).limit(1))
        reason = found.scalar_one()
    assert reason.startswith("q=(text) area=sau name=(text)")


async def test_an_officer_of_another_department_finds_nothing(
    house: SmallHouse, agent: httpx.AsyncClient, filed: list[OpenedCase]
) -> None:
    async with house.db.transaction() as tx:
        await tx.execute(update(cases).where(cases.c.id == filed[4].id).values(department_id="parks"))
    listed = (await agent.get("/api/v1/cases", params={"q": "가로등"})).json()["items"]
    assert filed[4].receipt_no not in [row["receipt_no"] for row in listed]
    assert (await agent.get(f"/api/v1/cases/{filed[4].receipt_no}")).status_code == 404
    async with house.client("admin") as admin:
        whole = (await admin.get(f"/api/v1/cases/{filed[0].receipt_no}")).json()
    assert [(one["relation"], one["receipt_no"]) for one in whole["relatives"]] == [
        ("child", filed[4].receipt_no),
        ("merged", filed[3].receipt_no),
    ]


async def test_the_auditor_reads_figures_and_no_case(house: SmallHouse, filed: list[OpenedCase]) -> None:
    async with house.client("auditor") as auditor:
        answer = await auditor.get("/api/v1/figures", params={"first": "2026-09-01", "last": "2026-09-30"})
        assert answer.status_code == 200
        assert answer.json()["city"]["closed"] == 1
        assert {row["department_id"] for row in answer.json()["departments"]} >= {"road"}
        assert (await auditor.get("/api/v1/cases")).status_code == 403
        wrong = await auditor.get("/api/v1/figures", params={"first": "2026-09-30", "last": "2026-09-01"})
        assert wrong.status_code == 422
