"""Matters for those who meet them in a conversation: presses of buttons, codes, and what a company is called."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters import links
from civic.air.matters.answering import acknowledge
from civic.air.matters.people import DUTY
from civic.air.matters.record import Actor, read
from civic.air.matters.tables import air_contact_links, air_matter_steps
from core.air_rules import Air
from core.contracts.channel import Channel


class MatterDesk:
    """Everything here writes in the caller's transaction. `channels`: all that are switched on."""

    def __init__(self, city_id: str, rules: Air, channels: Mapping[str, Channel]) -> None:
        self._city_id = city_id
        self._rules = rules
        self._channels = channels

    def can_tell(self, channel: str) -> bool:
        """Whether a word can be sent there without being asked."""
        found = self._channels.get(channel)
        return found is not None and found.replies == "push"

    def name(self, company: str, lang: str) -> str:
        found = self._rules.companies.get(company)
        return company if found is None else found.name.en if lang == "en" else found.name.ko

    async def press(
        self, tx: AsyncConnection, step_id: UUID, conversation_id: UUID, now: datetime
    ) -> tuple[bool, bool]:
        """(it was sent to this conversation, the matter still stands); acknowledged when both."""
        step = air_matter_steps.c
        wanted = select(step.matter_id, step.round, step.lane, step.person).where(
            step.id == step_id, step.city_id == self._city_id
        )
        row = (await tx.execute(wanted)).one_or_none()
        if row is None or row.lane == DUTY or not await self._is_his(tx, row.lane, row.person, conversation_id):
            return False, True
        matter = await read(tx, self._city_id, row.matter_id, lock=True)
        if matter.state == "closed" or matter.round != row.round:
            return True, False
        await acknowledge(tx, matter, Actor.of_company(row.lane), now, via="messenger", step_id=step_id)
        return True, True

    async def link(self, tx: AsyncConnection, conversation_id: UUID, code: str, now: datetime) -> str | None:
        """The company whose contact is told here from now on; None for a wrong code."""
        return await links.redeem(tx, self._city_id, conversation_id, code, now, self._rules)

    async def unlink(self, tx: AsyncConnection, conversation_id: UUID, now: datetime) -> int:
        return await links.unlink(tx, self._city_id, conversation_id, now)

    async def _is_his(self, tx: AsyncConnection, company: str, person: str, conversation_id: UUID) -> bool:
        link = air_contact_links.c
        wanted = select(link.conversation_id).where(
            link.city_id == self._city_id, link.company == company, link.mark == person.removeprefix("contact:")
        )
        return (await tx.execute(wanted)).scalar_one_or_none() == conversation_id
