"""Whole talks on the running house: waiting for a place, home and work, a wrongly parked car."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import insert, select, update

from bot.parking.watching import Watching
from bot.prepare import prepare
from civic.cases.tables import cases
from civic.conversations.tables import conversations, outbound
from civic.files.tables import attachments
from civic.parking.tables import parking_lots, parking_places, parking_realtime, parking_reports, parking_watches
from civic.people.tables import consents
from core.clock import SEOUL
from core.contracts.channel import OutgoingMessage
from core.parking_rules import Reports
from core.settings import Settings
from tests.bot.city import MORNING, Citizen, City, open_city
from tests.civic.files.made import made

RULE = "나래시 행정예고 제2026-12호"
HYDRANT_AT = (37.64540, 126.62870)


@pytest.fixture(scope="module")
async def city(settings: Settings, database_url: str, var: Path) -> AsyncIterator[City]:
    """The city takes pictures of hydrants by its own rule."""
    reports = Reports(accepts={"hydrant": "chat"}, source=RULE)
    parking = settings.parking.model_copy(update={"reports": reports})
    settings = settings.model_copy(update={"parking": parking})
    await prepare(settings, database_url, MORNING, lambda line: None)
    async with open_city(settings, database_url, var) as opened:
        yield opened


@pytest.fixture(autouse=True)
def morning(city: City) -> None:
    city.clock.move(MORNING - city.clock.now())


async def number(city: City, name: str, free: int | None) -> UUID:
    """The lot counts now; None: it has never counted."""
    async with city.house.db.transaction() as tx:
        lot_id: UUID = (await tx.execute(select(parking_lots.c.id).where(parking_lots.c.name == name))).scalar_one()
        await tx.execute(parking_realtime.delete().where(parking_realtime.c.lot_id == lot_id))
        if free is not None:
            at = city.clock.now()
            row = {"city_id": "gimpo", "source": "test", "updated_at": at, "fetched_at": at, "changed_at": at}
            await tx.execute(insert(parking_realtime).values(lot_id=lot_id, free=free, capacity=46, **row))
    return lot_id


async def look(city: City, citizen: Citizen) -> list[OutgoingMessage]:
    """The clock's look; what it brought this citizen."""
    house, before = city.house, len(city.channel.sent[citizen.address])
    watching = Watching(house.db, house.desk, house.channels, house.texts, house.settings, city.clock)
    await watching.look()
    await house.desk.idle()
    return citizen.seen(before)


def text(messages: list[OutgoingMessage]) -> str:
    return "\n".join(message.text for message in messages)


async def of(city: City, table: Any, citizen: Citizen) -> list[Any]:
    his = select(conversations.c.id).where(conversations.c.address == citizen.address)
    async with city.house.db.transaction() as tx:
        wanted = select(table).where(table.c.conversation_id.in_(his))
        return list(await tx.execute(wanted.order_by(table.c.id)))


# -- 자리 나면 알려줘 --------------------------------------------------------------------------------------------------


async def test_he_waits_for_the_second_of_the_list_and_is_told_once(city: City) -> None:
    await number(city, "구래1", 0)
    citizen = city.citizen()
    await citizen.say("구래동 주차장")
    said = text(await citizen.say("2번 자리 나면 알려줘"))
    assert "구래1에 자리가 나면 한 번 알려 드릴게요." in said
    assert "지금: 0/46면 비어 있음 (방금)" in said and "12:00까지 나지 않으면" in said
    assert [button["label"] for button in citizen.buttons] == ["1시간만", "4시간 동안", "취소"]
    city.move(minutes=5)
    await number(city, "구래1", 0)
    assert await look(city, citizen) == []
    await number(city, "구래1", 2)
    [told] = await look(city, citizen)
    assert told.purpose == "alert"
    assert told.text.startswith("기다리시던 구래1에 자리가 났습니다. 지금 2/46면 비어 있음(방금).")
    assert "1시간 요금: 1,500원" in told.text and "https://map.kakao.com/link/map/" in told.text
    assert await look(city, citizen) == []
    await number(city, "구래1", 0)
    assert "한 번 알려 드릴게요" in text(await citizen.press("다시 알려줘"))
    assert len(await of(city, parking_watches, citizen)) == 2


async def test_the_time_and_the_places_can_be_said_and_changed(city: City) -> None:
    await number(city, "구래1", 0)
    citizen = city.citizen()
    assert "3자리 이상 나면" in text(await citizen.say("구래1 주차장 3자리 이상 나면 알려줘"))
    changed = text(await citizen.say("오후 6시까지"))
    assert "18:00까지" in changed and "바꾸었습니다" in changed and "3자리 이상" in changed
    assert "11:00까지" in text(await citizen.press("1시간만"))
    listed = text(await citizen.say("내 알림"))
    assert "1. 구래1: 3자리 이상, 11:00까지" in listed
    assert "구래1 자리 알림을 끝냈습니다." in text(await citizen.say("그만 알려줘"))
    [watch] = await of(city, parking_watches, citizen)
    assert (watch.ended_reason, watch.min_free) == ("stopped", 3)
    await number(city, "구래1", 9)
    assert await look(city, citizen) == []


