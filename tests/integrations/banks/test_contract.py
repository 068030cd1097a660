"""What every gateway to banks keeps, over HTTP or by files: asked twice is done once, to the won."""

import inspect
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.contracts.banks import BankFailed, Person
from core.loading import files
from tests.integrations.banks.kits import BANK, KITS, Kit, asked


@pytest.fixture(params=list(KITS))
async def kit(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kit]:
    async with KITS[request.param](tmp_path) as made:
        yield made


def test_every_gateway_has_a_kit() -> None:
    assert {name.partition("-")[0] for name in KITS} == set(files("integrations.banks"))


async def test_a_lookup_tells_accounts_with_what_others_hold(kit: Kit) -> None:
    kit.open("901-1", 300_000, prior_krw=100_000)
    kit.open("901-2", 0, "welfare")
    (told,) = await kit.final(asked("lookup"))
    assert told.status == "done"
    assert [(one.account, one.kind, one.balance_krw, one.held_krw) for one in told.found] == [
        ("901-1", "deposit", 300_000, 100_000),
        ("901-2", "welfare", 0, 0),
    ]
    assert told.found[0].holder == "가상인 김하나"


async def test_a_bank_that_knows_nobody_says_so(kit: Kit) -> None:
    strangers = [asked("lookup", person=Person(f"nobody-{number}", "없는 사람")) for number in range(20)]
    told = await kit.final(*strangers)
    unknown = [one for one in told if not one.found]
    assert len(unknown) >= 10 and all((one.status, one.reason) == ("done", "unknown_person") for one in unknown)


async def test_a_seizure_holds_no_more_than_is_free(kit: Kit) -> None:
    kit.open("901-1", 300_000, prior_krw=100_000)
    kit.open("901-2", 50_000)
    first, second = await kit.final(
        asked("seize", account="901-1", amount_krw=250_000), asked("seize", account="901-2", amount_krw=50_000)
    )
    assert (first.status, first.amount_krw, first.reason) == ("partly", 200_000, "prior_seizure")
    assert (second.status, second.amount_krw, second.reason) == ("done", 50_000, "")
    assert first.at is not None and first.at.tzinfo is not None


@pytest.mark.parametrize(("kind", "reason"), [("welfare", "protected"), ("living", "protected"), ("joint", "joint")])
async def test_a_protected_account_is_refused(kit: Kit, kind: str, reason: str) -> None:
    kit.open("901-1", 300_000, kind)
    (told,) = await kit.final(asked("seize", account="901-1", amount_krw=1_000))
    assert (told.status, told.amount_krw, told.reason) == ("refused", 0, reason)


async def test_a_request_asked_again_is_answered_the_same_and_done_once(kit: Kit) -> None:
    kit.open("901-1", 300_000)
    seize = asked("seize", account="901-1", amount_krw=100_000)
    first = await kit.final(seize)
    assert await kit.final(seize) == first
    collect = asked("collect", account="901-1", amount_krw=100_000)
    assert await kit.final(collect, seize) == [*(await kit.final(collect)), *first]
    assert await kit.lines() == [("seize", "901-1", 100_000), ("collect", "901-1", 100_000)]


async def test_an_id_that_stood_for_something_else_is_refused(kit: Kit) -> None:
    kit.open("901-1", 300_000)
    seize = asked("seize", account="901-1", amount_krw=100_000)
    await kit.final(seize)
    await kit.gateway.ask(BANK, [replace(seize, amount_krw=200_000)])
    assert [told.amount_krw for told in await kit.late() if told.status == "done"] in ([], [100_000])
    assert await kit.lines() == [("seize", "901-1", 100_000)]


async def test_money_is_held_collected_and_let_go_to_the_won(kit: Kit) -> None:
    kit.open("901-1", 300_001)
    await kit.final(asked("seize", account="901-1", amount_krw=300_001))
    told = [
        (await kit.final(asked("collect", account="901-1", amount_krw=120_000)))[0],
        (await kit.final(asked("release", account="901-1", amount_krw=180_001)))[0],
        (await kit.final(asked("collect", account="901-1", amount_krw=1)))[0],
        (await kit.final(asked("release", account="901-1", amount_krw=1)))[0],
    ]
    assert [(one.status, one.amount_krw, one.reason) for one in told] == [
        ("done", 120_000, ""),
        ("done", 180_001, ""),
        ("refused", 0, "unknown_hold"),
        ("refused", 0, "unknown_hold"),
    ]
    lines = await kit.lines()
    assert lines == [("seize", "901-1", 300_001), ("collect", "901-1", 120_000), ("release", "901-1", 180_001)]


async def test_a_join_takes_effect_when_the_one_before_it_is_released(kit: Kit) -> None:
    kit.open("901-1", 300_000, prior_krw=300_000)
    join = asked("join", account="901-1", amount_krw=80_000)
    assert [one.status for one in await kit.gateway.ask(BANK, [join])] == ["pending"]
    assert await kit.late() == []
    kit.free("901-1")
    (told,) = await kit.late()
    assert (told.request_id, told.status, told.amount_krw) == (join.request_id, "done", 80_000)
    assert await kit.lines() == [("join", "901-1", 80_000)]


async def test_a_join_that_is_released_before_ends_without_holding_anything(kit: Kit) -> None:
    kit.open("901-1", 300_000, prior_krw=300_000)
    join = asked("join", account="901-1", amount_krw=80_000)
    await kit.final(asked("lookup"))
    await kit.gateway.ask(BANK, [join])
    kit.work()
    release = asked("release", account="901-1", amount_krw=80_000)
    told = {one.request_id: one for one in [*await kit.gateway.ask(BANK, [release]), *await kit.late()]}
    assert (told[release.request_id].status, told[release.request_id].amount_krw) == ("done", 0)
    assert (told[join.request_id].status, told[join.request_id].reason) == ("refused", "released")
    kit.free("901-1")
    assert await kit.lines() == []


async def test_a_ledger_is_read_on_from_its_position(kit: Kit) -> None:
    kit.open("901-1", 300_000)
    await kit.final(asked("seize", account="901-1", amount_krw=1_000))
    kit.work()
    first, position = await kit.gateway.ledger(BANK, "")
    await kit.final(asked("release", account="901-1", amount_krw=1_000))
    assert [one.kind for one in first] == ["seize"]
    assert await kit.lines(position) == [("release", "901-1", 1_000)]


async def test_a_bank_that_is_away_fails_and_may_be_asked_again(kit: Kit) -> None:
    gone = kit.away()
    if inspect.isawaitable(gone):
        await gone
    with pytest.raises(BankFailed) as failed:
        await kit.gateway.ask(BANK, [asked("lookup")])
    assert failed.value.retry and not failed.value.unknown
