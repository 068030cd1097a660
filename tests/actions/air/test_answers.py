"""What a citizen hears about the air, word for word where it matters, on a store that a source has filled."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert

from actions.air.wishing import COMING
from civic.air.watch.tables import air_watch_changes, air_watch_hours, air_watches
from civic.city.service import CityBook
from civic.parking.places import SavedPlace
from core.contracts.air import OfficialAlert, OfficialIndex
from core.contracts.channel import GeoPoint
from core.contracts.understanding import Entity
from core.db import Database
from core.ids import new_id
from core.settings import read
from tests.actions.air.sky import (
    CREDIT,
    GOCHON,
    HANGANG,
    NOON,
    ROAD,
    SAU,
    SOURCE,
    STATIONS,
    UID,
    USUAL,
    WOLGOT,
    Value,
    day,
    hour,
    usual_forecasts,
)
from tests.actions.air.sky import usual as usual_sky
from tests.actions.air.town import SOON, Town
from tests.actions.parking.turns import moment, place

GURAE = place("구래동", 37.6462, 126.6260)
SAU_DONG = place("사우동", 37.6201, 126.7177)
WOLGOT_MYEON = place("월곶면", 37.7170, 126.5522)
TOMORROW = moment("2026-10-01T00:00:00+09:00", "day")

HOUR = timedelta(hours=1)
GONE: Value = ("", "COMM")


@pytest.fixture(scope="module")
async def usual(database: Database, book: CityBook) -> Town:
    """Every station tells all; 사우동 has more fine dust, 월곶면's instrument for it is down."""
    town = Town(database, book)
    await town.hears(usual_sky(), forecasts=usual_forecasts())
    return town


async def test_the_air_of_a_town_at_a_glance(usual: Town) -> None:
    assert await usual.asked("구래동 공기 어때", GURAE) == (
        "구래동 공기는 ‘보통’입니다. (통합대기환경지수 66, 저희 계산)\n"
        "한강신도시 측정소 3.7km, 오늘 14시 기준\n"
        "· 미세먼지 52㎍/㎥ 보통 (1시간 전 45, 3시간 전 45)\n"
        "· 초미세먼지 22㎍/㎥ 보통 (1시간 전 22, 3시간 전 22)\n"
        "· 오존 0.034ppm 보통 (1시간 전 0.034, 3시간 전 0.034)\n"
        "· 이산화질소 0.012ppm 좋음, 일산화탄소 0.4ppm 좋음, 아황산가스 0.003ppm 좋음\n"
        "평소처럼 지내셔도 됩니다. 어린이·어르신·임산부나 호흡기·심장 질환이 있는 분은 몸 상태를 살피며 움직이세요.\n"
        f"자료: {CREDIT}"
    )


async def test_buttons_lead_on_and_the_topic_keeps_the_place(usual: Town) -> None:
    reply = await usual.reply("구래동 공기 어때", GURAE)
    payloads = [button.payload for button in reply.says[0].buttons]
    assert payloads == ["do:air_hours", "do:air_tomorrow", "do:subscribe:air", "do:air_elsewhere"]
    assert reply.topic is not None and reply.topic.memory["place"]["name"] == "구래동"
    assert (await usual.asked("", topic=reply.topic, argument="x")).startswith("구래동 공기는")


async def test_a_text_message_is_short_and_whole(usual: Town) -> None:
    said = await usual.asked("구래동 공기 어때", GURAE, key="air.now.sms")
    head = (
        "구래동 공기 보통(지수 66, 저희 계산)\n한강신도시 3.7km, 14시\n미세 52 보통\n초미세 22 보통\n오존 0.034 보통\n"
    )
    assert said.startswith(head)
    assert len(said.encode("cp949")) < 300 and CREDIT in said


async def test_the_publishers_index_goes_before_ours(town: Town) -> None:
    index = OfficialIndex(SOURCE, UID[SAU], NOON, SOON, 83, 2)
    await town.hears(day(SAU, NOON, 14, USUAL), indices=[index])
    assert "(통합대기환경지수 83)" in await town.asked("사우동 공기", SAU_DONG)


async def test_what_is_missing_is_said_with_its_reason_and_the_next_station(usual: Town) -> None:
    said = await usual.asked("월곶면 초미세먼지", WOLGOT_MYEON)
    assert "월곶면 측정소 35m, 오늘 14시 기준" in said
    assert (
        "초미세먼지는 통신장애로 지금 값이 없습니다. 다음으로 가까운 한강신도시(13.0km)는 22㎍/㎥ 보통입니다." in said
    )
    assert "초미세먼지 0" not in said and "평소처럼" not in said


