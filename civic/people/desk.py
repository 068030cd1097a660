"""What a citizen does with his account by chat: prove his number, link and unlink, choose where he is told, look."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.hidden import HIDDEN
from civic.conversations.tables import conversations, inbound
from civic.people import codes, links, notices, unlinking
from civic.people.citizens import contact_of
from civic.people.codes import Judged, Refusal
from civic.people.links import Linked, Member
from civic.people.phone import masked_phone
from civic.people.tables import citizens, consents
from core.contracts.channel import Channel
from core.db import Database
from core.errors import Conflict
from core.settings import Messaging, People
from core.vault import Vault

_CASES = text("""SELECT count(*), count(*) FILTER (WHERE closed_at IS NULL) FROM cases
WHERE citizen_id = :citizen OR conversation_id = :conversation""")


@dataclass(frozen=True, slots=True)
class Kept:
    """What the city keeps of one person, counted. `phone` is masked; both are empty where he gave none."""

    name: str
    phone: str
    channels: tuple[str, ...]
    messages: int
    cases: int
    open_cases: int
    consents: int


class PeopleService:
    """One city's. Methods without `tx` read; the others write in the caller's transaction."""

    hidden = HIDDEN

    def __init__(
        self,
        db: Database,
        vault: Vault,
        city_id: str,
        rules: People,
        messaging: Messaging,
        channels: Mapping[str, Channel],
    ) -> None:
        self._db = db
        self._vault = vault
        self._city_id = city_id
        self.rules = rules
        self._messaging = messaging
        self._channels = channels

    @property
    def sms_channel(self) -> str:
        """Where codes go out; empty where the city has no such channel, and nothing can be linked."""
        name = self._messaging.sms_channel
        channel = self._channels.get(name)
        return name if channel is not None and channel.capabilities.has_phone_address else ""

    def can_push(self, channel: str) -> bool:
        """The channel can be written to first; another one waits until the citizen says something."""
        found = self._channels.get(channel)
        return found is not None and found.replies == "push"

    # -- proving ------------------------------------------------------------------------------------------------------

    async def refusal(self, conversation_id: UUID, phone: str, now: datetime) -> Refusal:
        """Why no code may be sent to this number now, or nothing."""
        number = codes.phone_index(self._vault, phone)
        async with self._db.reading() as tx:
            return await codes.refusal(tx, self.rules, self._city_id, conversation_id, number, now)

    async def send_code(
        self, tx: AsyncConnection, conversation_id: UUID, phone: str, text: str, lang: str, now: datetime
    ) -> None:
        """Raises Conflict when somebody else was quicker and the bound is reached."""
        why = await codes.send_code(
            tx,
            self.rules,
            city_id=self._city_id,
            conversation_id=conversation_id,
            sms_channel=self.sms_channel,
            phone=phone,
            text=text,
            lang=lang,
            priority=self._messaging.purposes["reply"].priority,
            now=now,
        )
        if why:
            raise Conflict("지금은 확인 번호를 보낼 수 없습니다.", "No code can be sent now.", why=why)

    async def look_at(self, conversation_id: UUID, code: str, now: datetime) -> Judged:
        """What the code would be judged to be; nothing is counted yet."""
        async with self._db.reading() as tx:
            return await codes.judge(tx, self.rules, conversation_id, code, now, settles=False)

    async def settle(
        self, tx: AsyncConnection, conversation_id: UUID, code: str, seen: Judged, now: datetime
    ) -> Judged:
        """Count it, or use it up. Raises Conflict when it is no longer what was `seen`: the turn answers otherwise."""
        judged = await codes.judge(tx, self.rules, conversation_id, code, now)
        if judged.verdict != seen.verdict:
            raise Conflict("확인 번호를 다시 확인해 주세요.", "The code was judged otherwise meanwhile.")
        return judged

    async def prove(
        self, tx: AsyncConnection, conversation_id: UUID, phone: str, proven: Judged, now: datetime
    ) -> None:
        """Note the number that the right code showed, and link nobody. Raises Conflict when it shows another number."""
        if proven.verdict != "right" or codes.phone_index(self._vault, phone) != proven.phone_index:
            raise Conflict("확인되지 않은 번호입니다.", "This number was not proven.")
        await links.prove(tx, self._city_id, conversation_id, proven.phone_index, "code", now)

    # -- linking ------------------------------------------------------------------------------------------------------

    async def link(
        self, tx: AsyncConnection, conversation_id: UUID, phone: str, proven: Judged, now: datetime
    ) -> Linked:
        """`proven`: the right code, settled. Raises Conflict when it proves another number than `phone`."""
        if proven.verdict != "right" or proven.sms_conversation_id is None:
            raise Conflict("확인되지 않은 번호입니다.", "This number was not proven.")
        if codes.phone_index(self._vault, phone) != proven.phone_index:
            raise Conflict("확인되지 않은 번호입니다.", "This number was not proven.")
        return await links.link_by_phone(
            tx,
            self.rules,
            city_id=self._city_id,
            conversation_id=conversation_id,
            sms_conversation_id=proven.sms_conversation_id,
            phone=phone,
            number=proven.phone_index,
            now=now,
        )

    async def unlink(self, tx: AsyncConnection, conversation_id: UUID, now: datetime) -> int:
        """By the citizen, in the turn of this conversation."""
        return await unlinking.unlink(tx, self._city_id, conversation_id, now, by="citizen", own_turn=conversation_id)

    async def members(self, citizen_id: UUID | None) -> list[Member]:
        """His conversations, the first first; none of somebody who is nobody yet."""
        if citizen_id is None:
            return []
        async with self._db.reading() as tx:
            return await links.members(tx, citizen_id)

    # -- being told, and looking --------------------------------------------------------------------------------------

    async def told_at(self, citizen_id: UUID) -> UUID | None:
        """The conversation that he chose, if he did."""
        async with self._db.reading() as tx:
            chosen: UUID | None = await tx.scalar(
                select(citizens.c.notice_conversation_id).where(citizens.c.id == citizen_id)
            )
            return chosen

    async def choose(self, tx: AsyncConnection, citizen_id: UUID, conversation_id: UUID | None, now: datetime) -> None:
        await notices.choose(tx, self._city_id, citizen_id, conversation_id, now)

    async def kept(self, conversation_id: UUID, citizen_id: UUID | None) -> Kept:
        """What there is of him. It is his own chat: no access-log row is left."""
        async with self._db.reading() as tx:
            name, phone = await contact_of(tx, self._vault, citizen_id) if citizen_id else ("", "")
            his = await links.members(tx, citizen_id) if citizen_id else []
            ids = [one.conversation_id for one in his] or [conversation_id]
            channels = list(
                await tx.scalars(select(conversations.c.channel).where(conversations.c.id.in_(ids)).distinct())
            )
            said = (
                select(func.count())
                .select_from(inbound)
                .where(inbound.c.conversation_id.in_(ids), inbound.c.text != "")
            )
            agreed = select(func.count()).select_from(consents).where(consents.c.conversation_id.in_(ids))
            counted = (await tx.execute(_CASES, {"citizen": citizen_id, "conversation": conversation_id})).one()
            return Kept(
                name=name,
                phone=masked_phone(phone) if phone else "",
                channels=tuple(sorted(channels)),
                messages=int(await tx.scalar(said) or 0),
                cases=counted[0],
                open_cases=counted[1],
                consents=int(await tx.scalar(agreed) or 0),
            )
