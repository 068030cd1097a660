"""Whatever happens in whatever order: money is conserved, and nothing is taken that may not be taken."""

import asyncio
import contextlib
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from civic.arrears.ledger import stops
from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.seizure import approving, handling, next_steps, planning, rows
from civic.arrears.seizure.paths import PATH
from civic.arrears.seizure.rows import Batch
from civic.arrears.seizure.states import ENDED
from civic.arrears.seizure.tables import arrears_batch_debtors, arrears_orders, arrears_seizure_events
from core import secret
from core.contracts.banks import BankAnswer, BankRequest
from core.db import Database
from core.errors import SinmungoError
from core.ids import new_id
from core.vault import open_vault
from integrations.bank_network import book as books
from tests.civic.arrears.made import CITY, NOW
from tests.civic.arrears.seizure.town import DRAFTER, FIRST, SECOND, Town
from tests.civic.arrears.seizure.town import town as open_town

EVENTS = (
    "seize", "banks", "follow", "pay_part", "pay_all", "defer", "dispute", "end_stops", "approve_first",
    "approve_second", "approve_drafter", "leave_out", "withdraw", "first_lets_go", "say_again", "a_day",
    "bank_away", "banks_back", "others_first", "proves_welfare", "refuse_seize", "refuse_collect", "refuse_release",
    "pay_over_partly", "mute_lookup", "order_again",
)  # fmt: skip
WHO = {"approve_first": FIRST, "approve_second": SECOND, "approve_drafter": DRAFTER}
TAKING = ("seize", "join", "collect")