async def test_without_one_main_value_advice_says_what_it_goes_by(usual: Town) -> None:
    said = await usual.asked("월곶면 공기", WOLGOT_MYEON)
    assert "초미세먼지 값이 없어, 나머지 값으로만 말씀드린 것입니다." in said
    assert "통합대기환경지수는 없어" in said


async def test_a_farther_stations_bad_value_makes_advice_no_milder(town: Town) -> None:
    await town.hears(day(WOLGOT, NOON, 14, {**USUAL, "PM25": GONE}) + day(HANGANG, NOON, 14, {**USUAL, "PM25": "90"}))
    said = await town.asked("아이랑 월곶면 나가도 돼?", WOLGOT_MYEON)
    assert said.startswith("나가지 않으시길 권합니다.") and "한강신도시(13.0km)는 90㎍/㎥ 매우 나쁨" in said


async def test_stale_values_are_never_told_as_now(town: Town) -> None:
    await town.hears(day(SAU, NOON - timedelta(hours=4), 14, USUAL), NOON - timedelta(hours=4))
    said = await town.asked("사우동 공기 어때", SAU_DONG)
    assert "사우동의 지금 값은 없습니다. 아래는 오늘 10시의 마지막 값(4시간 전)이라 지금과 다를 수 있습니다." in said
    assert "공기는 ‘" not in said and "평소처럼" not in said
    may = await town.asked("사우동에서 운동해도 돼?", SAU_DONG)
    assert may.startswith("지금 쓸 수 있는 값이 없어, 괜찮은지 말씀드릴 수 없습니다.")


async def test_a_silent_nearer_station_is_named(town: Town) -> None:
    await town.hears(day(SAU, NOON - timedelta(hours=5), 14, USUAL) + day(GOCHON, NOON, 14, USUAL))
    said = await town.asked("사우동 공기", SAU_DONG)
    assert "고촌읍 측정소" in said and "더 가까운 사우동(193m)의 값은 오늘 9시 뒤로 오지 않았습니다." in said


async def test_a_far_station_is_never_here(usual: Town) -> None:
    said = await usual.asked("여기 공기 어때", pin=GeoPoint(37.9, 126.6, ""))
    assert "보내 주신 위치 가까이에는 측정소가 없습니다. 20.8km 떨어진 월곶면의 공기는" in said
    assert "보내 주신 위치의 공기는 ‘" not in said


async def test_beyond_reason_nothing_is_said_of_a_place(usual: Town) -> None:
    said = await usual.asked("여기 공기 어때", pin=GeoPoint(35.1, 129.0, ""))
    assert said.startswith("보내 주신 위치의 측정값은 저희가 가지고 있지 않습니다.")


async def test_a_roadside_station_speaks_only_where_no_other_does_and_says_so(town: Town) -> None:
    await town.hears(day(ROAD, NOON, 14, USUAL), stations=[one for one in STATIONS if one.name == ROAD])
    said = await town.asked("사우동 공기", SAU_DONG)
    assert "김포대로 측정소(도로변) 43m" in said and "찻길 옆에서 잰 값이라" in said
    await town.hears(day(SAU, NOON, 14, USUAL))
    assert "김포대로" not in await town.asked("사우동 공기", SAU_DONG)


async def test_without_a_place_the_whole_city_is_told(usual: Town) -> None:
    said = await usual.asked("지금 공기 어때")
    assert said.startswith(
        "김포시 공기는 곳에 따라 ‘보통’에서 ‘나쁨’까지입니다. (도시대기 측정소 4곳, 오늘 14시 기준)\n"
    )
    assert "· 초미세먼지 22~38㎍/㎥ 보통~나쁨 (가장 높은 곳 사우동)" in said and "위치를 보내 주시면" in said


async def test_without_any_value_nothing_is_invented(town: Town) -> None:
    for said in (
        await town.asked("구래동 공기", GURAE),
        await town.asked("지금 공기 어때"),
        await town.asked("시간별로"),
    ):
        assert "지금 저희에게 없습니다" in said and "airkorea.or.kr" in said and "환경과 031-980-2114" in said
    assert "저희가 받은 예보가 없습니다." in await town.asked("내일 공기", TOMORROW, intent=COMING)


