"""A round asks each cell once for the newest hour that is ready, then for what was missed while it can be asked."""

from datetime import UTC, datetime, timedelta

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


def _settings(url: str, **more: object) -> kma.Settings:
    wanted = {"key": "a%2Bb", "points": POINTS, "url": url, "catch_up_hours": 0}
    return kma.Settings.model_validate(wanted | more)


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


NOW = datetime(2026, 3, 1, 3, 45, tzinfo=UTC)
NEWEST = NOW.replace(minute=0)
HOUR = timedelta(hours=1)
NO_DATA = as_json({"response": {"header": {"resultCode": "03", "resultMsg": "NO_DATA"}}})
OLD = as_json({"response": {"header": {"resultCode": "10", "resultMsg": "최근 1일 간의 자료만 제공합니다."}}})


def _hour_of(asked: Asked) -> datetime:
    local = datetime.strptime(asked.query["base_date"] + asked.query["base_time"] + "+0900", "%Y%m%d%H%M%z")
    return local.astimezone(UTC)


async def test_hours_that_were_missed_are_asked_for_while_they_can_be() -> None:
    def answer(asked: Asked) -> Said:
        return OLD if _hour_of(asked) <= NEWEST - 4 * HOUR else _answer(asked)

    async with serving(answer) as (portal, outside):
        source = kma.build("kma", _settings(portal.url, catch_up_hours=5, most_calls=8))
        first = await source.pull(outside, NOW, Mark(), wants_stations=False)
        assert [_hour_of(one) for one in portal.asked[:3]] == [NEWEST, NEWEST, NEWEST - HOUR], "the newest first"
        assert (first.calls, len(first.winds), first.next_at) == (8, 8, NOW + timedelta(minutes=1))
        second = await source.pull(outside, NOW, first.mark, wants_stations=False)
        assert (second.calls, len(second.winds), second.failure) == (4, 0, None), "too old is no failure"
        assert second.next_at == NEWEST + HOUR + timedelta(minutes=40)
        third = await source.pull(outside, NOW + HOUR, second.mark, wants_stations=False)
    assert {wind.at for wind in third.winds} == {NEWEST + HOUR}
    assert third.calls == 2


async def test_an_hour_that_is_not_there_yet_is_asked_for_again() -> None:
    async with serving(lambda _: NO_DATA) as (portal, outside):
        source = kma.build("kma", _settings(portal.url))
        pulled = await source.pull(outside, NOW, Mark(), wants_stations=False)
        assert (pulled.winds, pulled.failure, pulled.next_at) == ((), None, NOW + timedelta(minutes=10))
        await source.pull(outside, NOW, pulled.mark, wants_stations=False)
    assert len(portal.asked) == 4


async def test_a_cell_that_fails_keeps_no_other_back() -> None:
    def answer(asked: Asked) -> Said:
        return Said(b"<html>") if asked.query["nx"] == "60" else _answer(asked)

    async with serving(answer) as (portal, outside):
        source = kma.build("kma", _settings(portal.url))
        pulled = await source.pull(outside, NOW, Mark(cursor="?"), wants_stations=False)
        assert [wind.place for wind in pulled.winds] == ["98,76"]
        assert pulled.failure is not None
        assert (pulled.failure.kind, pulled.next_at) == ("broken", NOW + timedelta(minutes=10))
        portal.asked.clear()
        with pytest.raises(SourceFailed):
            await source.pull(outside, NOW, pulled.mark, wants_stations=False)
    assert [one.query["nx"] for one in portal.asked] == ["60"], "what came is not asked for again"
