"""대기질 알림, by the clock: who hears of a change, once, in which words, and who is left to sleep."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.air import watching
from civic.air.telling import filling
from civic.air.telling.tables import air_tellings, air_told
from civic.air.telling.wishes import AirWish
from civic.conversations.tables import outbound
from core.contracts.air import OfficialAlert, OfficialForecast, Pulled
from core.db import Database
from tests.bot.air.crowd import Crowd, here, one_by_one
from tests.civic.air.watch.sky import HOUR, at, curve, report_of

NOON = at("2026-03-02 11")


def dust(*values: float, first: str = "2026-03-02 12") -> Any:
    return curve("섬", "PM10", first, values)


async def _hours(crowd: Crowd, rows: Any) -> None:
    for told in one_by_one(rows).values():
        await crowd.hour(told)


async def test_each_change_is_told_once_with_all_that_a_citizen_needs(database: Database) -> None:
    crowd = Crowd(database, ("섬",), NOON)
    thread = await crowd.person()
    await _hours(crowd, dust(160, 172.4, 320, 330, 120, 90))
    told = await crowd.told(thread)
    assert [one.body["text"].split("\n")[0] for one in told] == [
        "[대기질] 가람시 미세먼지 주의보 기준 도달",
        "[대기질] 가람시 미세먼지 경보 기준 도달",
        "[대기질] 가람시 미세먼지 경보 기준 아래로 (지금은 주의보 기준)",
        "[대기질] 가람시 미세먼지 주의보 기준에서 벗어났습니다",
    ]
    text = told[0].body["text"]
    assert (
        "3월 2일 13시, 도시대기 측정소 1시간 평균 172㎍/㎥ (등급표로 매우나쁨). 기준은 150㎍/㎥ 이상 2시간입니다."
        in text
    )
    assert "· 모든 분:" in text and "· 어린이·어르신·임신부" in text
    assert "발령은 시·도지사가 따로 합니다" in text, "ours is never an alert that was issued"
    assert "알린 곳: 가람시 · 자료: 연습용 자료" in text and "‘대기질 알림 그만’" in text
    assert [button["payload"] for button in told[0].body["buttons"]] == ["do:unsubscribe:air"]
    assert {one.purpose for one in told} == {"alert"}
    for _ in range(3):
        await crowd.process.go()
    assert len(await crowd.told(thread)) == 4, "never repeated"


async def test_words_come_in_his_language_and_only_where_the_city_can_speak_first(database: Database) -> None:
    crowd = Crowd(database, ("섬",), NOON)
    english, asked = await crowd.person(lang="en"), await crowd.person(channel="skill")
    await _hours(crowd, dust(160, 160))
    assert await crowd.heads(english) == ["[Air] 가람시: PM10 advisory criterion reached".replace("가람시", "Garam")]
    assert await crowd.told(asked) == []


async def test_place_pollutant_and_level_decide_who_hears(database: Database) -> None:
    crowd = Crowd(database, ("섬",), NOON)
    fine = await crowd.person(AirWish(pollutants=("PM25",)))
    high = await crowd.person(AirWish(line=4))
    elsewhere = await crowd.person(AirWish(area="딴 곳", zone="there"))
    both = await crowd.person(AirWish(area="가람동", zone="here"), AirWish(area="", pollutants=("PM10",)))
    await _hours(crowd, dust(160, 160))
    assert [len(await crowd.told(one)) for one in (fine, high, elsewhere, both)] == [0, 0, 0, 1]
    await _hours(crowd, dust(310, 310, first="2026-03-02 14"))
    assert [len(await crowd.told(one)) for one in (fine, high, elsewhere, both)] == [0, 1, 0, 2]


async def test_a_lower_line_hears_of_grades_and_the_rest_do_not(database: Database) -> None:
    crowd = Crowd(database, ("섬",), NOON)
    sensitive, rest = await crowd.person(AirWish(line=1, sensitive=True)), await crowd.person()
    await crowd.hour(dust(*[60] * 13, first="2026-03-02 00"))
    await _hours(crowd, dust(*[145] * 4, first="2026-03-02 13"))
    [message] = await crowd.told(sensitive)
    assert message.body["text"].startswith("[대기질] 가람시 미세먼지 ‘나쁨’이 되었습니다")
    assert "통합대기환경지수의 미세먼지 지수" in message.body["text"]
    assert await crowd.told(rest) == []


async def test_who_refused_messages_or_ended_them_hears_nothing(database: Database) -> None:
    crowd = Crowd(database, ("섬",), NOON)
    stopped, ended = await crowd.person(), await crowd.person()
    await crowd.stops(stopped)
    async with database.transaction() as tx:
        await crowd.wishes.keep(tx, ended, (), crowd.clock.now())
    await _hours(crowd, dust(160, 160))
    assert (await crowd.told(stopped), await crowd.told(ended)) == ([], [])


async def test_a_fall_goes_to_those_who_heard_of_the_rise_and_to_later_subscribers(database: Database) -> None:
    crowd = Crowd(database, ("섬",), NOON, telling={"a_day": 1})
    first = await crowd.person()
    other = await crowd.person()
    await _hours(crowd, [*dust(160, 160), *curve("섬", "O3", "2026-03-02 12", ["0.05", "0.05"])])
    await _hours(crowd, curve("섬", "O3", "2026-03-02 14", ["0.13"]) + dust(160, first="2026-03-02 14"))
    later = await crowd.person()
    await _hours(crowd, curve("섬", "O3", "2026-03-02 15", ["0.05"]) + dust(90, first="2026-03-02 15"))
    heads = ["[대기질] 가람시 미세먼지 주의보 기준 도달", "[대기질] 가람시 미세먼지 주의보 기준에서 벗어났습니다"]
    assert await crowd.heads(first) + await crowd.heads(first, status="cancelled") == heads[1:] + heads[:1]
    assert len(await crowd.told(other)) == 2, "ozone was the second of the day: not told, and so is its end"
    assert sorted(await crowd.heads(later)) == sorted([heads[1], "[대기질] 가람시 오존 주의보 기준에서 벗어났습니다"])


async def test_a_warning_is_told_however_many_came_before(database: Database) -> None:
    crowd = Crowd(database, ("섬",), NOON, telling={"a_day": 1})
    thread = await crowd.person()
    await _hours(crowd, dust(160, 160, 90, 160, 160, 310, 310))
    heads = [one.body["text"].split("\n")[0] for one in await crowd.told(thread)]
    assert heads == [
        "[대기질] 가람시 미세먼지 주의보 기준 도달",
        "[대기질] 가람시 미세먼지 주의보 기준에서 벗어났습니다",
        "[대기질] 가람시 미세먼지 경보 기준 도달",
    ], "the second advisory of the day is one too many, the warning is not"


async def test_a_rise_that_has_not_left_is_replaced_by_its_fall(database: Database) -> None:
    """At night both wait for the morning: nobody reads of a warning that is over."""
    crowd = Crowd(database, ("섬",), at("2026-03-02 22"))
    thread = await crowd.person()
    await _hours(crowd, dust(310, 310, 90, first="2026-03-02 23"))
    told = await crowd.told(thread)
    assert [(one.status, one.cause) for one in told] == [("cancelled", "superseded"), ("queued", None)]
    assert here(told[1].next_attempt_at) == "03-03 08:00"
    assert told[1].body["text"].startswith("[대기질] 가람시 미세먼지 경보 기준에서 벗어났습니다")


@pytest.mark.parametrize(
    ("levels", "wants", "values", "when"),
    [
        (["warning"], True, (310, 310), "03-03 00:15"),
        (["warning"], False, (310, 310), "03-03 08:00"),
        ([], True, (310, 310), "03-03 08:00"),
        (["warning"], True, (160, 160), "03-03 08:00"),
    ],
)
async def test_the_night_is_broken_only_by_setting_and_by_choice(
    database: Database, levels: list[str], wants: bool, values: tuple[int, ...], when: str
) -> None:
    crowd = Crowd(database, ("섬",), at("2026-03-02 22"), telling={"night_levels": levels})
    thread = await crowd.person(AirWish(nights=wants))
    await _hours(crowd, dust(*values, first="2026-03-02 23"))
    [message] = await crowd.told(thread)
    assert here(message.next_attempt_at) == when


@pytest.mark.parametrize(
    ("hours", "when"),
    [
        ((7 * 60, 22 * 60), "03-02 13:15"),
        ((18 * 60, 20 * 60), "03-02 18:00"),
        ((9 * 60, 12 * 60), "03-03 09:00"),
        ((19 * 60, 9 * 60), "03-02 19:00"),
        ((22 * 60, 6 * 60), None),
    ],
)
async def test_it_comes_within_the_hours_that_he_chose(
    database: Database, hours: tuple[int, int], when: str | None
) -> None:
    crowd = Crowd(database, ("섬",), NOON)
    thread = await crowd.person(AirWish(hours=hours))
    await _hours(crowd, dust(160, 160))
    told = await crowd.told(thread)
    assert [here(one.next_attempt_at) for one in told] == ([when] if when else []), (
        "hours of the night alone never come"
    )


async def test_a_message_that_could_not_leave_in_time_is_not_sent(database: Database) -> None:
    crowd = Crowd(database, ("섬",), NOON, telling={"valid_minutes": 90})
    thread = await crowd.person()
    await _hours(crowd, dust(160, 160))
    [message] = await crowd.told(thread)
    assert message.valid_until - message.next_attempt_at == timedelta(minutes=90)


async def test_a_crash_in_the_middle_goes_on_where_it_was_and_tells_nobody_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = Crowd(database, ("섬",), NOON, telling={"chunk": 4})
    threads = [await crowd.person() for _ in range(11)]
    await _hours(crowd, dust(160))
    real, calls = filling.fill, 0

    async def dies(*given: Any) -> Any:
        nonlocal calls
        calls += 1
        filled = await real(*given)
        if calls == 2:
            raise RuntimeError("killed before the commit of the second chunk")
        return filled

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(watching, "fill", dies)
        await crowd.hour(dust(160, first="2026-03-02 13"))
    assert sum([len(await crowd.told(one)) for one in threads]) == 4
    await crowd.process.tell()
    assert [len(await crowd.told(one)) for one in threads] == [1] * 11
    async with database.transaction() as tx:
        [row] = (await tx.execute(select(air_tellings).where(air_tellings.c.city_id == crowd.sky.city_id))).all()
    assert (row.status, row.looked, row.queued) == ("filled", 11, 11)


async def test_the_words_lie_in_the_outbox_as_they_are_and_hold_nobody(database: Database) -> None:
    crowd = Crowd(database, ("섬",), NOON)
    threads = [await crowd.person() for _ in range(2)]
    await _hours(crowd, dust(160, 160))
    async with database.transaction() as tx:
        mine = select(func.count(func.distinct(outbound.c.body))).where(outbound.c.conversation_id.in_(threads))
        assert await tx.scalar(mine) == 1
        assert await tx.scalar(
            select(func.count()).select_from(air_told).where(air_told.c.conversation_id.in_(threads))
        )


async def test_an_official_alert_is_passed_on_in_the_issuers_name_once(database: Database) -> None:
    crowd = Crowd(database, ("섬",), NOON)
    thread = await crowd.person()
    issued = at("2026-03-02 12")
    alert = OfficialAlert("test", "7", "가람도", "가람권역", "PM10", "advisory", issued, None, received_at=issued)
    other = replace(alert, uid="8", zone="먼 권역")
    crowd.clock.move(issued + timedelta(minutes=10) - crowd.clock.now())
    await crowd.sky.alert(alert)
    await crowd.sky.alert(other)
    await crowd.process.go()
    await crowd.process.go()
    [message] = await crowd.told(thread)
    assert message.body["text"].startswith("[가람도 발령] 가람권역 미세먼지 주의보\n3월 2일 12시 가람도가 가람권역에")
    lifted = replace(alert, lifted_at=issued + HOUR, received_at=issued + HOUR)
    crowd.clock.move(HOUR)
    await crowd.sky.alert(lifted)
    await crowd.process.go()
    assert (await crowd.heads(thread))[-1] == "[가람도 해제] 가람권역 미세먼지 주의보"


async def test_the_eve_of_a_bad_day_is_told_to_those_who_asked(database: Database) -> None:
    zones = {"here": {"name": {"ko": "가람시", "en": "Garam"}, "stations": ["섬"], "forecast_region": "가람북부"}}
    crowd = Crowd(database, ("섬",), at("2026-03-02 17"), zones=zones)
    asked, other = await crowd.person(AirWish(evenings=True)), await crowd.person()
    word = OfficialForecast("test", "f1", "PM25", date(2026, 3, 3), NOON, NOON, {"가람북부": 3, "가람남부": 1}, "", "")
    await crowd.sky.take(Pulled((), report_of(0), forecasts=(word,)), NOON)
    await crowd.process.go()
    assert await crowd.told(asked) == [], "not yet evening"
    crowd.clock.move(at("2026-03-02 18") - crowd.clock.now())
    await crowd.process.go()
    await crowd.process.go()
    [message] = await crowd.told(asked)
    assert message.body["text"].startswith("[내일 예보] 3월 3일 가람시 (가람북부)\n· 초미세먼지: 나쁨")
    assert await crowd.told(other) == []
