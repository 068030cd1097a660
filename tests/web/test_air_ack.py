"""The one-tap page of a matter: opening it changes nothing, the button acknowledges once, and what was done is told."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from bot.air.acting import Acting
from civic.air.matters.figures import figures
from civic.air.matters.opening import MatterDraft, open_matter
from civic.air.matters.reading import Action, actions_of, events_of, steps_of
from civic.air.matters.record import Matter, read
from civic.air.matters.tables import air_matter_actions, air_matter_steps, air_matters
from civic.air.matters.work import close, judge_action, set_task
from civic.conversations.tables import outbound
from core.clock import SEOUL, SetClock
from core.vault import open_vault
from tests.bot.air.acting_texts import acting_texts
from tests.bot.memory_channel import TEXT_MESSAGES, MemoryChannel
from tests.civic.air.matters.town import MINUTE, NOON, RULES, employ
from tests.conftest import SECRET
from tests.web.house import SmallHouse
from tests.web.serving import Site
from tests.web.test_photos import picture

CHANNELS = {"texts": MemoryChannel(name="texts", capabilities=TEXT_MESSAGES)}
_LINK = re.compile(r"/air/ack/(\S+)")


class Nobody:
    async def deliver(self, conversation_id: UUID) -> None:
        return None


@dataclass
class Told:
    """A matter that was told: the paths that the officer and the company were sent."""

    house: SmallHouse
    matter_id: UUID
    officer: str
    company: str
    staff_id: UUID

    async def matter(self) -> Matter:
        async with self.house.db.reading() as tx:
            return await read(tx, self.house.settings.city.id, self.matter_id)

    async def actions(self) -> list[Action]:
        async with self.house.db.reading() as tx:
            return await actions_of(tx, self.matter_id)


async def tell(house: SmallHouse, **changes: Any) -> Told:
    """A matter over its limit, and one look of the clock."""
    city_id, now = house.settings.city.id, house.clock.now()
    house.settings = house.settings.model_copy(
        update={
            "air": RULES,
            "messaging": house.settings.messaging.model_copy(update={"sms_channel": "texts"}),
        }
    )
    values: dict[str, Any] = {
        "kind": "limit",
        "key": f"limit:{now.timestamp()}:{len(changes)}",
        "title_ko": "학운 3번 측정기 PM10 152 µg/m³ (기준 100)",
        "title_en": "Hagun sensor 3: PM10 152 µg/m³ (limit 100)",
        "value": Decimal(152),
        "unit": "µg/m³",
        "lat": 37.6140,
        "lon": 126.6090,
        **changes,
    }
    async with house.db.transaction() as tx:
        staff_id = await employ(tx, "kim", city_id=city_id)
        opened = await open_matter(tx, city_id, MatterDraft(**values), now, RULES)
    await Acting(house.db, Nobody(), CHANNELS, acting_texts(), house.settings, house.clock).look()
    paths = {}
    async with house.db.reading() as tx:
        wanted = select(outbound).where(outbound.c.dedupe_key.startswith(f"air_matter:{opened.id}"))
        for row in await tx.execute(wanted):
            if found := _LINK.search(row.body["text"]):
                paths[row.dedupe_key.split(":")[3]] = f"/air/ack/{found[1]}"
    return Told(house, opened.id, paths["duty"], paths["metal"], staff_id)


@pytest.fixture
async def told(house: SmallHouse, site: Site) -> Told:
    await open_vault(house.db, SECRET, NOON)
    house.clock = SetClock(NOON)
    async with house.db.reading() as tx:
        number = await tx.scalar(select(func.count()).select_from(air_matter_steps))
    return await tell(house, key=f"limit:test:{number}")


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with the link and nothing else."""
    async with httpx.AsyncClient(base_url=site.base, trust_env=False) as made:
        yield made


async def test_opening_the_page_shows_the_matter_and_acknowledges_nothing(
    client: httpx.AsyncClient, told: Told
) -> None:
    for _ in range(3):
        answer = await client.get(told.company)
        assert answer.status_code == 200
    assert (await client.head(told.company)).status_code in (200, 405)
    for part in (
        "학운 3번 측정기 PM10 152",
        "가까운 배출구를 확인해 주시기 바랍니다.",
        "예: 가람금속(가상)",
        "원인이라는 뜻이 아닙니다",
    ):
        assert part in answer.text
    assert (await told.matter()).state == "open"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    english = await client.get(told.company, params={"lang": "en"})
    assert "I have it in hand" in english.text
    assert "Hagun sensor 3" in english.text


