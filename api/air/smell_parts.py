"""The shapes in which complaints of a smell, crowds and the wind's word are shown to staff."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from civic.air.smell import tracing
from civic.air.smell.gathering import Cluster
from civic.air.smell.kinds import kind
from civic.air.smell.months import Counted, Month
from civic.air.smell.reports import Report
from civic.air.smell.roses import Seen
from civic.air.smell.upwind import Traced
from core.air_rules import Company


class Named(BaseModel):
    ko: str
    en: str


class ReportRow(BaseModel):
    """`strength` 0 to 5. `told_at`: the first message. `case_id`: where it is handled now, null for a 제보."""

    id: UUID
    receipt_no: str
    case_id: UUID | None
    kind: str
    kind_name: Named
    strength: int
    lat: float | None
    lon: float | None
    area: str
    told_at: datetime
    filed_at: datetime
    is_now: bool
    photos: int
    cluster_id: UUID | None

    @classmethod
    def of(cls, one: Report) -> "ReportRow":
        told = {name: getattr(one, name) for name in cls.model_fields if name != "kind_name"}
        return cls(**told, kind_name=_kind(one.kind))


class ReportRows(BaseModel):
    items: list[ReportRow]


class PossibleRow(BaseModel):
    """A stack that may be one of the sources; `share` weighs it among those listed and is no probability of guilt."""

    company: str
    company_name: Named
    stack: str
    distance_m: float
    degrees: float
    minutes: float
    share: float
    confidence: str
    confidence_name: Named
    reasons: list[Named]


class Trace(BaseModel):
    """`path`: [lat, lon, minutes before]. `insufficient` with its words: nothing can be said, `possible` is empty."""

    insufficient: str | None
    insufficient_said: Named | None
    from_degrees: float | None
    speed: float | None
    stations: int
    steadiness: float | None
    wind_at: str | None
    is_cut: bool
    path: list[tuple[float, float, float]]
    possible: list[PossibleRow]
    note: str
    caveat: Named

    @classmethod
    def of(cls, traced: Traced, note: str, companies: Mapping[str, Company]) -> "Trace":
        told, why = tracing.plain(traced), traced.insufficient
        possible = [_possible(row, companies) for row in told.pop("possible")]
        said = None if why is None else Named(ko=tracing.INSUFFICIENT_KO[why], en=tracing.INSUFFICIENT_EN[why])
        caveat = Named(ko=tracing.CAVEAT_KO, en=tracing.CAVEAT_EN)
        return cls(**told, possible=possible, insufficient_said=said, note=note, caveat=caveat)


class ReportAnswer(BaseModel):
    """`traced` null: without a place, or not smelt at the moment."""

    report: ReportRow
    traced: Trace | None


class ClusterRow(BaseModel):
    """`people`: each once. `lat`, `lon`: the middle of the complaints."""

    id: UUID
    receipt_no: str
    case_id: UUID
    matter_id: UUID | None
    lat: float
    lon: float
    kind: str
    kind_name: Named
    people: int
    reports: int
    strongest: int
    first_at: datetime
    last_at: datetime
    formed_at: datetime

    @classmethod
    def of(cls, one: Cluster, receipt_no: str) -> "ClusterRow":
        told = {name: getattr(one, name) for name in cls.model_fields if name not in ("kind_name", "receipt_no")}
        return cls(**told, receipt_no=receipt_no, kind_name=_kind(one.kind))


class ClusterRows(BaseModel):
    items: list[ClusterRow]


class ClusterAnswer(BaseModel):
    cluster: ClusterRow
    reports: list[ReportRow]
    traced: Trace


class CountedRow(BaseModel):
    """`others`: the small ones together, null for none. `is_hidden`: too few for any split."""

    apart: dict[str, int]
    others: int | None
    is_hidden: bool

    @classmethod
    def of(cls, one: Counted) -> "CountedRow":
        return cls(apart=dict(one.apart), others=one.others, is_hidden=one.is_hidden)


class MonthAnswer(BaseModel):
    """When (`hours` and `days` of Korea), where, of what, in which wind ("unknown": none that can be told)."""

    month: str
    k: int
    reports: int | None
    people: int | None
    strength: float | None
    clusters: int
    hours: CountedRow
    days: CountedRow
    areas: CountedRow
    kinds: CountedRow
    winds: CountedRow
    kinds_said: dict[str, Named]

    @classmethod
    def of(cls, one: Month, k: int) -> "MonthAnswer":
        splits = {name: CountedRow.of(getattr(one, name)) for name in ("hours", "days", "areas", "kinds", "winds")}
        return cls(
            month=one.month,
            k=k,
            reports=one.reports,
            people=one.people,
            strength=None if one.strength is None else float(one.strength),
            clusters=one.clusters,
            kinds_said={id: _kind(id) for id in one.kinds.apart},
            **splits,
        )


class ShareRow(BaseModel):
    """`probability` null: insufficient, under 30 hours."""

    sector: str
    hours: int
    high: int
    probability: float | None


class LyingRow(BaseModel):
    company: str
    company_name: Named
    stack: str
    distance_m: float
    sector: str
    probability: float | None
    is_high: bool


class SectorsAnswer(BaseModel):
    """`line`: the 75th percentile that makes an hour high; `calm` hours are left out. `lying`: declared stacks as seen
    from the station.
    """

    station: str
    pollutant: str
    line: float | None
    valid: int
    calm: int
    overall: float | None
    shares: list[ShareRow]
    lying: list[LyingRow]
    caveat: Named

    @classmethod
    def of(cls, seen: Seen, station: str, pollutant: str, companies: Mapping[str, Company]) -> "SectorsAnswer":
        lying = [
            LyingRow(
                company=one.company,
                company_name=_company(one.company, companies),
                stack=one.stack,
                distance_m=round(one.distance_m),
                sector=one.sector,
                probability=_plain(one.probability),
                is_high=one.is_high,
            )
            for one in seen.lying
        ]
        shares = [
            ShareRow(sector=one.sector, hours=one.hours, high=one.high, probability=_plain(one.probability))
            for one in seen.rose.shares
        ]
        return cls(
            station=station,
            pollutant=pollutant,
            line=_plain(seen.rose.line),
            valid=seen.rose.valid,
            calm=seen.rose.calm,
            overall=_plain(seen.overall),
            shares=shares,
            lying=lying,
            caveat=Named(ko=tracing.CAVEAT_KO, en=tracing.CAVEAT_EN),
        )


def _plain(value: Any) -> float | None:
    return None if value is None else round(float(value), 3)


def _kind(id: str) -> Named:
    found = kind(id)
    return Named(ko=found.ko, en=found.en)


def _company(name: str, companies: Mapping[str, Company]) -> Named:
    found = companies.get(name)
    return Named(ko=found.name.ko, en=found.name.en) if found else Named(ko=name, en=name)


def _possible(row: Mapping[str, Any], companies: Mapping[str, Company]) -> PossibleRow:
    confidence = row["confidence"]
    said = Named(ko=tracing.CONFIDENCE_KO[confidence], en=tracing.CONFIDENCE_EN[confidence])
    reasons = [Named(ko=tracing.REASONS_KO[one], en=tracing.REASONS_EN[one]) for one in row["reasons"]]
    told = {**row, "reasons": reasons, "confidence_name": said, "company_name": _company(row["company"], companies)}
    return PossibleRow(**told)
