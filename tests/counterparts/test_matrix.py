"""A citizen with a Matrix program, a real Synapse, and the house as a process: both ways, and past our failures."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import nio  # type: ignore[import-untyped]
import pytest
from PIL import Image

from civic.staff.service import add_staff
from core.clock import SystemClock
from core.contracts.channel import House, OutgoingMessage, SendFailed
from core.db import Database
from integrations.channels import matrix
from tests.counterparts.synapse import PASSWORD, Synapse
from tests.crash.databases import own_database
from tests.crash.partner import Counterpart
from tests.crash.processes import City, environment, write_config
from tests.journeys.conftest import NEVER_QUIET
from tests.journeys.house import Town
from tests.ports import free_port
from tests.waiting import until

pytestmark = [pytest.mark.counterpart, pytest.mark.timeout(600)]
AS_TOKEN, HS_TOKEN = "as-token-of-the-real-synapse-0123456789", "hs-token-of-the-real-synapse-0123456789"
BOT = "@sinmungo:localhost"
_STATE = """
SELECT (SELECT count(*) FROM inbound WHERE conversation_id = c.id) AS heard,
  (SELECT count(*) FROM inbound WHERE conversation_id = c.id AND processed_at IS NULL)
   + (SELECT count(*) FROM outbound WHERE conversation_id = c.id AND status IN ('queued', 'sending')) AS left,
  (SELECT array_agg(provider_id ORDER BY seq) FROM outbound WHERE conversation_id = c.id AND status = 'sent') AS sent
FROM conversations c WHERE c.channel = 'matrix' AND c.address = %s
"""


class OneDoor(City):
    """The city at an address that the homeserver was told beforehand."""

    def __init__(self, config: Path, database_url: str, port: int) -> None:
        self._port = port
        super().__init__(config, database_url)

    def _start(self, port: int) -> Any:
        return super()._start(self._port)


@dataclass(slots=True)
class World:
    town: Town
    synapse: Synapse
    config: Path


@dataclass(slots=True)
class Citizen:
    """One person's program in one room. `transcript` is what both said, for the guide."""

    world: World
    client: nio.AsyncClient
    room: str
    events: list[dict[str, Any]] = field(default_factory=list)
    read: int = 0
    heard: int = 0
    transcript: list[str] = field(default_factory=list)

    async def put(self, content: dict[str, Any], kind: str = "m.room.message") -> str:
        self.transcript.append(f"시민: {content.get('body', kind)}")
        sent = await self.client.room_send(self.room, kind, content)
        assert isinstance(sent, nio.RoomSendResponse), sent
        self.heard += 1
        return str(sent.event_id)

    async def say(self, text: str) -> str:
        await self.put({"msgtype": "m.text", "body": text})
        return await self.next()

    async def pick(self, label: str) -> str:
        """The number that stood before these words in what came last."""
        lines = "\n".join(one["content"]["body"] for one in self.events).splitlines()
        found = next(line for line in reversed(lines) if re.match(rf"\d+\. .*{re.escape(label)}", line))
        return await self.say(found.partition(".")[0])

    async def next(self) -> str:
        """What came since the last look, once all is heard, answered, sent, and here."""
        sent: list[str] = []

        async def is_all_here() -> bool:
            rows = await self.world.town.rows(_STATE, self.room)
            if not rows or rows[0]["heard"] < self.heard or rows[0]["left"]:
                return False
            sent[:] = rows[0]["sent"] or []
            await self.sync()
            return {one["event_id"] for one in self.events} >= set(sent)

        await until(is_all_here, 90)
        fresh, self.read = self.events[self.read :], len(self.events)
        said = [str(one["content"]["body"]) for one in fresh]
        self.transcript += [f"신문고: {one}" for one in said]
        return "\n".join(said)

    async def sync(self) -> None:
        found = await self.client.sync(timeout=0, full_state=False)
        assert isinstance(found, nio.SyncResponse), found
        joined = found.rooms.join.get(self.room)
        for event in joined.timeline.events if joined else ():
            if event.sender == BOT and event.source["type"] == "m.room.message":
                self.events.append(event.source)


