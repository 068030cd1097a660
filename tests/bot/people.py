"""What the tests of one person on many channels share: a messenger, a text channel, and whoever uses both."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from civic.conversations import addresses
from civic.conversations.tables import conversations
from core.contracts.channel import Capabilities
from core.settings import Settings
from tests.bot.city import MORNING, Citizen, City, open_city
from tests.bot.memory_channel import MemoryChannel

SMS = "sms"
TEXTS = Capabilities(max_text=1000, max_buttons=0, max_label=20, idempotent=True, has_phone_address=True)
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
CASE = ("구래동 공원에 쓰레기가 쌓여 있어요", "네", "오늘", "없음", "동의하고 민원")


class People:
    """The city with both channels. `chat` is a citizen on the messenger, `phone` one who writes texts."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.house = city.house
        self.sms = MemoryChannel(name=SMS, capabilities=TEXTS)
        city.house.channels[SMS] = self.sms
        self._numbers = iter(range(10_000))

    def chat(self) -> Citizen:
        return self.city.citizen()

    def other(self, name: str) -> Citizen:
        """A citizen on a further messenger of that name."""
        channel = self.city.house.channels.setdefault(name, MemoryChannel(name=name))
        assert isinstance(channel, MemoryChannel)
        return Citizen(City(self.house, channel, self.city.clock), f"{name}-{uuid4().hex[:8]}")

    def new_number(self) -> str:
        """A mobile number that no test had before."""
        return f"010-{2000 + next(self._numbers):04}-{uuid4().int % 10_000:04}"

    def phone(self, number: str) -> Citizen:
        return Citizen(City(self.house, self.sms, self.city.clock), international(number))

    async def code_to(self, number: str) -> str:
        """The newest code that was sent to the number."""
        await self.drain()
        said = self.sms.sent[international(number)]
        codes = [found[0] for one in said if (found := _CODE.search(one.text))]
        assert codes, "no code was sent"
        return codes[-1]

    async def drain(self) -> None:
        await self.house.desk.sender.drain()
        await self.house.desk.idle()

    async def ask(self, citizen: Citizen, number: str) -> str:
        """The citizen asks to be linked and gives the number; the code."""
        await citizen.say("다른 채널 연결")
        await citizen.say(number)
        return await self.code_to(number)

    async def link(self, citizen: Citizen, number: str) -> str:
        """The whole dialogue; the last answer."""
        code = await self.ask(citizen, number)
        return "\n".join(one.text for one in await citizen.say(code))

    async def file(self, citizen: Citizen, number: str, name: str = "홍길동") -> str:
        """A case by dialogue; its number."""
        said: list[Any] = []
        for line in (*CASE, name, number, "네"):
            said = await citizen.say(line)
        if "함께 신청" in texts(said):
            said = await citizen.say("새로 접수")
        found = re.search(r"GP-\d{4}-\d+", "\n".join(one.text for one in said))
        assert found, said
        return found[0]

    async def row(self, citizen: Citizen) -> Any:
        """The citizen's conversation as it is stored."""
        can = citizen.city.channel.capabilities
        key = addresses.key(self.house.vault, citizen.address, is_phone=can.has_phone_address)
        async with self.house.db.transaction() as tx:
            return (await tx.execute(select(conversations).where(conversations.c.address == key))).one()

    async def id_of(self, citizen: Citizen) -> UUID:
        return (await self.row(citizen)).id  # type: ignore[no-any-return]

    async def count(self, table: Any, *wanted: Any) -> int:
        async with self.house.db.transaction() as tx:
            return await tx.scalar(select(func.count()).select_from(table).where(*wanted)) or 0


def international(number: str) -> str:
    return "+82" + number.replace("-", "")[1:]


def texts(said: Any) -> str:
    return "\n".join(one.text for one in said)


@asynccontextmanager
async def open_people(settings: Settings, url: str, var: Path) -> AsyncIterator[People]:
    messaging = settings.messaging.model_copy(update={"sms_channel": SMS})
    async with open_city(settings.model_copy(update={"messaging": messaging}), url, var, at=MORNING) as city:
        yield People(city)
