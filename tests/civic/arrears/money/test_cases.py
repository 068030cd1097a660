"""The worked cases of the surcharge and of setting money against a bill: a table that a clerk can follow."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from civic.arrears.money.allocating import Bill, Paid, allocate
from civic.arrears.money.months import deadline
from civic.arrears.money.reckoning import Entry, Terms, reckon
from civic.cases.clock import working_days

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases.yml").read_text(encoding="utf-8"))
BILL = UUID(int=1)


@pytest.mark.parametrize("case", CASES, ids=[str(case["이름"]) for case in CASES])
def test_it_reckons_as_a_clerk_does(case: dict[str, Any]) -> None:
    spans = tuple((one["부터"], one["까지"]) for one in case.get("유예", ()))
    terms = Terms(BILL, case["세액"], deadline(case["납부기한"], working_days(())), spans)
    costs = [Entry("cost", one["날"], costs_krw=-one["금액"]) for one in case.get("비용", ())]
    reduced = [Entry("reduction", one["날"], tax_krw=one["금액"]) for one in case.get("감액", ())]
    paid = [
        Paid(UUID(int=100 + number), one["금액"], one["날"], "van", str(number), (BILL,))
        for number, one in enumerate(case.get("납부", ()))
    ]
    done = allocate({BILL: Bill(terms, (*costs, *reduced))}, paid)
    found = reckon(terms, done.entries[BILL], case["계산일"])
    left = sum(one.amount_krw for one in paid) - sum(share.krw for share in done.shares.values())
    assert {
        "체납처분비": found.costs_krw,
        "본세": found.tax_krw,
        "가산": found.surcharge_krw,
        "과오납": left,
    } == {name: case.get(name, 0) for name in ("체납처분비", "본세", "가산", "과오납")}


def test_a_table_of_cases_names_its_law_and_its_reckoning() -> None:
    assert len(CASES) >= 15
    assert all(case["근거"] and case["풀이"] for case in CASES)
    assert len({case["이름"] for case in CASES}) == len(CASES)
