"""A bill's reckoning in words: each month and rate with its article, so that anybody can follow the sum (설명)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.books import BILL, ENTRY, calendar, deferrals, terms_of
from civic.arrears.money.law import NAMES, Regime, regime_on
from civic.arrears.money.months import added_on
from civic.arrears.money.reckoning import Entry, Part, Reckoned, Terms, extended, reckon
from civic.arrears.records import DebtorOwed
from civic.arrears.tables import arrears_bills, arrears_entries
from core.errors import NotFound

_KINDS = {
    "cost": ("체납처분비", "Cost of seizure"),
    "payment": ("납부", "Paid"),
    "reduction": ("감액", "Reduced"),
    "reversal": ("납부 취소", "Payment taken back"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the sum. `krw` is added to what is owed (below zero: taken from it)."""

    on: date
    krw: int
    text_ko: str
    text_en: str
    article: str = ""
    certainty: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """All steps up to `on`, oldest first; they sum up to what `owed` says."""

    bill_id: UUID
    on: date
    owed: Reckoned
    lines: tuple[Line, ...]


async def explain(tx: AsyncConnection, city_id: str, bill_id: UUID, on: date) -> Explained:
    """How what is owed of a bill on a day comes about. Raises NotFound."""
    bills, entries = arrears_bills.c, arrears_entries.c
    row = (await tx.execute(select(*BILL).where(bills.city_id == city_id, bills.id == bill_id))).one_or_none()
    if row is None:
        raise NotFound("과세 건을 찾을 수 없습니다.", "No such bill.")
    deferred = (await deferrals(tx, city_id, [row.debtor_id])).get(row.debtor_id, [])
    terms = terms_of(row, await calendar(tx, city_id), deferred)
    query = select(*ENTRY).where(entries.bill_id == bill_id).order_by(entries.happened_on, entries.id)
    lines = [Entry(*one) for one in await tx.execute(query)]
    return explain_terms(terms, row.due_on, lines, on)


def explain_terms(terms: Terms, written_due_on: date, entries: Sequence[Entry], on: date) -> Explained:
    """The same for what is known already."""
    found, regime = reckon(terms, entries, on), regime_on(terms.due_on)
    late = extended(terms, regime)
    lines = [
        _line(terms.due_on, terms.principal_krw, "본세", "Tax"),
        *_moved(terms, written_due_on),
        *_deferred(terms, late, regime),
        *(line for part in found.parts for line in _months(late, part, regime)),
        *(_entry(one) for one in entries if one.on <= on or one.kind == "reduction"),
    ]
    tax_all = terms.principal_krw - sum(one.tax_krw for one in entries if one.kind == "reduction")
    if 0 < tax_all < regime.least_krw and on > late.due_on:
        row = regime.rows["monthly_least"]
        ko = f"본세가 {regime.least_krw:,}원 미만이라 달마다 더하지 않습니다"
        en = f"Tax below {regime.least_krw:,} won: nothing is added by the month"
        lines.append(Line(late.due_on + timedelta(days=1), 0, ko, en, row["article"], row["certainty"]))
    return Explained(terms.bill_id, on, found, tuple(sorted(lines, key=lambda line: line.on)))


def _line(on: date, krw: int, ko: str, en: str) -> Line:
    return Line(on, krw, ko, en)


def _moved(terms: Terms, written: date) -> list[Line]:
    if written == terms.due_on:
        return []
    ko = f"납부기한 {written}이 쉬는 날이라 다음 일하는 날 {terms.due_on}까지입니다"
    en = f"The deadline {written} is a day off: it moves to {terms.due_on}"
    return [Line(terms.due_on, 0, ko, en, "지방세기본법 제24조", "P")]


def _deferred(terms: Terms, late: Terms, regime: Regime) -> list[Line]:
    """A deferral that holds on the deadline; one that has no end yet names no day."""
    if late.due_on == terms.due_on:
        return []
    row = regime.rows["deferral_frees"]
    ko = "납부기한 전에 징수유예되어 유예가 끝날 때까지 붙지 않습니다"
    en = "Deferred before its deadline: nothing is added"
    if late.due_on < date.max:
        ko = f"납부기한 전에 징수유예되어 기한이 {late.due_on}까지입니다"
        en = f"Deferred before its deadline, which moves to {late.due_on}"
    return [Line(terms.due_on, 0, ko, en, row["article"], row["certainty"])]


