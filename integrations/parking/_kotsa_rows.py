"""Rows of 한국교통안전공단's three services as lots and numbers; docs/sources/kotsa.md maps the fields."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.contracts.parking import LotType, ParkingRecord, RealtimeRecord, RowNote
from core.contracts.tariff import DAY_MINUTES
from core.datagokr import cell, whole
from integrations.parking import _hours, _korean, _points
from integrations.parking._tariff import Prices, tariff

PROVIDER = "kotsa"
REASONS_KO = {
    "not_a_row": "행이 아님",
    "no_id": "주차장관리번호(prk_center_id)가 없음",
    "no_name": "주차장 이름이 없음",
    "no_capacity": "주차 구획 수가 없거나 0임",
    "nowhere": "좌표도 주소도 없음",
    "outside_area": "설정한 구역 밖의 주차장임",
    "same_id": "같은 주차장관리번호가 되풀이됨(처음 것을 남김)",
    "conflict": "한 주차장의 빈자리가 서로 다르게 두 번 옴",
    "no_count": "주차 가능 구획 수가 없거나 숫자가 아님",
    "no_point": "좌표가 없음(이름으로만 찾을 수 있음)",
    "point_outside_korea": "좌표가 우리나라 밖임",
    "point_swapped": "위도와 경도가 바뀌어 있어 바로잡음",
    "hours_ambiguous": "운영시각이 모호함(시간 확인 필요)",
    "hours_midnight": "00:00~00:00을 24시간으로 봄(시간 확인 필요)",
    "base_time_absurd": "기본시간을 읽을 수 없거나 하루를 넘음",
    "first_fee_absurd": "기본요금을 읽을 수 없거나 지나치게 큼",
    "step_time_absurd": "추가단위시간을 읽을 수 없거나 하루를 넘음",
    "step_fee_unreadable": "추가단위요금을 읽을 수 없음",
    "day_fee_absurd": "1일 요금을 읽을 수 없거나 지나치게 큼",
    "day_fee_below_first": "1일 요금이 기본요금보다 작음",
    "month_pass_absurd": "월 정기권 요금을 읽을 수 없거나 지나치게 큼",
    "paid_without_price": "유료인데 금액이 없음(요금 확인 필요)",
}
_DAYS = {
    "Mo": "Monday", "Tu": "Tuesday", "We": "Wednesday", "Th": "Thursday", "Fr": "Friday", "Sa": "Saturday",
    "Su": "Sunday", "PH": "Holiday",
}  # fmt: skip
_TEXT_MOST = 200
_CAPACITY_MOST = 100_000
Item = Mapping[str, Any]


@dataclass(slots=True)
class Lots:
    """`total` = records + merged + skipped."""

    records: list[ParkingRecord]
    merged: list[RowNote]
    skipped: list[RowNote]
    doubts: list[RowNote]
    total: int


@dataclass(slots=True)
class Numbers:
    """`total` = records + merged + skipped."""

    records: list[RealtimeRecord]
    merged: list[RowNote]
    skipped: list[RowNote]
    doubts: list[RowNote]
    total: int


def lots(facilities: Sequence[Item], operations: Sequence[Item], *, odd: int, is_free_deducted: bool) -> Lots:
    """Facilities joined with their operation by id. A lot without an operation row has unknown hours and prices."""
    opened: dict[str, Item] = {}
    for item in operations:
        opened.setdefault(_uid(item), item)
    found = Lots([], [], [], [], len(facilities) + odd)
    seen: dict[str, int] = {}
    for line, item in enumerate(facilities, start=1):
        uid, name = _uid(item), cell(item.get("prk_plce_nm"))[:_TEXT_MOST]
        reason = _refusal(item, uid, name)
        if reason:
            found.skipped.append(RowNote(line, uid, reason, name))
        elif uid in seen:
            found.merged.append(RowNote(line, uid, "same_id", f"line {seen[uid]}"))
        else:
            seen[uid] = line
            record, reasons = _record(item, opened.get(uid, {}), uid, name, is_free_deducted=is_free_deducted)
            found.records.append(record)
            found.doubts += [RowNote(line, uid, reason, name) for reason in reasons]
    found.skipped += [RowNote(len(facilities) + at + 1, "", "not_a_row") for at in range(odd)]
    return found


def numbers(items: Sequence[Item], source: str, fetched_at: datetime, *, odd: int) -> Numbers:
    """One record a lot. The service tells no time: the moment of fetching is the age's start (`updated_at` None)."""
    found = Numbers([], [], [], [], len(items) + odd)
    rows: defaultdict[str, list[tuple[int, Item]]] = defaultdict(list)
    for line, item in enumerate(items, start=1):
        uid = _uid(item)
        if uid:
            rows[uid].append((line, item))
        else:
            found.skipped.append(RowNote(line, "", "no_id"))
    for uid, same in rows.items():
        said = {_count(item) for _, item in same}
        record = _number(source, uid, fetched_at, said)
        found.records.append(record)
        found.merged += [RowNote(line, uid, "same_id", f"line {same[0][0]}") for line, _ in same[1:]]
        if record.reason:
            found.doubts.append(RowNote(same[0][0], uid, record.reason))
    found.skipped += [RowNote(len(items) + at + 1, "", "not_a_row") for at in range(odd)]
    return found