async def test_another_city_is_told_from_its_own_stations_or_not_at_all(usual: Town) -> None:
    assert (await usual.asked("서울은?", place("서울"))).startswith("서울 공기는 ‘보통’입니다. (측정소 1곳")
    assert (await usual.asked("how about Seoul", lang="en")).startswith("The air in Seoul is moderate")
    assert (await usual.asked("부산은?", place("부산"))).startswith("‘부산’의 측정값은 저희가 가지고 있지 않습니다.")


async def test_the_citys_own_name_is_the_whole_city(usual: Town) -> None:
    assert (await usual.asked("김포 공기", place("김포"))).startswith("김포시 공기는 곳에 따라")


async def test_home_is_told_by_its_word_and_not_in_public(usual: Town, database: Database, book: CityBook) -> None:
    assert "집 위치를 아직 말씀해 주지 않으셔서" in await usual.asked("집 근처 미세먼지")
    at_home = Town(database, book)
    at_home.city, at_home.own = usual.city, {"home": SavedPlace("home", "사우동", 37.6200, 126.7170)}
    reply = await at_home.reply("우리 집 공기 어때")
    assert reply.says[0].values["place"] == "집" and not reply.says[0].is_public
    assert reply.topic is not None and reply.topic.memory["place"] == {"own": "home", "name": "집"}


MAY = [
    ("아이 데리고 나가도 돼?", "12", "네, 함께 나가셔도 좋은 공기입니다."),
    ("아이 데리고 나가도 돼?", "30", "나가셔도 괜찮은 수치이지만 민감한 분은"),
    ("아이 데리고 나가도 돼?", "60", "되도록 미루시는 편이 낫습니다."),
    ("아이 데리고 나가도 돼?", "90", "나가지 않으시길 권합니다."),
    ("밖에서 뛰어도 돼?", "60", "뛰거나 오래 하는 운동은 실내로"),
    ("마스크 써야 해?", "12", "미세먼지 때문에 마스크를 쓰실 수치는 아닙니다."),
    ("마스크 써야 해?", "60", "밖에 나가실 때 보건용 마스크(KF80 이상)를 쓰시길 권합니다."),
    ("창문 열어도 돼?", "60", "오래 열어 두지는 마세요."),
    ("빨래 널어도 돼?", "90", "밖에 널지 마시고 실내에서 말리세요."),
]


@pytest.mark.parametrize(("text", "dust", "begins"), MAY)
async def test_advice_goes_by_the_worst_value_of_the_hour(town: Town, text: str, dust: str, begins: str) -> None:
    clean = {"PM10": "20", "PM25": dust, "O3": "0.020", "NO2": "0.010", "CO": "0.3", "SO2": "0.002"}
    await town.hears(day(SAU, NOON, 14, clean))
    assert (await town.asked(text, SAU_DONG)).startswith(begins)


async def test_ozone_is_held_back_by_no_mask(town: Town) -> None:
    await town.hears(day(SAU, NOON, 14, {**USUAL, "O3": "0.120"}))
    said = await town.asked("마스크 쓰면 나가도 돼?", SAU_DONG)
    assert "오존은 기체라 마스크로 걸러지지 않습니다" in said


async def test_the_sick_are_promised_nothing(usual: Town) -> None:
    said = await usual.asked("천식인데 나가도 돼요?", GURAE)
    assert "의학적 판단은 아닙니다" in said and "의사와 상의하세요" in said


async def test_without_dust_nothing_is_called_fine(town: Town) -> None:
    await town.hears(day(SAU, NOON, 14, {**USUAL, "PM10": GONE, "PM25": GONE}))
    said = await town.asked("아기랑 산책 가도 돼?", SAU_DONG)
    assert said.startswith("미세먼지와 초미세먼지 값이 모두 없어, 괜찮은지 말씀드릴 수 없습니다.")


async def test_tomorrow_is_the_official_forecast_for_the_region(usual: Town) -> None:
    said = await usual.asked("내일은?", TOMORROW, intent=COMING)
    assert said.startswith(
        "내일 10월 1일(목) 경기북부 예보: 미세먼지 나쁨, 초미세먼지 보통\n"
        "· 경기북부는 ‘나쁨’으로 예상됩니다.\n(9월 30일 11시 발표)\n"
    )
    assert "예보는 달라질 수 있습니다." in said


async def test_may_we_tomorrow_goes_by_the_forecast(usual: Town) -> None:
    said = await usual.asked("내일 아이들 소풍 가도 돼?", TOMORROW, intent=COMING)
    assert said.startswith("되도록 미루시는 편이 낫습니다.")