@pytest.fixture(scope="module")
async def world(server_url: str, template_name: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("matrix")
    door, synapse = free_port(), Synapse(folder / "synapse", free_port())
    synapse.folder.mkdir()
    section = {"enabled": True, "homeserver_url": synapse.url, "server_name": "localhost"}
    config = write_config(
        folder,
        channels={"matrix": {**section, "as_token": AS_TOKEN, "hs_token": HS_TOKEN}},
        web={"public_url": f"http://127.0.0.1:{door}"},
        messaging=NEVER_QUIET,
    )
    with own_database(server_url, template_name) as database_url:
        told = await command(config, database_url, "register", "matrix")
        assert told[0] != 0 and "Traceback" not in told[1], "no homeserver yet, but its file is written"
        registration = folder / "var" / "matrix-as.yaml"
        assert registration.stat().st_mode & 0o077 == 0
        synapse.configure(registration)
        async with synapse.running(), httpx.AsyncClient(timeout=30) as client:
            city = OneDoor(config, database_url, door)
            try:
                await city.up()
                yield World(Town(city, Counterpart(), database_url, client), synapse, config)
            finally:
                city.close()


async def command(config: Path, database_url: str, *words: str) -> tuple[int, str]:
    """`./sinmungo …`, its exit code and what it said."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "commands", *words,
        cwd=Path(matrix.__file__).parents[2], env=environment(config, database_url),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await child.communicate()
    return child.returncode or 0, said.decode()


async def opened(world: World, *, name: str = "", others: tuple[str, ...] = ()) -> Citizen:
    name = name or f"citizen{uuid4().hex[:8]}"
    await world.synapse.add(name)
    client = nio.AsyncClient(world.synapse.url, f"@{name}:localhost")
    assert isinstance(await client.login(PASSWORD), nio.LoginResponse)
    made = await client.room_create(is_direct=True, preset=nio.RoomPreset.trusted_private_chat, invite=[BOT, *others])
    assert isinstance(made, nio.RoomCreateResponse), made
    return Citizen(world, client, str(made.room_id), heard=1)


@pytest.fixture
async def citizen(world: World) -> AsyncIterator[Citizen]:
    made = await opened(world)
    yield made
    await made.client.close()


async def test_the_homeserver_reaches_us_when_asked(world: World) -> None:
    code, said = await command(world.config, world.town.database_url, "register", "matrix")
    assert code == 0 and BOT in said, said


async def filed(citizen: Citizen) -> str:
    """A formal complaint, choices by number, with a place and a photo; its receipt number."""
    await citizen.say("집 앞 가로등이 며칠째 꺼져 있어요")
    await citizen.pick("가로등")
    place = {"msgtype": "m.location", "body": "구래역 1번 출구", "geo_uri": "geo:37.6453,126.6287;u=20"}
    await citizen.put(place)
    await citizen.next()
    await citizen.pick("계속·매일")
    picture = BytesIO()
    Image.new("RGB", (64, 48), "orange").save(picture, "JPEG")
    size = picture.tell()
    picture.seek(0)
    upload, _ = await citizen.client.upload(picture, "image/jpeg", "lamp.jpg", filesize=size)
    assert isinstance(upload, nio.UploadResponse), upload
    photo = {"msgtype": "m.image", "body": "lamp.jpg", "url": upload.content_uri, "info": {"mimetype": "image/jpeg"}}
    await citizen.put(photo)
    await citizen.next()
    await citizen.pick("동의하고 민원")
    await citizen.say("홍길동입니다")
    summary = await citizen.say("01012345678")
    assert "구래역 1번 출구" in summary and "사진: 1장" in summary
    answer = await citizen.pick("접수")
    if "이미 접수된 민원이 있습니다" in answer:
        answer = await citizen.pick("새로 접수")
    receipt = re.search(r"GP-\d{4}-\d{6}", answer)
    assert receipt, answer
    return receipt[0]


async def signed_in(town: Town) -> str:
    """The token of a head of the department that mends street lights."""
    db = Database(town.database_url, pool_size=1)
    login, password = f"staff-{uuid4().hex[:6]}", "북소리가-들리는-시청-2026"
    try:
        async with db.transaction() as tx:
            await add_staff(
                tx,
                city_id="gimpo",
                login=login,
                name="김담당",
                role="manager",
                department_id="road",
                password=password,
                now=datetime.now(UTC),
            )
    finally:
        await db.close()
    answer = await town.client.post(f"{await town.door()}/api/v1/session", json={"login": login, "password": password})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


async def test_a_complaint_goes_its_whole_way(world: World, citizen: Citizen, tmp_path: Path) -> None:
    assert "수신거부" in await citizen.next()  # invited, and the bot came in
    assert "구래" in await citizen.say("구래동 주차장")
    receipt = await filed(citizen)
    token = await signed_in(world.town)
    case = (await world.town.staff(token, "GET", f"/cases/{receipt}")).json()
    assert (case["channel"], case["citizen"]["name"]) == ("matrix", "홍길동")
    conversation = f"/conversations/{case['conversation_id']}"
    await world.town.staff(token, "POST", f"{conversation}/take-over")
    assert await citizen.say("언제 고쳐지나요?") == "", "a member of staff holds it"
    await world.town.staff(
        token, "POST", f"{conversation}/replies", json={"text": "오늘 밤 안에 고치겠습니다. <홍길동 님>"}
    )
    assert "오늘 밤 안에 고치겠습니다. <홍길동 님>" in await citizen.next()
    assert "&lt;홍길동 님&gt;" in citizen.events[-1]["content"]["formatted_body"]
    await asyncio.to_thread((tmp_path / "transcript.txt").write_text, "\n\n".join(citizen.transcript), "utf-8")


async def test_what_he_deletes_is_gone_here_too(world: World, citizen: Citizen) -> None:
    await citizen.next()
    secret = await citizen.put({"msgtype": "m.text", "body": "제 비밀번호는 1234입니다"})
    await citizen.next()
    await citizen.client.room_redact(citizen.room, secret)

    async def is_blank() -> bool:
        rows = await world.town.rows("SELECT outcome FROM inbound WHERE external_id = %s", secret)
        return bool(rows) and rows[0]["outcome"] == "withdrawn"

    await until(is_blank, 60)


async def test_an_edited_message_is_read_in_its_new_words(citizen: Citizen) -> None:
    await citizen.next()
    first = await citizen.put({"msgtype": "m.text", "body": "구래돈 주챠장"})
    await citizen.next()
    relation = {"rel_type": "m.replace", "event_id": first}
    new = {"msgtype": "m.text", "body": "구래동 주차장"}
    await citizen.put({**new, "body": "* 구래동 주차장", "m.new_content": new, "m.relates_to": relation})
    assert "구래동" in await citizen.next()


async def test_what_was_written_while_we_were_down_is_answered_once_and_in_order(
    world: World, citizen: Citizen
) -> None:
    """Killed as by a power cut; Synapse tries again after 2, 4, 8 s and so on until the house is back."""
    await citizen.next()
    city = world.town.city
    city.processes[0].kill()
    words = ["구래동 주차장", "여권 어디서 만들어요?", "장기동 주차장 알려주세요"]
    keys = [await citizen.put({"msgtype": "m.text", "body": one}) for one in words]
    await city.kill_and_restart()
    answers = (await citizen.next()).splitlines()
    rows = await world.town.rows(
        """SELECT i.external_id, count(o.id) AS answers, min(o.seq) AS first FROM inbound i
           JOIN outbound o ON o.inbound_id = i.id WHERE i.external_id = ANY(%s) GROUP BY 1 ORDER BY first""",
        keys,
    )
    assert [row["external_id"] for row in rows] == keys
    shown = [next(at for at, line in enumerate(answers) if word in line) for word in ("구래동", "여권", "장기동")]
    assert shown == sorted(shown)
    assert len({one["event_id"] for one in citizen.events}) == len(citizen.events)
    seen = [one["event_id"] for one in citizen.events]
    sent = (await world.town.rows(_STATE, citizen.room))[0]["sent"]
    assert seen == sent, "each answer once, in the order in which it was written down"


async def test_a_transaction_that_we_could_not_take_comes_again(world: World, citizen: Citizen) -> None:
    """The store is away for a moment: 503 to the homeserver, and nothing is lost or doubled."""
    await citizen.next()
    async with world.town.held_up():
        await citizen.put({"msgtype": "m.text", "body": "구래동 주차장"})
    assert (await citizen.next()).count("자료: 전국주차장정보표준데이터") == 1


@pytest.fixture
async def lent(tmp_path: Path) -> AsyncIterator[House]:
    async def publish(topic: str, payload: str) -> None:
        raise AssertionError("a channel of this kind publishes nothing")

    async with httpx.AsyncClient() as http:
        yield House(http, publish, b"s" * 32, tmp_path, "http://localhost", SystemClock().now)


def channel(world: World, lent: House) -> Any:
    settings = matrix.Settings(
        homeserver_url=world.synapse.url, server_name="localhost", as_token=AS_TOKEN, hs_token=HS_TOKEN
    )
    return matrix.build(settings, lent)


async def test_a_send_that_is_repeated_makes_one_message(world: World, citizen: Citizen, lent: House) -> None:
    await citizen.next()
    said = OutgoingMessage(UUID(int=77), citizen.room, "한 번만 말합니다.", answers=citizen.events[-1]["event_id"])
    sent = [await channel(world, lent).send(said) for _ in range(3)]
    assert len({one.provider_id for one in sent}) == 1
    better = OutgoingMessage(UUID(int=78), citizen.room, "고쳐 말합니다.", replaces=sent[0].provider_id)
    await channel(world, lent).send(better)
    await until(lambda: seen(citizen, "* 고쳐 말합니다."), 30)
    bodies = [one["content"]["body"] for one in citizen.events]
    assert bodies.count("한 번만 말합니다.") == 1
    relations = [one["content"]["m.relates_to"]["rel_type"] for one in citizen.events[-2:]]
    assert relations == ["m.thread", "m.replace"]


async def seen(citizen: Citizen, body: str) -> bool:
    await citizen.sync()
    return any(one["content"]["body"] == body for one in citizen.events)


async def test_an_encrypted_word_is_told_unreadable_once(world: World, citizen: Citizen) -> None:
    await citizen.next()
    secret = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6q", "session_id": "x"}
    await citizen.put(secret, "m.room.encrypted")
    assert "암호화" in await citizen.next()
    before = len(citizen.events)
    await citizen.client.room_send(citizen.room, "m.room.encrypted", secret)
    await citizen.say("구래동 주차장")
    assert not any("암호화" in one["content"]["body"] for one in citizen.events[before:])


async def test_it_leaves_a_room_with_a_third_person(world: World, lent: House) -> None:
    other = await opened(world)
    citizen = await opened(world, others=(str(other.client.user_id),))
    try:
        await other.client.join(citizen.room)
        await citizen.put({"msgtype": "m.text", "body": "구래동 주차장"})
        await until(lambda: is_gone(citizen), 60)
        assert await seen(citizen, matrix.CROWDED)
        with pytest.raises(SendFailed) as failure:
            await channel(world, lent).send(OutgoingMessage(uuid4(), citizen.room, "비밀"))
        assert failure.value.stopped
    finally:
        await other.client.close()
        await citizen.client.close()


async def is_gone(citizen: Citizen) -> bool:
    members = await citizen.client.joined_members(citizen.room)
    assert isinstance(members, nio.JoinedMembersResponse), members
    return BOT not in {one.user_id for one in members.members}


async def test_who_leaves_the_room_is_left_in_peace(world: World, citizen: Citizen) -> None:
    await citizen.next()
    await citizen.client.room_leave(citizen.room)

    async def is_stopped() -> bool:
        rows = await world.town.rows(
            "SELECT stopped_at, unreachable_at FROM conversations WHERE address = %s", citizen.room
        )
        return rows[0]["stopped_at"] is not None or rows[0]["unreachable_at"] is not None

    await until(is_stopped, 60)