async def test_the_button_acknowledges_once_for_its_own_side(client: httpx.AsyncClient, told: Told) -> None:
    for _ in range(2):
        answer = await client.post(told.company, data={"do": "ack"})
        assert answer.status_code == 303
    page = await client.get(answer.headers["location"])
    assert "확인하신 것으로 적었습니다" in page.text
    matter = await told.matter()
    assert (matter.state, matter.acknowledged_at, matter.staff_id) == ("acknowledged", NOON, None)
    assert "누르시면 이 사안을 맡으신 것으로 적고" in (await client.get(told.officer)).text
    await client.post(told.officer, data={"do": "ack"})
    assert (await told.matter()).staff_id == told.staff_id


async def test_a_company_tells_what_it_did_once_with_its_time_and_picture(
    client: httpx.AsyncClient, told: Told
) -> None:
    told.house.clock.move(40 * MINUTE)  # type: ignore[attr-defined]
    done = (NOON + 25 * MINUTE).astimezone(SEOUL)
    form = {"do": "tell", "kind": "action", "text": "집진기 필터를 바꾸었습니다.", "done": f"{done:%Y-%m-%dT%H:%M}"}
    once = {**form, "once": "a" * 24}
    for _ in range(2):
        answer = await client.post(told.company, data=once, files={"photo": ("a.jpg", picture(), "image/jpeg")})
        assert answer.status_code == 303
    [action] = await told.actions()
    assert (action.origin, action.company, action.text) == ("company", "metal", "집진기 필터를 바꾸었습니다.")
    assert (action.done_at, action.told_at) == (NOON + 25 * MINUTE, NOON + 40 * MINUTE)
    assert action.photo_sha256 is not None
    assert (await told.house.files.load(action.photo_sha256))[:2] == b"\xff\xd8"
    matter = await told.matter()
    assert (matter.state, matter.first_action_at) == ("acting", None)
    page = await client.get(told.company)
    assert "담당자 확인 전" in page.text
    async with told.house.db.transaction() as tx:
        locked = await read(tx, matter.city_id, matter.id, lock=True)
        await judge_action(tx, locked, action.id, told.staff_id, told.house.clock.now(), is_good=True)
    assert "<strong>확인됨</strong>" in (await client.get(told.company)).text
    async with told.house.db.transaction() as tx:
        stored = select(air_matter_actions.c.text + "").where(air_matter_actions.c.id == action.id)
        assert "집진기" not in str((await tx.execute(stored)).scalar_one())


async def test_a_statement_stands_beside_and_is_no_action(client: httpx.AsyncClient, told: Told) -> None:
    await client.post(told.company, data={"do": "ack"})
    await client.post(told.company, data={"do": "tell", "kind": "statement", "text": "오늘은 가동하지 않았습니다."})
    [one] = await told.actions()
    assert (one.kind, (await told.matter()).state) == ("statement", "acknowledged")


async def test_a_task_of_the_city_is_offered_and_done_by_the_action_that_names_it(
    client: httpx.AsyncClient, told: Told
) -> None:
    async with told.house.db.transaction() as tx:
        matter = await read(tx, told.house.settings.city.id, told.matter_id, lock=True)
        now = told.house.clock.now()
        task = await set_task(tx, matter, told.staff_id, "A1 배출구 점검", now, RULES, company="metal")
    assert "A1 배출구 점검" in (await client.get(told.company)).text
    await client.post(told.company, data={"do": "tell", "text": "점검했습니다.", "task": str(task)})
    assert [one.task_id for one in await told.actions()] == [task]
    assert "A1 배출구 점검" not in (await client.get(told.company)).text


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"text": "   "}, 422, "내용을 적어 주세요."),
        ({"text": "가" * 1001}, 422, "1,000자까지"),
        ({"text": "했습니다", "done": "2026-05-09T12:00"}, 422, "시간과 맞지 않습니다"),
        ({"text": "했습니다", "done": "어제"}, 422, "시간과 맞지 않습니다"),
    ],
)
async def test_what_cannot_be_taken_is_said_and_nothing_is_lost(
    client: httpx.AsyncClient, told: Told, form: dict[str, str], status: int, said: str
) -> None:
    answer = await client.post(told.company, data={"do": "tell", "kind": "action", **form})
    assert answer.status_code == status
    assert said in answer.text
    assert form["text"].strip() in answer.text
    assert await told.actions() == []


