"""Rows of the pages of the air, in the reader's words: nothing is read here and nothing is reckoned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from civic.air.index import Grade
from civic.air.index import grade as grade_of
from civic.air.matters.public import PublicAction, PublicAnswer, PublicMatter
from civic.air.open.corrections import Correction
from civic.air.open.record import Record, ZoneNow
from civic.air.open.smells import SmellCount
from civic.air.packing import place_of
from civic.air.records import Measured, Now, Version
from civic.air.watch.service import Episode, EpisodeChange
from core.air_rules import Air
from core.clock import SEOUL
from core.contracts.air import POLLUTANTS, UNITS, OfficialForecast
from web.strings import Lang

SIGNS = ("–", "○", "◔", "◑", "●")
"""How full a sign is says the grade as well as its colour does."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Speaker:
    """The words of a language for rows."""

    lang: Lang
    t: Mapping[str, Any]
    rules: Air

    def pollutant(self, code: str) -> str:
        return str(self.t["pollutants"].get(code, code))

    def graded(self, index: int | None, grade: Grade | None, basis: str = "") -> dict[str, Any]:
        """A grade with its sign, its word and the index."""
        number = grade or 0
        word = self.t["words"][number] or self.t["no_index"]
        if basis == "ours" and number:
            word = f"{word} ({self.t['ours']})"
        return {"grade": number, "sign": SIGNS[number], "word": word, "index": index}

    def key(self) -> list[dict[str, Any]]:
        grades: tuple[Grade, ...] = (1, 2, 3, 4)
        return [self.graded(None, one) for one in grades]

    def level(self, code: str | None) -> str:
        return str(self.t["levels"][code]) if code else "–"

    def company(self, code: str) -> str:
        return str(getattr(self.rules.companies[code].name, self.lang)) if code in self.rules.companies else ""


def hour_said(at: datetime, *, year: bool = False) -> str:
    """The end of an hour as AirKorea writes it: midnight is 24:00 of the old day."""
    day, place = place_of(at)
    return f"{day:%Y-%m-%d} {place + 1:02d}:00" if year else f"{day:%m-%d} {place + 1:02d}:00"


def moment_said(at: datetime) -> str:
    return f"{at.astimezone(SEOUL):%m-%d %H:%M}"


def number_said(value: Decimal | None, unit: str) -> str:
    """Dust to a tenth at most, gases as told."""
    if value is None:
        return "–"
    shown = value.quantize(Decimal("0.1")) if unit == "µg/m³" else value.quantize(Decimal("0.0001"))
    return f"{shown.normalize():f}"


def with_unit(value: Decimal | None, unit: str) -> str:
    return f"{number_said(value, unit)} {unit}".strip() if value is not None else "–"


def zone_row(one: ZoneNow, says: Speaker) -> dict[str, Any]:
    name = getattr(one.zone.name, says.lang)
    said = says.t["zone_silent"]
    if one.at is not None:
        said = says.t["zone_said"].format(
            at=hour_said(one.at), told=one.told, of=one.stations, highest=one.highest or "–"
        )
    levels = [
        {"name": says.pollutant(code), "value": number_said(value, UNITS[code]), "unit": UNITS[code]}
        for code, value in one.values.items()
    ]
    return {"name": name, "said": said, "levels": levels, **says.graded(one.index, one.grade, one.basis)}


def site_row(one: Now, says: Speaker) -> dict[str, Any]:
    """A station with its newest hour: values, units, grades in words, and why where there is no value."""
    site, hour, t = one.site, one.hour, says.t
    order = [*POLLUTANTS, *sorted(set(hour.values) - set(POLLUTANTS))]
    levels = [_measured(code, hour.values[code], (hour.parts or {}).get(code), says)
              for code in order if code in hour.values]  # fmt: skip
    graded = says.graded(hour.index, hour.grade, hour.basis)
    return {
        "id": site.id,
        "name": site.name,
        "lat": site.lat,
        "lon": site.lon,
        "mark": graded["sign"] if hour.index is None else str(hour.index),
        "at": (t["late"] if one.is_stale else t["until"]).format(at=hour_said(hour.at)),
        "is_stale": one.is_stale,
        "levels": levels,
        "kind": kind_said(one, says),
        "sensor_grade": t["sensor_grade"].format(grade=site.grade) if site.grade else "",
        "attribution": one.attribution,
        **graded,
    }


def kind_said(one: Now, says: Speaker) -> str:
    site, t = one.site, says.t
    kind = str(t["origins"][site.origin])
    return f"{kind} ({t['networks'][site.network]})" if site.origin == "official" else kind


def _measured(code: str, one: Measured, part: int | None, says: Speaker) -> dict[str, str]:
    if one.usable is None:
        note = one.flag if one.flag and says.lang == "ko" else says.t["qualities"].get(one.quality, one.quality)
        return {"name": says.pollutant(code), "value": "–", "unit": "", "note": note}
    note = says.t["words"][grade_of(part)] if part is not None else ""
    if one.status == "confirmed":
        note = f"{note} {says.t['statuses']['confirmed']}".strip()
    return {"name": says.pollutant(code), "value": number_said(one.usable, one.unit), "unit": one.unit, "note": note}


def standing_rows(record: Record, says: Speaker) -> list[dict[str, str]]:
    """What stands now, the governor's before ours."""
    found = [one for one in record.episodes if one.ended_at is None and one.level is not None]
    found.sort(key=lambda one: one.kind != "official")
    rows = []
    for one in found:
        said = says.t["reached" if one.kind == "reached" else "official"]
        peak = with_unit(one.peak, UNITS.get(one.pollutant, ""))
        title = said.format(pollutant=says.pollutant(one.pollutant), level=says.level(one.now_level or one.level))
        body = says.t["since"].format(zone=_zone(one, says), at=hour_said(one.began_at), peak=peak)
        rows.append({"tone": one.kind, "title": title, "body": body})
    return rows


