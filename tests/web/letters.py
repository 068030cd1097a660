"""A link of the web form into a fresh conversation, as the bot writes it."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from bot.webform import Ask, WebForm
from civic.conversations import intake, thread
from core.contracts.channel import IncomingMessage
from tests.web.house import SmallHouse


@dataclass
class Letter:
    """A link into a fresh conversation, and what its house has."""

    house: SmallHouse
    form: WebForm
    base: str
    channel: str
    address: str
    conversation_id: UUID

    def path(self, ask: Ask, *, before: timedelta = timedelta()) -> str:
        """As if it had been written so long ago."""
        link = self.form.link(self.conversation_id, ask, self.house.clock.now() - before)
        return link.removeprefix(self.house.settings.web.public_url)

    @property
    def heard(self) -> list[IncomingMessage]:
        return [one for one in self.house.desk.seen if one.address == self.address]


async def conversation(house: SmallHouse, base: str, channel: str = "kakao") -> Letter:
    address = uuid4().hex
    hello = IncomingMessage(uuid4().hex, address, "text", "가로등이 꺼졌어요")
    arrival = intake.Arrival(house.settings.city.id, channel, hello, house.clock.now())
    async with house.db.transaction() as tx:
        await intake.store(tx, [arrival], owner="test", lease_s=1)
        found = await thread.conversation_id(tx, house.settings.city.id, channel, address)
    assert found
    form = WebForm.of(house.settings, house.secret, house.settings.path(house.settings.var))
    return Letter(house, form, base, channel, address, found)
