"""The sum in words: every month, rate and payment with its article, and the lines add up."""

from datetime import date
from uuid import UUID

from civic.arrears.money.explained import explain_terms, grows_on, statement_en, statement_ko
from civic.arrears.money.reckoning import Entry, Terms
from civic.arrears.records import BillOwed, DebtorOwed

BILL = UUID(int=7)
TERMS = Terms(BILL, 500_000, date(2025, 9, 30))


def test_the_lines_add_up_to_what_is_owed() -> None:
    entries = [
        Entry("cost", date(2025, 12, 1), costs_krw=-12_000),
        Entry("payment", date(2025, 12, 15), costs_krw=12_000, tax_krw=88_000),
    ]
    found = explain_terms(TERMS, TERMS.due_on, entries, date(2026, 3, 2))
    assert sum(line.krw for line in found.lines) == found.owed.total_krw
    texts = [line.text_ko for line in found.lines]
    assert texts[0] == "본세"
    assert "납부: 체납처분비 12,000원, 본세 88,000원" in texts
    assert "납부지연가산세 5개월째: 남은 본세 412,000원 × 0.66%" in texts
    assert all(line.article for line in found.lines if "가산세" in line.text_ko)


def test_it_says_why_nothing_is_added_by_the_month_and_why_a_deadline_moved() -> None:
    small = Terms(BILL, 449_999, date(2025, 10, 10))
    found = explain_terms(small, date(2025, 10, 3), [], date(2026, 3, 2))
    texts = [line.text_ko for line in found.lines]
    assert "납부기한 2025-10-03이 쉬는 날이라 다음 일하는 날 2025-10-10까지입니다" in texts
    assert "본세가 450,000원 미만이라 달마다 더하지 않습니다" in texts
    assert sum(line.krw for line in found.lines) == found.owed.total_krw


def test_an_older_bill_is_explained_by_its_own_law() -> None:
    found = explain_terms(Terms(BILL, 1_000_000, date(2018, 10, 31)), date(2018, 10, 31), [], date(2019, 2, 1))
    texts = [line.text_ko for line in found.lines]
    assert "가산금·중가산금 2개월째: 남은 본세 1,000,000원 × 1.2%" in texts
    assert "가산금·중가산금 3개월째: 남은 본세 1,000,000원 × 0.75%" in texts


def test_a_statement_is_read_by_a_citizen() -> None:
    bill = BillOwed(
        bill_id=BILL,
        bill_no="1",
        pay_no="",
        tax_item="재산세",
        tax_year=2025,
        period="2기",
        principal_krw=500_000,
        costs_krw=0,
        tax_krw=412_000,
        surcharge_krw=31_500,
        notified_on=date(2025, 9, 10),
        due_on=date(2025, 9, 30),
        dunned_on=None,
        dun_due_on=None,
        prescribes_on=None,
    )
    owed = DebtorOwed(UUID(int=1), (bill,))
    ko = statement_ko(owed, date(2026, 3, 2))
    assert ko == (
        "3월 2일 현재 밀린 세금은 1건, 모두 443,500원입니다.\n"
        "· 2025년 2기 재산세 (납부기한 2025-09-30): 443,500원 (본세 412,000원, 가산금·가산세 31,500원)"
    )
    assert "443,500 won" in statement_en(owed, date(2026, 3, 2))
    assert grows_on(date(2025, 9, 30), date(2026, 3, 1)) == date(2026, 4, 1)


def test_it_says_that_a_deferral_moved_the_deadline_and_its_lines_still_add_up() -> None:
    spans = ((date(2025, 9, 20), date(2026, 3, 20)),)
    found = explain_terms(Terms(BILL, 500_000, date(2025, 9, 30), spans), date(2025, 9, 30), [], date(2026, 4, 21))
    said = {line.text_ko: line for line in found.lines}
    assert said["납부기한 전에 징수유예되어 기한이 2026-03-20까지입니다"].article
    assert said["납부지연가산세 1개월째: 남은 본세 500,000원 × 0.66%"].on == date(2026, 4, 21)
    assert sum(line.krw for line in found.lines) == found.owed.total_krw == 518_300
    still = Terms(BILL, 500_000, date(2025, 9, 30), ((date(2025, 9, 20), date.max),))
    assert explain_terms(still, date(2025, 9, 30), [], date(2026, 4, 21)).owed.total_krw == 500_000


def test_a_reduction_below_the_least_tax_is_said_to_end_the_monthly_part() -> None:
    reduced = [Entry("reduction", date(2026, 1, 10), tax_krw=600_000)]
    found = explain_terms(Terms(BILL, 1_000_000, date(2025, 9, 30)), date(2025, 9, 30), reduced, date(2026, 3, 2))
    assert "본세가 450,000원 미만이라 달마다 더하지 않습니다" in [line.text_ko for line in found.lines]
    assert sum(line.krw for line in found.lines) == found.owed.total_krw == 412_000
