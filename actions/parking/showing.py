"""Lots as plain values for the templates: numbers, short codes and Korean clock times, no sentences."""

from datetime import datetime, timedelta
from typing import Any

from civic.parking.hours import weekly
from civic.parking.search import Found
from core.clock import SEOUL

USUAL_MINUTES = (60, 120)


def listed(found: Found, number: int, minutes: int | None, at: datetime) -> dict[str, Any]:
    """One line of a list. Fees: for the time asked, else for one and two hours; `krw` None is "not known"."""
    lot = found.lot
    return {
        "n": number,
        "name": lot.name,
        "distance_m": None if found.distance_m is None else round(found.distance_m),
        "ownership": lot.ownership,
        "type": lot.type,
        "capacity": lot.capacity,
        **_openness(found, at),
        "hours_note": lot.hours_note,
        "fee_kind": lot.fee_kind,
        "fees": [{"minutes": one, "krw": lot.fee_krw(one)} for one in ((minutes,) if minutes else USUAL_MINUTES)],
        "month_pass_krw": lot.tariff.month_pass_krw if lot.tariff else None,
        "is_members_only": lot.is_members_only,
        "has_charging": lot.mentions_charging,
    }


def detailed(found: Found, minutes: int | None, at: datetime) -> dict[str, Any]:
    """Everything worth knowing of one lot."""
    lot = found.lot
    tariff = lot.tariff
    return {
        **listed(found, 0, minutes, at),
        "address": lot.address,
        "weekly": weekly(lot.opening_hours),
        "first_minutes": tariff.first_minutes if tariff else None,
        "first_fee_krw": tariff.first_fee_krw if tariff else None,
        "step_minutes": tariff.step_minutes if tariff else None,
        "step_fee_krw": tariff.step_fee_krw if tariff else None,
        "day_cap_krw": tariff.day_cap_krw if tariff else None,
        "payment": lot.payment,
        "remarks": lot.remarks[:120],
        "operator": lot.operator,
        "phone": lot.phone,
        "data_date": lot.data_date.isoformat() if lot.data_date else "",
    }


def item(found: Found) -> dict[str, Any]:
    """What the conversation remembers of a lot."""
    distance = None if found.distance_m is None else round(found.distance_m)
    lot = found.lot
    return {"id": str(lot.id), "name": lot.name, "lat": lot.lat, "lon": lot.lon, "distance_m": distance}


def oldest_date(found: list[Found]) -> str:
    """The reference date that all shown rows are at least as fresh as; "" when a row has none."""
    dates = [one.lot.data_date for one in found]
    known = [one for one in dates if one is not None]
    return min(known).isoformat() if known and len(known) == len(dates) else ""


def clock_text(at: datetime) -> str:
    here = at.astimezone(SEOUL)
    return f"{here.month}/{here.day} {here:%H:%M}"


def _openness(found: Found, at: datetime) -> dict[str, Any]:
    """`state` open, closed or unknown; `changes` its clock time and `changes_days` how many days ahead, or ""."""
    state = {True: "open", False: "closed", None: "unknown"}[found.state.is_open]
    change = found.state.changes_at
    if change is None:
        return {"state": state, "changes": "", "changes_days": 0}
    here, then = at.astimezone(SEOUL), change.astimezone(SEOUL)
    clock, day = f"{then:%H:%M}", then.date()
    if clock == "00:00":
        clock, day = "24:00", day - timedelta(days=1)
    return {"state": state, "changes": clock, "changes_days": (day - here.date()).days}