def _zone(one: Episode, says: Speaker) -> str:
    known = says.rules.zones.get(one.zone)
    named = getattr(known.name, says.lang) if known else one.zone
    return str(named or one.issuer_zone)


def episode_rows(record: Record, says: Speaker) -> dict[str, Any]:
    rows = []
    for one in record.episodes:
        unit = UNITS.get(one.pollutant, "")
        kind = says.t["kinds"][one.kind] + (f" · {one.issuer}" if one.issuer else "")
        ended = hour_said(one.ended_at) if one.ended_at else says.t["standing"]
        went = " → ".join(_change(change, one, unit, says) for change in one.changes)
        peak = with_unit(one.peak, unit)
        zone, level = _zone(one, says), says.level(one.level)
        rows.append([zone, says.pollutant(one.pollutant), kind, level, hour_said(one.began_at), ended, peak, went])
    return {"heads": says.t["episode_heads"], "rows": rows}


def _change(change: EpisodeChange, of: Episode, unit: str, says: Speaker) -> str:
    said = says.t["changes" if of.kind == "reached" else "official_changes"][change.kind]
    value = with_unit(change.value, unit)
    if change.first_value is not None and change.first_value != change.value:
        value = f"{with_unit(change.first_value, unit)} → {value}"
    told = said.format(at=hour_said(change.at), level=says.level(change.level), value=value)
    return says.t["withdrawn"].format(change=told) if change.withdrawn_at else str(told)


def matter_row(one: PublicMatter, says: Speaker) -> dict[str, Any]:
    title = one.title_en if says.lang == "en" else one.title_ko
    minutes = ""
    if one.first_action_at and one.verified_at:
        began = one.began_at
        minutes = says.t["minutes"].format(minutes=round((one.first_action_at - began) / timedelta(minutes=1)))
    value = f"{says.pollutant(one.pollutant)} {with_unit(one.peak or one.value, one.unit)}." if one.pollutant else ""
    said = says.t["matter_said"].format(value=value, minutes=minutes).strip()
    state = says.t["matter_states"][one.state]
    steps = sorted(_steps(one, says), key=lambda step: step[0])
    return {
        "title": title,
        "said": f"{state}. {said}",
        "steps": [{"iso": at.isoformat(), "at": moment_said(at), "what": what} for at, what in steps],
    }


def _steps(one: PublicMatter, says: Speaker) -> Iterator[tuple[datetime, str]]:
    t = says.t
    yield one.began_at, t["step_began"]
    told = t["step_opened"].format(companies=one.companies) if one.companies else t["step_opened_alone"]
    yield one.opened_at, told
    for answer in one.answers:
        yield answer.at, t["step_answered"].format(by=_by(answer, says))
    for action in one.actions:
        said = t["step_action" if action.kind == "action" else "step_statement"].format(by=_by(action, says))
        yield action.done_at, " ".join(part for part in (said, action.text or t["step_told"]) if part)
    if one.fell_at:
        yield one.fell_at, t["step_fell"]
    if one.verified_at and one.verified_by:
        yield one.verified_at, t["step_verified"][one.verified_by]
    if one.closed_at:
        yield one.closed_at, t["step_closed"]


def _by(one: PublicAnswer | PublicAction, says: Speaker) -> str:
    return says.company(one.company) or str(says.t["by"][one.by])


def smell_rows(counts: Sequence[SmellCount], says: Speaker) -> dict[str, Any]:
    rows = []
    for one in counts:
        begin = one.begin.astimezone(SEOUL)
        when = f"{begin:%m-%d %H:%M}–{one.end.astimezone(SEOUL):%H:%M}"
        if one.end - one.begin == DAY:
            when = says.t["whole_day"].format(day=f"{begin:%m-%d}")
        rows.append([when, one.area or says.t["some_areas"], says.t["people"].format(count=one.people)])
    return {"heads": says.t["smell_heads"], "rows": rows}


def correction_rows(found: Sequence[Correction], says: Speaker) -> dict[str, Any]:
    rows = []
    for one in found:
        stands = one.stands
        before = ", ".join(_version(other, says) for other in one.before) or "–"
        at, name = hour_said(stands.at), says.pollutant(stands.pollutant)
        rows.append([at, one.site.name, name, _version(stands, says), before, moment_said(stands.received_at)])
    return {"heads": says.t["correction_heads"], "rows": rows}


def _version(one: Version, says: Speaker) -> str:
    if one.quality != "OK":
        return str(says.t["qualities"].get(one.quality, one.quality))
    return f"{with_unit(one.value, one.unit)} ({says.t['statuses'][one.status]})"


def forecast_rows(found: Sequence[OfficialForecast], region: str, says: Speaker) -> dict[str, Any]:
    rows = []
    for one in found:
        near = {name: grade for name, grade in one.grades.items() if region and region in name} or one.grades
        graded = ", ".join(f"{name} {says.t['words'][grade]}" for name, grade in near.items() if 0 < grade < 5)
        day, issued = f"{one.day:%m-%d}", moment_said(one.issued_at)
        rows.append([day, says.pollutant(one.pollutant), graded or "–", issued, one.overall])
    return {"heads": says.t["forecast_heads"], "rows": rows}


def source_rows(record: Record, says: Speaker) -> dict[str, Any]:
    rows = [
        [
            one.attribution,
            one.licence or "–",
            says.t["source_states"][one.state],
            moment_said(one.last_ok_at) if one.last_ok_at else says.t["never"],
        ]
        for one in record.sources
    ]
    return {"heads": says.t["source_heads"], "rows": rows}
