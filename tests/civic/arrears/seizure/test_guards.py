"""What forbids a seizure, each with its article; how much is seized where; which row of the floor counts on a day."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.arrears.ledger.stops import Kind, Stop
from civic.arrears.notices.dunned import Dunned
from civic.arrears.records import BillOwed, DebtorOwed
from civic.arrears.seizure.floors import floor_on
from civic.arrears.seizure.guards import judged
from civic.arrears.seizure.reasons import REASONS
from civic.arrears.seizure.spreading import Account, floor_left, spread
from core.arrears_seizure_rules import Floor, Seizure
from core.errors import ConfigError
from core.ids import new_id

ON = date(2026, 11, 20)
DEBTOR = UUID(int=1)
RULES = Seizure(least_krw=100_000)


def bill(total: int = 500_000, *, dunned: bool = True, due: date = date(2026, 11, 5), number: int = 1) -> BillOwed:
    return BillOwed(
        bill_id=UUID(int=number),
        bill_no=str(number),
        pay_no="",
        tax_item="재산세",
        tax_year=2026,
        period="",
        principal_krw=total,
        costs_krw=0,
        tax_krw=total,
        surcharge_krw=0,
        notified_on=date(2026, 9, 10),
        due_on=date(2026, 9, 30),
        dunned_on=date(2026, 10, 20) if dunned else None,
        dun_due_on=due if dunned else None,
        prescribes_on=date(2031, 9, 30),
    )


def look(
    *bills: BillOwed, stops: tuple[Stop, ...] = (), served: date | None = date(2026, 10, 21), on: date = ON
) -> list[str]:
    known = {one.bill_id: Dunned(served, one.dun_due_on, "letter") for one in bills if one.dunned_on}
    found = judged(DebtorOwed(DEBTOR, bills), stops, known, on, RULES)
    assert (found.amount_krw == 0) == bool(found.reasons)
    return [one.code for one in found.reasons]


def stop(kind: Kind, bill_id: UUID | None = None) -> Stop:
    return Stop(new_id(), DEBTOR, bill_id, kind, ON, None, "", None)


def test_it_may_begin_the_day_after_the_deadline_of_a_served_demand() -> None:
    assert look(bill(due=date(2026, 11, 19))) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"due": ON}, "dun_open"),
        ({"dunned": False}, "not_dunned"),
        ({"total": 99_999}, "below_least"),
    ],
    ids=["deadline's own day", "no demand", "too little"],
)
def test_a_bill_that_may_not_be_seized_for_says_why(given: dict[str, object], code: str) -> None:
    assert look(bill(**given)) == [code]  # type: ignore[arg-type]


def test_a_demand_on_its_way_is_not_served() -> None:
    assert look(bill(), served=None) == ["not_served"]
    assert look(bill(), served=date(2026, 11, 21)) == ["not_served"]


def test_a_prescribed_claim_is_not_seized_for() -> None:
    """Its last day is still a day on which it can be seized for."""
    assert look(bill(), on=date(2031, 9, 30)) == []
    assert look(bill(), on=date(2031, 10, 1)) == ["prescribed"]


@pytest.mark.parametrize(
    "kind", ["deferral", "suspended", "instalment", "dispute", "died", "bankrupt", "rehabilitation"]
)
def test_a_stop_forbids_it(kind: Kind) -> None:
    assert look(bill(), stops=(stop(kind),)) == [kind]


def test_a_wrong_telephone_number_forbids_nothing() -> None:
    assert look(bill(), stops=(stop("wrong_number"),)) == []


def test_a_stop_of_one_bill_leaves_the_others() -> None:
    known = {UUID(int=number): Dunned(date(2026, 10, 21), date(2026, 11, 5), "letter") for number in (1, 2)}
    both = DebtorOwed(DEBTOR, (bill(), bill(300_000, number=2)))
    found = judged(both, (stop("deferral", UUID(int=1)),), known, ON, RULES)
    assert found.amount_krw == 300_000 and [one.bill_id for one in found.bills] == [UUID(int=2)]
    assert [(key, why.code) for key, why in found.left_out] == [(UUID(int=1), "deferral")]


def test_who_owes_nothing_is_not_seized() -> None:
    assert look() == ["nothing_owed"]


def test_every_reason_names_an_article_and_says_it_in_both_languages() -> None:
    assert all(one.article and one.text_ko and one.text_en for one in REASONS.values())


def test_the_floor_of_a_day_is_the_confirmed_row_or_the_highest() -> None:
    assert floor_on(date(2026, 1, 31), Floor()).krw == 1_850_000
    assert floor_on(date(2026, 2, 1), Floor()).krw == 2_500_000
    confirmed = floor_on(ON, Floor(confirmed="local-decree"))
    assert (confirmed.krw, confirmed.is_confirmed, confirmed.certainty) == (1_850_000, True, "K")
    with pytest.raises(ConfigError):
        floor_on(date(2026, 1, 31), Floor(confirmed="civil-2026"))


def account(balance: int, *, bank: str = "901", kind: str = "deposit", held: int = 0) -> Account:
    return Account(new_id(), bank, kind, balance, held)


def test_protected_and_joint_accounts_are_left_alone() -> None:
    kinds = ("welfare", "living", "joint")
    found = spread(500_000, [account(9_000_000, kind=kind) for kind in kinds], 0, RULES)
    assert not found.shares
    assert sorted(found.why_not.values()) == ["joint_account", "living_account", "welfare_account"]


def test_the_floor_is_kept_once_over_all_accounts_or_for_each_by_the_setting() -> None:
    some = [account(2_000_000), account(1_500_000, bank="902")]
    assert sum(share.amount_krw for share in spread(9_000_000, some, 2_500_000, RULES).shares) == 1_000_000
    each = RULES.model_copy(update={"floor": Floor(reading="each")})
    assert not spread(9_000_000, some, 2_500_000, each).shares


def test_banks_are_taken_in_the_listed_order_where_the_city_lists_them() -> None:
    listed = RULES.model_copy(update={"order": "listed", "banks": ["903", "901"]})
    some = [account(5_000_000, bank=bank) for bank in ("901", "902", "903")]
    found = spread(6_000_000, some, 0, listed)
    assert [share.account.bank for share in found.shares] == ["903", "901"]
    assert list(found.why_not.values()) == ["not_needed"]


def test_what_would_only_pay_for_its_own_costs_is_not_seized() -> None:
    costly = RULES.model_copy(update={"cost_krw": 5_000})
    assert not spread(500_000, [account(5_000)], 0, costly).shares


def test_where_another_was_first_it_is_a_join_and_only_for_the_rest() -> None:
    found = spread(500_000, [account(300_000), account(900_000, bank="902", held=900_000)], 0, RULES)
    assert [(share.kind, share.amount_krw) for share in found.shares] == [("seize", 300_000), ("join", 200_000)]


KINDS = st.sampled_from(["deposit", "savings", "welfare", "living", "joint", "other"])
ACCOUNTS = st.lists(
    st.builds(
        lambda bank, kind, balance, part: Account(new_id(), bank, kind, balance, int(balance * part)),
        st.sampled_from(["901", "902", "903"]),
        KINDS,
        st.integers(0, 9_000_000),
        st.sampled_from([0, 0, 0, 0.5, 1]),
    ),
    max_size=7,
)


@given(st.integers(0, 20_000_000), ACCOUNTS, st.sampled_from([0, 1_850_000, 2_500_000]), st.integers(0, 20_000))
def test_no_spread_takes_more_than_is_owed_or_touches_the_floor(
    demand: int, accounts: list[Account], floor: int, cost: int
) -> None:
    found = spread(demand, accounts, floor, RULES.model_copy(update={"cost_krw": cost}))
    assert sum(share.amount_krw - share.cost_krw for share in found.shares) <= demand
    assert all(cost < share.amount_krw <= share.account.balance_krw for share in found.shares)
    assert all(share.account.kind not in ("welfare", "living", "joint") for share in found.shares)
    assert {share.account.id for share in found.shares} | set(found.why_not) == {one.id for one in accounts}
    usable = [one for one in accounts if one.kind not in ("welfare", "living", "joint")]
    taken = sum(share.amount_krw for share in found.shares)
    if taken:
        assert sum(one.balance_krw for one in usable) - taken >= floor


@given(st.lists(st.tuples(st.integers(0, 5_000_000), st.integers(0, 5_000_000)), max_size=6), st.integers(0, 3_000_000))
def test_what_is_let_go_restores_the_floor_and_no_more(pairs: list[tuple[int, int]], floor: int) -> None:
    held = {new_id(): min(balance, part) for balance, part in pairs}
    balances = {key: balance for key, (balance, _) in zip(held, pairs, strict=True)}
    found = floor_left(balances, held, floor, RULES)
    assert all(0 <= found[key] <= held[key] for key in held)
    left = sum(balances.values()) - sum(held.values()) + sum(found.values())
    assert left >= min(floor, sum(balances.values()))
    assert not sum(found.values()) or left <= floor
