"""A round asks each cell once, for the newest hour that is ready."""

from datetime import UTC, datetime

import pytest

from core.contracts.air import Mark, SourceFailed
from integrations.air import kma
from tests.integrations.parking.portal import Asked, Said, as_json, serving

POINTS = (
    {"lat": 37.5665, "lon": 126.9780},
    {"lat": 37.5666, "lon": 126.9781},
    {"lat": 35.1798, "lon": 129.0750},
)


def _answer(asked: Asked) -> Said:
    place = {"nx": int(asked.query["nx"]), "ny": int(asked.query["ny"])}
    hour = {"baseDate": asked.query["base_date"], "baseTime": asked.query["base_time"]}
    items = [place | hour | {"category": name, "obsrValue": value} for name, value in (("WSD", "3.1"), ("VEC", "90"))]
    return as_json({"response": {"header": {"resultCode": "00"}, "body": {"items": {"item": items}}}})


def _settings(url: str) -> kma.Settings:
    return kma.Settings.model_validate({"key": "a%2Bb", "points": POINTS, "url": url})


@pytest.mark.parametrize(
    ("now", "asked_for", "at"),
    [
        (datetime(2026, 3, 1, 3, 45, tzinfo=UTC), ("20260301", "1200"), datetime(2026, 3, 1, 3, tzinfo=UTC)),
        (datetime(2026, 2, 28, 15, 39, tzinfo=UTC), ("20260228", "2300"), datetime(2026, 2, 28, 14, tzinfo=UTC)),
    ],
)
async def test_each_cell_is_asked_once_for_the_hour_that_is_ready(
    now: datetime, asked_for: tuple[str, str], at: datetime
) -> None:
    async with serving(_answer) as (portal, outside):
        pulled = await kma.build("kma", _settings(portal.url)).pull(outside, now, Mark(), wants_stations=False)
    assert [(one.query["nx"], one.query["ny"]) for one in portal.asked] == [("60", "127"), ("98", "76")]
    assert {(one.query["base_date"], one.query["base_time"]) for one in portal.asked} == {asked_for}
    assert [(wind.place, wind.at, wind.source) for wind in pulled.winds] == [
        ("60,127", at, "kma"),
        ("98,76", at, "kma"),
    ]
    assert (pulled.calls, pulled.report.accepted) == (2, 4)


async def test_a_refusal_is_named() -> None:
    refusal = as_json({"result": {"status": 403, "message": "활용신청이 필요한 API 입니다."}})
    async with serving(lambda _: Said(refusal.body, 403)) as (portal, outside):
        with pytest.raises(SourceFailed) as failed:
            source = kma.build("kma", _settings(portal.url))
            await source.pull(outside, datetime(2026, 3, 1, tzinfo=UTC), Mark(), wants_stations=False)
    assert failed.value.kind == "refused"
