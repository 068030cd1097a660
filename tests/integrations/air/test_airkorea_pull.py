"""A round against a server on loopback: one call brings the hour, a failure is named and holds no key."""

from datetime import UTC, datetime

import pytest

from core.contracts.air import Mark, Pulled, SourceFailed
from core.http import Outside
from integrations.air import airkorea
from tests.integrations.parking.portal import KEY, Asked, Portal, Said, as_json, serving

NOW = datetime(2026, 3, 1, 3, 20, tzinfo=UTC)
NAMES = ("사우동", "당동", "월곶면")


def _row(name: str) -> dict[str, str]:
    return {"stationName": name, "stationCode": f"c-{name}", "dataTime": "2026-03-01 12:00", "pm10Value": "33"}


def _answer(asked: Asked) -> Said:
    first = (int(asked.query["pageNo"]) - 1) * int(asked.query["numOfRows"])
    names = NAMES[first : first + int(asked.query["numOfRows"])]
    rows = [_row(name) for name in names]
    if asked.parts[-1] == "getMsrstnList":
        rows = [{"stationName": name, "dmX": "37.6", "dmY": "126.7"} for name in names]
    body = {"items": rows, "totalCount": len(NAMES), "numOfRows": len(rows)}
    return as_json({"response": {"header": {"resultCode": "00"}, "body": body}})


async def _pulled(portal: Portal, outside: Outside, *, wants_stations: bool, rows: int = 1_000) -> Pulled:
    settings = airkorea.Settings(key="a%2Bb%2Fc%3D%3D", url=f"{portal.url}/B552584", rows=rows)
    mark = Mark(cursor="x")
    pulled = await airkorea.build("keco", settings).pull(outside, NOW, mark, wants_stations=wants_stations)
    assert pulled.mark == mark
    return pulled


async def test_one_call_brings_the_hour_of_the_country() -> None:
    async with serving(_answer) as (portal, outside):
        pulled = await _pulled(portal, outside, wants_stations=False)
    (asked,) = portal.asked
    assert asked.parts[-2:] == ("ArpltnInforInqireSvc", "getCtprvnRltmMesureDnsty")
    assert (asked.query["serviceKey"], asked.query["sidoName"], asked.query["ver"]) == (KEY, "전국", "1.5")
    assert [one.station_uid for one in pulled.observations] == ["c-사우동", "c-당동", "c-월곶면"]
    assert (pulled.observations[0].source, pulled.stations, pulled.calls) == ("keco", None, 1)


async def test_stations_that_are_wanted_come_with_their_places_and_codes() -> None:
    async with serving(_answer) as (portal, outside):
        pulled = await _pulled(portal, outside, wants_stations=True, rows=2)
    assert pulled.stations is not None
    assert [(one.uid, one.lat) for one in pulled.stations] == [(f"c-{name}", 37.6) for name in NAMES]
    assert (pulled.calls, len(pulled.observations)) == (4, 3)


@pytest.mark.parametrize(("code", "kind"), [("22", "quota"), ("30", "refused"), ("04", "retry"), ("10", "broken")])
async def test_a_refusal_is_named_and_holds_no_key(code: str, kind: str) -> None:
    def refuse(asked: Asked) -> Said:
        header = f"<cmmMsgHeader><returnReasonCode>{code}</returnReasonCode></cmmMsgHeader>"
        return Said(f"<OpenAPI_ServiceResponse>{header}</OpenAPI_ServiceResponse>".encode(), kind="text/xml")

    async with serving(refuse) as (portal, outside):
        with pytest.raises(SourceFailed) as failed:
            await _pulled(portal, outside, wants_stations=False)
    assert failed.value.kind == kind
    assert KEY not in str(failed.value)
