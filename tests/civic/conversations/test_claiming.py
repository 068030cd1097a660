"""Claiming what is due costs what is taken, also in a store that believes its outbox to be empty."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text

from civic.conversations import delivery
from civic.conversations.tables import conversations, outbound
from core.db import Database
from core.ids import new_id
from core.vault import vault_of

NOW = datetime.now(UTC) - timedelta(minutes=1)
WAITING, TAKEN = 400, 10
BELIEFS = {"it has not counted": (0, -1, 10 * TAKEN), "it counted an empty outbox": (1000, 0, 10 * WAITING * TAKEN)}
"""`relpages`, `reltuples`, and what it may read: where every index looks alike (a vacuum that met a campaign while it
was taken back), all that waits for each that is taken, and not that once more for each that waits."""


async def waiting(database: Database, channel: str) -> None:
    """One message each to so many people."""
    people = [new_id() for _ in range(WAITING)]
    async with database.transaction() as tx:
        vault = vault_of(tx)
        await tx.execute(
            insert(conversations),
            [
                {"id": one, "city_id": "gimpo", "channel": channel, "address": one.hex, "last_inbound_at": NOW,
                 "created_at": NOW}
                for one in people
            ],
        )  # fmt: skip
        await tx.execute(insert(outbound), [row(vault, channel, one) for one in people])


def row(vault: object, channel: str, conversation_id: UUID) -> dict[str, object]:
    message_id = new_id()
    body = vault.seal_json({"text": "안내"}, f"outbound.body:{message_id}")  # type: ignore[attr-defined]
    return {"id": message_id, "city_id": "gimpo", "conversation_id": conversation_id, "channel": channel,
            "purpose": "campaign", "priority": 5, "body": body, "status": "queued", "next_attempt_at": NOW,
            "valid_until": NOW + timedelta(days=1), "created_at": NOW}  # fmt: skip


@pytest.mark.parametrize("belief", BELIEFS)
async def test_it_does_not_read_the_outbox_again_for_each_that_waits(database: Database, belief: str) -> None:
    channel = f"claim-{uuid4().hex[:8]}"
    await waiting(database, channel)
    pages, rows, most = BELIEFS[belief]
    async with database.transaction() as tx:
        await tx.execute(text("DELETE FROM pg_statistic WHERE starelid = 'outbound'::regclass"))
        restored = text(
            "SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', 'outbound', 'relpages', "
            "CAST(:pages AS int), 'reltuples', CAST(:rows AS real))"
        )
        await tx.execute(restored, {"pages": pages, "rows": rows})
        before = await read(tx)
        taken = await delivery.claim_due(tx, "gimpo", channel, datetime.now(UTC), TAKEN)
        cost = await read(tx) - before
        await tx.rollback()
    assert len(taken) == TAKEN
    assert cost < most


async def read(tx: object) -> int:
    """Rows of the outbox and entries of its indexes that this transaction has read."""
    found = text(
        "SELECT pg_stat_get_xact_tuples_returned('outbound'::regclass) + (SELECT sum(pg_stat_get_xact_tuples_returned("
        "indexrelid)) FROM pg_index WHERE indrelid = 'outbound'::regclass)"
    )
    return int((await tx.execute(found)).scalar_one())  # type: ignore[attr-defined]
