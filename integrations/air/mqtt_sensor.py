"""The city's own sensors, by MQTT or HTTP: our JSON in the words of SensorThings (docs/air-push.md)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.contracts.air import Mark, Observation, Pulled, Terms
from core.errors import BadInput
from core.section import Section
from integrations.air import _device_json as told

OTHER_UNITS = {"H2S": "ppm", "NH3": "ppm", "TVOC": "ppb", "TSP": "µg/m³", "PM1": "µg/m³", "ODOR": "OU/m³"}


class Settings(Section):
    """`units`: of pollutants beside the six of the index. `most_values`: pollutants in one observation."""

    attribution: str = "시가 운영하는 간이측정기 (법정 측정망의 값이 아닙니다)"
    licence: str = "공공누리 제1유형"
    licence_url: str = "https://www.kogl.or.kr/info/license.do"
    units: dict[str, str] = OTHER_UNITS
    most_values: int = 20


class MqttSensor:
    """Implements `core.contracts.air.Pushing`."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self.terms = Terms(settings.attribution, settings.licence, settings.licence_url, freshness_s=900)

    def receive(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Pulled:
        device, period_s = told.whose(headers)
        found = told.read_object(body)
        if found.get("device", device) != device:
            raise BadInput("이 계정의 측정기가 아닙니다.", "This credential belongs to another device.")
        account = told.Account(self.name, self.terms.attribution)
        seq = told.sequence(found)
        for line, row in enumerate(told.rows_of(found, "observations"), 1):
            self._read(account, line, row, device, period_s, now)
        return Pulled(tuple(account.taken), account.report(), mark=Mark(cursor=seq))

    def _read(self, account: told.Account, line: int, row: Any, device: str, period_s: int, now: datetime) -> None:
        """One moment of the device: a value for each pollutant. A pollutant that cannot be read leaves the others."""
        account.rows += 1
        result = row.get("result") if isinstance(row, dict) else None
        if not isinstance(result, dict) or not 0 < len(result) <= self._settings.most_values:
            account.skip(line, device, "shape", "result")
            return
        when = _when(row.get("phenomenonTime"), row.get("period_s", period_s))
        if when is None:
            account.skip(line, device, "time", str(row.get("phenomenonTime", "")))
            return
        good, bad = [], []
        for pollutant, given in result.items():
            made = self._value(row, str(pollutant), given, device, when, now)
            if isinstance(made, Observation):
                good.append(made)
            else:
                bad.append((made, f"{pollutant}"))
        account.taken += good
        if not good:
            account.skip(line, device, *bad[0])
        else:
            account.doubts += [told.note(line, device, reason, detail) for reason, detail in bad]

    def _value(
        self,
        row: Mapping[str, Any],
        pollutant: str,
        given: object,
        device: str,
        when: tuple[datetime, int],
        now: datetime,
    ) -> Observation | str:
        """The observation, or why there is none."""
        unit = told.usual_unit(pollutant, self._settings.units)
        if not unit:
            return "item"
        value = told.number(given)
        if value is None and given is not None:
            return "value"
        if value is not None:
            value = told.in_unit(value, str(_of(row.get("unit"), pollutant) or ""), unit)
            if value is None:
                return "unit"
        word = _of(row.get("quality"), pollutant) or ("OK" if value is not None else "MISSING")
        quality = told.quality_of(word)
        if quality is None:
            return "quality"
        if value is None and quality == "OK":
            quality = "MISSING"
        if quality == "MISSING":
            value = None
        end, period_s = when
        flag = "" if quality in ("OK", "MISSING") else str(word)
        return Observation(
            self.name, device, pollutant, value, unit, end, now, quality, origin="sensor", flag=flag, period_s=period_s
        )


def _of(given: object, pollutant: str) -> object:
    """A word for all, or the one of this pollutant."""
    return given.get(pollutant) if isinstance(given, dict) else given


def _when(stamp: object, period: object) -> tuple[datetime, int] | None:
    """End and length in seconds: of an instant with a period, or of an interval `begin/end`."""
    if isinstance(stamp, str) and "/" in stamp:
        begin, end = (told.instant(one) for one in stamp.split("/", 1))
        if begin is None or end is None or not 1 <= (end - begin).total_seconds() <= 86_400:
            return None
        return end, int((end - begin).total_seconds())
    at = told.instant(stamp)
    if at is None or not isinstance(period, int | Decimal) or not 1 <= period <= 86_400 or period != int(period):
        return None
    return at, int(period)


def build(name: str, settings: Settings) -> MqttSensor:
    return MqttSensor(name, settings)