async def test_days_beyond_the_forecast_are_said_to_be_so(usual: Town) -> None:
    said = await usual.asked("토요일은?", moment("2026-10-03T00:00:00+09:00", "day"), intent=COMING)
    assert said.startswith("10월 3일(토) 예보는 아직 나오지 않았습니다. 지금은 내일(10월 1일)까지의 예보만 있습니다.")


async def test_a_part_of_the_day_has_no_forecast_of_its_own(usual: Town) -> None:
    night = Entity("date", 0, 4, "내일 밤", "2026-10-01T21:00:00+09:00", detail={"grain": "part"})
    said = await usual.asked("내일 밤에는?", night, intent=COMING)
    assert "예보는 하루 단위라 ‘내일 밤’만 따로" in said


async def test_the_cause_is_the_forecasts_and_no_guess(usual: Town, town: Town) -> None:
    said = await usual.asked("왜 이렇게 나빠?")
    assert "· 미세먼지: 대기 정체로 국내 미세먼지가 쌓일 것으로 보입니다. (9월 30일 11시 발표)" in said
    assert (await town.asked("왜 이렇게 나빠?")).startswith("까닭을 밝힌 공식 자료가 지금 저희에게 없습니다.")


async def test_hours_are_a_table_with_holes_where_there_are_holes(town: Town) -> None:
    there = [one for back in (0, 1, 3) for one in hour(SAU, NOON - timedelta(hours=back), USUAL)]
    await town.hears(there + hour(SAU, NOON - timedelta(hours=4), {"PM10": GONE, "PM25": GONE, "O3": "0.030"}))
    lines = (await town.asked("사우동 시간별로", SAU_DONG)).splitlines()
    assert lines[2:7] == [
        "14시 미세 45 보통 | 초미세 22 보통 | 오존 0.034 보통",
        "13시 미세 45 보통 | 초미세 22 보통 | 오존 0.034 보통",
        "12시 미세 값 없음 | 초미세 값 없음 | 오존 값 없음",
        "11시 미세 45 보통 | 초미세 22 보통 | 오존 0.034 보통",
        "10시 미세 통신장애 | 초미세 통신장애 | 오존 0.03 좋음",
    ]
    assert len(lines) == 15


async def test_yesterday_beside_today(usual: Town) -> None:
    said = await usual.asked("어제랑 비교하면?", GURAE, moment("2026-09-29T00:00:00+09:00", "day"))
    assert "· 미세먼지 52㎍/㎥: 1시간 전보다 7 높음(45), 3시간 전보다 7 높음(45), 어제 이맘때보다 7 높음(45)" in said
    assert "· 초미세먼지 22㎍/㎥: 1시간 전과 같음, 3시간 전과 같음, 어제 이맘때와 같음" in said
    assert "값이 12시간뿐이라 평균은 내지 않았습니다" in said


async def test_the_cleanest_place_is_one_with_a_present_index(usual: Town) -> None:
    said = await usual.asked("가장 깨끗한 곳은?")
    assert said.startswith("지금 공기가 가장 좋은 곳은 고촌읍입니다. (통합대기환경지수로 견줌)\n1. 고촌읍: 보통")
    assert "4. 월곶면: 보통, 미세먼지 45, 초미세먼지 값 없음" in said


async def test_two_places_with_one_station_are_not_told_apart(usual: Town) -> None:
    said = await usual.asked("사우동이랑 북변동 중 어디가 나아?", SAU_DONG, place("북변동", 37.6260, 126.7130))
    assert "모두 사우동 측정소가 가장 가까워" in said
    said = await usual.asked("사우동이랑 구래동 중 어디가 나아?", SAU_DONG, GURAE)
    assert said.startswith("지금 공기가 가장 좋은 곳은 구래동입니다.")


async def test_an_issued_alert_is_told_as_issued_and_for_whom(town: Town) -> None:
    since = NOON - timedelta(hours=2)
    alert = OfficialAlert(SOURCE, "1", "경기", "북부권", "PM25", "advisory", since, None, SOON)
    await town.hears(day(SAU, NOON, 14, {**USUAL, "PM25": "80"}), alerts=[alert])
    said = await town.asked("경보 떴어?")
    assert "참고: 경기 북부권에 초미세먼지 주의보 발령 중 (오늘 12시)." in said and "여기서 알 수 없습니다" in said


