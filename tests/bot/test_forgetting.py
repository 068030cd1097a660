"""The first message says how long we keep what is said; after that time it is gone."""

import io

import pytest
from PIL import Image
from sqlalchemy import select, update

from bot.sweep import Sweep
from civic.cases.tables import cases
from civic.conversations.tables import conversations, inbound, outbound
from civic.files.tables import attachments
from civic.people.tables import citizens
from core.errors import NotFound
from tests.bot.city import Citizen, City

FILE = ("장기동에 가로등이 꺼졌어요", "네", "오늘", "사진 없음", "동의하고 민원", "홍길동", "010-1234-5678", "접수")


def sweep(city: City) -> Sweep:
    house = city.house
    return Sweep(
        house.db, house.desk, house.dialogue, house.channels, house.texts, house.settings, house.files, house.clock
    )


async def words_of(city: City, citizen: Citizen) -> tuple[list[str], list[str]]:
    async with city.house.db.transaction() as tx:
        thread = await tx.scalar(select(conversations.c.id).where(conversations.c.address == citizen.address))
        said = await tx.scalars(select(inbound.c.text).where(inbound.c.conversation_id == thread))
        told = await tx.scalars(select(outbound.c.body).where(outbound.c.conversation_id == thread))
        return list(said), [body["text"] for body in told]


async def test_it_forgets_the_words_after_the_promised_time(city: City) -> None:
    citizen = city.citizen()
    await citizen.say("구래동 주차장")
    await sweep(city).forget()
    assert (await words_of(city, citizen))[0] == ["구래동 주차장"]
    city.move(days=city.house.settings.city.retention_days + 1)
    await sweep(city).forget()
    said, told = await words_of(city, citizen)
    assert set(said) == {""}
    assert set(told) == {""}


async def test_it_forgets_a_picture_with_its_file(city: City) -> None:
    citizen = city.citizen()
    await citizen.say("안녕하세요")
    shot = io.BytesIO()
    Image.new("RGB", (8, 8), (1, 2, city.clock.now().second)).save(shot, "PNG")
    await citizen.photo(shot.getvalue())
    async with city.house.db.transaction() as tx:
        row = (await tx.execute(select(attachments).order_by(attachments.c.created_at.desc()).limit(1))).one()
    assert await city.house.files.load(row.sha256)
    city.move(days=city.house.settings.city.retention_days + 1)
    await sweep(city).forget()
    with pytest.raises(NotFound):
        await city.house.files.load(row.sha256)


async def test_it_keeps_an_open_case_and_its_citizen_until_the_case_is_long_closed(city: City) -> None:
    citizen = city.citizen()
    for line in FILE:
        await citizen.say(line)
    keep = city.house.settings.city.retention_days
    city.move(days=keep + 1)
    await sweep(city).forget()
    assert FILE[0] in (await words_of(city, citizen))[0]
    async with city.house.db.transaction() as tx:
        case = (await tx.execute(select(cases).order_by(cases.c.received_at.desc()).limit(1))).one()
        await tx.execute(
            update(cases).where(cases.c.id == case.id).values(closed_at=city.clock.now(), status="answered")
        )
    city.move(days=keep + 1)
    await sweep(city).forget()
    assert set((await words_of(city, citizen))[0]) == {""}
    async with city.house.db.transaction() as tx:
        person = (await tx.execute(select(citizens).where(citizens.c.id == case.citizen_id))).one()
    assert (person.name_sealed, person.phone_sealed, person.name_index, person.phone_index) == (None,) * 4
