"""Lots as plain values for the templates: numbers, short codes and Korean clock times, no sentences."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from actions.parking.counter import Counter
from actions.parking.wishing import Wish
from civic.parking.forecast.service import Forecast
from civic.parking.hours import weekly
from civic.parking.search import Found
from core.clock import SEOUL
from core.contracts.dialogue import Topic
from core.contracts.parking import Audience
from core.contracts.tariff import Discount

USUAL_MINUTES = (60, 180)
NATIONAL = ("kr_standard", "compact")
"""Sources whose rows come out of the national standard data file."""
_BAYS: Mapping[str, Audience] = {
    "disabled": "disabled", "ev": "charging", "family": "family", "woman": "woman", "compact": "compact"
}  # fmt: skip


def listed(
    found: Found, number: int, wanted: Wish, counter: Counter, forecast: Forecast | None = None
) -> dict[str, Any]:
    """One line of a list. Fees: for the stay asked, else for one and three hours; `krw` None is "not known"."""
    lot = found.lot
    return {
        "n": number,
        "name": lot.name,
        "distance_m": None if found.distance_m is None else round(found.distance_m),
        "ownership": lot.ownership,
        "type": lot.type,
        "capacity": lot.capacity,
        "owner": owner(found, counter),
        **openness(found, wanted.at, is_now=wanted.is_now),
        "space": space(found, is_now=wanted.is_now),
        "forecast": forecast_plain(forecast, wanted.now),
        "hours_note": lot.hours_note,
        "fee_kind": lot.fee_kind,
        "fees": [priced(found, one, wanted) for one in ((wanted.minutes,) if wanted.minutes else USUAL_MINUTES)],
        "month_pass_krw": lot.tariff.month_pass_krw if lot.tariff else None,
        "is_members_only": lot.is_members_only,
        "has_charging": lot.mentions_charging,
        "bays": _bays(found, wanted),
        "height_cm": lot.max_height_cm,
        "is_open_ground": lot.type in {"ON_STREET", "OFF_STREET_PARKING_GROUND"} and lot.is_covered is not True,
    }


def detailed(found: Found, wanted: Wish, counter: Counter, forecast: Forecast | None = None) -> dict[str, Any]:
    """Everything worth knowing of one lot."""
    lot = found.lot
    tariff = lot.tariff
    day = wanted.entered_at.astimezone(SEOUL).date()
    return {
        **listed(found, 0, wanted, counter, forecast),
        "address": lot.road_address or lot.address,
        "weekly": weekly(lot.opening_hours),
        "first_minutes": tariff.first_minutes if tariff else None,
        "first_fee_krw": tariff.first_fee_krw if tariff else None,
        "step_minutes": tariff.step_minutes if tariff else None,
        "step_fee_krw": tariff.step_fee_krw if tariff else None,
        "day_cap_krw": tariff.day_cap_krw if tariff else None,
        "free_minutes": tariff.free_minutes if tariff else None,
        "is_free_deducted": tariff.is_free_deducted if tariff else True,
        "free_hours": free_hours(found),
        "passes": [
            {"name": one.name, "krw": one.krw, "months": one.months} for one in (tariff.passes if tariff else ())
        ],
        "discounts": [_discount(one) for one in lot.discounts(day)],
        "payment": lot.payment,
        "remarks": lot.remarks[:120],
        "operator": lot.operator,
        "phone": lot.phone,
        "all_bays": {name: count for name, who in _BAYS.items() if (count := lot.bays(who))},
        "has_disabled": lot.has_disabled,
        "url": lot.public_url,
    }


def priced(found: Found, minutes: int, wanted: Wish) -> dict[str, Any]:
    """A stay's won, with the citizen's best discount where the lot gives one. `missing`: kinds it says nothing of."""
    quote = found.lot.quote(minutes, wanted.entered_at, wanted.kinds)
    given = {one.kind for one in found.lot.discounts(wanted.entered_at.astimezone(SEOUL).date())}
    return {
        "minutes": minutes,
        "krw": quote.krw,
        "full_krw": quote.full_krw,
        "discount": _discount(quote.discount) if quote.discount else None,
        "missing": [kind for kind in wanted.kinds if kind not in given] if quote.full_krw else [],
    }


def _passes(found: Found) -> list[dict[str, Any]]:
    passes = found.lot.tariff.passes if found.lot.tariff else ()
    return [{"name": one.name, "krw": one.krw, "months": one.months} for one in passes]


def _discount(one: Discount) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "percent": one.percent,
        "free_minutes": one.free_minutes,
        "basis": one.basis,
        "needs": one.needs,
    }


def free_hours(found: Found) -> list[dict[str, Any]]:
    """Hours that cost nothing, as the tariff has them: kinds of day, clock times."""
    bands = found.lot.tariff.bands if found.lot.tariff else ()
    return [
        {"days": list(band.days), "start": _clock(band.start), "end": _clock(band.end), "is_all_day": _is_whole(band)}
        for band in bands
        if band.rate is None
    ]


def _is_whole(band: Any) -> bool:
    return bool(band.start == 0 and band.end == 1440)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def space(found: Found, *, is_now: bool) -> dict[str, Any]:
    """Free places as far as they may be told. `kind`: none (nothing counts here, or another moment is asked for),
    closed, full, aged_full, fresh, aged, or the standing and the reason why no number is told.
    """
    number = found.number
    if number is None or not is_now:
        return {"kind": "none", "is_told": False}
    kind: str = number.standing
    if found.state.is_open is False or number.is_closed:
        kind = "closed"
    elif number.is_full:
        kind = "full" if number.standing == "fresh" else "aged_full"
    return {
        "kind": kind,
        "is_told": kind in {"full", "aged_full", "fresh", "aged"},
        "free": number.free,
        "capacity": number.capacity or found.lot.capacity,
        "minutes": number.minutes,
        "reason": number.reason,
    }


def forecast_plain(one: Forecast | None, now: datetime) -> dict[str, Any] | None:
    """`odds` in words: high, fair, even, low."""
    if one is None:
        return None
    odds = next(name for least, name in _ODDS if one.chance >= least)
    return {
        "free": one.free,
        "low": one.low,
        "high": one.high,
        "capacity": one.capacity,
        "odds": odds,
        "tenths": min(max(round(one.chance * 10), 0), 10),
        "level": one.level,
        "basis": one.basis,
        "days": one.days,
        "is_closed": one.is_closed,
        "at": clock_text(one.at, now),
    }


_ODDS = ((0.85, "high"), (0.6, "fair"), (0.35, "even"), (-1.0, "low"))


def owner(found: Found, counter: Counter) -> str:
    """Whose lot it is, where it is not the own city's; "" where it is, or nobody says."""
    name = found.lot.owner or found.lot.operator
    stem = counter.city.name.ko.removesuffix("시").removesuffix("군").removesuffix("구")
    return "" if stem in name else name


