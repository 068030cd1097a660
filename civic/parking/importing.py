"""Brings a read file of lots into the store: only what differs is written, so the same file twice changes nothing."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.hours import is_osm
from civic.parking.storing import store_lots
from civic.parking.tables import imports
from civic.parking.tariffs import is_sound
from core.contracts.parking import ParkingFile, ParkingRecord, Pulled, ReadReport, RowNote
from core.db import Database
from core.ids import new_id

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`rows` = accepted + merged + skipped; accepted = added + changed + unchanged + kept_newer.

    `removed`: lots that their publisher no longer lists; their rows stay, marked. `kept_newer`: the store had a later
    reference date. The reason tables count rows by reason; `examples` holds a few `line n (uid)` for each reason.
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
    *,
    is_complete: bool = True,
    gone: Sequence[str] = (),
) -> ImportReport:
    """Upsert the records of one file and keep the account in `import_runs`.

    A publisher's rows in the file are all that it has (unless not `is_complete`): its lots that are missing here and
    not newer than the file go, and so do the uids in `gone`; lots of publishers that the file does not name stay. A
    lot whose stored reference date is later stays too. Rows that no table can hold are left out with their reason.
    """
    kept, left_out, doubts = _storable(records)
    newest = _newest(kept) if is_complete else {}
    stored = await store_lots(tx, city_id, source, kept, now, newest=newest, gone=gone)
    report = replace(
        report,
        accepted=report.accepted - len(left_out),
        skipped=(*report.skipped, *(note for note in left_out if note.reason != "same_uid")),
        merged=(*report.merged, *(note for note in left_out if note.reason == "same_uid")),
        doubts=(*report.doubts, *doubts),
        reasons_ko={**REASONS_KO, **report.reasons_ko},
    )
    made = _report(
        report,
        added=stored.added,
        changed=stored.changed,
        unchanged=len(kept) - stored.added - stored.changed - stored.kept_newer,
        kept_newer=stored.kept_newer,
        removed=stored.removed,
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
        f"더 새로운 자료가 있어 둠 {report.kept_newer:,}, 목록에서 빠짐 {report.removed:,}",
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


async def import_pulled(
    tx: AsyncConnection, city_id: str, source: str, pulled: Pulled, now: datetime
) -> ImportReport | None:
    """The lots of one pull or push; None when it was not about lots."""
    if pulled.static is None:
        return None
    return await import_lots(
        tx, city_id, source, pulled.static, pulled.report, now, is_complete=pulled.is_complete, gone=pulled.gone
    )


def _storable(
    records: Sequence[ParkingRecord],
) -> tuple[list[ParkingRecord], list[RowNote], list[RowNote]]:
    """One record a uid, the freshest, and only those that a table can hold: one odd row must not lose the others.

    With them the rows left out or joined, and the rows taken with a doubt.
    """
    kept: dict[str, ParkingRecord] = {}
    notes: list[RowNote] = []
    doubts: list[RowNote] = []
    for at, record in enumerate(records, start=1):
        reason = _unfit(record)
        other = kept.get(record.uid)
        if reason:
            notes.append(RowNote(at, record.uid[:UID_MOST], reason))
            continue
        if record.opening_hours and not is_osm(record.opening_hours):
            doubts.append(RowNote(at, record.uid, "hours_not_osm", record.opening_hours[:120]))
            record = replace(record, opening_hours=None, hours_note=record.hours_note or UNREAD_HOURS)
        if record.tariff and not is_sound(record.tariff):
            doubts.append(RowNote(at, record.uid, "tariff_absurd"))
            record = replace(record, tariff=None)
        if other is not None:
            notes.append(RowNote(at, record.uid, "same_uid"))
            kept[record.uid] = max(other, record, key=_freshness)
        else:
            kept[record.uid] = record
    return list(kept.values()), notes, doubts


UID_MOST = 400
UNREAD_HOURS = "시간 확인 필요"
_BAYS_MOST = 1_000_000


def _unfit(record: ParkingRecord) -> str:
    if not record.uid.strip() or len(record.uid) > UID_MOST or not record.name.strip():
        return "no_name_or_id"
    numbers = [getattr(record, name) for name in _NUMBERS]
    if any(number is not None and not 0 <= number <= _BAYS_MOST for number in numbers):
        return "number_absurd"
    if (record.lat is None) != (record.lon is None):
        return "half_a_point"
    if not all(math.isfinite(value) for value in (record.lat, record.lon) if value is not None):
        return "half_a_point"
    return ""


_NUMBERS = [
    name for name in ParkingRecord.__slots__ if name.startswith("capacity") or name.endswith(("_cm", "_minutes"))
]
REASONS_KO = {
    "same_uid": "한 출처 안에서 같은 관리번호가 되풀이됨(최신 기준일자를 남김)",
    "no_name_or_id": "이름이나 관리번호가 없거나 지나치게 긺",
    "number_absurd": "면수·높이 같은 수가 음수이거나 지나치게 큼",
    "hours_not_osm": "운영시간을 읽을 수 없음(시간 확인 필요)",
    "tariff_absurd": "요금표의 수가 음수이거나 지나치게 큼(요금 확인 필요)",
    "half_a_point": "위도와 경도 가운데 하나만 있거나 수가 아님",
}


def _freshness(record: ParkingRecord) -> tuple[datetime, date]:
    """`max` keeps the first of equals."""
    return record.static_data_updated_at or _NEVER, record.data_date or date.min


_NEVER = datetime.min.replace(tzinfo=UTC)


def _newest(records: Sequence[ParkingRecord]) -> dict[str, date]:
    """The date of each publisher's list. A source without dates speaks for today: nothing of it is newer."""
    newest: dict[str, date] = {}
    for record in records:
        day = record.data_date or date.min
        # A lot published twice speaks for both publishers, else the row that lost the merge would stay for ever.
        for provider in {record.provider, *(one.partition(":")[0] for one in record.external_ids)}:
            newest[provider] = max(day, newest.get(provider, date.min))
    return newest


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
