"""Canonical records for tests: one plain lot, changed where a test needs it."""

from dataclasses import replace
from datetime import date
from typing import Any

from core.contracts.parking import ParkingFile, ParkingRecord, ReadReport, RowNote, Tariff

PLAIN = ParkingRecord(
    uid="P:1",
    external_ids=("P:1",),
    provider="P",
    name="가람 공영주차장",
    ownership="public",
    type="OFF_STREET_PARKING_GROUND",
    address="나래시 가람동 1",
    lat=37.6000,
    lon=126.7000,
    capacity=50,
    has_disabled=None,
    has_charging=None,
    opening_hours="Mo-Fr 09:00-22:00; Sa 09:00-22:00; Su,PH unknown",
    hours_note="",
    fee_kind="paid",
    tariff=Tariff(30, 600, 10, 300, 7_000, 80_000),
    payment="",
    remarks="",
    operator="나래시",
    phone="000",
    data_date=date(2024, 3, 1),
)


def lot(number: int, **changes: Any) -> ParkingRecord:
    uid = f"P:{number}"
    return replace(PLAIN, **{"uid": uid, "external_ids": (uid,), **changes})


def file_of(*records: ParkingRecord, skipped: tuple[RowNote, ...] = ()) -> ParkingFile:
    report = ReadReport("test", "우리 자료", len(records) + len(skipped), len(records), skipped=skipped)
    return ParkingFile(records, report)