async def test_a_file_that_is_no_picture_is_refused(client: httpx.AsyncClient, told: Told) -> None:
    file = {"photo": ("a.jpg", b"%PDF-1.7", "image/jpeg")}
    answer = await client.post(told.company, data={"do": "tell", "text": "했습니다"}, files=file)
    assert (answer.status_code, "읽을 수 없는 파일" in answer.text) == (422, True)
    assert await told.actions() == []


async def test_a_link_ends_with_its_time_and_with_the_matter(client: httpx.AsyncClient, told: Told) -> None:
    assert (await client.get(told.company[:-1] + ("A" if told.company[-1] != "A" else "B"))).status_code == 404
    assert (await client.get("/air/ack/x")).status_code == 404
    assert (await client.post("/air/ack/" + "x" * 24, data={"do": "ack"})).status_code == 404
    async with told.house.db.transaction() as tx:
        matter = await read(tx, told.house.settings.city.id, told.matter_id, lock=True)
        await close(tx, matter, told.staff_id, "끝남", told.house.clock.now())
    page = await client.get(told.company)
    assert "종결된 사안입니다" in page.text
    assert "<button" not in page.text
    assert (await client.post(told.company, data={"do": "ack"})).status_code == 409
    told.house.clock.move(timedelta(hours=72))  # type: ignore[attr-defined]
    assert (await client.get(told.company)).status_code == 410
    assert (await client.post(told.company, data={"do": "ack"})).status_code == 410


async def test_why_a_company_hears_of_it_is_said_in_its_own_stacks_numbers(
    client: httpx.AsyncClient, house: SmallHouse, told: Told
) -> None:
    one = {"company": "metal", "stack": "A", "distance_m": 1234, "degrees": 8.2, "confidence": "weak"}
    other = {**one, "company": "feed", "stack": "ZZ9"}
    traced = {"basis": "wind", "from_degrees": 315.0, "stacks": [one, other]}
    async with house.db.transaction() as tx:
        await tx.execute(air_matters.update().where(air_matters.c.id == told.matter_id).values(traced=traced))
    page = (await client.get(told.company)).text
    assert "북서풍을 거슬러" in page
    assert "배출구 A: 1.2km, 바람길에서 8° 벗어남, 바람으로 본 가능성 낮음" in page
    assert "ZZ9" not in page


async def test_the_whole_way_from_the_limit_to_the_figures(
    client: httpx.AsyncClient, house: SmallHouse, site: Site
) -> None:
    """Over at 12:00; the officer is silent, the next one hears at 12:10; the company answers at 12:12, acts at 12:31,
    tells it at 12:40, the officer has verified it at 13:05: 31 minutes, whoever verified when."""
    await open_vault(house.db, SECRET, NOON)
    start = NOON + timedelta(days=30)
    house.clock = clock = SetClock(start)
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        lee = await employ(tx, "lee", city_id=city_id)
    told = await tell(house, key="limit:the-whole-way")
    acting = Acting(house.db, Nobody(), CHANNELS, acting_texts(), house.settings, clock)
    clock.move(10 * MINUTE)
    await acting.look()
    async with house.db.reading() as tx:
        second = [row for row in await steps_of(tx, told.matter_id) if row.lane == "duty"]
    assert [(row.state, row.staff_id) for row in second] == [("silent", told.staff_id), ("told", lee)]
    clock.move(2 * MINUTE)
    assert (await client.post(told.company, data={"do": "ack"})).status_code == 303
    clock.move(28 * MINUTE)
    done = (start + 31 * MINUTE).astimezone(SEOUL)
    form = {"do": "tell", "text": "소각로를 멈추었습니다.", "done": f"{done:%Y-%m-%dT%H:%M}"}
    await client.post(told.company, data=form)
    clock.move(25 * MINUTE)
    [action] = await told.actions()
    async with house.db.transaction() as tx:
        matter = await read(tx, city_id, told.matter_id, lock=True)
        await judge_action(tx, matter, action.id, lee, clock.now(), is_good=True)
    await acting.look()
    async with house.db.reading() as tx:
        day = start.astimezone(SEOUL).date()
        found = await figures(tx, city_id, day, day, RULES.acting)
        said = [(one.kind, one.actor_kind) for one in await events_of(tx, told.matter_id)]
    whole = found.rows[0]
    assert (whole.matters, whole.minutes, whole.answered_minutes, whole.by_officer) == (1, 31.0, 12.0, 1)
    for line in (("silent", "system"), ("acknowledged", "company"), ("action", "company"), ("verified", "staff")):
        assert line in said
