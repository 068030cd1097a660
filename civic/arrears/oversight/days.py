"""The ledger at the end of a day, counted by the same reckoning as everywhere and kept: by age, item and amount.

Surcharges grow by law and not by rows, so a sum over the store alone would be wrong; the whole ledger is reckoned in
pieces, once a day, and figures read the kept rows.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import BigInteger, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.owing import owed
from civic.arrears.oversight.bands import age_band, amount_band, bands
from civic.arrears.oversight.tables import arrears_days
from civic.arrears.records import DebtorOwed
from civic.arrears.tables import arrears_bills
from core.arrears_desk_rules import Oversight

PIECE = 5_000


class Reading(Protocol):
    """What opens a short reading transaction (core.db.Database.reading)."""

    def __call__(self) -> AbstractAsyncContextManager[AsyncConnection]: ...


@dataclass(slots=True)
class Sums:
    """Bills, debtors and won of one slice. `tax_krw` without surcharge and costs."""

    bills: int = 0
    debtors: int = 0
    tax_krw: int = 0
    surcharge_krw: int = 0
    costs_krw: int = 0

    def plain(self) -> dict[str, int]:
        total = self.tax_krw + self.surcharge_krw + self.costs_krw
        return {**{name: getattr(self, name) for name in Sums.__dataclass_fields__}, "total_krw": total}


@dataclass(slots=True)
class Counting:
    """Adds up debtors one by one: memory grows with slices, not with people."""

    on: date
    rules: Oversight
    whole: Sums = field(default_factory=Sums)
    ages: dict[str, Sums] = field(default_factory=lambda: defaultdict(Sums))
    items: dict[str, Sums] = field(default_factory=lambda: defaultdict(Sums))
    amounts: dict[str, Sums] = field(default_factory=lambda: defaultdict(Sums))

    def add(self, one: DebtorOwed) -> None:
        whole_band = self.amounts[amount_band(one.total_krw, self.rules.bands_krw)]
        seen: set[int] = set()
        for bill in one.bills:
            age = self.ages[age_band((self.on - bill.due_on).days, self.rules.ages_days)]
            for sums in (self.whole, age, self.items[bill.tax_item], whole_band):
                sums.bills += 1
                sums.tax_krw += bill.tax_krw
                sums.surcharge_krw += bill.surcharge_krw
                sums.costs_krw += bill.costs_krw
                if id(sums) not in seen:
                    seen.add(id(sums))
                    sums.debtors += 1

    def plain(self) -> dict[str, Any]:
        ages = [{"band": band, **self.ages[band].plain()} for band in bands(self.rules.ages_days)]
        amounts = [{"band": band, **self.amounts[band].plain()} for band in bands(self.rules.bands_krw)]
        items = [{"item": item, **self.items[item].plain()} for item in sorted(self.items)]
        return {"whole": self.whole.plain(), "by_age": ages, "by_item": items, "by_amount": amounts}


async def count(reading: Reading, city_id: str, on: date, rules: Oversight) -> dict[str, Any]:
    """The ledger of the day in pieces, a transaction each: nothing is locked, nobody waits."""
    counting = Counting(on, rules)
    async for ids, tx in _pieces(reading, city_id, on):
        for one in (await owed(tx, city_id, ids, on)).values():
            counting.add(one)
    return counting.plain()


async def _pieces(reading: Reading, city_id: str, on: date) -> AsyncIterator[tuple[list[UUID], AsyncConnection]]:
    last: UUID | None = None
    while True:
        async with reading() as tx:
            of = arrears_bills.c
            wanted = select(of.debtor_id).distinct().where(of.city_id == city_id, of.state == "open", of.due_on < on)
            if last is not None:
                wanted = wanted.where(of.debtor_id > last)
            ids = list(await tx.scalars(wanted.order_by(of.debtor_id).limit(PIECE)))
            if ids:
                yield ids, tx
        if len(ids) < PIECE:
            return
        last = ids[-1]


async def keep(tx: AsyncConnection, city_id: str, on: date, figures: Mapping[str, Any], now: datetime) -> None:
    """The day's row; counted again, it takes the place of the earlier."""
    row = {"city_id": city_id, "on_day": on, "figures": dict(figures), "made_at": now}
    again = insert(arrears_days).values(row)
    changed = {"figures": again.excluded.figures, "made_at": again.excluded.made_at}
    await tx.execute(again.on_conflict_do_update(index_elements=["city_id", "on_day"], set_=changed))


async def kept(tx: AsyncConnection, city_id: str, until: date) -> tuple[date, dict[str, Any]] | None:
    """The newest day that was kept, not after `until`."""
    of = arrears_days.c
    wanted = select(of.on_day, of.figures).where(of.city_id == city_id, of.on_day <= until)
    row = (await tx.execute(wanted.order_by(of.on_day.desc()).limit(1))).one_or_none()
    return (row.on_day, row.figures) if row else None


async def month_ends(tx: AsyncConnection, city_id: str, first: date, last: date) -> dict[str, int]:
    """Of each month the total of its last day that was kept: YYYY-MM to won."""
    of = arrears_days.c
    wanted = select(of.on_day, of.figures["whole"]["total_krw"].astext.cast(BigInteger))
    rows = await tx.execute(wanted.where(of.city_id == city_id, of.on_day.between(first, last)).order_by(of.on_day))
    return {f"{row[0]:%Y-%m}": int(row[1]) for row in rows}
