"""What the paper says to whom: a bank is told what a bank must do, and is shown no way to object."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from civic.arrears.notices.letters import Kind, Letter
from civic.arrears.notices.sheets import City, page
from core.arrears_notice_rules import Sender
from tests.civic.arrears.made import NOW, TODAY

GIMPO = City("김포시", "Gimpo City", "031-980-2114")
FACTS: dict[str, Any] = {
    "bank_name": "가온은행",
    "account": "110-***-456789",
    "amount_krw": 300_000,
    "released_on": "2026-11-21",
    "release_reason": "paid",
}
LETTER = Letter(
    id=UUID(int=1), debtor_id=UUID(int=2), kind="release", document_no="체납징수-2026-000001",
    recipient={"name": "한누리", "address": "김포시 1", "postcode": "10109"}, facts=FACTS, total_krw=0,
    is_addressed=True, state="printed", issued_on=TODAY, due_on=None, tracking_no=None, sent_on=None, served_on=None,
    served_how=None, returned_on=None, reason=None, staff_id=None, version=1, created_at=NOW, updated_at=NOW,
)  # fmt: skip
TO_BANK = {**FACTS, "debtor": "한누리 (납세번호 7000000001)"}


def _said(letter: Letter) -> str:
    return " ".join(page(letter, (), Sender(), GIMPO)["body"])


def test_a_release_says_how_much_is_let_go_and_not_how_much_was_seized() -> None:
    told = page(LETTER, (), Sender(), GIMPO)
    assert ["해제 금액", "300,000원"] in told["facts"]
    assert "압류 금액" not in [name for name, _ in told["facts"]]
    seized = replace(LETTER, kind="record", facts={**FACTS, "seized_on": "2026-11-20"})
    assert ["압류 금액", "300,000원"] in page(seized, (), Sender(), GIMPO)["facts"]


@pytest.mark.parametrize(("kind", "own", "banks"), [
    ("release", "예금을 쓰실 수 없으면", "바로 찾을 수 있게"),
    ("join", "먼저 한 압류가 풀리면", "체납자에게 지급하지 마시고"),
])  # fmt: skip
def test_a_bank_reads_what_it_must_do_and_the_debtor_what_he_can(kind: Kind, own: str, banks: str) -> None:
    debtor, bank = replace(LETTER, kind=kind), replace(LETTER, kind=kind, facts=TO_BANK)
    assert own in _said(debtor) and banks not in _said(debtor)
    assert banks in _said(bank) and "제86조" in _said(bank)
    assert page(bank, (), Sender(), GIMPO)["remedy"] == []


def test_a_debtor_is_shown_how_to_object_to_every_act_against_him() -> None:
    acts: list[tuple[Kind, date | None]] = [("dun", date(2026, 12, 7)), ("seizure_debtor", None), ("join", None)]
    for kind, due_on in acts:
        shown = page(replace(LETTER, kind=kind, due_on=due_on), (), Sender(), GIMPO)
        assert any("90일" in text for _, text in shown["remedy"]), kind
