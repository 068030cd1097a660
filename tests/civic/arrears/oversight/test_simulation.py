"""A simulation judges as the real batch does, says why each is left out, and stays as it was kept."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import persons
from civic.arrears.ledger.stops import stop
from civic.arrears.oversight import comparing, simulating, simulation
from civic.arrears.oversight.bands import amount_band, bands
from civic.arrears.oversight.simulation import Simulation
from civic.arrears.oversight.simulation_summary import Simulated
from civic.arrears.oversight.tables import arrears_simulated
from civic.arrears.seizure.drafting import Selection, choose
from civic.arrears.seizure.tables import arrears_batches
from civic.arrears.tables import arrears_entries
from core.db import Database
from core.errors import BadInput
from core.ids import new_id
from core.settings import read
from tests.civic.arrears.made import CITY, NOW, TODAY, bill, debtor

STAFF = new_id()
RULES = read().arrears
RULES = RULES.model_copy(update={"seizure": RULES.seizure.model_copy(update={"needs_service": False})})
ALL = Selection(most=0)


@pytest.fixture(scope="module")
async def people(database: Database) -> dict[str, UUID]:
    """One who may be seized, one in 징수유예, one never dunned, one whose demand runs, one who owes nothing."""
    dunned: dict[str, Any] = {"dunned_on": date(2025, 10, 20), "dun_due_on": date(2025, 11, 4)}
    made = {}
    async with database.transaction() as tx:
        for name in ("free", "deferred", "undunned", "running"):
            made[name] = await debtor(tx)
        await bill(tx, made["free"], principal_krw=3_000_000, **dunned)
        await bill(tx, made["free"], principal_krw=400_000, tax_item="자동차세", **dunned)
        await bill(tx, made["deferred"], principal_krw=800_000, **dunned)
        await bill(tx, made["undunned"], principal_krw=90_000)
        await bill(tx, made["running"], dunned_on=TODAY - timedelta(days=3), dun_due_on=TODAY + timedelta(days=12))
        await stop(tx, CITY, made["deferred"], "deferral", TODAY, TODAY + timedelta(days=90), "제25조", None, NOW)
    return made


async def simulate(tx: AsyncConnection, selection: Selection = ALL, now: datetime = NOW) -> Simulation:
    asked, told = await simulating.ask(tx, CITY, selection, STAFF, now), list[int]()

    async def tell(judged: int) -> None:
        told.append(judged)

    made = await simulating.make(tx, CITY, asked.id, RULES, now, tell)
    assert made is not None and made.state == "made" and told == sorted(told) and made.judged == told[-1]
    return made


async def rows_of(tx: AsyncConnection, made: Simulation) -> list[Simulated]:
    return [one async for rows in simulation.pieces_of(tx, made.id) for one in rows]


async def test_it_says_who_would_be_seized_for_how_much_and_why_the_others_not(
    database: Database, people: dict[str, UUID]
) -> None:
    async with database.transaction() as tx:
        made = await simulate(tx)
        rows = {one.debtor_id: one for one in await rows_of(tx, made)}
    free = rows[people["free"]]
    assert free.is_in and free.would_krw == free.owed_krw == sum(krw for _, _, krw in free.bills) > 3_400_000
    assert rows[people["deferred"]].reasons[0][0] == "deferral"
    assert rows[people["undunned"]].reasons[0][0] == "not_dunned"
    assert rows[people["running"]].reasons[0][0] == "dun_open"
    assert not any(rows[people[name]].is_in for name in ("deferred", "undunned", "running"))
    by_reason = {one["code"]: one for one in made.summary["by_reason"]}
    assert by_reason["deferral"]["article"].startswith("지방세징수법") and by_reason["deferral"]["debtors"] == 1
    assert {one["item"] for one in made.summary["by_item"]} == {"재산세", "자동차세"}
    assert sum(one["would_krw"] for one in made.summary["by_band"]) == made.summary["would_krw"] == free.would_krw


async def test_it_judges_as_the_real_batch_would(database: Database, people: dict[str, UUID]) -> None:
    async with database.transaction() as tx:
        chosen = await choose(tx, CITY, Selection(), TODAY, RULES)
        said = {one.debtor_id: one for one in await rows_of(tx, await simulate(tx))}
    assert {one: (told.amount_krw, told.owed_krw) for one, told in chosen.items()} == {
        one: (row.would_krw, row.owed_krw) for one, row in said.items()
    }


async def test_it_names_the_floor_and_the_rows_of_the_law_that_were_valid(
    database: Database, people: dict[str, UUID]
) -> None:
    async with database.transaction() as tx:
        now = await simulate(tx)
        before = await simulate(tx, now=NOW - timedelta(days=330))
    assert (now.basis["floor"]["krw"], before.basis["floor"]["krw"]) == (2_500_000, 1_850_000)
    assert now.basis["floor"]["certainty"] == "P" and now.basis["floor"]["source"]
    assert {row["table"] for row in now.basis["dated"]} == {"floors.csv", "surcharge.csv"}


async def test_it_writes_nothing_to_the_ledger(database: Database, people: dict[str, UUID]) -> None:
    async def counted() -> tuple[int, int]:
        async with database.transaction() as tx:
            counts = [
                await tx.scalar(select(func.count()).select_from(of)) for of in (arrears_entries, arrears_batches)
            ]
            return int(counts[0] or 0), int(counts[1] or 0)

    before = await counted()
    async with database.transaction() as tx:
        await simulate(tx)
    assert await counted() == before


async def test_a_row_that_was_changed_afterwards_shows(database: Database, people: dict[str, UUID]) -> None:
    async with database.transaction() as tx:
        made = await simulate(tx)
        assert await simulation.is_whole(tx, await simulation.read(tx, CITY, made.id))
        of = arrears_simulated
        await tx.execute(update(of).where(of.c.simulation_id == made.id, of.c.would_krw > 0).values(would_krw=1))
        assert not await simulation.is_whole(tx, made)


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (replace(ALL, tax_items=("자동차세",)), {"free"}),
        (replace(ALL, most_krw=100_000), {"undunned"}),
        (replace(ALL, least_krw=800_000), {"free", "deferred"}),
        (replace(ALL, due_from=date(2026, 1, 1)), set()),
        (Selection(most=1), {"free"}),
    ],
    ids=["item", "most", "least", "days", "largest-first"],
)
async def test_it_takes_whom_the_selection_means(
    database: Database, people: dict[str, UUID], selection: Selection, names: set[str]
) -> None:
    async with database.transaction() as tx:
        found = {one.debtor_id for one in await rows_of(tx, await simulate(tx, selection))} if names else set()
        if not names:
            with pytest.raises(BadInput):
                await simulate(tx, selection)
    assert found == {people[name] for name in names}


async def test_those_who_are_named_are_judged_and_nobody_else(database: Database, people: dict[str, UUID]) -> None:
    async with database.transaction() as tx:
        number = (await persons(tx, CITY, [people["undunned"]]))[people["undunned"]].tax_no
        named = Selection(debtor_ids=(people["deferred"],), tax_nos=(number,), least_krw=10**12)
        made = await simulate(tx, named)
        assert {one.debtor_id for one in await rows_of(tx, made)} == {people["deferred"], people["undunned"]}
        assert made.selection["named"] == 2 and number not in str(made)
        with pytest.raises(BadInput):
            await simulating.ask(tx, CITY, Selection(debtor_ids=(new_id(),)), STAFF, NOW)


async def test_a_file_of_it_is_read_in_pieces_the_largest_debt_first(
    database: Database, people: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction() as tx:
        twins = [await debtor(tx) for _ in range(3)]
        for one in twins:
            await bill(tx, one, principal_krw=90_000)
        made, found = await simulate(tx, replace(ALL, most_krw=10**6)), list[Simulated]()
        monkeypatch.setattr(simulation, "CHUNK", 2)
        while part := await simulation.largest_after(tx, made.id, found[-1] if found else None):
            found += part
        assert found == sorted(await rows_of(tx, made), key=lambda one: (-one.owed_krw, one.debtor_id))
        assert {one.debtor_id for one in found} >= set(twins)
        await tx.rollback()


async def test_nobody_meant_is_told_and_not_kept(database: Database, people: dict[str, UUID]) -> None:
    async with database.transaction() as tx:
        with pytest.raises(BadInput):
            await simulate(tx, replace(ALL, least_krw=10**12))


async def test_what_happened_afterwards_is_set_beside_it(database: Database, people: dict[str, UUID]) -> None:
    async with database.transaction() as tx:
        made = await simulate(tx)
        summary = await comparing.compare(tx, made)
        outcomes = {one.said.debtor_id: one.outcome async for rows in comparing.afters(tx, made) for one in rows}
    assert outcomes[people["free"]] == "not_begun" and outcomes[people["deferred"]] == "spared_as_said"
    assert summary["held_krw"] == 0 and summary["said_krw"] == made.summary["would_krw"]


async def test_pieces_of_one_debtor_give_the_simulation_of_all_at_once(
    database: Database, people: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction() as tx:
        for selection in (ALL, Selection(most=2), Selection(most=3)):
            whole = await simulate(tx, selection)
            with monkeypatch.context() as patched:
                for module in (simulation, simulating):
                    patched.setattr(module, "CHUNK", 1)
                cut = await simulate(tx, selection)
                assert await simulation.is_whole(tx, cut) and await simulation.is_whole(tx, whole)
                assert await comparing.compare(tx, cut) == await comparing.compare(tx, whole)
                assert await rows_of(tx, cut) == await rows_of(tx, whole)
            assert (cut.summary, cut.digest) == (whole.summary, whole.digest)


async def test_a_page_holds_those_asked_for_the_largest_debt_first(database: Database, people: dict[str, UUID]) -> None:
    async with database.transaction() as tx:
        made = await simulate(tx)

        async def page(**given: Any) -> tuple[list[UUID], int]:
            wanted = {"code": None, "is_in": None, "after": 0, "limit": 50, **given}
            rows, total = await simulation.page_of(tx, made.id, **wanted)
            return [one.debtor_id for one in rows], total

        by_debt = [people[name] for name in ("free", "deferred", "running", "undunned")]
        assert await page() == (by_debt, 4)
        assert await page(after=1, limit=2) == (by_debt[1:3], 4)
        assert await page(is_in=True) == ([people["free"]], 1)
        assert await page(is_in=False, limit=1) == ([people["deferred"]], 3)
        assert await page(code="dun_open") == ([people["running"]], 1)


def test_bands_are_cut_where_the_settings_say() -> None:
    cuts = [100_000, 500_000]
    assert bands(cuts) == ["<100000", "100000-500000", ">=500000"]
    assert [amount_band(krw, cuts) for krw in (99_999, 100_000, 499_999, 500_000)] == [
        "<100000", "100000-500000", "100000-500000", ">=500000",
    ]  # fmt: skip
