"""Brings a read file of lots into the store: only what differs is written, so the same file twice changes nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.tables import imports, parking_lots
from civic.parking.tariffs import to_row
from core.contracts.parking import ParkingFile, ParkingRecord, ReadReport, RowNote
from core.db import Database
from core.ids import new_id

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`rows` = accepted + merged + skipped; accepted = added + changed + unchanged + kept_newer.

    `removed`: lots that their publisher no longer lists. `kept_newer`: the store had a later reference date.
    The reason tables count rows by reason; `examples` holds a few `line n (uid)` for each reason.
    """

    source: str
    attribution: str
    rows: int
    accepted: int
    merged: int
    skipped: int
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    kept_newer: int = 0
    removed: int = 0
    skip_reasons: Mapping[str, int] = field(default_factory=dict)
    merge_reasons: Mapping[str, int] = field(default_factory=dict)
    doubt_reasons: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, list[str]] = field(default_factory=dict)
    reasons_ko: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_change(self) -> bool:
        return bool(self.added or self.changed or self.removed)


async def import_lots(
    tx: AsyncConnection,
    city_id: str,
    source: str,
    records: Sequence[ParkingRecord],
    report: ReadReport,
    now: datetime,
) -> ImportReport:
    """Upsert the records of one file and keep the account in `import_runs`.

    A publisher's rows in the file are all that it has: its lots that are missing here and not newer than the file are
    removed; lots of publishers that the file does not name stay. A lot whose stored reference date is later stays too.
    """
    stored = await _stored(tx, city_id, source)
    added: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    kept_newer = 0
    for record in records:
        values = _values(record)
        old = stored.get(record.uid)
        if old is None:
            added.append({"id": new_id(), "city_id": city_id, "source": source, "updated_at": now, **values})
        elif _is_older(record.data_date, old["data_date"]):
            kept_newer += 1
        elif any(old[name] != value for name, value in values.items()):
            changed.append({"b_id": old["id"], "updated_at": now, **values})
    gone = _gone(records, stored)
    if added:
        await tx.execute(insert(parking_lots), added)
    if changed:
        await _change(tx, changed)
    if gone:
        await tx.execute(delete(parking_lots).where(parking_lots.c.id.in_(gone)))
    made = _report(
        report,
        added=len(added),
        changed=len(changed),
        unchanged=len(records) - len(added) - len(changed) - kept_newer,
        kept_newer=kept_newer,
        removed=len(gone),
    )
    row = {"id": new_id(), "city_id": city_id, "kind": "parking", "source": source, "at": now, "report": asdict(made)}
    await tx.execute(insert(imports).values(row))
    return made


async def run_import(database_url: str, city_id: str, parsed: ParkingFile, now: datetime) -> ImportReport:
    """The same in a transaction of its own, for a command line that has read the file."""
    database = Database(database_url, pool_size=2)
    try:
        async with database.transaction() as tx:
            return await import_lots(tx, city_id, parsed.report.source, parsed.records, parsed.report, now)
    finally:
        await database.close()


def lines_ko(report: ImportReport) -> list[str]:
    """The report for a person, a line each, in Korean."""
    lines = [
        f"출처: {report.attribution}",
        f"읽은 행 {report.rows:,} = 받아들임 {report.accepted:,} + 합침 {report.merged:,} + 건너뜀 {report.skipped:,}",
        f"저장: 새로 {report.added:,}, 바뀜 {report.changed:,}, 그대로 {report.unchanged:,}, "
        f"더 새로운 자료가 있어 둠 {report.kept_newer:,}, 목록에서 빠져 지움 {report.removed:,}",
    ]
    for title, reasons in (
        ("건너뛴 까닭", report.skip_reasons),
        ("합친 까닭", report.merge_reasons),
        ("받아들였으나 의심스러운 점", report.doubt_reasons),
    ):
        if reasons:
            lines.append(f"{title}:")
            for reason, count in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])):
                shown = ", ".join(report.examples.get(reason, ()))
                lines.append(f"  - {report.reasons_ko.get(reason, reason)}: {count:,} (예: {shown})")
    return lines


async def _stored(tx: AsyncConnection, city_id: str, source: str) -> dict[str, RowMapping]:
    query = select(parking_lots).where(parking_lots.c.city_id == city_id, parking_lots.c.source == source)
    return {row["uid"]: row for row in (await tx.execute(query)).mappings()}


async def _change(tx: AsyncConnection, changed: list[dict[str, Any]]) -> None:
    names = [name for name in changed[0] if name != "b_id"]
    statement = (
        update(parking_lots)
        .where(parking_lots.c.id == bindparam("b_id"))
        .values({name: bindparam(name) for name in names})
    )
    await tx.execute(statement, changed)


def _values(record: ParkingRecord) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in ParkingRecord.__slots__}
    values["external_ids"] = list(record.external_ids)
    values["tariff"] = to_row(record.tariff)
    return values


def _is_older(new: date | None, old: date | None) -> bool:
    return old is not None and (new is None or new < old)


def _gone(records: Sequence[ParkingRecord], stored: Mapping[str, RowMapping]) -> list[Any]:
    newest: dict[str, date] = {}
    for record in records:
        day = record.data_date or date.min
        # A lot published twice speaks for both publishers, else the row that lost the merge would stay for ever.
        for provider in {record.provider, *(one.partition(":")[0] for one in record.external_ids)}:
            newest[provider] = max(day, newest.get(provider, date.min))
    here = {record.uid for record in records}
    return [
        row["id"]
        for uid, row in stored.items()
        if uid not in here
        and (provider := uid.partition(":")[0]) in newest
        and (row["data_date"] is None or row["data_date"] <= newest[provider])
    ]


def _report(read: ReadReport, **counts: int) -> ImportReport:
    examples: dict[str, list[str]] = {}
    for note in (*read.skipped, *read.merged, *read.doubts):
        shown = examples.setdefault(note.reason, [])
        if len(shown) < _EXAMPLES:
            shown.append(f"{note.line}행 {note.uid}".strip())
    return ImportReport(
        source=read.source,
        attribution=read.attribution,
        rows=read.rows,
        accepted=read.accepted,
        merged=len(read.merged),
        skipped=len(read.skipped),
        skip_reasons=_counted(read.skipped),
        merge_reasons=_counted(read.merged),
        doubt_reasons=_counted(read.doubts),
        examples=examples,
        reasons_ko=dict(read.reasons_ko),
        **counts,
    )


def _counted(notes: Sequence[RowNote]) -> dict[str, int]:
    return dict(Counter(note.reason for note in notes))
