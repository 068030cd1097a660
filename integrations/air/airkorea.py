"""한국환경공단 에어코리아 as it answers, in JSON, XML or the old list: hours in every `ver`, stations, alerts.

docs/sources/airkorea.md maps the fields.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from core.contracts.air import Observation, OfficialAlert, OfficialIndex, Pulled, ReadReport, RowNote, Station
from core.datagokr import cell, read_page
from integrations.air import _airkorea_rows as rows
from integrations.air._values import moment

ATTRIBUTION = "한국환경공단 에어코리아, 실시간(미확정) 자료"
REASONS_KO = {
    "not_a_row": "행이 아님",
    "no_station": "측정소를 알 수 없음",
    "no_time": "측정 시각을 읽을 수 없음",
    "same_hour": "같은 측정소의 같은 시각이 되풀이됨(처음 것을 남김)",
    "same_station": "같은 이름의 측정소가 되풀이됨(처음 것을 남김)",
    "no_alert": "항목, 단계, 발령 시각 가운데 없는 것이 있음",
}


def read_hours(
    body: bytes, received_at: datetime, *, status: int = 200, source: str = "airkorea", station: str = ""
) -> Pulled:
    """Measured hours. `station`: whose they are where the rows do not say (asked by station, `ver` below 1.5).

    `stations` are those that the rows name, without places: see `joined`. Raises core.datagokr.GatewayFailed; odd rows
    never raise.
    """
    page = read_page(body, status, operation="list")
    skipped = [RowNote(0, "", "not_a_row")] * page.odd
    hours: dict[tuple[str, datetime], tuple[list[Observation], OfficialIndex]] = {}
    stations: dict[str, Station] = {}
    for line, row in enumerate(page.items, 1):
        name = cell(row.get("stationName")) or station
        uid = cell(row.get("stationCode")) or name
        at = moment(row.get("dataTime"))
        if not uid or at is None or (uid, at) in hours:
            skipped.append(RowNote(line, uid, "no_station" if not uid else "no_time" if at is None else "same_hour"))
            continue
        stations.setdefault(uid, rows.measured_station(row, source, uid, name or uid))
        hours[uid, at] = (
            rows.observations(row, source, uid, at, received_at),
            rows.official_index(row, source, uid, at, received_at),
        )
    return Pulled(
        observations=tuple(one for found, _ in hours.values() for one in found),
        report=_report(source, len(page.items) + page.odd, len(hours), skipped),
        stations=tuple(stations.values()),
        indices=tuple(index for _, index in hours.values()),
    )


def read_stations(
    body: bytes, *, status: int = 200, source: str = "airkorea"
) -> tuple[tuple[Station, ...], ReadReport]:
    """The list of stations with their places; `uid` is the name, since the list has no codes. Raises GatewayFailed."""
    page = read_page(body, status)
    skipped = [RowNote(0, "", "not_a_row")] * page.odd
    found: dict[str, Station] = {}
    for line, row in enumerate(page.items, 1):
        station = rows.listed_station(row, source)
        if station is None or station.uid in found:
            skipped.append(RowNote(line, station.uid if station else "", "same_station" if station else "no_station"))
        else:
            found[station.uid] = station
    return tuple(found.values()), _report(source, len(page.items) + page.odd, len(found), skipped)


def read_alerts(
    body: bytes, received_at: datetime, *, status: int = 200, source: str = "airkorea"
) -> tuple[tuple[OfficialAlert, ...], ReadReport]:
    """Official dust alerts (대기오염경보 발령). Raises GatewayFailed."""
    page = read_page(body, status)
    skipped = [RowNote(0, "", "not_a_row")] * page.odd
    found = []
    for line, row in enumerate(page.items, 1):
        alert = rows.official_alert(row, source, received_at)
        if alert is None:
            skipped.append(RowNote(line, cell(row.get("sn")), "no_alert"))
        else:
            found.append(alert)
    return tuple(found), _report(source, len(page.items) + page.odd, len(found), skipped)


def joined(measured: Iterable[Station], listed: Sequence[Station]) -> tuple[Station, ...]:
    """Measured stations, which have codes, with the places of those listed under the same name; then the others."""
    by_name = {station.name: station for station in listed}
    made = []
    for station in measured:
        place = by_name.pop(station.name, None)
        if place is not None:
            network = station.network if station.network != "unknown" else place.network
            station = replace(place, uid=station.uid, network=network, region=station.region or place.region)
        made.append(station)
    return (*made, *by_name.values())


def _report(source: str, total: int, accepted: int, skipped: Sequence[RowNote]) -> ReadReport:
    used = {note.reason for note in skipped}
    reasons = {reason: text for reason, text in REASONS_KO.items() if reason in used}
    return ReadReport(source, ATTRIBUTION, total, accepted, skipped=tuple(skipped), reasons_ko=reasons)