def lines(items: Sequence[Item]) -> dict[str, int]:
    """Where each lot's id stands last."""
    return {_uid(item): at for at, item in enumerate(items, start=1)}


def _uid(item: Item) -> str:
    return cell(item.get("prk_center_id"))[:_TEXT_MOST]


def _count(item: Item) -> tuple[int | None, int | None]:
    return whole(item.get("pkfc_Available_ParkingLots_total")), whole(item.get("pkfc_ParkingLots_total"))


def _number(
    source: str, uid: str, fetched_at: datetime, said: Iterable[tuple[int | None, int | None]]
) -> RealtimeRecord:
    claims = list(said)
    free, capacity = claims[0] if len(claims) == 1 else (None, None)
    reason = "conflict" if len(claims) > 1 else "no_count" if free is None else "" if capacity else "no_capacity"
    return RealtimeRecord(
        source=source,
        uid=uid,
        free=None if reason else free,
        fetched_at=fetched_at,
        capacity=capacity if capacity and 0 < capacity <= _CAPACITY_MOST else None,
        reason=reason,
    )


def _refusal(item: Item, uid: str, name: str) -> str:
    if not uid:
        return "no_id"
    if not name:
        return "no_name"
    if not (whole(item.get("prk_cmprt_co"), _CAPACITY_MOST) or 0) > 0:
        return "no_capacity"
    return "" if _point(item)[0] or _address(item) else "nowhere"


def _point(item: Item) -> tuple[_points.Point | None, str]:
    """Some rows have latitude and longitude the wrong way round (la > 100)."""
    return _points.point(cell(item.get("prk_plce_entrc_la")), cell(item.get("prk_plce_entrc_lo")))


def _address(item: Item) -> str:
    """The province and the city come in fields of their own, and sometimes in the address as well."""
    address = cell(item.get("prk_plce_adres"))
    for name in ("prk_plce_adres_sigungu", "prk_plce_adres_sido"):
        part = cell(item.get(name))
        if part and address and part not in address.split(" "):
            address = f"{part} {address}"
    return address[:_TEXT_MOST]


def _record(
    item: Item, operation: Item, uid: str, name: str, *, is_free_deducted: bool
) -> tuple[ParkingRecord, list[str]]:
    where, point_doubt = _point(item)
    hours = _hours.week({day: _pair(operation.get(english)) for day, english in _DAYS.items()})
    prices = _prices(operation)
    fee_kind, price_list, fee_doubts = tariff(prices)
    free_minutes = whole(operation.get("opertn_bs_free_time"), DAY_MINUTES)
    if price_list and free_minutes and free_minutes > 0:
        price_list = replace(price_list, free_minutes=free_minutes, is_free_deducted=is_free_deducted)
    record = ParkingRecord(
        uid=uid,
        external_ids=(f"{PROVIDER}:{uid}",),
        provider=PROVIDER,
        provider_name="한국교통안전공단",
        name=name,
        ownership="unknown",
        type=_type(name),
        address=_address(item),
        lat=where[0] if where else None,
        lon=where[1] if where else None,
        capacity=whole(item.get("prk_cmprt_co"), _CAPACITY_MOST) or 0,
        has_disabled=None,
        has_charging=None,
        opening_hours=hours.text,
        hours_note=hours.note,
        fee_kind=fee_kind,
        tariff=price_list,
        fee_description=f"기본 무료 {free_minutes}분" if free_minutes and free_minutes > 0 else "",
        payment="",
        remarks="",
        park_and_ride=_korean.is_park_and_ride(name),
        operator="",
        phone="",
        data_date=None,
    )
    return record, [reason for reason in (point_doubt, hours.doubt, *fee_doubts) if reason]


def _type(name: str) -> LotType:
    return "ON_STREET" if "노상" in name else _korean.built(name) or "OTHER"


def _pair(day: Any) -> _hours.Pair:
    if not isinstance(day, Mapping):
        return "", ""
    start, end = cell(day.get("opertn_start_time")), cell(day.get("opertn_end_time"))
    return _hours.clock(start), _hours.clock(end)


def _prices(operation: Item) -> Prices:
    """Nested by the live service, flat in its older notes; the base fee has two spellings."""
    basic, fixed = (_inside(operation, name) for name in ("basic_info", "fxamt_info"))
    first_fee = cell(basic.get("parking_chrge_bs_chrge")) or cell(basic.get("parking_chrge_bs_chrg"))
    step_fee = cell(basic.get("parking_chrge_adit_unit_chrge"))
    day, month = (cell(fixed.get(f"parking_chrge_{name}")) for name in ("one_day_chrge", "mon_unit_chrge"))
    # The service does not say whether a lot is free: only a price says that it is not.
    is_paid = any((whole(one) or 0) > 0 for one in (first_fee, step_fee, day, month))
    return Prices(
        kind="유료" if is_paid else "",
        first_minutes=cell(basic.get("parking_chrge_bs_time")),
        first_fee=first_fee,
        step_minutes=cell(basic.get("parking_chrge_adit_unit_time")),
        step_fee=step_fee,
        day_fee=day,
        month_fee=month,
    )


def _inside(operation: Item, name: str) -> Item:
    found = operation.get(name)
    if isinstance(found, list):
        found = next((one for one in found if isinstance(one, Mapping)), None)
    return found if isinstance(found, Mapping) else operation
