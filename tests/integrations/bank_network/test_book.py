"""The network's ledger keeps its sums whatever is asked, repeated or reordered: no won appears or vanishes."""

import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.bank_network.book import Book, booked, late_answers, totals
from integrations.bank_network.customers import CODES, accounts
from integrations.bank_network.serving import KINDS, Bank

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BANK = "901"
ACCOUNTS = ("a", "b", "c")
KINDS_OF = {"a": "deposit", "b": "savings", "c": "welfare"}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(KINDS), st.sampled_from(ACCOUNTS), st.integers(0, 1_500)),
        st.tuples(st.just("move"), st.sampled_from(ACCOUNTS), st.integers(-900, 900)),
        st.tuples(st.just("free"), st.sampled_from(ACCOUNTS), st.just(0)),
        st.tuples(st.just("again"), st.sampled_from(ACCOUNTS), st.integers(0, 30)),
    ),
    max_size=30,
)


def asked(number: int, kind: str, account: str, amount_krw: int) -> dict[str, Any]:
    return {
        "request_id": str(UUID(int=number + 1)),
        "kind": kind,
        "tax_no": "T1",
        "name": "가상인",
        "is_company": False,
        "account": "" if kind == "lookup" else account,
        "amount_krw": amount_krw,
        "document": "",
    }


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, balances=st.tuples(*[st.integers(0, 1_000)] * 3), prior=st.integers(0, 1_000))
def test_no_won_appears_or_vanishes(steps: list[tuple[str, str, int]], balances: tuple[int, ...], prior: int) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(Book(Path(folder) / "book", 1)) as book:
        bank = Bank(book)
        with book.writing() as writing:
            for account, balance in zip(ACCOUNTS, balances, strict=True):
                before = min(prior, balance) if account == "b" else 0
                writing.open(BANK, account, "T1", "가상인", KINDS_OF[account], balance, before)
        made: list[dict[str, Any]] = []
        told: dict[str, dict[str, Any]] = {}
        for number, (what, account, amount) in enumerate(steps):
            if what == "move":
                bank.move(BANK, account, amount)
            elif what == "free":
                bank.free_prior(BANK, account, NOW)
            elif what == "again" and made:
                one = made[amount % len(made)]
                (answer,) = bank.serve(BANK, [one], NOW)
                first = told[one["request_id"]]
                assert answer == first or first["status"] == "pending"
            elif what != "again":
                made.append(asked(number, what, account, amount))
                (answer,) = bank.serve(BANK, made[-1:], NOW)
                told[answer["request_id"]] = answer
            _holds(book)
        final = {**told, **{row["answer"]["request_id"]: row["answer"] for row in late_answers(book, BANK, 0, 1_000)}}
        lines = {line["request_id"]: line["amount"] for line in booked(book, BANK, 0, 1_000)}
        assert lines == {key: answer["amount_krw"] for key, answer in final.items() if answer["amount_krw"]}
        assert all(answer["amount_krw"] == 0 for key, answer in told.items() if _account(made, key) == "c")


def _account(made: list[dict[str, Any]], key: str) -> str:
    return next(str(one["account"]) for one in made if one["request_id"] == key)


def _holds(book: Book) -> None:
    """What must be true after every step."""
    told = totals(book)
    lines = told["booked"]
    held = lines.get("seize", 0) + lines.get("join", 0) - lines.get("collect", 0) - lines.get("release", 0)
    assert told["balances"] == sum(told["moved"].values())
    assert -told["moved"].get("collected", 0) == lines.get("collect", 0)
    assert (told["held"], told["overheld"]) == (held, 0)


def test_made_up_customers_are_the_same_each_time_and_most_banks_know_nobody() -> None:
    some = [(bank, f"T{number}") for bank in CODES for number in range(400)]
    known = {key: found for key in some if (found := accounts(1, *key, is_company=False))}
    assert 0.09 < len(known) / len(some) < 0.15
    assert all(accounts(1, *key, is_company=False) == found for key, found in known.items())
    assert accounts(2, *next(iter(known)), is_company=False) != next(iter(known.values()))
    balances = sorted(one.balance_krw for found in known.values() for one in found)
    assert balances[len(balances) // 2] < 500_000 < 10_000_000 < balances[int(len(balances) * 0.99)]
    kinds = {one.kind for found in known.values() for one in found}
    assert kinds == {"deposit", "savings", "welfare", "living", "joint", "other"}
    assert any(one.prior_krw for found in known.values() for one in found)


def test_a_book_keeps_what_it_confirmed_when_it_is_opened_again(tmp_path: Path) -> None:
    with closing(Book(tmp_path / "book", 1)) as book:
        with book.writing() as writing:
            writing.open(BANK, "a", "T1", "가상인", "deposit", 500)
        (answer,) = Bank(book).serve(BANK, [asked(1, "seize", "a", 300)], NOW)
    with closing(Book(tmp_path / "book", 7)) as book:
        assert book.seed == 1
        assert Bank(book).serve(BANK, [asked(1, "seize", "a", 300)], NOW) == [answer]
        assert totals(book)["held"] == 300
