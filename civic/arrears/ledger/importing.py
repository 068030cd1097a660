"""A file into the ledger in one transaction: staged, compared as a set, added up, and only then written or refused."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger import imports, totals
from civic.arrears.ledger.checking import AMOUNTS, KEYS, NEEDED, Checker
from civic.arrears.ledger.imports import Import
from civic.arrears.ledger.paying import write_payments
from civic.arrears.ledger.sheets import Columns, Line, cut_short, reader_of
from civic.arrears.ledger.staging import Numbered, Refusal, Staging
from civic.arrears.ledger.totals import Control, Found, Total, Trailer
from civic.arrears.ledger.values import Unreadable, won
from civic.arrears.ledger.writing import Entered, counted, take_out_twins, write_bills, write_debtors
from core.arrears_rules import Arrears, Ledger
from core.clock import SEOUL
from core.db import Driver, driver
from core.errors import BadInput
from core.vault import vault_of

BATCH = 4_000
"""Rows in hand at once; what a file costs in memory beyond its pieces."""
Progress = Callable[[int], Awaitable[None]]


@dataclass(slots=True)
class _Refused:
    """Named one by one up to a bound, counted beyond it."""

    most: int
    named: list[Refusal] = field(default_factory=list)
    rows: int = 0
    krw: int = 0

    def add(self, one: Refusal, krw: int) -> None:
        self.rows += 1
        self.krw += krw
        if len(self.named) < self.most:
            self.named.append(one)


class _File:
    """One file while it is read: its columns, its sums, and what was refused so far."""

    def __init__(self, one: Import, staging: Staging, rules: Ledger, now: datetime, progress: Progress) -> None:
        self.one = one
        self.columns = Columns(getattr(rules, one.kind), NEEDED[one.kind])
        self.found = Found()
        self.refused = _Refused(rules.most_rejects)
        self.control: Control = totals.from_json(one.control)
        self.rows = 0
        self._staging = staging
        self._rules = rules
        self._today = now.astimezone(SEOUL).date()
        self._progress = progress
        self._checker: Checker[Any] | None = None
        self._trailer: Trailer | None = None

    async def take(self, rows: list[Line]) -> None:
        """Rows of the file, its headers among them. Raises BadInput for what refuses the whole file."""
        body = list(self.columns.body(rows))
        if body and self._checker is None:
            at, kind = self.columns.at, self.one.kind
            self._checker = Checker(kind, at, self._rules, self._today)
            self._trailer = Trailer(self._rules.total_words, at, AMOUNTS.get(kind, ""))
        for start in range(0, len(body), BATCH):
            good = await to_thread(self._read, body[start : start + BATCH])
            await self._stage(good)
            await self._progress(self.rows)

    def _read(self, rows: Sequence[Line]) -> list[Numbered[Any]]:
        assert self._checker is not None and self._trailer is not None
        good: list[Numbered[Any]] = []
        item_at, amount_at = (
            self.columns.at.get("tax_item", -1),
            self.columns.at.get(AMOUNTS.get(self.one.kind, ""), -1),
        )
        for line, row in rows:
            read = self._checker.read(line, row)
            if isinstance(read, Numbered):
                good.append(read)
                self.found.add(row[item_at].strip() if item_at >= 0 else "", _amount(row, amount_at))
                self.rows += 1
            elif (told := self._trailer.read(row, line)) is not None:
                self.control = totals.joined(self.control, dict([told]))
            elif any(text.strip() for text in row):
                krw = _amount(row, amount_at)
                self.refused.add(read, krw)
                self.found.add(row[item_at].strip() if 0 <= item_at < len(row) else "", krw)
                self.rows += 1
        return good

    def ends_with(self, line: int, row: Sequence[str]) -> None:
        """The last row, without an end of line. Raises BadInput where it lacks columns too and is no row of totals:
        half a row reads as a whole one with a shorter name."""
        if self._trailer is not None and len(row) <= max(self.columns.at.values()) and not self._trailer.read(row):
            raise cut_short(line)

    async def _stage(self, good: list[Numbered[Any]]) -> None:
        if not good:
            return
        if self.one.kind == "debtors":
            await self._staging.debtors(good)
            return
        if self.one.kind == "bills":
            refused = (await self._staging.bills(good))[1]
        else:
            refused = await self._staging.payments(good, self.one.source)
        if refused:
            amounts = {line: getattr(row, AMOUNTS[self.one.kind]) for line, row in good}
            for refusal in refused:
                self.refused.add(refusal, amounts[refusal.line])

    def values(self, entered: Entered) -> dict[str, Any]:
        """What the record says of it."""
        found = self.found.totals()
        return {
            "read_rows": self.rows,
            "new_rows": entered.new,
            "changed_rows": entered.changed,
            "same_rows": entered.same,
            "refused_rows": self.refused.rows,
            "total_krw": found[totals.ALL].krw,
            "refused_krw": self.refused.krw,
            "control": totals.to_json(self.control),
            "totals": totals.to_json(found),
        }


def _amount(row: Sequence[str], place: int) -> int:
    """What the row adds to the sum of the file, also where it is refused for another reason."""
    if not 0 <= place < len(row):
        return 0
    try:
        return won(row[place])
    except Unreadable:
        return 0


async def import_file(
    tx: AsyncConnection,
    one: Import,
    pieces: AsyncIterator[bytes],
    rules: Arrears,
    now: datetime,
    progress: Progress,
) -> Import:
    """Read, add up, and write or refuse; the record as it stands afterwards. One that has ended is left alone.

    All of it happens in the caller's transaction: what a crash leaves is a record that still waits. Takes turns with
    every other writer of the city's ledger.
    """
    connection = await driver(tx)
    staging = Staging(connection, vault_of(tx), one.city_id)
    await staging.begin()
    one = await imports.one_import(tx, one.city_id, one.id)
    if one.state in imports.ENDED:
        return one
    file = _File(one, staging, rules.ledger, now, progress)
    try:
        await _read_all(file, pieces)
        await _take_out_twins(file, connection)
        reason = _refusal(file, rules.ledger)
    except BadInput as error:
        reason = error
    entered = await counted(connection, one.kind)
    if reason is None and not one.is_dry_run:
        await _write(tx, one, now, rules)
    values = file.values(entered)
    if reason is not None:
        values |= {"reason": str(reason.context.get("why", reason.code)), "reason_ko": reason.reason_ko}
    await imports.end(tx, one, "done" if reason is None else "refused", values, file.refused.named, now)
    return await imports.one_import(tx, one.city_id, one.id)


async def _read_all(file: _File, pieces: AsyncIterator[bytes]) -> None:
    reader = reader_of(file.one.form)
    async for piece in pieces:
        await file.take(await to_thread(reader.feed, piece))
    rest = await to_thread(reader.end)
    await file.take(rest)
    if not file.columns.at:
        raise file.columns.without()
    if reader.is_open_ended and rest:
        file.ends_with(*rest[-1])


async def _take_out_twins(file: _File, connection: Driver) -> None:
    for line, key, krw in await take_out_twins(connection, file.one.kind):
        file.refused.add(Refusal(line, "twice", KEYS.get(file.one.kind, "tax_no"), key), krw)


def _refusal(file: _File, rules: Ledger) -> BadInput | None:
    """Why the whole file is refused, if it is."""
    if not file.rows:
        return BadInput("내용이 없는 파일입니다.", "The file has no rows.", why="empty")
    if wrong := totals.differing(file.control, file.found.totals()):
        shown = ", ".join(_difference(*one) for one in wrong[:5])
        return BadInput(f"합계가 맞지 않습니다. {shown}", "The control totals do not add up.", why="control")
    if file.one.kind in rules.needs_control and file.control.get(totals.ALL, Total()) == Total():
        return BadInput(
            "합계(건수·금액)가 없습니다. 파일 끝줄이나 옆 파일, 명령의 --control로 알려 주세요.",
            "The file comes without control totals.",
            why="control_missing",
        )
    if file.one.is_whole and file.refused.rows:
        return BadInput(
            f"거절된 줄이 {file.refused.rows:,}줄 있어 파일 전체를 넣지 않았습니다.",
            "Rows were refused, so nothing of the file was taken.",
            why="rows_refused",
        )
    return None


def _difference(key: str, told: Total, there: Total) -> str:
    parts = []
    if told.rows is not None and told.rows != there.rows:
        parts.append(f"{told.rows:,}건이라는데 {there.rows:,}건")
    if told.krw is not None and told.krw != there.krw:
        parts.append(f"{told.krw:,}원이라는데 {there.krw:,}원")
    return f"{key or '전체'}: {', '.join(parts)}"


async def _write(tx: AsyncConnection, one: Import, now: datetime, rules: Arrears) -> None:
    connection = await driver(tx)
    if one.kind == "debtors":
        await write_debtors(connection, one.city_id, now, one.id)
    elif one.kind == "bills":
        await write_bills(connection, one.city_id, now, one.id)
    else:
        await write_payments(tx, one.city_id, one.source, now, rules.money)
