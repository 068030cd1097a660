"""A case that the tests of the officer's tools start from, and what they look up of it."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from civic.cases.case import OpenedCase
from civic.cases.open import open_case
from civic.cases.tables import case_events
from civic.conversations.tables import outbound
from civic.staff.tables import access_log, audit_log
from tests.api.house import SmallHouse
from tests.civic.cases.rows import NOW, conversation, draft, said


async def opened(house: SmallHouse, *, lang: str = "ko", channel: str = "web", **values: Any) -> OpenedCase:
    """A case that came by a conversation of its own."""
    async with house.db.transaction() as tx:
        thread = await conversation(tx, lang=lang, channel=channel)
        await said(tx, thread, "가로등이 꺼졌어요", channel=channel)
        return await open_case(tx, draft(thread, **{"channel": channel, **values}), NOW)


async def kinds(house: SmallHouse, case_id: UUID) -> list[str]:
    """Of its events, oldest first."""
    wanted = select(case_events.c.kind).where(case_events.c.case_id == case_id).order_by(case_events.c.seq)
    async with house.db.transaction() as tx:
        return [row.kind for row in await tx.execute(wanted)]


async def told(house: SmallHouse, case_id: UUID) -> list[Any]:
    """What was queued for its citizen."""
    async with house.db.transaction() as tx:
        found = await tx.execute(select(outbound).where(outbound.c.case_id == case_id).order_by(outbound.c.seq))
        return list(found.all())


async def looks(house: SmallHouse, action: str) -> list[Any]:
    async with house.db.transaction() as tx:
        found = await tx.execute(select(access_log).where(access_log.c.action == action).order_by(access_log.c.id))
        return list(found.all())


async def audits(house: SmallHouse, action: str) -> list[Any]:
    async with house.db.transaction() as tx:
        found = await tx.execute(select(audit_log).where(audit_log.c.action == action).order_by(audit_log.c.id))
        return list(found.all())