class World:
    """Two debtors with three accounts each, one of them behind another authority."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.debtors: list[UUID] = []
        self.accounts: dict[UUID, list[tuple[str, str]]] = {}
        self.owed: dict[UUID, int] = {}
        self.seen: set[UUID] = set()

    async def begin(self, *, is_silent: bool) -> None:
        town = self.town
        await town.awake()
        town.change(cost_krw=2_000, lookup_minutes=60)
        town.door.away = {"902"} if is_silent else set()
        for balances in ((700_000, 2_600_000, 300_000), (9_000_000, 200_000, 0)):
            one = await town.debtor(800_000)
            self.debtors.append(one)
            numbers = []
            for bank, balance in zip(("901", "902", "903"), balances, strict=True):
                prior = balance if bank == "903" else 0
                numbers.append((bank, await town.account(one, balance, bank=bank, prior=prior)))
            self.accounts[one] = numbers
            self.owed[one] = await town.owes(one)
        self.batch: Batch = await town.planned(*self.debtors)
        if is_silent:
            town.clock.move(timedelta(minutes=61))
            await town.rounds(1)
            self.batch = await town.batch(self.batch)
        assert self.batch.state == "planned"
        self.digest = self.batch.digest

    async def do(self, event: str, which: int) -> None:
        town, one = self.town, self.debtors[which]
        bank, number = self.accounts[one][0]
        barred = await self.stopped()
        approvals = await self.approvals()
        if event in ("seize", "banks", "follow"):
            await getattr(town, event)()
        elif event in ("pay_part", "pay_all"):
            owes = await town.owes(one)
            if owes:
                await self.pay(one, owes if event == "pay_all" else max(1, owes // 3))
        elif event in ("defer", "dispute"):
            await self.stop(one, "deferral" if event == "defer" else "dispute")
        elif event == "end_stops":
            await self.end_stops()
        elif event in WHO:
            with contextlib.suppress(SinmungoError):
                await town.approve(await town.batch(self.batch), WHO[event])
        elif event == "leave_out":
            with contextlib.suppress(SinmungoError):
                async with town.db.transaction() as tx:
                    await planning.leave_out(tx, CITY, self.batch.id, one, DRAFTER, "시험", town.clock.now())
        elif event == "withdraw":
            town.door.bank.move(bank, number, -400_000)
        elif event == "first_lets_go":
            town.door.bank.free_prior(*self.accounts[one][2], town.clock.now())
        elif event == "bank_away":
            town.door.away = {bank if which else "903"}
        elif event == "banks_back":
            self.banks_back()
        elif event == "others_first":
            self.others_first(bank, number)
        elif event == "proves_welfare":
            town.book.rows("UPDATE accounts SET kind = 'welfare' WHERE account = ?", self.accounts[one][2][1])
        elif event.startswith("refuse_"):
            town.door.spoil[bank, event.removeprefix("refuse_")] = refused
        elif event == "pay_over_partly":
            town.door.spoil[bank, "collect"] = self.partly
        elif event == "mute_lookup":
            town.door.mute = {(self.accounts[one][2][0], "lookup")}
            town.clock.move(timedelta(minutes=61))
        elif event == "order_again":
            await self.order_again(one)
        elif event == "a_day":
            town.clock.move(timedelta(days=1))
        elif event == "say_again":
            with town.book.writing() as writing:
                for asked in town.door.asked:
                    writing.say_again(asked.bank, str(asked.request_id))
        await self.hold_true(barred, approvals)

    async def hold_true(self, barred: set[UUID], approvals: int) -> None:
        """What must be true after each event, whatever it was."""
        for one in self.debtors:
            his = await self.town.seizures(one)
            costs = sum(each.cost_krw for each in his if each.asked_krw)
            assert sum(each.bound_krw + each.collected_krw for each in his) <= self.owed[one] + costs
            for each in his:
                assert each.collected_krw + each.released_krw <= each.held_krw <= each.asked_krw <= each.planned_krw
            assert sum(each.collected_krw for each in his) == await self.town.came(one)
            assert all(each.kind == "join" or each.state != "joined" for each in his)
        for order in await self.new_orders():
            assert order.kind not in TAKING or order.debtor_id not in barred, f"{order.kind} in spite of a stop"
            assert order.kind not in ("seize", "join") or approvals >= 2
        totals = books.totals(self.town.book)
        assert totals["overheld"] == 0
        assert sum(totals["moved"].values()) == totals["balances"]

    async def end(self) -> None:
        """Quiet again: nothing is held without need, both ledgers agree, and what has stopped says the next step."""
        await self.end_stops()
        self.banks_back()
        await self.town.rounds(12)
        for one in self.debtors:
            await self.order_again(one)
        await self.town.rounds(12)
        left = 0
        for one in self.debtors:
            owes, his = await self.town.owes(one), await self.town.seizures(one)
            for each in his:
                is_waiting = each.state in ("planned", "joined") or each.why.startswith("stuck:")
                assert each.state in ENDED or is_waiting, f"{each.state} {each.why}"
                assert not (each.state == "joined" and owes == 0)
                assert not each.why.startswith("stuck:") or all(next_steps.of_seizure(each))
            left += sum(each.left_krw for each in his)
        assert self.town.held() == left
        came = sum([await self.town.came(one) for one in self.debtors])
        assert self.town.booked("collect") == came
        async with self.town.db.reading() as tx:
            for event in await tx.execute(select(arrears_seizure_events)):
                assert (event.step if event.seizure_id else f"batch_{event.step}") in PATH

    def banks_back(self) -> None:
        """Every bank does again what it is asked; what rested for an hour rests no longer."""
        self.town.door.away, self.town.door.mute, self.town.door.spoil = set(), set(), {}
        self.town.clock.move(timedelta(hours=1))

    def others_first(self, bank: str, number: str) -> None:
        with self.town.book.writing() as writing:
            found = writing.account(bank, number)
            if found is not None and (free := writing.free_krw(found)) > 0:
                writing.hold(bank, number, "", books.OTHERS, free, free)

    def partly(self, asked: BankRequest) -> BankAnswer:
        """A third is paid over and booked, once."""
        town = self.town
        del town.door.spoil[asked.bank, "collect"]
        with town.book.writing() as writing:
            paid = writing.lower(asked.bank, asked.account, max(1, asked.amount_krw // 3))
            writing.move(asked.bank, asked.account, -paid, "collected")
            at = town.clock.now().isoformat()
            writing.book(asked.bank, str(asked.request_id), "collect", asked.account, paid, at)
        return BankAnswer(asked.request_id, "partly" if paid else "refused", paid, (), "insufficient", town.clock.now())

    async def order_again(self, one: UUID) -> None:
        for each in await self.town.seizures(one):
            if each.why.startswith("stuck:") and each.state in ("held", "joined"):
                async with self.town.db.transaction() as tx:
                    now = self.town.clock.now()
                    await handling.again(tx, CITY, each.id, DRAFTER, "은행과 통화", now, self.town.rules)

    async def stopped(self) -> set[UUID]:
        async with self.town.db.reading() as tx:
            return set(await stops.stops_on(tx, CITY, self.debtors, self.town.on))

    async def approvals(self) -> int:
        async with self.town.db.reading() as tx:
            return len(await approving.standing(tx, await rows.batch(tx, CITY, self.batch.id)))

    async def new_orders(self) -> list[Any]:
        table = arrears_orders.c
        async with self.town.db.reading() as tx:
            wanted = select(table.id, table.kind, table.debtor_id).where(table.batch_id == self.batch.id)
            found = [row for row in await tx.execute(wanted) if row.id not in self.seen]
        self.seen |= {row.id for row in found}
        return found

    async def pay(self, one: UUID, amount: int) -> None:
        payment = NewPayment(
            source="test",
            payment_no=str(new_id()),
            amount_krw=amount,
            paid_on=self.town.on,
            way="counter",
            debtor_id=one,
        )
        async with self.town.db.transaction() as tx:
            await take_payment(tx, CITY, payment, self.town.clock.now())

    async def stop(self, one: UUID, kind: stops.Kind) -> None:
        async with self.town.db.transaction() as tx:
            await stops.stop(tx, CITY, one, kind, self.town.on, None, "시험", None, self.town.clock.now())

    async def end_stops(self) -> None:
        async with self.town.db.transaction() as tx:
            for found in (await stops.stops_on(tx, CITY, self.debtors, self.town.on)).values():
                for one in found:
                    await stops.end_stop(tx, CITY, one.id, self.town.clock.now())


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 1)), min_size=6, max_size=22),
    st.booleans(),
    st.booleans(),
)
def test_no_order_of_events_takes_too_much_or_keeps_it(
    database_url: str, events: list[tuple[str, int]], is_approved: bool, is_silent: bool
) -> None:
    asyncio.run(lived(database_url, events, is_approved=is_approved, is_silent=is_silent))


def refused(asked: BankRequest) -> BankAnswer:
    return BankAnswer(asked.request_id, "refused", 0, (), "unknown_hold")


async def lived(url: str, events: list[tuple[str, int]], *, is_approved: bool, is_silent: bool) -> None:
    db = Database(url, pool_size=4)
    try:
        await open_vault(db, secret.load(Path()), NOW)
        with tempfile.TemporaryDirectory() as folder, open_town(db, Path(folder)) as town:
            world = World(town)
            await world.begin(is_silent=is_silent)
            if is_approved:
                await town.approve(world.batch)
            for event, which in events:
                await world.do(event, which)
            await world.end()
            await over(db, world)
    finally:
        await db.close()


async def over(db: Database, world: World) -> None:
    """The next example begins in the same store: what this one left behind is put aside."""
    table = arrears_batch_debtors
    async with db.transaction() as tx:
        await tx.execute(update(table).where(table.c.debtor_id.in_(world.debtors)).values(state="over"))
