"""확정자료: AirKorea's checked hours as files of a quarter or a month, and files that others joined from them.

docs/sources/airkorea_confirmed.md maps the columns, which are found by name: 망 comes and goes.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from core.contracts.air import (
    NETWORKS_KO,
    POLLUTANTS,
    UNITS,
    Observation,
    Pollutant,
    Pulled,
    Quality,
    ReadReport,
    RowNote,
    Station,
)
from core.datagokr import cell, decoded_text
from core.errors import BadInput, Unavailable
from core.section import Section
from integrations.air._values import moment, number

ATTRIBUTION = "한국환경공단 에어코리아, 확정자료"
REASONS_KO = {
    "wrong_columns": "칸의 수가 제목 줄과 다름",
    "no_station": "측정소코드와 측정소명이 모두 없음",
    "no_time": "측정일시를 읽을 수 없음",
    "odd_value": "숫자가 아니거나 음수인 값이 있음(없는 값으로 둠)",
}
_COLUMNS: Mapping[Pollutant, tuple[str, ...]] = {
    **{one: (one,) for one in POLLUTANTS},
    "PM25": ("PM25", "PM2.5"),
}


class Settings(Section):
    """`missing_values`: numbers that a joined file writes for nothing. `zero_is_missing`: pollutants whose 0 is one of
    them (a file of Seoul writes so for dust): official files leave blanks, and there 0 is a value.
    """

    missing_values: tuple[Decimal, ...] = (Decimal(-1), Decimal(-999))
    zero_is_missing: tuple[Pollutant, ...] = ()


class Confirmed:
    """An AirReader."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings

    def read(self, path: Path, received_at: datetime) -> Pulled:
        """A whole file. Raises BadInput when it is no such table; for years of the country use `lines`."""
        observations: list[Observation] = []
        stations: dict[str, Station] = {}
        skipped, doubts = [], []
        accepted = 0
        for found in self.lines(path, received_at):
            if isinstance(found, RowNote):
                skipped.append(found)
                continue
            station, values, doubt = found
            stations[station.uid] = station  # the newest name and address stay
            observations += values
            doubts += doubt
            accepted += 1
        used = {note.reason for note in (*skipped, *doubts)}
        report = ReadReport(
            source=self.name,
            attribution=ATTRIBUTION,
            rows=accepted + len(skipped),
            accepted=accepted,
            skipped=tuple(skipped),
            doubts=tuple(doubts),
            reasons_ko={reason: text for reason, text in REASONS_KO.items() if reason in used},
        )
        return Pulled(tuple(observations), report, tuple(stations.values()))

    def lines(
        self, path: Path, received_at: datetime
    ) -> Iterator[tuple[Station, list[Observation], list[RowNote]] | RowNote]:
        """Line by line: the station with its values and the doubts on them, or why the line is left out."""
        try:
            text = decoded_text(path.read_bytes())
        except Unavailable as error:
            raise _no_table(path) from error
        lines = csv.reader(io.StringIO(text, newline=""))
        header = [one.strip() for one in next(lines, [])]
        if not {"측정일시", "측정소명"} <= set(header) or not any(_column(one, header) for one in POLLUTANTS):
            raise _no_table(path)
        for line, cells in enumerate(lines, 2):
            if not any(one.strip() for one in cells):
                continue
            if len(cells) != len(header):
                yield RowNote(line, cells[0].strip()[:80], "wrong_columns", str(len(cells)))
                continue
            yield self._line(line, dict(zip(header, cells, strict=True)), received_at)

    def _line(
        self, line: int, row: Mapping[str, str], received_at: datetime
    ) -> tuple[Station, list[Observation], list[RowNote]] | RowNote:
        name = cell(row["측정소명"])
        uid = cell(row.get("측정소코드")) or name
        at = moment(row["측정일시"])
        if not uid or at is None:
            return RowNote(line, uid, "no_station" if not uid else "no_time", cell(row["측정일시"])[:40])
        network = NETWORKS_KO.get(cell(row.get("망")), "unknown")
        station = Station(self.name, uid, name or uid, network, cell(row.get("지역")), cell(row.get("주소")))
        values, doubts = [], []
        for pollutant in POLLUTANTS:
            column = _column(pollutant, tuple(row))
            if not column:
                continue
            value, is_odd = self._value(pollutant, row[column])
            if is_odd:
                doubts.append(RowNote(line, uid, "odd_value", f"{column}={cell(row[column])[:40]}"))
            values.append(self._observation(uid, pollutant, value, at, received_at))
        return station, values, doubts

    def _observation(
        self, uid: str, pollutant: Pollutant, value: Decimal | None, at: datetime, received_at: datetime
    ) -> Observation:
        quality: Quality = "MISSING" if value is None else "OK"
        unit = UNITS[pollutant]
        return Observation(self.name, uid, pollutant, value, unit, at, received_at, quality, "confirmed")

    def _value(self, pollutant: Pollutant, text: str) -> tuple[Decimal | None, bool]:
        """The value, and whether what stands there is neither a value nor a known way to leave it out."""
        value = number(text)
        if value is None:
            return None, cell(text) not in ("", "-")
        if value in self._settings.missing_values or (value == 0 and pollutant in self._settings.zero_is_missing):
            return None, False
        return (None, True) if value < 0 else (value, False)


def build(name: str, settings: Settings) -> Confirmed:
    return Confirmed(name, settings)


def _column(pollutant: Pollutant, header: Sequence[str]) -> str:
    return next((one for one in _COLUMNS[pollutant] if one in header), "")


def _no_table(path: Path) -> BadInput:
    return BadInput(
        f"{path.name}: 대기 확정자료가 아닙니다(측정소명, 측정일시와 항목 열이 있어야 합니다).",
        f"{path.name}: not a table of confirmed air data",
    )