def _months(terms: Terms, part: Part, regime: Regime) -> list[Line]:
    """A line for the first part, and one for each month."""
    name_ko, name_en = NAMES[regime.name]
    row, rate = part.rate.row, _percent(part.rate.parts)
    said = {"article": row["article"], "certainty": row["certainty"]}
    base = f"{part.base_krw:,}"
    if part.last == 0:
        ko = f"{name_ko}: 납부하지 않은 본세 {base}원 × {rate}%"
        return [Line(added_on(terms.due_on, 0), part.krw, ko, f"{name_en}: {base} won × {rate}%", **said)]
    return [
        Line(
            added_on(terms.due_on, number),
            part.each_krw,
            f"{name_ko} {number}개월째: 남은 본세 {base}원 × {rate}%",
            f"{name_en}, month {number}: {base} won × {rate}%",
            **said,
        )
        for number in range(part.first, part.last + 1)
    ]


def _percent(parts: int) -> str:
    """660 of 100,000 is 0.66."""
    return f"{parts // 1000}.{parts % 1000:03d}".rstrip("0").rstrip(".")


def _entry(one: Entry) -> Line:
    ko, en = _KINDS[one.kind]
    krw = -(one.costs_krw + one.tax_krw + one.surcharge_krw)
    shares = (
        (one.costs_krw, "체납처분비", "costs"),
        (one.tax_krw, "본세", "tax"),
        (one.surcharge_krw, "가산", "surcharge"),
    )
    if one.kind == "cost":
        return Line(one.on, krw, ko, en, "지방세징수법 제4조 제1항", "L")
    of_ko = ", ".join(f"{name} {abs(part):,}원" for part, name, _ in shares if part)
    of_en = ", ".join(f"{name} {abs(part):,} won" for part, _, name in shares if part)
    return Line(one.on, krw, f"{ko}: {of_ko}", f"{en}: {of_en}", "지방세징수법 제4조 제1항", "L")


def statement_ko(owed: DebtorOwed, on: date) -> str:
    """What somebody owes, as a citizen reads it: one sentence of the whole, one line a bill."""
    head = f"{on.month}월 {on.day}일 현재 밀린 세금은 {len(owed.bills)}건, 모두 {owed.total_krw:,}원입니다."
    lines = []
    for bill in owed.bills:
        parts = [f"본세 {bill.tax_krw:,}원"] if bill.tax_krw else []
        parts += [f"가산금·가산세 {bill.surcharge_krw:,}원"] if bill.surcharge_krw else []
        parts += [f"체납처분비 {bill.costs_krw:,}원"] if bill.costs_krw else []
        name = f"{bill.tax_year}년 {bill.period} {bill.tax_item}".replace("  ", " ")
        lines.append(f"· {name} (납부기한 {bill.due_on}): {bill.total_krw:,}원 ({', '.join(parts)})")
    return "\n".join([head, *lines])


def statement_en(owed: DebtorOwed, on: date) -> str:
    """The same in English; names of taxes stay as they are written on the bill."""
    head = f"As of {on}: {len(owed.bills)} unpaid bill(s), {owed.total_krw:,} won in all."
    lines = []
    for bill in owed.bills:
        parts = [f"tax {bill.tax_krw:,}"] if bill.tax_krw else []
        parts += [f"surcharge {bill.surcharge_krw:,}"] if bill.surcharge_krw else []
        parts += [f"costs {bill.costs_krw:,}"] if bill.costs_krw else []
        name = f"{bill.tax_item} {bill.tax_year} {bill.period}".strip()
        lines.append(f"· {name} (due {bill.due_on}): {bill.total_krw:,} won ({', '.join(parts)})")
    return "\n".join([head, *lines])


def grows_on(bill_due_on: date, on: date) -> date:
    """The next day on which a month's part may be added, to be told with an amount."""
    number = 0
    while added_on(bill_due_on, number) <= on:
        number += 1
    return added_on(bill_due_on, number)