async def test_the_governors_alert_for_our_zone_is_issued_and_makes_advice_stricter(
    town: Town,
) -> None:
    rules = read().air
    zones = {"gimpo": rules.zones["gimpo"].model_copy(update={"official_zone": "북부권"})}
    town.rules = rules.model_copy(update={"zones": zones})
    alert = OfficialAlert(SOURCE, "1", "경기", "북부권", "PM25", "advisory", NOON - 2 * HOUR, None, SOON, Decimal(81))
    other = OfficialAlert(SOURCE, "2", "경기", "남부권", "O3", "warning", NOON - HOUR, None, SOON)
    lifted = OfficialAlert(SOURCE, "3", "경기", "북부권", "PM10", "advisory", NOON - 9 * HOUR, NOON - HOUR, SOON)
    await town.hears(day(SAU, NOON, 14, USUAL), alerts=[alert, other, lifted])
    said = await town.asked("경보 떴어?")
    assert said.startswith(
        "[발령] 경기 북부권에 초미세먼지 주의보가 발령되어 있습니다. (오늘 12시, 당시 81㎍/㎥. 발령하는 곳: "
    )
    assert "남부권" not in said and "· 미세먼지" not in said
    now = await town.asked("아이랑 사우동 나가도 돼?", SAU_DONG)
    assert now.startswith("되도록 미루시는 편이 낫습니다.") and "[발령] 경기 북부권 초미세먼지 주의보" in now


async def test_a_level_that_we_reckon_is_reached_and_never_issued(town: Town, database: Database) -> None:
    await town.hears(day(SAU, NOON, 14, {**USUAL, "PM25": "80"}))
    async with database.transaction() as tx:
        row = {"city_id": town.city, "rule": "criteria", "zone": "gimpo", "pollutant": "PM25", "last_at": NOON}
        watch = (await tx.execute(insert(air_watches).values(**row).returning(air_watches.c.id))).scalar_one()
        hours = [
            {"watch_id": watch, "at": NOON - back * HOUR, "value": 80 + back, "sites": 1, "state": {}, "taken_at": SOON}
            for back in (0, 1)
        ]
        await tx.execute(insert(air_watch_hours), hours)
        change = {
            "id": new_id(), "city_id": town.city, "watch_id": watch, "at": NOON - HOUR, "kind": "reached",
            "level": "advisory", "value": 81, "began_at": NOON - HOUR, "noted_at": SOON,
        }  # fmt: skip
        await tx.execute(insert(air_watch_changes).values(**change))
    said = await town.asked("초미세먼지 경보 떴어?")
    assert said.startswith("[기준 도달] 김포시 초미세먼지 값이 오늘 13시부터 주의보 기준에 이르러 있습니다.")
    assert "(가장 높을 때 81㎍/㎥, 오늘 13시)" in said and "발령은 시·도지사가 합니다." in said and "[발령]" not in said


async def test_a_quiet_sky_is_said_to_be_quiet_only_where_something_was_measured(usual: Town, town: Town) -> None:
    assert "기준에 이르지 않았습니다(저희 계산)" in await usual.asked("경보 떴어?")
    assert "지금 측정값이 없어 기준에 이르렀는지 말씀드릴 수 없습니다." in await town.asked("경보 떴어?")


async def test_lines_and_grades_come_from_the_dated_rows(usual: Town) -> None:
    assert "· 초미세먼지 주의보: 75㎍/㎥ 이상이 2시간 이어질 때, 35 아래로" in await usual.asked("경보 기준이 뭐야")
    assert "초미세먼지(㎍/㎥): 좋음 15까지, 보통 35까지, 나쁨 75까지" in await usual.asked("나쁨이 몇부터야?")


async def test_numbers_say_where_they_come_from(usual: Town) -> None:
    said = await usual.asked("숫자 어디서 나온 거야?", GURAE)
    assert CREDIT in said and "확정되지 않은 값" in said and "저희가 공개된 방법으로 셈했습니다" in said


async def test_what_others_decide_is_not_guessed(usual: Town) -> None:
    said = await usual.asked("내일 비상저감조치 해?", TOMORROW, intent=COMING)
    assert "시행하는지 말씀드릴 수 없습니다" in said and "mecar.or.kr" in said


async def test_air_indoors_is_not_measured(usual: Town) -> None:
    assert "지하나 실내의 공기는 여기서 재지 않습니다" in await usual.asked("지하주차장 공기 어때", GURAE)


async def test_english_is_whole(usual: Town) -> None:
    said = await usual.asked("is the air OK for a run?", GURAE, lang="en")
    assert said.startswith(
        "Yes, the level is fine for exercise outdoors.\nThe air at Gurae-dong is moderate. (CAI index 66"
    )


def test_the_settings_of_the_checkout_name_the_forecasts_region() -> None:
    assert [zone.forecast_region for zone in read().air.zones.values()] == ["경기북부"]