def item(found: Found) -> dict[str, Any]:
    """What the conversation remembers of a lot."""
    distance = None if found.distance_m is None else round(found.distance_m)
    lot = found.lot
    return {"id": str(lot.id), "name": lot.name, "lat": lot.lat, "lon": lot.lon, "distance_m": distance}


def credits(founds: Sequence[Found], counter: Counter) -> list[dict[str, str]]:
    """What must be said of the data: one line a source, with the day that its shown rows are at least as fresh as.

    `name` "" is the national standard data, which the templates name in the citizen's language.
    """
    days: dict[str, list[Any]] = {}
    for one in founds:
        days.setdefault(_credit(one, counter), []).append(one.lot.data_date)
        if one.number is not None and one.number.free is not None and one.number.source in counter.terms:
            days.setdefault(counter.terms[one.number.source].attribution, [])
    return [
        {"name": name, "date": min(known).isoformat() if known and None not in known else ""}
        for name, known in days.items()
    ]


def _credit(found: Found, counter: Counter) -> str:
    lot = found.lot
    if lot.attribution:
        return lot.attribution
    if lot.source in counter.terms:
        return counter.terms[lot.source].attribution
    return "" if lot.source in NATIONAL else lot.source


def clock_text(at: datetime, now: datetime) -> str:
    """The clock, with its day where that is not today's."""
    here = at.astimezone(SEOUL)
    clock = f"{here:%H:%M}"
    return clock if here.date() == now.astimezone(SEOUL).date() else f"{here.month}/{here.day} {clock}"


def _bays(found: Found, wanted: Wish) -> list[dict[str, Any]]:
    """The bays asked for, with their number where the data tells it."""
    return [
        {"name": name, "count": found.lot.bays(who)} for name, who in _BAYS.items() if getattr(wanted.filters, name)
    ]


def openness(found: Found, at: datetime, *, is_now: bool) -> dict[str, Any]:
    """`state` open, closed or unknown; `changes` its clock time and `changes_days` how many days ahead, or "".

    A gate that its source calls closed is closed, whatever the hours say.
    """
    state = {True: "open", False: "closed", None: "unknown"}[found.state.is_open]
    if is_now and state != "closed" and found.number is not None and found.number.is_closed:
        return {"state": "closed", "changes": "", "changes_days": 0, "is_by_gate": True}
    change = found.state.changes_at
    if change is None:
        return {"state": state, "changes": "", "changes_days": 0, "is_by_gate": False}
    here, then = at.astimezone(SEOUL), change.astimezone(SEOUL)
    clock, day = f"{then:%H:%M}", then.date()
    if clock == "00:00":
        clock, day = "24:00", day - timedelta(days=1)
    return {"state": state, "changes": clock, "changes_days": (day - here.date()).days, "is_by_gate": False}


def own_topic(topic: Topic | None) -> Topic | None:
    return topic if topic and topic.service == "parking" else None
