"""A round against a server on loopback: each service is asked in its time, and one that fails keeps nothing back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from core.contracts.air import Mark, Pulled, SourceFailed
from core.http import Outside
from integrations.air import _airkorea_told, airkorea
from tests.civic.air.recorded import paths
from tests.integrations.air.country import ANNOUNCED, NAMES, OZONE, Country, row
from tests.integrations.parking.portal import FAILURES, KEY, Asked, Portal, Said, failure_xml, serving

NOW = datetime(2026, 3, 1, 3, 20, tzinfo=UTC)
HOURS, STATIONS, DUST, OZONES, FORECASTS = (
    "getCtprvnRltmMesureDnsty",
    "getMsrstnList",
    "getUlfptcaAlarmInfo",
    "getOzAdvsryOccrrncInfo",
    "getMinuDustFrcstDspth",
)


def _source(portal: Portal, **more: object) -> airkorea.AirKorea:
    settings = {"key": "a%2Bb%2Fc%3D%3D", "url": f"{portal.url}/B552584", **more}
    return airkorea.build("keco", airkorea.Settings.model_validate(settings))


async def _pulled(
    portal: Portal,
    outside: Outside,
    *,
    wants_stations: bool = False,
    now: datetime = NOW,
    mark: Mark | None = None,
    **more: object,
) -> Pulled:
    source = _source(portal, **more)
    return await source.pull(outside, now, mark or Mark(), wants_stations=wants_stations)


def _operations(portal: Portal) -> list[str]:
    return [one.parts[-1] for one in portal.asked]


async def test_one_call_brings_the_hour_of_the_country() -> None:
    async with serving(Country()) as (portal, outside):
        pulled = await _pulled(portal, outside, alerts=False, ozone=False, forecasts=False)
    (asked,) = portal.asked
    assert asked.parts[-2:] == ("ArpltnInforInqireSvc", HOURS)
    assert (asked.query["serviceKey"], asked.query["sidoName"], asked.query["ver"]) == (KEY, "전국", "1.5")
    assert [one.station_uid for one in pulled.observations if one.pollutant == "PM10"] == [f"c-{n}" for n in NAMES]
    assert (pulled.observations[0].source, pulled.stations, pulled.calls) == ("keco", None, 1)


async def test_stations_that_are_wanted_come_with_their_places_and_codes() -> None:
    async with serving(Country()) as (portal, outside):
        pulled = await _pulled(portal, outside, wants_stations=True, rows=2, alerts=False, ozone=False, forecasts=False)
    assert pulled.stations is not None
    assert [(one.uid, one.lat) for one in pulled.stations] == [(f"c-{name}", 37.6) for name in NAMES]
    assert (pulled.calls, len(pulled.observations)) == (4, 18)


async def test_alerts_and_forecasts_come_with_the_hour() -> None:
    later = ANNOUNCED | {
        "dataTime": "2026-03-01 17시 발표",
        "informGrade": "서울 : 보통",
        "informOverall": "○ 나아집니다.",
    }
    country = Country(forecasts=(later, ANNOUNCED, ANNOUNCED | {"informData": "2026-03-02", "informCode": "O3"}, {}))
    async with serving(country) as (portal, outside):
        pulled = await _pulled(portal, outside)
    assert _operations(portal) == [HOURS, DUST, OZONES, FORECASTS]
    assert portal.asked[1].query["year"] == "2026"
    assert portal.asked[3].query["searchDate"] == "2026-03-01"
    dust, ozone = pulled.alerts
    assert (dust.uid, dust.pollutant, dust.level, dust.zone, dust.lifted_at) == (
        "71",
        "PM10",
        "advisory",
        "서부권",
        None,
    )
    assert dust.issued_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert (ozone.pollutant, ozone.level, ozone.issued_value) == ("O3", "advisory", Decimal("0.124"))
    assert (ozone.issued_at.hour, ozone.lifted_at) == (6, datetime(2026, 3, 1, 8, tzinfo=UTC))
    today, tomorrow = sorted(pulled.forecasts, key=lambda one: one.day)
    assert (today.pollutant, today.grades, today.issued_at.hour) == ("PM10", {"서울": 2}, 8), "the newest word stands"
    assert (tomorrow.pollutant, tomorrow.day) == ("O3", date(2026, 3, 2))
    assert tomorrow.grades == {"서울": 3, "제주": 1, "경기남부": 4, "경기북부": 2}, "예보없음 is no grade"
    assert pulled.report.reasons_ko["no_forecast"].startswith("항목, 날짜")
    assert pulled.failure is None


@pytest.mark.parametrize(
    ("clear", "lifted"),
    [
        ({"clearTime": "1"}, datetime(2026, 3, 1, 16, tzinfo=UTC)),
        ({"clearTime": "24:00"}, datetime(2026, 3, 1, 15, tzinfo=UTC)),
        ({"clearTime": ""}, None),
        ({"clearDate": "2026-02-28", "clearTime": "09:00"}, None),
    ],
)
def test_an_alert_is_never_lifted_before_it_was_issued(clear: dict[str, str], lifted: datetime | None) -> None:
    alert = _airkorea_told.ozone_alert(OZONE | clear, "keco", NOW)
    assert alert is not None
    assert alert.lifted_at == lifted


async def test_in_the_first_days_of_a_year_the_last_one_is_asked_for_too() -> None:
    async with serving(Country()) as (portal, outside):
        await _pulled(portal, outside, now=datetime(2027, 1, 1, 3, 20, tzinfo=UTC), ozone=False, forecasts=False)
    assert [one.query["year"] for one in portal.asked if one.parts[-1] == DUST] == ["2026", "2027"]


async def test_an_hour_is_asked_for_until_it_is_there_and_once_more_at_the_end() -> None:
    country = Country(hours=[row(name, "2026-03-01 11:00", pm10="31") for name in NAMES])
    asked, mark = [], Mark()
    async with serving(country) as (portal, outside):
        for minute in (15, 25, 40, 55, 75):
            now = NOW.replace(minute=0) + timedelta(minutes=minute)
            if minute == 25:  # two of three are there
                country.hours = [*(row(name, "2026-03-01 12:00", pm10="33") for name in NAMES[:2]), country.hours[2]]
            portal.asked.clear()
            pulled = await _pulled(portal, outside, now=now, mark=mark, alerts=False, ozone=False)
            mark = pulled.mark
            asked.append((_operations(portal), pulled.next_at))
    hour = NOW.replace(minute=0)
    assert asked == [
        ([HOURS, FORECASTS], hour + timedelta(minutes=25)),
        ([HOURS], hour + timedelta(minutes=40)),
        ([], hour + timedelta(minutes=55)),
        ([HOURS], hour + timedelta(minutes=75)),
        ([HOURS, FORECASTS], hour + timedelta(minutes=85)),
    ]


async def test_a_mark_that_nobody_can_read_is_none() -> None:
    async with serving(Country()) as (portal, outside):
        for cursor in ("?", "[]", '{"hour": "gestern"}', '{"hour": 7}'):
            pulled = await _pulled(portal, outside, mark=Mark(cursor=cursor))
            assert pulled.observations


async def test_a_service_that_fails_keeps_no_other_answer_back() -> None:
    country = Country(broken={DUST: failure_xml("30", "SERVICE_KEY_IS_NOT_REGISTERED_ERROR")})
    async with serving(country) as (portal, outside):
        pulled = await _pulled(portal, outside)
    assert (len(pulled.observations), len(pulled.alerts), len(pulled.forecasts), pulled.calls) == (18, 1, 1, 4)
    assert isinstance(pulled.failure, SourceFailed)
    assert pulled.failure.kind == "refused"
    assert pulled.failure.reason_ko.startswith("미세먼지 경보: ")


async def test_hours_that_fail_are_asked_for_again_and_keep_no_alert_back() -> None:
    country = Country(broken={HOURS: Said(b"", 503)})
    async with serving(country) as (portal, outside):
        pulled = await _pulled(portal, outside, wants_stations=True)
        assert (pulled.observations, len(pulled.alerts), len(pulled.forecasts)) == ((), 2, 1)
        assert pulled.stations is not None, "the list is there by names"
        assert pulled.failure is not None
        assert (pulled.failure.kind, "측정값" in pulled.failure.reason_ko) == ("retry", True)
        country.broken.clear()
        portal.asked.clear()
        await _pulled(portal, outside, mark=pulled.mark)
    assert HOURS in _operations(portal)


@pytest.mark.parametrize(
    ("answer", "kind"), [(said, kind) for _, said, kind in FAILURES], ids=[n for n, *_ in FAILURES]
)
async def test_a_refusal_of_all_is_named_and_holds_no_key(answer: Said, kind: str) -> None:
    def refuse(asked: Asked) -> Said:
        return answer

    async with serving(refuse) as (portal, outside):
        with pytest.raises(SourceFailed) as failed:
            await _pulled(portal, outside, alerts=False, ozone=False, forecasts=False)
    assert failed.value.kind == kind
    assert KEY not in str(failed.value)
    assert failed.value.calls == 1


@pytest.mark.parametrize(("days", "term"), [(0.5, "DAILY"), (2, "MONTH"), (40, "3MONTH"), (400, "3MONTH")])
async def test_past_hours_of_a_station_are_asked_for_by_its_name(days: float, term: str) -> None:
    def past(name: str, asked_term: str) -> list[dict[str, object]]:
        made = [row(name, "2026-02-28 24:00", pm10="30", no2="0.0123"), row(name, "2026-03-01 01:00")]
        return [{key: value for key, value in one.items() if key != "stationCode"} for one in made]

    async with serving(Country(past=past)) as (portal, outside):
        source = _source(portal)
        pulled = await source.past(outside, NOW, "사우동", "131999", NOW - timedelta(days=days))
    (asked,) = portal.asked
    assert (asked.query["stationName"], asked.query["dataTerm"], asked.query["ver"]) == ("사우동", term, "1.5")
    assert {one.station_uid for one in pulled.observations} == {"131999"}
    assert [one.value for one in pulled.observations if one.pollutant == "PM10"] == [30, None]
    assert pulled.observations[0].phenomenon_end == datetime(2026, 2, 28, 15, tzinfo=UTC)


def test_calls_for_gaps_leave_some_for_the_newest_hour() -> None:
    with pytest.raises(ValueError, match="daily_calls"):
        airkorea.Settings(key="k", daily_calls=100, gap_calls=100)


async def test_recorded_answers_come_through_a_round_whole() -> None:
    for path in paths("airkorea_api_seoul_2022-05-09T10.json"):

        def recorded(asked: Asked, body: bytes = path.read_bytes()) -> Said:
            return Said(body)

        async with serving(recorded) as (portal, outside):
            pulled = await _pulled(portal, outside, rows=100, alerts=False, ozone=False, forecasts=False)
        assert (len(pulled.observations), len(pulled.indices), pulled.report.skipped) == (240, 40, ())
        assert sum(index.value is None for index in pulled.indices) == 2
        assert pulled.calls == 1
