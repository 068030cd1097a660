"""Staff see what was reached, what was taken back and what was told, and write to those who asked; nobody else may."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, select

from civic.air.telling.tables import air_tellings
from civic.air.watch.tables import air_watch_changes, air_watch_hours, air_watches
from civic.staff.tables import audit_log
from core.clock import SetClock
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
async def reached(house: SmallHouse) -> AsyncIterator[None]:
    """An advisory criterion reached five hours ago, a warning that a correction took back, over an hour ago."""
    house.clock = SetClock(NOW)
    rows = (
        ("reached", "advisory", None, 160, 5, None),
        ("reached", "warning", "advisory", 310, 4, NOW - 3 * HOUR),
        ("lifted", None, "advisory", 90, 1, None),
    )
    async with house.db.transaction() as tx:
        watch = air_watches.insert().values(city_id=CITY, rule="criteria", zone="gimpo", pollutant="PM10", last_at=NOW)
        watch_id = (await tx.execute(watch.returning(air_watches.c.id))).scalar_one()
        for back in range(6):
            hour = {"watch_id": watch_id, "at": NOW - back * HOUR, "value": 90 + back * 10, "sites": 2, "state": {}}
            await tx.execute(air_watch_hours.insert().values(**hour, taken_at=NOW))
        for kind, level, before, value, back, withdrawn in rows:
            at = NOW - back * HOUR
            values = {"kind": kind, "level": level, "before": before, "value": value, "at": at, "noted_at": at}
            change = air_watch_changes.insert().values(
                id=new_id(), city_id=CITY, watch_id=watch_id, began_at=NOW - 5 * HOUR, withdrawn_at=withdrawn, **values
            )
            await tx.execute(change)
    yield
    async with house.db.transaction() as tx:
        for table in (air_watch_changes, air_watch_hours, air_watches, air_tellings):
            await tx.execute(delete(table))


async def test_an_episode_is_shown_with_the_change_that_was_taken_back(house: SmallHouse) -> None:
    async with house.client("manager") as client:
        [episode] = (await client.get("/api/v1/air/episodes")).json()["items"]
        too_long = {"begin": (NOW - timedelta(days=401)).isoformat()}
        assert (await client.get("/api/v1/air/episodes", params=too_long)).status_code == 422
    assert (episode["zone"], episode["level"], episode["now_level"], episode["kind"]) == (
        "gimpo",
        "advisory",
        None,
        "reached",
    )
    assert [(one["level"], one["withdrawn_at"] is not None) for one in episode["changes"]] == [
        ("advisory", False),
        ("warning", True),
        (None, False),
    ]
    assert Decimal(episode["peak"]) == 140 and episode["ended_at"] is not None


async def test_a_notice_is_a_telling_and_a_line_of_the_audit_log(house: SmallHouse) -> None:
    async with house.client("manager") as client:
        given = {"zone": "gimpo", "text": "오늘 야외 행사는 미룹니다."}
        made = (await client.post("/api/v1/air/notices", json=given)).json()
        listed = (await client.get("/api/v1/air/tellings")).json()["items"]
        nowhere = await client.post("/api/v1/air/notices", json={"zone": "nowhere", "text": "안내"})
        assert nowhere.status_code == 422
    assert (made["kind"], made["status"], made["facts"]["text_ko"]) == ("notice", "open", given["text"])
    assert [one["id"] for one in listed] == [made["id"]]
    async with house.db.transaction() as tx:
        row = (await tx.execute(select(audit_log).where(audit_log.c.object_id == made["id"]))).one()
    assert (row.action, row.detail["text"]) == ("air.notice", given["text"])


async def test_an_agent_writes_no_notice(house: SmallHouse) -> None:
    async with house.client("agent") as client:
        assert (await client.post("/api/v1/air/notices", json={"text": "안내"})).status_code == 403
