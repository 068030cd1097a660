"""Refusals and late words of every step end where money and rights are right and an officer knows what to do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from civic.arrears.notices.tables import arrears_letters
from civic.arrears.seizure import handling, next_steps
from civic.arrears.seizure.holders import is_same
from civic.arrears.seizure.reasons import reason
from civic.arrears.seizure.rows import Seizure
from civic.arrears.seizure.tables import arrears_accounts_found, arrears_seizure_events
from civic.staff.tables import staff_notices
from core.contracts.banks import BankAnswer, BankRequest
from core.errors import BadInput, Conflict, Forbidden
from integrations.bank_network.book import OTHERS
from tests.civic.arrears.made import CITY
from tests.civic.arrears.seizure.test_batch import pay
from tests.civic.arrears.seizure.town import DRAFTER, FIRST, Town

Answer = Callable[[BankRequest], BankAnswer]


def refusing(code: str) -> Answer:
    return lambda asked: BankAnswer(asked.request_id, "refused", 0, (), code)


async def only(town: Town, debtor_id: object) -> Seizure:
    (one,) = await town.seizures(debtor_id)  # type: ignore[arg-type]
    return one


async def others_seize(town: Town, number: str, krw: int) -> None:
    with town.book.writing() as writing:
        writing.hold("901", number, "", OTHERS, krw, krw)


async def steps(town: Town, one: Seizure) -> list[tuple[str, str, str]]:
    table = arrears_seizure_events.c
    async with town.db.reading() as tx:
        wanted = select(table.step, table.article, table.document).where(table.seizure_id == one.id)
        return [(row.step, row.article, row.document) for row in await tx.execute(wanted.order_by(table.id))]


async def letters(town: Town, debtor_id: object) -> list[str]:
    table = arrears_letters.c
    async with town.db.reading() as tx:
        return sorted(await tx.scalars(select(table.kind).where(table.debtor_id == debtor_id)))


async def behind_another(town: Town) -> tuple[Any, str]:
    """Approved as a seizure; another authority came between."""
    one = await town.debtor(500_000)
    number = await town.account(one, 9_000_000)
    await town.approve(await town.planned(one))
    await others_seize(town, number, 9_000_000)
    await town.rounds(4)
    return one, number


async def test_a_seizure_that_finds_another_first_becomes_a_join_in_the_same_batch(town: Town) -> None:
    one, number = await behind_another(town)
    joined = await only(town, one)
    assert (joined.kind, joined.state, joined.why) == ("join", "joined", "")
    assert [each.kind for each in town.door.asked if each.kind != "lookup"] == ["seize", "join"]
    told = {step: article for step, article, _ in await steps(town, joined)}
    assert {told[step] for step in ("turned", "joined")} == {"지방세징수법 제67조"}
    ordered = [article for step, article, _ in await steps(town, joined) if step == "sent"]
    assert ordered == ["지방세징수법 제51조", "지방세징수법 제67조"]
    assert await letters(town, one) == ["join", "join"], "to the debtor and the bank"
    assert "먼저 압류한 기관" in next_steps.of_seizure(joined)[0]
    owed = await town.owes(one)
    town.door.bank.free_prior("901", number, town.clock.now())
    await town.rounds()
    done = await only(town, one)
    assert (done.state, done.collected_krw, await town.owes(one), town.held()) == ("done", owed, 0, 0)
    assert set(await letters(town, one)) == {"join", "record", "seizure_bank", "seizure_debtor"}
    assert town.booked("collect") == owed == await town.came(one)


async def test_what_the_first_authority_emptied_below_the_floor_is_let_go(town: Town) -> None:
    one, number = await behind_another(town)
    with town.book.writing() as writing:
        writing.move("901", number, -8_500_000, "collected by others")
    town.door.bank.free_prior("901", number, town.clock.now())
    await town.rounds()
    done = await only(town, one)
    assert (done.state, done.why, done.collected_krw, town.held()) == ("released", "floor_found", 0, 0)


async def test_who_paid_before_the_join_was_ordered_is_not_joined(town: Town) -> None:
    one = await town.debtor(500_000)
    number = await town.account(one, 9_000_000)
    await town.approve(await town.planned(one))
    await others_seize(town, number, 9_000_000)
    await town.seize()
    await town.banks()
    assert (await only(town, one)).state == "approved"
    await pay(town, one, await town.owes(one))
    await town.rounds(3)
    dropped = await only(town, one)
    assert (dropped.state, dropped.why) == ("dropped", "paid")
    assert "join" not in {each.kind for each in town.door.asked}


async def test_without_joins_the_seizure_ends_refused_with_what_to_do(town: Town) -> None:
    town.change(joins=False)
    one, _ = await behind_another(town)
    ended = await only(town, one)
    assert (ended.kind, ended.state, ended.why) == ("seize", "refused", "prior_seizure")
    assert "다른 재산" in next_steps.of_seizure(ended)[0]


@pytest.mark.parametrize("code", ["no_account", "insufficient", "protected", "unknown_person", "a code of its own"])
async def test_a_refused_seizure_holds_nothing_and_says_what_to_do(town: Town, code: str) -> None:
    town.change(cost_krw=5_000)
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    before = await town.owes(one)
    batch = await town.approve(await town.planned(one))
    town.door.spoil = {("901", "seize"): refusing(code)}
    await town.rounds(3)
    ended = await only(town, one)
    assert (ended.state, ended.why, ended.held_krw) == ("refused", code, 0)
    assert all(next_steps.of_seizure(ended)) and all((reason(code).text_ko, reason(code).text_en))
    assert (await town.batch(batch)).state == "closed" and await town.owes(one) == before, "no costs either"
    assert (await town.draft(one)).state == "judged", "and he is free for another batch"


async def test_an_account_in_anothers_name_is_left_alone_with_its_reason(town: Town) -> None:
    one = await town.debtor(500_000, name="하늘가람")
    await town.account(one, 9_000_000, bank="901", holder="구름나무")
    await town.account(one, 4_000_000, bank="902", holder="하늘 가람")
    await town.run(one)
    assert [each.bank for each in await town.seizures(one)] == ["902"]
    table = arrears_accounts_found.c
    async with town.db.reading() as tx:
        why = await tx.scalar(select(table.why_not).where(table.debtor_id == one, table.bank == "901"))
    assert why == "name_differs"


@pytest.mark.parametrize(
    ("name", "holder", "same"),
    [
        ("가상상사 주식회사", "(주)가상상사", True),
        ("가상상사", "㈜ 가상상사", True),
        ("홍길동", "", True),
        ("홍길동", "홍 길동", True),
        ("홍길뷁", "홍길?", True),
        ("가" * 40, "가" * 30, True),
        ("홍길동", "홍길", False),
        ("홍길동", "홍길순", False),
        ("가상상사", "가상상사계", False),
    ],
    ids=["company", "sign", "untold", "blank", "letter", "cut", "shorter", "other", "longer"],
)
def test_a_holder_is_the_debtor_only_under_his_name(name: str, holder: str, same: bool) -> None:
    assert is_same(name, holder) is same


@pytest.mark.parametrize("kind", ["welfare", "living", "joint"])
async def test_an_account_that_proves_protected_late_is_let_go_uncollected(town: Town, kind: str) -> None:
    one, number = await behind_another(town)
    town.book.rows("UPDATE accounts SET kind = ? WHERE account = ?", kind, number)
    town.door.bank.free_prior("901", number, town.clock.now())
    await town.rounds()
    done = await only(town, one)
    assert (done.state, done.why, done.collected_krw) == ("released", f"{kind}_account", 0)
    assert town.held() == 0 and await town.came(one) == 0


async def short(town: Town, took: int = 200_000) -> tuple[Any, int]:
    """The bank holds 500,000 and more, and pays over only a part of what it was asked."""
    one = await town.debtor(500_000)
    number = await town.account(one, 9_000_000)
    owed = await town.owes(one)

    def partly(asked: BankRequest) -> BankAnswer:
        with town.book.writing() as writing:
            paid = writing.lower("901", number, took)
            writing.move("901", number, -paid, "collected")
            writing.book("901", str(asked.request_id), "collect", number, paid, town.clock.now().isoformat())
        town.door.spoil = {}
        return BankAnswer(asked.request_id, "partly", paid, (), "insufficient", town.clock.now())

    town.door.spoil = {("901", "collect"): partly}
    await town.run(one)
    return one, owed


async def test_what_a_bank_did_not_pay_over_stays_held_for_an_officer_who_orders_again(town: Town) -> None:
    one, owed = await short(town)
    stopped = await only(town, one)
    assert (stopped.state, stopped.why) == ("held", "stuck:collect:insufficient")
    assert stopped.left_krw == owed - 200_000 == town.held() == await town.owes(one)
    assert await town.came(one) == 200_000 == town.booked("collect")
    assert "다시 지시" in next_steps.of_seizure(stopped)[0] and "추심이 멈췄습니다" in reason(stopped.why).text_ko
    assert "추심" in await told(town, "stuck:901:collect")
    await again(town, stopped)
    await town.rounds()
    done = await only(town, one)
    assert (done.state, done.collected_krw, await town.owes(one), town.held()) == ("done", owed, 0, 0)


async def test_what_stopped_is_let_go_when_the_rest_is_paid(town: Town) -> None:
    one, owed = await short(town)
    await pay(town, one, 100_000)
    await town.rounds(3)
    assert (await only(town, one)).left_krw == owed - 300_000 == town.held(), "part of it is let go"
    await pay(town, one, await town.owes(one))
    await town.rounds(3)
    done = await only(town, one)
    assert (done.state, done.why, done.collected_krw, town.held()) == ("released", "paid", 200_000, 0)


async def test_a_collection_that_a_bank_refuses_waits_for_an_officer(town: Town) -> None:
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    town.door.spoil = {("901", "collect"): refusing("unknown_hold")}
    batch = await town.run(one)
    stopped = await only(town, one)
    assert (stopped.state, stopped.why, await town.came(one)) == ("held", "stuck:collect:unknown_hold", 0)
    assert (await town.batch(batch)).state == "closed", "the batch is over and names it"


async def test_a_release_that_a_bank_refuses_keeps_its_reason_and_is_ordered_again(town: Town) -> None:
    one = await unreleased(town)
    stopped = await only(town, one)
    assert (stopped.state, stopped.why) == ("held", "stuck:paid:unknown_hold")
    assert "제63조" in next_steps.of_seizure(stopped)[0] and "해제가 멈췄습니다" in reason(stopped.why).text_ko
    assert "해제" in await told(town, "stuck:901:release")
    town.door.spoil = {}
    await again(town, stopped)
    await town.rounds(2)
    done = await only(town, one)
    assert (done.state, done.why, town.held()) == ("released", "paid", 0)
    with pytest.raises(Conflict):
        await again(town, done)


async def unreleased(town: Town) -> Any:
    town.change(collect_after_days=7)
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    await town.run(one)
    town.door.spoil = {("901", "release"): refusing("unknown_hold")}
    await pay(town, one, await town.owes(one))
    await town.rounds(3)
    return one


async def test_what_the_bank_knows_nothing_of_ends_by_two_people_on_its_written_word(town: Town) -> None:
    one = await unreleased(town)
    stopped, asked = await only(town, one), len(town.door.asked)
    with pytest.raises(BadInput):
        await wish(town, stopped, "")
    made = await wish(town, stopped, "은행 회신 2026-31")
    with pytest.raises(Forbidden):
        await grant(town, made, DRAFTER)
    await grant(town, made, FIRST)
    await town.rounds(3)
    done = await only(town, one)
    assert (done.state, done.released_krw, done.left_krw) == ("released", done.held_krw, 0)
    assert len(town.door.asked) == asked, "the bank was asked nothing more"
    assert (await letters(town, one)).count("release") >= 2


async def test_only_what_has_stopped_ends_without_an_order_to_the_bank(town: Town) -> None:
    town.change(collect_after_days=7)
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    await town.run(one)
    with pytest.raises(Conflict):
        await wish(town, await only(town, one), "은행 회신 2026-31")


async def test_an_answer_to_a_released_seizure_changes_nothing(town: Town) -> None:
    town.change(collect_after_days=7)
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    await town.run(one)
    await pay(town, one, await town.owes(one))
    await town.rounds(3)
    before = await only(town, one)
    assert before.state == "released"
    with town.book.writing() as writing:
        for asked in town.door.asked:
            writing.say_again(asked.bank, str(asked.request_id))
    await town.rounds(3)
    assert await only(town, one) == before and await town.came(one) == 0


async def test_a_bank_that_is_down_for_a_day_loses_no_order_and_stops_none(town: Town) -> None:
    one, other = await town.debtor(500_000), await town.debtor(500_000)
    await town.account(one, 9_000_000, bank="901")
    await town.account(other, 9_000_000, bank="902")
    batch = await town.approve(await town.planned(one, other))
    await town.seize()
    town.door.away = {"901"}
    for _ in range(60):
        town.clock.move(timedelta(minutes=30))
        await town.banks()
    await town.rounds(3)
    assert (await only(town, one)).state == "sent" and await town.owes(other) == 0
    assert (await town.batch(batch)).state == "running"
    town.door.away = set()
    town.clock.move(timedelta(minutes=30))
    await town.rounds()
    assert await town.owes(one) == 0 and (await town.batch(batch)).state == "closed" and town.held() == 0


async def told(town: Town, key: str) -> str:
    table = staff_notices.c
    async with town.db.reading() as tx:
        wanted = select(table.text_ko).where(table.dedupe_key.contains(key)).order_by(table.created_at.desc())
        return str(await tx.scalar(wanted.limit(1)))


async def again(town: Town, one: Seizure) -> None:
    async with town.db.transaction() as tx:
        await handling.again(tx, CITY, one.id, DRAFTER, "은행과 통화", town.clock.now(), town.rules)


async def wish(town: Town, one: Seizure, basis: str) -> Any:
    async with town.db.transaction() as tx:
        now = town.clock.now()
        return await handling.wish(tx, CITY, one.id, None, "은행 확인", basis, DRAFTER, now, without_bank=True)


async def grant(town: Town, made: Any, by: Any) -> None:
    async with town.db.transaction() as tx:
        await handling.decide_wish(tx, CITY, made.id, by, town.clock.now(), town.rules, is_granted=True)
