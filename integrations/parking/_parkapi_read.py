"""Lists of ParkAPI items, v3 and old v1, as the house's records with an account of every row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.contracts.parking import Mark, ParkingRecord, Pulled, ReadReport, RealtimeRecord, RowNote
from core.errors import BadInput
from integrations.parking import _parkapi_site as site
from integrations.parking import _parkapi_v1 as v1
from integrations.parking._parkapi_site import How, Item

REASONS_KO = {
    "not_an_object": "주차장 한 곳의 자료(객체)가 아님",
    "no_id": "식별자(uid)가 없음",
    "no_name": "이름이 없음",
    "no_capacity": "면수(capacity)가 없거나 0 이상의 수가 아님",
    "other_purpose": "받기로 한 용도(purposes)의 주차장이 아님",
    "nowhere": "좌표도 주소도 없음",
    "nowhere_here": "좌표가 설정한 범위 밖이고 주소가 없음",
    "no_point": "좌표가 없음(이름으로만 찾을 수 있음)",
    "point_outside": "좌표가 설정한 범위 밖임",
    "point_swapped": "위도와 경도가 바뀌어 있어 바로잡음",
    "capacity_zero": "면수가 0으로 적혀 있음(면수 확인 필요)",
    "time_unreadable": "시각을 읽을 수 없음",
    "same_uid": "같은 식별자가 되풀이됨(가장 새로운 것을 남김)",
    "free_not_told": "빈자리 수를 알리지 않음",
    "free_unreadable": "빈자리 수를 읽을 수 없음",
    "nodata": "출처가 ‘자료 없음(nodata)’이라고 알림",
    "rejected": "변환기(parkapi-sources)가 받지 않은 줄",
    "neither": "주차장 정보도 실시간 수도 없음",
}
_BROKEN = frozenset({"not_an_object", "no_id", "no_name", "no_capacity", "rejected"})
MOST_ITEMS = 200_000


@dataclass(slots=True)
class Read:
    """What the items came to so far; several pages or sources add up in one."""

    static: list[ParkingRecord] = field(default_factory=list)
    realtime: dict[str, RealtimeRecord] = field(default_factory=dict)
    rows: int = 0
    skipped: list[RowNote] = field(default_factory=list)
    doubts: list[RowNote] = field(default_factory=list)
    numbers: int = 0
    numbers_merged: list[RowNote] = field(default_factory=list)
    numbers_skipped: list[RowNote] = field(default_factory=list)
    numbers_doubts: list[RowNote] = field(default_factory=list)
    line: int = 0

    def add(
        self, items: Sequence[object], how: How, now: datetime, *, wants_static: bool, wants_numbers: bool = True
    ) -> None:
        """ParkAPI v3: static and realtime fields stand in one item. Bad items become notes."""
        for item in items:
            self.line += 1
            uid = site.uid_of(item, how) if isinstance(item, dict) else ""
            if not isinstance(item, dict) or not uid:
                self._refuse(uid, "not_an_object" if not isinstance(item, dict) else "no_id")
                continue
            told, described = site.is_realtime(item), site.is_static(item)
            if described and wants_static:
                self._describe(uid, *site.static(uid, item, how))
            if told and wants_numbers:
                self._count(*site.realtime(uid, item, how, now))
            elif not described and not told:
                self._refuse(uid, "neither")

    def add_v1(self, document: Item, how: How, now: datetime, *, wants_static: bool) -> None:
        """Old ParkAPI: `last_updated` and `lots`."""
        counted_at = v1.counted_at(document, how)
        for lot in document["lots"]:
            self.line += 1
            uid = v1.uid_of(lot, how) if isinstance(lot, dict) else ""
            if not isinstance(lot, dict) or not uid:
                self._refuse(uid, "not_an_object" if not isinstance(lot, dict) else "no_id")
                continue
            if wants_static:
                self._describe(uid, *v1.static(uid, lot, how))
            self._count(v1.realtime(uid, lot, how, counted_at, now), [])

    def reject(self, uid: str, why: str, *, is_number: bool) -> None:
        """A row that another program has refused before it came here."""
        self.line += 1
        note = RowNote(self.line, uid, "rejected", why)
        if is_number:
            self.numbers += 1
            self.numbers_skipped.append(note)
        else:
            self.rows += 1
            self.skipped.append(note)

    @property
    def is_sound(self) -> bool:
        """No row is broken. While one is, nobody can say that a lot which did not come is gone."""
        return _BROKEN.isdisjoint(note.reason for note in self.skipped)

    def _refuse(self, uid: str, reason: str) -> None:
        self.rows += 1
        self.skipped.append(RowNote(self.line, uid, reason))

    def _describe(self, uid: str, record: ParkingRecord | None, reasons: Sequence[str]) -> None:
        self.rows += 1
        if record is None:
            self.skipped.append(RowNote(self.line, uid, reasons[0]))
            return
        self.static.append(record)
        self.doubts += [RowNote(self.line, uid, reason) for reason in reasons]

    def _count(self, record: RealtimeRecord, reasons: Sequence[str]) -> None:
        self.numbers += 1
        before = self.realtime.get(record.uid)
        if before is not None:
            self.numbers_merged.append(RowNote(self.line, record.uid, "same_uid"))
            if (before.updated_at or before.fetched_at) > (record.updated_at or record.fetched_at):
                return
        self.realtime[record.uid] = record
        self.numbers_doubts += [RowNote(self.line, record.uid, reason) for reason in reasons]

    def pulled(
        self, how: How, attribution: str, *, has_static: bool, is_complete: bool, mark: Mark, calls: int
    ) -> Pulled:
        """All of it. Items that are nothing at all are counted once, with the lots."""
        lots = ReadReport(
            how.source,
            attribution,
            self.rows,
            len(self.static),
            skipped=tuple(self.skipped),
            doubts=tuple(self.doubts),
            reasons_ko=REASONS_KO,
        )
        numbers = replace(
            lots,
            rows=self.numbers,
            accepted=len(self.realtime),
            merged=tuple(self.numbers_merged),
            skipped=tuple(self.numbers_skipped),
            doubts=tuple(self.numbers_doubts),
        )
        return Pulled(
            static=tuple(self.static) if has_static else None,
            realtime=tuple(self.realtime.values()),
            report=lots,
            realtime_report=numbers,
            is_complete=is_complete,
            mark=mark,
            calls=calls,
        )


def items_of(document: object) -> Sequence[object]:
    """The items of a v3 document: `{"items": […]}`, or the bare list. Raises BadInput."""
    items = document.get("items") if isinstance(document, Mapping) else document
    if not isinstance(items, list):
        raise BadInput("ParkAPI v3 자료가 아닙니다: items 목록이 없습니다.", "not ParkAPI v3: there is no list `items`")
    return _bounded(items)


def lots_of(document: object) -> Item:
    """A v1 document. Raises BadInput."""
    if not isinstance(document, Mapping) or not isinstance(document.get("lots"), list):
        raise BadInput("ParkAPI v1 자료가 아닙니다: lots 목록이 없습니다.", "not ParkAPI v1: there is no list `lots`")
    _bounded(document["lots"])
    return document


def _bounded(items: Sequence[object]) -> Sequence[object]:
    if len(items) > MOST_ITEMS:
        raise BadInput(
            f"한 번에 {MOST_ITEMS:,}곳까지만 받습니다: {len(items):,}곳",
            f"{len(items):,} items; at most {MOST_ITEMS:,}",
        )
    return items
