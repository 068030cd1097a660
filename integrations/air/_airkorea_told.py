"""What AirKorea tells in words: alerts that governors issued, and the forecast of the day and the days after it."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from core.contracts.air import Level, OfficialAlert, OfficialForecast, Pollutant
from core.datagokr import cell
from integrations.air._values import moment, number

_LEVELS: Mapping[str, Level] = {
    "주의보": "advisory",
    "경보": "warning",
    "중대경보": "critical",
    "1": "advisory",
    "2": "warning",
    "3": "critical",
}
_ITEMS: Mapping[str, Pollutant] = {"PM10": "PM10", "PM25": "PM25", "PM2.5": "PM25", "O3": "O3"}
_GRADES: Mapping[str, int] = {"좋음": 1, "보통": 2, "나쁨": 3, "매우나쁨": 4}
_ISSUED = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\s*([0-9]{1,2})\s*시")


def dust_alert(row: Mapping[str, Any], source: str, received_at: datetime) -> OfficialAlert | None:
    """A row of the alerts of dust; None without pollutant, level or the moment of issue."""
    pollutant = _ITEMS.get(cell(row.get("itemCode")).upper())
    return _alert(row, pollutant, cell(row.get("issueGbn")), source, received_at)


def ozone_alert(row: Mapping[str, Any], source: str, received_at: datetime) -> OfficialAlert | None:
    """A row of the alerts of ozone: a day, hours without it, and a number for the level."""
    return _alert(row, "O3", cell(row.get("issueLvl")) or cell(row.get("issueGbn")), source, received_at)


def _alert(
    row: Mapping[str, Any], pollutant: Pollutant | None, word: str, source: str, received_at: datetime
) -> OfficialAlert | None:
    level = _LEVELS.get(word)
    issued = _at(row, "issue")
    if pollutant is None or level is None or issued is None:
        return None
    lifted = _at(row, "clear")
    if lifted is not None and lifted < issued:
        # Only the day of issue is told: an hour before it is of the day after. Anything else is a slip of the pen.
        lifted = lifted + timedelta(days=1) if not cell(row.get("clearDate")) else None
    region, zone = cell(row.get("districtName")), cell(row.get("moveName"))
    return OfficialAlert(
        source=source,
        uid=cell(row.get("sn")) or f"{region}:{zone}:{pollutant}:{level}:{issued:%Y%m%d%H%M}",
        region=region,
        zone=zone,
        pollutant=pollutant,
        level=level,
        issued_at=issued,
        lifted_at=lifted,
        received_at=received_at,
        issued_value=number(row.get("issueVal")),
        lifted_value=number(row.get("clearVal")),
    )


def _at(row: Mapping[str, Any], which: str) -> datetime | None:
    """`15:00`, `15`, `24:00` or a whole moment, of its own day or of `dataDate`."""
    time = cell(row.get(f"{which}Time"))
    day = cell(row.get(f"{which}Date")) or cell(row.get("dataDate"))
    if re.fullmatch(r"[0-9]{1,2}", time):
        time = f"{time.zfill(2)}:00"
    elif re.fullmatch(r"[0-9]:[0-9]{2}", time):
        time = f"0{time}"
    return moment(time) or moment(f"{day[:10]} {time}") if time else None


def forecast(row: Mapping[str, Any], source: str, received_at: datetime) -> OfficialForecast | None:
    """A row of the forecast (예보통보); None without pollutant, day, moment of issue or any grade."""
    pollutant = _ITEMS.get(cell(row.get("informCode")).upper())
    day, issued = _day(row.get("informData")), _issued(row.get("dataTime"))
    grades = grades_of(cell(row.get("informGrade")))
    if pollutant is None or day is None or issued is None or not grades:
        return None
    return OfficialForecast(
        source=source,
        uid=f"{pollutant}:{day}",
        pollutant=pollutant,
        day=day,
        issued_at=issued,
        received_at=received_at,
        grades=grades,
        overall=cell(row.get("informOverall")),
        cause=cell(row.get("informCause")),
    )


def grades_of(text: str) -> dict[str, int]:
    """`서울 : 나쁨,경기북부 : 보통` by region; words that are no grade (예보없음) leave their region out."""
    found: dict[str, int] = {}
    for part in text.split(","):
        region, _, word = part.partition(":")
        grade = _GRADES.get(word.replace(" ", ""))
        if region.strip() and grade is not None:
            found[region.strip()] = grade
    return found


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(cell(value)[:10])
    except ValueError:
        return None


def _issued(value: object) -> datetime | None:
    """`2026-11-23 11시 발표`; a plain moment too."""
    found = _ISSUED.search(cell(value))
    return moment(f"{found[1]} {found[2].zfill(2)}:00") if found else moment(cell(value))
