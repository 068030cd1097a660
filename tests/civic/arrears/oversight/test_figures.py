"""Figures are those of the stored rows: each sum is added up by hand here, and what was before is never mixed in."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from civic.arrears.money.owing import owed
from civic.arrears.oversight import days
from civic.arrears.oversight.figures import figures
from civic.arrears.oversight.looks import reviewed
from civic.arrears.seizure.tables import arrears_accounts_found, arrears_batches, arrears_orders, arrears_seizures
from civic.staff.access import record_access
from core.arrears_desk_rules import Known
from core.db import Database
from core.ids import new_id
from core.settings import read
from core.vault import vault_of
from tests.civic.arrears.made import CITY, NOW, TODAY
from tests.civic.arrears.oversight.timeline import Told, happened

BEFORE = Known(
    measure="seizure_days",
    value=90,
    unit="days",
    ko="도입 전",
    en="before",
    source="우리 시 2025년 집계",
    certainty="O",
)
RULES = read().arrears
RULES = RULES.model_copy(update={"oversight": RULES.oversight.model_copy(update={"before": [BEFORE]})})
FIRST, LAST = TODAY - timedelta(days=60), TODAY


@pytest.fixture(scope="module")
async def told(database: Database) -> Told:
    async with database.transaction() as tx:
        made = await happened(tx)
        await _seizure(tx, made)
    return made


async def _seizure(tx: Any, told: Told) -> None:
    """Drafted on a morning, held a day later, paid an hour after, released within six minutes."""
    begun, found, seized = NOW - timedelta(days=3), new_id(), new_id()
    batch = {"id": new_id(), "city_id": CITY, "title": "예금", "drafted_by": told.officers[0], "created_at": begun,
             "updated_at": begun, "looked_at": begun + timedelta(hours=6)}  # fmt: skip
    await tx.execute(insert(arrears_batches).values(batch))
    account = vault_of(tx).seal_text("110-123", f"arrears_accounts_found.account:{found}")
    await tx.execute(
        insert(arrears_accounts_found).values(
            id=found, city_id=CITY, batch_id=batch["id"], debtor_id=told.debtor_id, bank="004", account=account,
            kind="deposit", balance_krw=900_000, found_at=begun,
        )
    )  # fmt: skip
    held, freed = begun + timedelta(days=1), begun + timedelta(days=1, hours=1)
    await tx.execute(
        insert(arrears_seizures).values(
            id=seized, city_id=CITY, batch_id=batch["id"], debtor_id=told.debtor_id, found_id=found, bank="004",
            kind="seize", state="released", turn=1, planned_krw=500_000, asked_krw=500_000, held_krw=500_000,
            released_krw=500_000, held_at=held, freed_by=freed, released_at=freed + timedelta(minutes=6),
            created_at=begun, updated_at=begun,
        )
    )  # fmt: skip
    await tx.execute(
        insert(arrears_orders).values(
            id=new_id(), city_id=CITY, batch_id=batch["id"], debtor_id=told.debtor_id, seizure_id=seized,
            kind="release", bank="004", asked_at=freed, answered_at=freed + timedelta(minutes=6), status="done",
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
async def found(database: Database, told: Told) -> dict[str, Any]:
    standing = await days.count(database.reading, CITY, TODAY, RULES.oversight)
    async with database.transaction() as tx:
        await days.keep(tx, CITY, TODAY, standing, NOW)
        return await figures(tx, CITY, FIRST, LAST, RULES)


async def test_what_is_owed_is_what_the_reckoning_says(database: Database, told: Told, found: dict[str, Any]) -> None:
    async with database.transaction() as tx:
        (one,) = (await owed(tx, CITY, [told.debtor_id], TODAY)).values()
    whole = found["arrears"]["whole"]
    assert (whole["total_krw"], whole["bills"], whole["debtors"]) == (one.total_krw, 1, 1)
    for slices in ("by_age", "by_item", "by_amount"):
        assert sum(row["total_krw"] for row in found["arrears"][slices]) == one.total_krw
    (age,) = [row for row in found["arrears"]["by_age"] if row["bills"]]
    assert (age["band"], found["arrears"]["on"]) == ("365-1095", TODAY.isoformat())


def test_what_came_in_and_what_it_cost_adds_up(found: dict[str, Any]) -> None:
    assert found["collected"]["by_way"] == [{"way": "bank", "payments": 1, "krw": 100_000}]
    assert found["cost"] == {
        "krw": 20 + 2_530, "messages_krw": 20, "letters_krw": 2_530, "process_krw": 0, "per_million_krw": 25_500,
    }  # fmt: skip
    assert found["messages"] == [{"way": "sms", "messages": 1, "by_status": {"delivered": 1}}]
    assert found["letters"] == {"printed": 1, "by_kind": {"dun": 1}}
    assert found["postage_saved"] == {"people": 1, "krw": 2_530}


def test_stages_are_measured_from_the_stored_moments(found: dict[str, Any]) -> None:
    stages = found["stages"]
    assert stages["looked_to_seized"] == {"n": 1, "median": 0.75, "p90": 0.75}
    assert stages["drafted_to_seized"]["median"] == 1.0 and stages["drafted_to_looked"]["median"] == 0.25
    assert stages["seized_to_collected"] == {"n": 0, "median": None, "p90": None}
    assert (found["release"]["median"], found["release"]["late"]) == (6.0, 0)


def test_what_was_before_and_what_another_city_told_stand_apart(found: dict[str, Any]) -> None:
    compared = found["compared"]
    assert {one["measure"]: one["value"] for one in compared["measured"]} == {
        "seizure_days": 1.0, "postage_saved": 2_530,
    }  # fmt: skip
    assert [(one["value"], one["source"]) for one in compared["before"]] == [(90, "우리 시 2025년 집계")]
    seed = {one["measure"]: one["value"] for one in compared["seed"]}
    assert (seed["seizure_days"], seed["seizure_days_after"], seed["postage_saved"]) == (7, 1, 30_600_000)
    assert all(one["source"] and one["certainty"] for one in compared["seed"])


def test_months_add_up_to_the_whole(found: dict[str, Any]) -> None:
    for name, whole in (("collected_krw", found["collected"]["krw"]), ("cost_krw", found["cost"]["krw"])):
        assert sum(month[name] for month in found["by_month"]) == whole
    assert found["by_month"][-1]["month"] == "2026-11"
    assert found["by_month"][-1]["arrears_krw"] == found["arrears"]["whole"]["total_krw"]


async def test_a_span_without_anything_shows_nothing_and_divides_by_nothing(database: Database, told: Told) -> None:
    async with database.transaction() as tx:
        empty = await figures(tx, CITY, date(2020, 1, 1), date(2020, 1, 31), RULES)
    assert empty["arrears"] is None and empty["cost"]["per_million_krw"] is None and empty["by_month"] == []


async def test_a_day_counted_again_takes_the_place_of_the_earlier(database: Database, told: Told) -> None:
    async with database.transaction() as tx:
        await days.keep(tx, "elsewhere", TODAY, {"whole": {"total_krw": 1}}, NOW)
        await days.keep(tx, "elsewhere", TODAY, {"whole": {"total_krw": 2}}, NOW)
        assert await days.kept(tx, "elsewhere", TODAY) == (TODAY, {"whole": {"total_krw": 2}})


async def test_looks_of_a_month_are_listed_by_who_how_often_and_when(database: Database, told: Told) -> None:
    night = NOW.replace(hour=14)  # 23:00 in Korea
    async with database.transaction() as tx:
        kinds: list[tuple[Any, Any, str]] = [
            (NOW, "arrears_debtor", "one"),
            (night, "arrears_debtor", "one"),
            (NOW, "arrears_list", "5 rows"),
        ]
        for at, kind, subject in kinds:
            await record_access(
                tx, city_id=CITY, staff_id=told.officers[0], action="arrears.timeline", subject_kind=kind,
                subject_id=subject, source_ip="", now=at, why="상담" if at == NOW else "",
            )  # fmt: skip
        since, until = NOW - timedelta(days=2), NOW + timedelta(days=2)
        (line,) = await reviewed(tx, CITY, since, until, (8, 20), {})
    assert {name: line[name] for name in ("looks", "debtors", "lists", "outside", "unreasoned")} == {
        "looks": 2, "debtors": 1, "lists": 1, "outside": 1, "unreasoned": 1,
    }  # fmt: skip


async def test_a_city_that_is_owed_more_than_two_thousand_million_won_has_figures(database: Database) -> None:
    owed_krw = 1_046_260_078_000
    async with database.transaction() as tx:
        await days.keep(tx, "large", TODAY, {"whole": {"total_krw": owed_krw}}, NOW)
        told = await figures(tx, "large", FIRST, LAST, RULES)
    assert [one["arrears_krw"] for one in told["by_month"]] == [owed_krw]
