"""Lots as a feed has them, and the DATEX II and NGSI-LD documents that we write of them: for our own readers, and for
other people's (a counterpart calls `datex2_table()`, `datex2_status()`, `ngsi_entities()`).
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from civic.parking.feeds import datex2, ngsi
from civic.parking.feeds.publishing import Publisher
from civic.parking.hours import OpenState
from civic.parking.lots import Lot
from civic.parking.numbers import Number
from civic.parking.search import Found
from core.contracts.tariff import Tariff
from core.linked import Form

NOW = datetime(2026, 9, 30, 3, tzinfo=UTC)
BY = Publisher(
    "narae",
    "나래시",
    licence="공공누리 제1유형(출처표시)",
    licence_url="https://narae.example/licence",
    attributions={"kr_standard": "전국주차장정보표준데이터"},
)
GARAGE = Lot(
    id=UUID("0190a000-0000-7000-8000-000000000001"),
    name="가람 <환승> & 지하주차장",
    ownership="public",
    type="UNDERGROUND",
    address="나래시 가람동 1",
    lat=37.6000001,
    lon=126.7,
    capacity=200,
    has_disabled=True,
    has_charging=True,
    opening_hours="Mo-Fr 06:00-23:00; Sa 08:00-20:00; Su,PH unknown",
    hours_note="",
    fee_kind="paid",
    tariff=Tariff(30, 600, 10, 300),
    payment="카드",
    remarks="경차 50% 할인",
    operator="나래시설공단",
    phone="031-000-0000",
    data_date=date(2026, 9, 1),
    source="kr_standard",
    uid="410:1",
    external_ids=("410:1", "410:7"),
    road_address="나래시 가람로 1",
    capacity_disabled=6,
    capacity_charging=4,
    capacity_family=2,
    capacity_woman=10,
    max_height_cm=210,
    public_url="https://narae.example/garam?a=1&b=2",
    static_data_updated_at=datetime(2026, 9, 1, tzinfo=UTC),
)


def number(free: int | None, **changes: Any) -> Number:
    counted = Number("fresh", free, 200, 5, NOW - timedelta(minutes=5), "OPEN", source="kr_standard")
    return replace(counted, **changes)


def found(at: int, number: Number | None = None, **changes: Any) -> Found:
    uid = f"410:{at}"
    named: dict[str, Any] = {"id": UUID(int=GARAGE.id.int + at), "uid": uid, "external_ids": (uid,)}
    return Found(replace(GARAGE, **({} if at == 0 else named), **changes), OpenState(None), number=number)


STREET = found(
    1, number(0), type="ON_STREET", name="두루 노상", opening_hours="24/7", fee_kind="free", max_height_cm=None
)
CLOSED = found(2, number(0, opening_status="CLOSED"), name="누리", type="CAR_PARK", opening_hours=None)
OLD = found(3, number(None, standing="withdrawn", opening_status="UNKNOWN"), name="오래된 곳", type="OTHER")
DOUBTED = found(4, number(None, standing="doubted", reason="frozen"), name="의심스러운 곳")
UNLINKED = found(5, number(None, standing="unlinked"), name="연계 안 된 곳", type="OFF_STREET_PARKING_GROUND")
SILENT = found(6, name="말없는 곳", capacity_disabled=None, capacity_charging=None, remarks="")
NOWHERE = found(7, number(9), name="점 없는 곳", lat=None, lon=None)
ALL = [found(0, number(31)), STREET, CLOSED, OLD, DOUBTED, UNLINKED, SILENT]


def datex2_table() -> bytes:
    """A ParkingTablePublication with seven lots."""
    return datex2.table([*ALL, NOWHERE], BY, NOW)


def datex2_status() -> bytes:
    """A ParkingStatusPublication: three of the seven have a number that is believed."""
    return datex2.statuses(ALL, BY, NOW)


def ngsi_entities(form: Form = "normalized") -> bytes:
    """The same seven as a list of NGSI-LD entities."""
    return orjson.dumps([ngsi.entity(one, BY, form) | {"@context": list(ngsi.CONTEXT)} for one in ALL])
