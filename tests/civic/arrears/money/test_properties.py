"""What holds of any bills and payments: nothing below zero, no won lost, no order of booking that matters."""

from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from civic.arrears.money.allocating import Bill, Paid, allocate
from civic.arrears.money.months import added_on, passed
from civic.arrears.money.reckoning import Entry, Terms, reckon

FIRST, LAST = date(2017, 1, 1), date(2033, 12, 31)
DAYS = st.dates(FIRST, LAST)
WON = st.integers(1, 3_000_000)


@st.composite
def bills(draw: st.DrawFn) -> dict[UUID, Bill]:
    found = {}
    for number in range(draw(st.integers(1, 3))):
        due_on = draw(DAYS)
        since = draw(DAYS)
        spans = ((since, since + timedelta(days=draw(st.integers(0, 400)))),) if draw(st.booleans()) else ()
        principal = draw(st.one_of(st.sampled_from([449_999, 450_000, 300_000, 299_999]), WON))
        fixed = [Entry("cost", draw(DAYS), costs_krw=-draw(st.integers(1, 50_000)))] if draw(st.booleans()) else []
        if draw(st.booleans()):
            fixed.append(Entry("reduction", draw(DAYS), tax_krw=draw(st.integers(1, principal))))
        found[UUID(int=number + 1)] = Bill(Terms(UUID(int=number + 1), principal, due_on, spans), tuple(fixed))
    return found


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[UUID, Bill], list[Paid]]:
    made = draw(bills())
    count = draw(st.integers(0, 5))
    orders = st.permutations(sorted(made))
    paid = [
        Paid(UUID(int=100 + number), draw(WON), draw(DAYS), "van", f"{number}", tuple(draw(orders)))
        for number in range(count)
    ]
    return made, paid


@settings(deadline=None, max_examples=150)
@given(worlds(), st.randoms(use_true_random=False))
def test_a_won_is_never_lost_and_the_order_of_booking_does_not_matter(
    world: tuple[dict[UUID, Bill], list[Paid]], chance: object
) -> None:
    made, paid = world
    done = allocate(made, paid)
    for one in paid:
        shares = [share for (payment, _), share in done.shares.items() if payment == one.id]
        assert all(min(share.costs_krw, share.tax_krw, share.surcharge_krw) >= 0 for share in shares)
        assert sum(share.krw for share in shares) <= one.amount_krw
    shuffled = list(paid)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    again = allocate(made, shuffled)
    assert again.shares == done.shares
    for bill_id, bill in made.items():
        _adds_up(bill, done.entries[bill_id])


def _adds_up(bill: Bill, entries: list[Entry]) -> None:
    """Principal + surcharge + costs = what was paid + what was reduced + what is owed, to the won."""
    now = reckon(bill.terms, entries, LAST)
    costs = -sum(one.costs_krw for one in entries if one.kind == "cost")
    moved = sum(one.costs_krw + one.tax_krw + one.surcharge_krw for one in entries if one.kind != "cost")
    assert bill.terms.principal_krw + now.accrued_krw + costs == moved + now.total_krw
    assert min(now.costs_krw, now.tax_krw, now.surcharge_krw) >= 0


@settings(deadline=None, max_examples=150)
@given(worlds(), st.lists(DAYS, min_size=2, max_size=6))
def test_it_only_grows_while_nobody_pays(world: tuple[dict[UUID, Bill], list[Paid]], days: list[date]) -> None:
    made, paid = world
    done = allocate(made, paid)
    for bill_id, bill in made.items():
        entries = done.entries[bill_id]
        for earlier, later in pairwise(sorted(days)):
            if any(one.kind == "payment" and earlier < one.on <= later for one in entries):
                continue
            assert reckon(bill.terms, entries, later).total_krw >= reckon(bill.terms, entries, earlier).total_krw


@settings(deadline=None, max_examples=300)
@given(DAYS, st.integers(1, 130))
def test_a_month_is_added_on_the_first_morning_on_which_it_has_passed(due_on: date, number: int) -> None:
    day = added_on(due_on, number)
    assert passed(due_on, day) == number
    assert passed(due_on, day - timedelta(days=1)) == number - 1


@settings(deadline=None, max_examples=100)
@given(worlds(), st.integers(0, 4))
def test_a_payment_taken_back_leaves_what_would_be_without_it(
    world: tuple[dict[UUID, Bill], list[Paid]], which: int
) -> None:
    made, paid = world
    without = [one for number, one in enumerate(paid) if number != which]
    done, less = allocate(made, paid), allocate(made, without)
    for bill_id, bill in made.items():
        differences = [
            Entry(
                "reversal",
                one.on,
                -share.costs_krw,
                -share.tax_krw,
                -share.surcharge_krw,
            )
            for one in paid
            if (share := done.shares.get((one.id, bill_id))) and share != less.shares.get((one.id, bill_id))
        ]
        added = [
            Entry("payment", one.on, share.costs_krw, share.tax_krw, share.surcharge_krw)
            for one in without
            if (share := less.shares.get((one.id, bill_id))) and share != done.shares.get((one.id, bill_id))
        ]
        journal = [*done.entries[bill_id], *differences, *added]
        for day in (bill.terms.due_on, LAST):
            assert reckon(bill.terms, journal, day) == reckon(bill.terms, less.entries[bill_id], day)
