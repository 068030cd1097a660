"""AirKorea on loopback for tests: an answer of recorded shape for each of its services, in words of our own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.clock import SEOUL
from tests.integrations.parking.portal import Asked, Said, as_json, page_of

NAMES = ("사우동", "당동", "월곶면")
ANNOUNCED = {
    "informCode": "PM10",
    "informData": "2026-03-01",
    "dataTime": "2026-03-01 11시 발표",
    "informGrade": "서울 : 나쁨,제주 : 좋음,경기남부 : 매우나쁨,경기북부 : 보통,인천 : 예보없음",
    "informOverall": "○ [미세먼지] 서울은 '나쁨'으로 예상됩니다.",
    "informCause": "○ 바깥에서 들어온 먼지의 영향입니다.",
}
DUST = {
    "sn": "71",
    "districtName": "경기",
    "moveName": "서부권",
    "itemCode": "PM10",
    "issueGbn": "주의보",
    "issueDate": "2026-03-01",
    "issueTime": "09:00",
    "issueVal": "167",
    "clearDate": None,
    "clearTime": None,
    "clearVal": None,
}
OZONE = {
    "dataDate": "2026-03-01",
    "districtName": "경기",
    "moveName": "중부권",
    "issueTime": "15",
    "issueVal": "0.124",
    "clearTime": "17",
    "clearVal": "0.117",
    "maxVal": "0.131",
    "issueLvl": "1",
}
Rows = Sequence[Mapping[str, object]]


def row(name: str, at: str, **values: object) -> dict[str, object]:
    """A row of `ver=1.5`; a value that is not given was not measured."""
    return {
        "stationName": name,
        "stationCode": f"c-{name}",
        "sidoName": "경기",
        "dataTime": at,
        "mangName": "도시대기",
    } | {f"{each}Value": values.get(each, "-") for each in ("so2", "co", "o3", "no2", "pm10", "pm25", "khai")}


def told(moment: datetime) -> str:
    """As AirKorea writes a moment: midnight is 24:00 of the old day."""
    local = moment.astimezone(SEOUL)
    if local.hour:
        return f"{local:%Y-%m-%d %H:00}"
    return f"{local - timedelta(days=1):%Y-%m-%d} 24:00"


def as_page(rows: Rows, asked: Asked) -> Said:
    body = {"items": list(page_of(rows, asked)), "totalCount": str(len(rows)), "pageNo": 1, "numOfRows": 10}
    return as_json({"response": {"body": body, "header": {"resultCode": "00", "resultMsg": "NORMAL_CODE"}}})


@dataclass
class Country:
    """`hours`: rows of the newest hour; `past`: those of one station by its name. `broken`: answers by operation."""

    hours: Rows = field(default_factory=lambda: [row(name, "2026-03-01 12:00", pm10="33") for name in NAMES])
    past: Callable[[str, str], Rows] = lambda name, term: []
    listed: Rows = field(default_factory=lambda: [{"stationName": n, "dmX": "37.6", "dmY": "126.7"} for n in NAMES])
    dust: Rows = (DUST,)
    ozone: Rows = (OZONE,)
    forecasts: Rows = (ANNOUNCED,)
    broken: dict[str, Said] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Said:
        operation = asked.parts[-1]
        if operation in self.broken:
            return self.broken[operation]
        if operation == "getMsrstnAcctoRltmMesureDnsty":
            return as_page(self.past(asked.query["stationName"], asked.query["dataTerm"]), asked)
        rows = {
            "getCtprvnRltmMesureDnsty": self.hours,
            "getMsrstnList": self.listed,
            "getUlfptcaAlarmInfo": self.dust,
            "getOzAdvsryOccrrncInfo": self.ozone,
            "getMinuDustFrcstDspth": self.forecasts,
        }
        return as_page(rows[operation], asked)
