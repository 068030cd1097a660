"""Banks are asked until they answer, each request takes effect once, and one bank's trouble is nobody else's."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from civic.arrears.banks import claiming
from civic.arrears.banks.claiming import Way
from civic.arrears.banks.tables import arrears_bank_ways
from civic.staff.tables import staff_notices
from core.clock import SetClock
from core.contracts.banks import BankAnswer, BankFailed, BankRequest, Booked, Person
from core.db import Database
from integrations.bank_network.book import booked, totals
from integrations.bank_network.faults import Faults
from tests.bot.arrears.banked import CITY, House, rules
from tests.civic.arrears.banks.asked import request
from tests.integrations.banks.kits import Kit, over_http

BANKS = ("901", "902", "903")


class Told:
    """A gateway that answers as it is told."""

    name, is_practice = "practice", True

    def __init__(self, most: int = 10) -> None:
        self.most = most
        self.calls: list[tuple[str, list[BankRequest]]] = []
        self.failing: dict[str, BankFailed] = {}
        self.answer: dict[object, BankAnswer | None] = {}
        self.late: list[BankAnswer] = []
        self.unreadable: BankFailed | None = None

    async def ask(self, bank: str, requests: Sequence[BankRequest]) -> Sequence[BankAnswer]:
        self.calls.append((bank, list(requests)))
        if bank in self.failing:
            raise self.failing[bank]
        told = [self.answer.get(one.request_id, _done(one)) for one in requests]
        return [one for one in told if one is not None]

    async def answers(self, bank: str, after: str) -> tuple[Sequence[BankAnswer], str]:
        if self.unreadable:
            raise self.unreadable
        position = int(after or 0)
        return self.late[position:], str(len(self.late))

    async def ledger(self, bank: str, after: str) -> tuple[Sequence[Booked], str]:
        return [], after

    async def aclose(self) -> None: ...


def _done(one: BankRequest) -> BankAnswer:
    return BankAnswer(one.request_id, "done", one.amount_krw, at=datetime(2026, 11, 23, tzinfo=UTC))


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    clock = SetClock(datetime(2026, 11, 23, 1, tzinfo=UTC))
    made = House(database, clock, rules(*BANKS), {"practice": Told()})
    await made.empty()
    yield made


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Kit]:
    bad = Faults(
        latency_ms=0,
        error_rate=0.25,
        partial_rate=0.1,
        duplicate_rate=0.2,
        pending_rate=0.15,
        moves_rate=0.2,
        pending_s=0.01,
        hang_s=0.2,
    )
    async with over_http(tmp_path, bad) as kit:
        yield kit


def told(house: House) -> Told:
    gateway = house.gateways["practice"]
    assert isinstance(gateway, Told)
    return gateway


async def test_every_request_is_answered_once_by_a_network_that_does_everything_wrong(
    house: House, network: Kit
) -> None:
    house.gateways = {"practice": network.gateway}
    house.arrears = rules(*BANKS, rest_after=50, most_attempts=200)
    people = [Person(f"T{number:05}", f"가상인 {number}") for number in range(120)]
    lookups = [request(bank=bank, person=person) for bank in BANKS for person in people]
    await house.ask(lookups)
    await house.rounds(60)
    assert sorted(house.handed.ids) == sorted(one.request_id for one in lookups)
    seizes = [
        request("seize", asked.bank, person=asked.person, account=found.account, amount_krw=found.balance_krw // 2 + 1)
        for asked, answer in house.handed.pairs
        for found in answer.found
    ]
    assert len(seizes) > 30
    await house.ask(seizes)
    await house.rounds(60)
    assert len(house.handed.ids) == len(set(house.handed.ids)) == len(lookups) + len(seizes)
    lines = {line["request_id"]: line["amount"] for bank in BANKS for line in booked(network.book, bank, 0, 10_000)}
    held = {
        str(asked.request_id): answer.amount_krw
        for asked, answer in house.handed.pairs
        if asked.kind == "seize" and answer.amount_krw
    }
    assert lines == held
    assert totals(network.book)["held"] == sum(held.values())


async def test_a_call_is_for_one_bank_and_one_kind_and_no_longer_than_the_gateway_takes(house: House) -> None:
    mixed = [request(bank=bank) for bank in BANKS[:2] for _ in range(12)]
    mixed += [request("release", "901", account="901-1", amount_krw=1) for _ in range(3)]
    await house.ask(mixed)
    await house.asking().go()
    calls = told(house).calls
    assert all(len({(one.bank, one.kind) for one in some} | {(bank, some[0].kind)}) == 1 for bank, some in calls)
    assert max(len(some) for _, some in calls) == 10
    assert len(house.handed.ids) == len(mixed)
    assert next(some[0].kind for bank, some in calls if bank == "901") == "release"


async def test_what_is_missing_in_an_answer_is_asked_again_under_the_same_id(house: House) -> None:
    one, other = request(), request()
    told(house).answer[other.request_id] = None
    await house.ask([one, other])
    await house.asking().go()
    assert house.handed.ids == [one.request_id]
    row = await house.row(other)
    assert (row.state, row.attempts, row.is_unknown) == ("waiting", 1, True)
    del told(house).answer[other.request_id]
    await house.rounds(2)
    first, again = ({asked.request_id for asked in some} for _, some in told(house).calls)
    assert (first, again) == ({one.request_id, other.request_id}, {other.request_id})
    assert house.handed.ids == [one.request_id, other.request_id]


async def test_a_bank_that_fails_rests_while_others_go_on(house: House) -> None:
    house.arrears = rules(*BANKS, rest_after=1)
    told(house).failing["901"] = BankFailed("연결되지 않습니다.", "not reached")
    mine, others = request(bank="901"), request(bank="902")
    await house.ask([mine, others])
    await house.asking().go()
    assert house.handed.ids == [others.request_id]
    house.clock.move(timedelta(seconds=5))
    await house.asking().go()
    assert [bank for bank, _ in told(house).calls].count("901") == 1
    told(house).failing.clear()
    house.clock.move(timedelta(seconds=30))
    await house.asking().go()
    assert house.handed.ids == [others.request_id, mine.request_id]
    async with house.db.reading() as tx:
        way = (await tx.execute(select(arrears_bank_ways).where(arrears_bank_ways.c.bank == "901"))).one()
    assert (way.failures, way.resting_until, way.failure) == (0, None, "")


async def test_an_unknown_outcome_is_noted_and_asked_again_safely(house: House) -> None:
    told(house).failing["901"] = BankFailed("답이 끊겼습니다.", "no answer", unknown=True)
    one = request("seize", account="901-1", amount_krw=10)
    await house.ask([one])
    await house.asking().go()
    row = await house.row(one)
    assert (row.state, row.is_unknown, row.failure) == ("waiting", True, "답이 끊겼습니다.")
    told(house).failing.clear()
    await house.rounds(3)
    row = await house.row(one)
    assert (row.state, row.is_unknown, row.answered_krw) == ("answered", False, 10)


async def test_a_request_given_up_is_told_to_staff_and_goes_on_when_it_is_resumed(house: House) -> None:
    told(house).failing["901"] = BankFailed("받아들이지 않습니다.", "refused", retry=False)
    one = request()
    await house.ask([one])
    await house.asking().go()
    assert (await house.row(one)).state == "dead"
    texts = await _texts(house)
    assert len(texts) == 1 and "멈췄습니다" in texts[0] and one.person.name not in texts[0]
    told(house).failing.clear()
    async with house.db.transaction() as tx:
        assert await claiming.resume(tx, CITY, [one.request_id], house.clock.now()) == 1
    house.clock.move(timedelta(minutes=1))
    await house.asking().go()
    assert house.handed.ids == [one.request_id]


async def test_a_late_answer_takes_effect_once_however_often_it_comes(house: House) -> None:
    one, other = request("seize", account="1", amount_krw=9), request()
    told(house).answer[one.request_id] = BankAnswer(one.request_id, "pending")
    await house.ask([one, other])
    await house.asking().go()
    assert house.handed.ids == [other.request_id]
    assert (await house.row(one)).state == "pending"
    late = BankAnswer(one.request_id, "partly", 4, reason="insufficient")
    told(house).late += [late, late, BankAnswer(request().request_id, "done", 1)]
    house.clock.move(timedelta(seconds=15))
    await house.asking().go()
    told(house).late.append(replace(late, amount_krw=5))
    house.clock.move(timedelta(seconds=15))
    await house.asking().go()
    assert house.handed.ids == [other.request_id, one.request_id]
    assert (await house.row(one)).answered_krw == 4


async def test_a_join_is_handed_on_as_soon_as_it_stands_behind_and_again_when_it_holds(house: House) -> None:
    one = request("join", account="1", amount_krw=9)
    told(house).answer[one.request_id] = BankAnswer(one.request_id, "pending")
    await house.ask([one])
    await house.asking().go()
    house.clock.move(timedelta(hours=7))
    await house.asking().go()
    told(house).late.append(BankAnswer(one.request_id, "done", 9))
    house.clock.move(timedelta(seconds=15))
    await house.asking().go()
    assert [answer.status for _, answer in house.handed.pairs] == ["pending", "done"]
    assert len(told(house).calls) == 2


async def test_an_answer_above_what_was_asked_is_never_believed(house: House) -> None:
    one = request("seize", account="1", amount_krw=9)
    told(house).answer[one.request_id] = BankAnswer(one.request_id, "done", 10)
    await house.ask([one])
    await house.asking().go()
    row = await house.row(one)
    assert (row.state, row.answered_krw, house.handed.pairs) == ("dead", None, [])


async def test_what_a_dead_process_had_claimed_is_asked_by_another_when_its_time_is_over(house: House) -> None:
    one, now = request(), house.clock.now()
    await house.ask([one])
    async with house.db.transaction() as tx:
        until = now + timedelta(seconds=120)
        claimed = await claiming.claim(
            tx, CITY, Way("practice", "901"), 10, is_practice=True, owner="dead", until=until, now=now
        )
    assert [each.request for each in claimed] == [one]
    await house.asking("two").go()
    assert told(house).calls == []
    house.clock.move(timedelta(seconds=121))
    await house.asking("two").go()
    assert house.handed.ids == [one.request_id]


async def test_an_answer_whose_consequence_fails_is_not_stored_and_comes_again(house: House) -> None:
    one = request("seize", account="1", amount_krw=9)
    house.handed.breaks = {one.request_id}
    await house.ask([one])
    await house.asking().go()
    assert (await house.row(one)).state == "waiting" and house.handed.ids == []
    house.handed.breaks = set()
    await house.rounds(3)
    assert house.handed.ids == [one.request_id]


async def test_a_bank_without_an_open_gateway_keeps_its_requests_waiting(house: House) -> None:
    one = request(bank="999")
    await house.ask([one])
    await house.asking().go()
    house.gateways = {}
    await house.asking().go()
    assert (await house.row(one)).attempts == 0


async def test_lines_of_another_city_are_not_taken_and_staff_hear_of_them(house: House) -> None:
    one = request("seize", account="1", amount_krw=9)
    told(house).answer[one.request_id] = BankAnswer(one.request_id, "pending")
    await house.ask([one])
    await house.asking().go()
    told(house).late += [BankAnswer(one.request_id, "done", 9), BankAnswer(request().request_id, "done", 1)]
    house.clock.move(timedelta(seconds=15))
    await house.asking().go()
    assert house.handed.ids == [one.request_id]
    texts = await _texts(house)
    assert len(texts) == 1 and "묻지 않은 답 1건" in texts[0]


async def test_what_a_bank_that_owes_nothing_brings_is_read_within_the_hour(house: House) -> None:
    await house.ask([request()])
    await house.asking().go()
    told(house).unreadable = BankFailed("파일이 깨졌습니다.", "a damaged file", retry=False)
    house.clock.move(timedelta(minutes=59))
    await house.asking().go()
    assert await _texts(house) == []
    for _ in range(2):
        house.clock.move(timedelta(minutes=61))
        await house.asking().go()
    (text,) = await _texts(house)
    assert "파일이 깨졌습니다" in text
    told(house).unreadable, told(house).late = None, [BankAnswer(request().request_id, "done", 1)]
    house.clock.move(timedelta(minutes=61))
    await house.asking().go()
    assert any("묻지 않은 답 1건" in one for one in await _texts(house))


async def _texts(house: House) -> list[str]:
    async with house.db.reading() as tx:
        return list((await tx.execute(select(staff_notices.c.text_ko))).scalars())


async def test_a_bank_that_was_never_reached_gives_up_no_request(house: House) -> None:
    one, other = request(), request("seize", account="1", amount_krw=9)
    told(house).failing["901"] = BankFailed("연결되지 않습니다.", "not reached", is_away=True)
    await house.ask([one, other])
    for _ in range(house.arrears.banks.most_attempts + 5):
        await house.asking().go()
        house.clock.move(timedelta(hours=1))
    assert await house.states() == {"waiting": 2}
    told(house).failing.clear()
    await house.asking().go()
    assert await house.states() == {"answered": 2}


async def test_a_failing_bank_is_told_to_staff_once_a_day(house: House) -> None:
    told(house).failing["901"] = BankFailed("연결되지 않습니다.", "not reached")
    await house.ask([request()])
    for _ in range(6):
        await house.asking().go()
        house.clock.move(timedelta(seconds=50))
    texts = await _texts(house)
    assert len(texts) == 1 and "답이 오지 않습니다" in texts[0]


async def test_names_and_accounts_leave_a_request_when_it_has_served_and_the_amounts_stay(house: House) -> None:
    old, new = request("seize", account="901-1", amount_krw=7), request("seize", account="901-2", amount_krw=8)
    await house.ask([old])
    await house.asking().go()
    house.clock.move(timedelta(days=91))
    await house.ask([new])
    await house.asking().go()
    await house.asking().forget()
    gone, kept = await house.row(old), await house.row(new)
    assert (gone.asked, gone.found, gone.answered_krw, gone.status) == ({}, None, 7, "done")
    assert kept.asked["account"] == "901-2"


async def test_a_request_that_was_never_sent_can_be_taken_back(house: House) -> None:
    sent, unsent = request(bank="901"), request(bank="999")
    await house.ask([sent, unsent])
    await house.asking().go()
    async with house.db.transaction() as tx:
        assert await claiming.withdraw(tx, CITY, [sent.request_id, unsent.request_id]) == {unsent.request_id}
