"""The record of the air as JSON: the same facts as on the page, codes in place of words."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from civic.air.matters.public import PublicMatter
from civic.air.open.corrections import Correction
from civic.air.open.ngsi import number
from civic.air.open.record import Record, ZoneNow
from civic.air.records import Now, Version
from civic.air.watch.service import Episode
from core.air_rules import Air
from core.contracts.air import UNITS

COARSE = 2
"""Decimals of the degrees of a matter's point: about a kilometre, so that nobody's door is on the map."""


def record_document(record: Record, rules: Air) -> dict[str, Any]:
    """`at` and all moments in UTC."""
    return {
        "at": _iso(record.at),
        "days": record.days,
        "zones": [_zone(one) for one in record.zones],
        "stations": [now_document(one) for one in record.now],
        "episodes": [_episode(one) for one in record.episodes],
        "matters": [_matter(one, rules) for one in record.matters],
        "smell_complaints": {
            "k": rules.public.smell_k,
            "has_hidden": record.smells.has_hidden,
            "counts": [
                {"begin": _iso(one.begin), "end": _iso(one.end), "area": one.area or None, "people": one.people}
                for one in record.smells.counts
            ],
        },
        "corrections": [_correction(one) for one in record.corrections],
        "forecasts": [
            {
                "day": one.day.isoformat(),
                "pollutant": one.pollutant,
                "grades": dict(one.grades),
                "overall": one.overall,
                "cause": one.cause,
                "issued_at": _iso(one.issued_at),
                "source": one.source,
            }
            for one in record.forecasts
        ],
        "sources": [
            {
                "name": one.name,
                "attribution": one.attribution,
                "licence": one.licence,
                "state": one.state,
                "last_ok_at": _iso(one.last_ok_at),
            }
            for one in record.sources
        ],
    }


def now_document(now: Now) -> dict[str, Any]:
    """A station with its newest hour. A value that may not be reckoned with is null, with its quality."""
    site, hour = now.site, now.hour
    return {
        "id": site.id,
        "code": site.uid,
        "name": site.name,
        "network": site.network,
        "origin": site.origin,
        "region": site.region,
        "lat": site.lat,
        "lon": site.lon,
        "sensor_grade": site.grade or None,
        "ended_at": _iso(hour.at),
        "is_stale": now.is_stale,
        "values": {
            pollutant: {
                "value": _number(one.usable),
                "unit": one.unit,
                "quality": one.quality,
                "status": one.status,
                "is_corrected": one.corrected,
            }
            for pollutant, one in hour.values.items()
        },
        "index": hour.index,
        "grade": hour.grade,
        "basis": hour.basis,
        "dominant": hour.dominant or None,
        "source": site.source,
        "attribution": now.attribution,
    }


def _zone(one: ZoneNow) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.zone.name.ko,
        "name_en": one.zone.name.en,
        "ended_at": _iso(one.at),
        "values": {code: {"value": _rounded(value), "unit": UNITS[code]} for code, value in one.values.items()},
        "index": one.index,
        "grade": one.grade,
        "basis": one.basis,
        "highest_station": one.highest or None,
        "stations_told": one.told,
        "stations": one.stations,
    }


def _episode(one: Episode) -> dict[str, Any]:
    return {
        "zone": one.zone,
        "kind": one.kind,
        "issuer": one.issuer or None,
        "issuer_zone": one.issuer_zone or None,
        "pollutant": one.pollutant,
        "level": one.level,
        "began_at": _iso(one.began_at),
        "ended_at": _iso(one.ended_at),
        "peak": _rounded(one.peak),
        "peak_at": _iso(one.peak_at),
        "changes": [
            {
                "at": _iso(change.at),
                "kind": change.kind,
                "level": change.level,
                "before": change.before,
                "value": _rounded(change.value),
                "first_value": _rounded(change.first_value),
                "noted_at": _iso(change.noted_at),
                "withdrawn_at": _iso(change.withdrawn_at),
            }
            for change in one.changes
        ],
    }


def _matter(one: PublicMatter, rules: Air) -> dict[str, Any]:
    def who(company: str) -> str | None:
        return rules.companies[company].name.ko if company in rules.companies else None

    return {
        "id": str(one.id),
        "kind": one.kind,
        "state": one.state,
        "title": one.title_ko,
        "title_en": one.title_en,
        "lat": None if one.lat is None else round(one.lat, COARSE),
        "lon": None if one.lon is None else round(one.lon, COARSE),
        "pollutant": one.pollutant or None,
        "unit": one.unit or None,
        "peak": _rounded(one.peak),
        "stations": list(one.site_ids),
        "companies_told": one.companies,
        **{name: _iso(getattr(one, name)) for name in _MOMENTS},
        "verified_by": one.verified_by,
        "acknowledgements": [{"by": two.by, "company": who(two.company), "at": _iso(two.at)} for two in one.answers],
        "actions": [
            {
                "by": two.by,
                "company": who(two.company),
                "kind": two.kind,
                "text": two.text or None,
                "done_at": _iso(two.done_at),
                "verified_at": _iso(two.verified_at),
                "verified_by": two.verified_by,
            }
            for two in one.actions
        ],
    }


_MOMENTS = (
    "began_at",
    "last_at",
    "opened_at",
    "acknowledged_at",
    "first_action_at",
    "fell_at",
    "verified_at",
    "closed_at",
)


def _correction(one: Correction) -> dict[str, Any]:
    return {
        "station": one.site.id,
        "station_name": one.site.name,
        "pollutant": one.stands.pollutant,
        "ended_at": _iso(one.stands.at),
        "stands": _version(one.stands),
        "before": [_version(two) for two in one.before],
    }


def _version(one: Version) -> Mapping[str, Any]:
    return {
        "value": _number(one.value),
        "unit": one.unit,
        "quality": one.quality,
        "flag": one.flag or None,
        "status": one.status,
        "received_at": _iso(one.received_at),
    }


def _number(value: Decimal | None) -> float | int | None:
    return None if value is None else number(value)


def _rounded(value: Decimal | None) -> float | int | None:
    return None if value is None else number(round(value, 4))


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
