"""Processes are killed at random points under load; afterwards nothing is lost, doubled or out of order.

2,000 messages over 200 conversations. A provider posts a conversation's next message once the one before was
acknowledged, posts again what was not, and posts some twice for no reason.
"""

import asyncio
import contextlib
import os
import random
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from tests.crash.partner import Counterpart, counterpart, signed
from tests.crash.processes import City, write_config
from tests.opened import body, vault_of_tests
from tests.waiting import until

CONVERSATIONS, EACH = 200, 10
AT_ONCE = 24
KILLS = 5
DONE_S = 120.0
SAID = (
    "안녕하세요",
    "구래동 주차장",
    "두 시간 대면 얼마야?",
    "여권 어디서 만들어요?",
    "민원 어떻게 됐어요?",
    "도움말",
    "고맙습니다",
    "장기동 주차장 알려주세요",
)
pytestmark = pytest.mark.crash


class Provider:
    """Posts everything, in order per conversation; `accepted` counts what was acknowledged."""

    def __init__(self, city: City, dice: random.Random) -> None:
        self._city = city
        self._dice = dice
        self._free = asyncio.Semaphore(AT_ONCE)
        self.accepted = 0
        self.on_accepted: Callable[[int], None] = lambda count: None

    async def post_all(self) -> None:
        async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=AT_ONCE)) as client:
            await asyncio.gather(*(self._talk(client, number) for number in range(CONVERSATIONS)))

    async def _talk(self, client: httpx.AsyncClient, conversation: int) -> None:
        for number in range(EACH):
            async with self._free:
                await self._post(client, conversation, number)
                self.accepted += 1
                self.on_accepted(self.accepted)
                if self._dice.random() < 0.05:
                    await self._post(client, conversation, number)

    async def _post(self, client: httpx.AsyncClient, conversation: int, number: int) -> None:
        """Until it is acknowledged, as a provider would."""
        text = SAID[(conversation + number) % len(SAID)]
        message = {"id": f"m-{conversation}-{number}", "from": f"c-{conversation}", "type": "text", "text": text}
        tried = 0

        async def is_acknowledged() -> bool:
            nonlocal tried
            raw, headers = signed(message)
            base = await self._city.base(conversation + number + tried)
            tried += 1
            try:
                answer = await client.post(f"{base}/channels/partner", content=raw, headers=headers)
            except httpx.HTTPError:
                return False
            assert answer.status_code in (200, 503), f"{answer.status_code}: {answer.text}"
            return answer.status_code == 200

        await until(is_acknowledged, 120)


async def rows(database_url: str, query: LiteralString) -> list[dict[str, Any]]:
    async with await psycopg.AsyncConnection.connect(database_url, row_factory=dict_row) as connection:
        return await (await connection.execute(query)).fetchall()


async def run(
    city: City, database_url: str, heard: Counterpart, disturb: Callable[[Provider], Coroutine[Any, Any, None]]
) -> None:
    seed = int(os.environ.get("CRASH_SEED") or random.SystemRandom().randrange(10**6))
    sys.stdout.write(f"CRASH_SEED={seed}\n")
    await city.up()
    provider = Provider(city, random.Random(seed))
    disturbing = asyncio.create_task(disturb(provider))
    try:
        await provider.post_all()
        await asyncio.wait_for(disturbing, 120)
    finally:
        disturbing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await disturbing

    async def is_done() -> bool:
        left = await rows(
            database_url,
            """SELECT (SELECT count(*) FROM inbound WHERE processed_at IS NULL)
                    + (SELECT count(*) FROM outbound WHERE status IN ('queued', 'sending')) AS left""",
        )
        return left[0]["left"] == 0  # type: ignore[no-any-return]

    await until(is_done, DONE_S)
    await check(database_url, heard)


async def check(database_url: str, heard: Counterpart) -> None:
    """The promises, read from the database and from what the partner heard."""
    messages = await rows(
        database_url,
        """SELECT c.address, c.turns, c.version, i.external_id, i.turn_no, i.outcome, i.processed_at, i.id,
               COALESCE((SELECT jsonb_agg(jsonb_build_array(o.id, o.body) ORDER BY o.seq) FROM outbound o
                         WHERE o.inbound_id = i.id AND o.created_at = i.processed_at), '[]') AS said,
               (SELECT count(*) FROM outbound o WHERE o.inbound_id = i.id) AS said_count
           FROM inbound i JOIN conversations c ON c.id = i.conversation_id ORDER BY c.address, i.turn_no""",
    )
    vault = await vault_of_tests(database_url)
    turns: dict[str, list[str]] = {}
    for row in messages:
        turns.setdefault(row["address"], []).append(row["external_id"])
        assert row["outcome"] == "answered", row
        assert (row["turns"], row["version"]) == (EACH, EACH), row
        # The rows of one turn: written at its moment, each bubble once.
        texts = [body(vault, message_id, stored)["text"] for message_id, stored in row["said"]]
        assert len(texts) == row["said_count"] == len(set(texts)) >= 1, row
    assert turns == {f"c-{one}": [f"m-{one}-{number}" for number in range(EACH)] for one in range(CONVERSATIONS)}
    assert [row["turn_no"] for row in messages] == list(range(1, EACH + 1)) * CONVERSATIONS

    sent = await rows(
        database_url,
        """SELECT c.address, o.id, o.status FROM outbound o JOIN conversations c ON c.id = o.conversation_id
           ORDER BY o.seq""",
    )
    assert {row["status"] for row in sent} == {"sent"}
    assert heard.keys == {str(row["id"]) for row in sent}
    for conversation in range(CONVERSATIONS):
        address = f"c-{conversation}"
        arrived = [one.key for one in heard.firsts[address]]
        assert arrived == [str(row["id"]) for row in sent if row["address"] == address], address


async def test_it_loses_and_doubles_nothing_when_killed_under_load(database_url: str, tmp_path: Path) -> None:
    async with counterpart() as heard:
        city = City(write_config(tmp_path, outbound_url=heard.url), database_url)
        try:
            await run(city, database_url, heard, lambda provider: kill_at_random(city, provider))
        finally:
            city.close()


async def kill_at_random(city: City, provider: Provider) -> None:
    """At counts of acknowledged messages that the dice choose; each restart is complete before the next kill."""
    total = CONVERSATIONS * EACH
    dice = random.Random(f"kills {provider._dice.random()}")
    points = sorted(dice.sample(range(50, total - 50), KILLS))
    for point in points:
        reached = asyncio.Event()
        provider.on_accepted = lambda count, point=point, reached=reached: reached.set() if count >= point else None  # type: ignore[misc]
        await reached.wait()
        await city.kill_and_restart()


async def test_three_processes_keep_the_order_and_outlive_the_death_of_one(database_url: str, tmp_path: Path) -> None:
    """Two doors and a worker; a conversation's messages land on the doors in turn, and one door dies for good."""

    async def kill_one(provider: Provider) -> None:
        reached = asyncio.Event()
        point = provider._dice.randrange(300, 1700)
        provider.on_accepted = lambda count: reached.set() if count >= point else None
        await reached.wait()
        city.kill_one(0)

    async with counterpart() as heard:
        city = City(write_config(tmp_path, outbound_url=heard.url), database_url, doors=2, has_own_worker=True)
        try:
            await run(city, database_url, heard, kill_one)
        finally:
            city.close()