async def test_a_bare_cancel_after_it_ends_it(city: City) -> None:
    await number(city, "구래1", 0)
    citizen = city.citizen()
    await citizen.say("구래1 주차장 자리 나면 알려줘")
    assert "끝냈습니다" in text(await citizen.say("취소"))


async def test_the_fee_of_the_lot_waited_for_can_still_be_asked(city: City) -> None:
    await number(city, "구래1", 0)
    citizen = city.citizen()
    await citizen.say("구래동 주차장")
    await citizen.say("2번 자리 나면 알려줘")
    assert "1,500원" in text(await citizen.say("거기 요금은?"))


async def test_it_says_when_there_is_space_already_and_when_nobody_counts(city: City) -> None:
    await number(city, "구래1", 12)
    await number(city, "구래동행복나눔공영주차장", None)
    citizen = city.citizen()
    assert "지금 12면이 비어 있습니다(방금)" in text(await citizen.say("구래1 주차장 자리 나면 알려줘"))
    said = text(await citizen.say("구래동행복나눔공영주차장 자리 나면 알려줘"))
    assert "실시간 빈자리를 보내지 않는 곳" in said and "1. 구래1 (" in said
    assert await of(city, parking_watches, citizen) == []


async def test_in_english(city: City) -> None:
    await number(city, "구래1", 0)
    citizen = city.citizen("en")
    await citizen.say("parking in Gurae-dong")
    said = text(await citizen.say("tell me when number 2 has a free space"))
    assert "I will tell you once when 구래1 has 1 or more free space." in said


# -- home and work -----------------------------------------------------------------------------------------------------


async def test_home_is_kept_after_a_yes_shown_as_its_neighbourhood_and_forgotten_on_a_word(city: City) -> None:
    citizen = city.citizen()
    asked = text(await citizen.say("우리 집은 구래동이야"))
    assert "집 위치(구래동)를 기억해 둘까요?" in asked and "암호화해" in asked
    assert await of(city, parking_places, citizen) == []
    assert "기억했습니다" in text(await citizen.press("네, 기억해 주세요"))
    [kept] = await of(city, parking_places, citizen)
    assert (kept.kind, kept.place["label"]) == ("home", "구래동")
    assert [(one.purpose, one.is_given) for one in await of(city, consents, citizen)] == [("saved_place", True)]
    assert "08:00에 출발하시는 것으로" in text(await citizen.say("집에서 아침 8시에 출발해"))
    assert "집: 구래동, 08:00 출발" in text(await citizen.say("저장된 장소 보여줘"))
    assert "집 위치를 지웠습니다." in text(await citizen.say("집 위치 지워줘"))
    assert await of(city, parking_places, citizen) == []


async def test_parking_near_home_is_looked_for_from_there_and_goes_on_as_ever(city: City) -> None:
    await number(city, "구래1", 7)
    citizen = city.citizen()
    await citizen.say("우리 집은 구래동이야")
    await citizen.press("네, 기억해 주세요")
    said = text(await citizen.say("집 근처 주차장"))
    assert "집에서 가까운 주차장이에요." in said and "2. 구래1 (342m)" in said
    assert "지금 빈자리 7/46면 (방금)" in said and "1시간 1,500원" in said
    assert "1,500원" in text(await citizen.say("두 번째 요금은?"))
    assert "집에서 가까운 무료 주차장이에요." in text(await citizen.say("집 근처 무료 주차장"))
    charging = text(await citizen.say("집 앞 전기차 충전 되는 곳"))
    assert "집에서 가까운" in charging and "ev.or.kr" in charging
    assert "2시간 3,300원" in text(await citizen.say("집에서 두 시간"))
    assert "싼 순서" in text(await citizen.say("더 싼 데"))


async def test_whose_home_is_not_kept_tells_it_for_good_or_names_a_place_this_time(city: City) -> None:
    citizen = city.citizen()
    said = text(await citizen.say("집 근처 무료 주차장"))
    assert "집 위치는 기억해 둔 것이 없습니다." in said and "어느 곳 근처의 주차장을" in said
    assert "구래동 중심에서 가까운 무료 주차장이에요." in text(await citizen.say("구래동이요"))
    await citizen.say("집 근처 주차장")
    asked = text(await citizen.press("집·직장 위치 등록"))
    assert "집 위치를 지도에서 보내 주시거나" in asked


