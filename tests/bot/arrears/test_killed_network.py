"""The network is killed with -9 while it is asked, and started again: what it confirmed is neither lost nor doubled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.clock import SetClock
from core.contracts.banks import Gateway, Person
from core.db import Database
from integrations.bank_network.book import Book, booked, totals
from integrations.bank_network.process import FILE
from integrations.banks import network
from tests.bot.arrears.banked import House, rules
from tests.bot.arrears.practising import KEY, Practising
from tests.civic.arrears.banks.asked import request
from tests.waiting import until

BANKS = ("901", "902", "903", "904")


@pytest.fixture
async def practising(tmp_path: Path) -> AsyncIterator[Practising]:
    made = Practising(tmp_path / "banks", "--latency-ms", "15", "--partial-rate", "0.05")
    await made.up()
    yield made
    await made.down()


@pytest.fixture
async def gateway(practising: Practising) -> AsyncIterator[Gateway]:
    made = network.build(
        "practice",
        network.Settings(url=practising.url, key=KEY, inside=("127.0.0.1",), timeout_s=3, most=10, is_practice=True),
    )
    yield made
    await made.aclose()


async def test_a_network_killed_in_each_stage_keeps_the_same_ledger_as_we_do(
    database: Database, practising: Practising, gateway: Gateway
) -> None:
    house = House(
        database,
        SetClock(datetime.now(UTC)),
        rules(*BANKS, rest_after=100, most_attempts=200),
        {"practice": gateway},
    )
    await house.empty()
    lookups = [request(bank=bank, person=Person(f"K{n:05}", f"가상인 {n}")) for bank in BANKS for n in range(120)]
    await house.ask(lookups)
    await killed_midway(house, practising)
    seizes = [
        request("seize", asked.bank, person=asked.person, account=one.account, amount_krw=one.balance_krw // 2 + 1)
        for asked, answer in house.handed.pairs
        for one in answer.found
    ]
    assert len(seizes) > 50
    await house.ask(seizes)
    await killed_midway(house, practising)
    held = {
        str(asked.request_id): answer.amount_krw
        for asked, answer in house.handed.pairs
        if asked.kind == "seize" and answer.amount_krw
    }
    await house.ask(
        [
            request("collect", asked.bank, person=asked.person, account=asked.account, amount_krw=answer.amount_krw)
            for asked, answer in list(house.handed.pairs)
            if str(asked.request_id) in held
        ]
    )
    await killed_midway(house, practising)
    await practising.down()
    assert len(house.handed.ids) == len(set(house.handed.ids))
    ours = {str(asked.request_id): answer.amount_krw for asked, answer in house.handed.pairs if answer.amount_krw}
    with closing(Book(practising.folder / FILE, 1)) as book:
        lines = [line for bank in BANKS for line in booked(book, bank, 0, 10_000)]
        told = totals(book)
    assert {line["request_id"]: line["amount"] for line in lines} == ours
    assert len(lines) == len(ours) == 2 * len(held)
    assert told["booked"] == {"seize": sum(held.values()), "collect": sum(held.values())}
    assert (told["held"], told["overheld"]) == (0, 0)
    assert told["balances"] == sum(told["moved"].values())


async def killed_midway(house: House, practising: Practising) -> None:
    """Ask, kill the network while calls are under way, start it again, until all is answered."""
    aim = len(house.handed.pairs) + 0.4 * await house.waiting()
    going = asyncio.create_task(house.asking().go())
    await until(lambda: len(house.handed.pairs) >= aim or going.done())
    await practising.kill()
    await going
    await practising.up()
    await house.rounds(40)
