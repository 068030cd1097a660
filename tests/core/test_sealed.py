"""Sealed columns: opened as they are read, wherever they are selected, and never in another row's place."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations import thread
from civic.conversations.outbound import Draft, queue
from civic.conversations.tables import conversations, inbound, outbound
from core.db import Database
from core.vault import SealBroken, vault_of
from tests.civic.cases.rows import CITY, conversation, said

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
WORDS = "제 이름은 홍길동이고 번호는 010-1234-5678입니다"


async def told(tx: AsyncConnection, conversation_id: UUID) -> UUID:
    draft = Draft(
        city_id=CITY, conversation_id=conversation_id, channel="web", purpose="reply", priority=1, valid_until=NOW,
        next_attempt_at=NOW, body={"text": WORDS, "buttons": [], "ask": "", "lang": "ko"},
    )  # fmt: skip
    return await queue(tx, draft, NOW)


async def test_a_column_opens_alone_in_a_row_in_an_alias_and_in_a_returning(database: Database) -> None:
    async with database.transaction() as tx:
        of = await conversation(tx)
        message_id = await told(tx, of)
        assert await tx.scalar(select(outbound.c.body["text"].astext)) is None
        assert (await tx.execute(select(outbound))).one().body["text"] == WORDS
        body = await tx.scalar(select(outbound.c.body))
        assert body is not None and body["text"] == WORDS
        other = outbound.alias("o")
        assert (await tx.execute(select(other.c.body.label("said")))).one().said["text"] == WORDS
        changed = update(outbound).where(outbound.c.id == message_id).values(attempts=1).returning(outbound.c.body)
        assert (await tx.execute(changed)).scalar_one()["text"] == WORDS
        raw = (await tx.execute(text("SELECT body::text FROM outbound"))).scalar_one()
        assert raw.startswith('{"sealed": "')


async def test_an_inner_row_that_is_not_there_is_no_error(database: Database) -> None:
    async with database.transaction() as tx:
        of = await conversation(tx)
        wanted = select(conversations.c.id, inbound.c.text, inbound.c.content).select_from(
            conversations.outerjoin(inbound, inbound.c.conversation_id == conversations.c.id)
        )
        row = (await tx.execute(wanted.where(conversations.c.id == of))).one()
        assert (row.text or "", row.content) == ("", None)


async def test_words_moved_to_another_message_or_conversation_do_not_open(database: Database) -> None:
    async with database.transaction() as tx:
        mine, yours = await conversation(tx), await conversation(tx)
        ours = [await told(tx, of) for of in (mine, yours)]
        body = (await tx.execute(text("SELECT body FROM outbound WHERE id = :i"), {"i": ours[0]})).scalar_one()
        await tx.execute(update(outbound).where(outbound.c.id == ours[1]).values(body=body))
        with pytest.raises(SealBroken):
            await thread.read(tx, yours)
        with pytest.raises(SealBroken):
            await tx.scalar(select(outbound.c.body).where(outbound.c.id == ours[1]))
        assert [entry.text for entry in await thread.read(tx, mine)] == [WORDS]
        sealed = vault_of(tx).seal_json({"form": {"slots": {"name": "홍길동"}}}, f"conversations.state:{mine}")
        await tx.execute(update(conversations).where(conversations.c.id == yours).values(state=sealed))
        with pytest.raises(SealBroken):
            (await tx.execute(select(conversations).where(conversations.c.id == yours))).one()


async def test_rows_from_before_the_vault_are_read_as_they_are(database: Database) -> None:
    async with database.transaction() as tx:
        of = await conversation(tx, state={"warnings": 1})
        await said(tx, of, WORDS, content={"payload": "do:help"})
        row = (await tx.execute(select(inbound).where(inbound.c.conversation_id == of))).one()
        assert (row.text, row.content) == (WORDS, {"payload": "do:help"})
        assert await tx.scalar(select(conversations.c.state).where(conversations.c.id == of)) == {"warnings": 1}