async def test_a_full_lot_is_waited_for_by_its_button(city: City) -> None:
    await number(city, "구래동행복나눔공영주차장", None)
    await number(city, "구래1", 0)
    citizen = city.citizen()
    await citizen.say("구래동 주차장")
    assert [button["label"] for button in citizen.buttons].count("자리 나면 알려주기") == 1
    assert "구래1에 자리가 나면 한 번 알려 드릴게요." in text(await citizen.press("자리 나면 알려주기"))
    await number(city, "구래1", 3)
    [told] = await look(city, citizen)
    assert "기다리시던 구래1에 자리가 났습니다" in told.text
    await number(city, "구래1", 2)
    await citizen.say("구래1 주차장 자리 있어?")
    said = text(await citizen.press("5자리 이상 나면 알려주기"))
    assert "구래1에 5자리 이상 나면 한 번 알려 드릴게요." in said


async def test_a_pin_is_a_workplace_and_a_no_keeps_nothing(city: City) -> None:
    citizen = city.citizen()
    assert "직장 위치를 지도에서" in text(await citizen.say("회사 위치 저장해줘"))
    assert "직장 위치(구래동)" in text(await citizen.pin(37.6462, 126.6262))
    assert "기억해 두지 않았습니다" in text(await citizen.press("아니요"))
    assert await of(city, parking_places, citizen) == []


async def test_a_story_about_a_home_is_no_home(city: City) -> None:
    citizen = city.citizen()
    said = text(await citizen.say("우리 집 앞 골목에 쓰레기가 쌓여 있어요"))
    assert "기억해 둘까요" not in said


# -- 불법주정차 신고 -------------------------------------------------------------------------------------------------


def picture(at: datetime | None = None, place: tuple[float, float] | None = None, shade: int = 90) -> bytes:
    """A JPEG whose EXIF tells when, in Korean time, and where."""
    exif = Image.Exif()
    exif[0x010F] = "phone"
    if at is not None:
        told = {0x9003: f"{at.astimezone(SEOUL):%Y:%m:%d %H:%M:%S}", 0x9011: "+09:00"}
        exif.get_ifd(0x8769).update(told)
    if place is not None:
        lat, lon = place
        exif.get_ifd(0x8825).update({1: "N", 2: (lat, 0.0, 0.0), 3: "E", 4: (lon, 0.0, 0.0)})
    return made("JPEG", size=(60 + shade, 40), exif=exif)


async def reported(citizen: Citizen, city: City, *, apart: int = 61, plate: str = "12가 3456") -> str:
    """Everything up to the last question; what that question says."""
    await citizen.say("소화전 앞 불법주차 신고할게요")
    now = city.clock.now()
    await citizen.photo(picture(now - timedelta(seconds=apart), HYDRANT_AT, shade=1))
    said = text(await citizen.photo(picture(now, HYDRANT_AT, shade=2)))
    assert "이 위치를 신고에 써도 될까요" in said, said
    await citizen.press("사진의 위치 사용")
    said = text(await citizen.say(plate))
    if "동의" in said:
        await citizen.press("동의하고 계속")
        await citizen.say("홍길동")
        said = text(await citizen.say("010-5550-1234"))
    return said


async def test_pictures_that_meet_the_rule_become_a_case_with_no_word_of_a_fine(city: City) -> None:
    citizen = city.citizen()
    await citizen.say("안녕하세요")
    asked = await reported(citizen, city)
    assert "차량번호: 12가3456" in asked and "위치: 사진을 찍은 곳" in asked and "010-****-1234" in asked
    said = text(await citizen.press("신고하기"))
    assert "접수번호는 GP-" in said and "과태료가 부과되는지는 미리 말씀드릴 수 없습니다" in said
    [row] = await of(city, parking_reports, citizen)
    [case] = await of(city, cases, citizen)
    assert (row.state, row.kind, row.area, row.case_id) == ("taken", "hydrant", "구래동", case.id)
    assert (row.plate, len(row.photos), row.photo_times[1] - row.photo_times[0]) == (
        "12가3456", 2, timedelta(seconds=61)
    )  # fmt: skip
    assert (case.category, case.title) == ("illegal_parking", "불법 주정차 신고: 소화전 주변")
    assert "간격 61초 (사진 정보(EXIF)의 시각)" in case.body and "위치 차이 0m" in case.body and RULE in case.body
    assert "12가3456" in case.body and "12가" not in case.title
    assert {one.case_id for one in await of(city, attachments, citizen)} == {case.id}
    again = await reported(citizen, city, plate="12가3456")
    assert "이대로 신고할까요?" in again
    said = text(await citizen.press("신고하기"))
    assert f"이미 신고하셨습니다(접수번호 {case.receipt_no})" in said and "사진을 그 신고에 더했습니다" in said
    assert (len(await of(city, cases, citizen)), len(await of(city, parking_reports, citizen))) == (1, 1)
    city.move(days=1)
    await reported(citizen, city)
    assert "접수번호는 GP-" in text(await citizen.press("신고하기")), "another day is another report"


async def test_a_second_under_the_minute_is_asked_for_one_more(city: City) -> None:
    citizen = city.citizen()
    assert "사진이 2장 이상 필요합니다" in text(await citizen.say("소화전 앞 불법주차 신고할게요"))
    now = city.clock.now()
    assert "1분이 지난 뒤" in text(await citizen.photo(picture(now - timedelta(seconds=59), shade=3)))
    said = text(await citizen.photo(picture(now, shade=4)))
    assert "사진 2장을 받았는데 사이가 59초예요. 1분 이상" in said, said
    city.move(seconds=1)
    said = text(await citizen.photo(picture(now + timedelta(seconds=1), shade=5)))
    assert "차가 서 있는 위치를" in said, said


async def test_undated_pictures_go_by_when_they_came(city: City) -> None:
    citizen = city.citizen()
    await citizen.say("소화전 앞 불법주차 신고할게요")
    await citizen.photo(picture(shade=6))
    city.move(seconds=20)
    said = text(await citizen.photo(picture(shade=7)))
    assert "사이가 20초예요(사진에 시각이 없어 받은 시각으로 봅니다)" in said, said
    said = text(await citizen.press("더 보낼 수 없음"))
    await citizen.pin(*HYDRANT_AT)
    await citizen.say("34나5678")
    await citizen.press("동의하고 계속")
    await citizen.say("홍길동")
    await citizen.say("010-5550-1234")
    said = text(await citizen.press("신고하기"))
    assert "1분 넘게 사이를 둔 사진 2장이 확인되지 않아" in said and "안전신문고" in said
    [row] = await of(city, parking_reports, citizen)
    assert (row.state, row.reason, row.plate, row.photos) == ("guided", "too_close", "", [])
    assert await of(city, cases, citizen) == []


async def test_where_only_the_official_app_counts_he_is_guided_at_once(city: City) -> None:
    citizen = city.citizen()
    said = text(await citizen.say("횡단보도 위 불법주차 신고합니다"))
    assert "‘안전신문고’ 앱으로 신고해 주세요" in said and "앱에서 바로 찍은 사진만" in said
    assert [button["label"] for button in citizen.buttons] == ["시청 민원으로 알리기"]
    [row] = await of(city, parking_reports, citizen)
    assert (row.state, row.kind, row.reason) == ("guided", "crosswalk", "official_app")


async def test_a_plate_that_is_none_is_asked_again_and_read_back(city: City) -> None:
    citizen = city.citizen()
    await citizen.say("소화전 앞 불법주차 신고할게요")
    now = city.clock.now()
    await citizen.photo(picture(now - timedelta(minutes=2), shade=8))
    await citizen.photo(picture(now, shade=9))
    await citizen.pin(*HYDRANT_AT)
    assert "번호판에 쓰지 않는 글자" in text(await citizen.say("12기3456"))
    assert "동의" in text(await citizen.say("서울 12 가 3456"))


async def test_who_will_not_be_named_is_guided_and_nothing_of_him_is_kept(city: City) -> None:
    citizen = city.citizen()
    await citizen.say("소화전 앞 불법주차 12가3456 신고할게요")
    now = city.clock.now()
    await citizen.photo(picture(now - timedelta(minutes=2), shade=10))
    await citizen.photo(picture(now, shade=11))
    await citizen.pin(*HYDRANT_AT)
    said = text(await citizen.press("동의하지 않음"))
    assert "성함과 연락처 없이는 신고로 접수할 수 없어" in said
    [row] = await of(city, parking_reports, citizen)
    assert (row.state, row.reason, row.plate, row.area) == ("dropped", "no_contact", "", "구래동")


async def test_danger_comes_first(city: City) -> None:
    citizen = city.citizen()
    await citizen.say("소화전 앞 불법주차 신고할게요")
    said = text(await citizen.say("차에 불이 났어요"))
    assert "119" in said


async def test_an_alert_of_a_stopped_conversation_is_never_queued(city: City) -> None:
    await number(city, "구래1", 0)
    citizen = city.citizen()
    await citizen.say("구래1 주차장 자리 나면 알려줘")
    await citizen.say("수신거부")
    await number(city, "구래1", 5)
    assert await look(city, citizen) == []
    assert [one for one in await of(city, outbound, citizen) if one.purpose == "alert"] == []
    async with city.house.db.transaction() as tx:
        await tx.execute(update(parking_watches).values(ended_at=MORNING))
