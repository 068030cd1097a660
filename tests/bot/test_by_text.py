"""A citizen files a complaint by text message: Bizgo's webhooks in, Bizgo's API out, all the house between them."""

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from bot import bootstrap
from bot.bootstrap import Running
from bot.prepare import prepare
from civic.conversations.tables import inbound, outbound
from core import cp949
from core.clock import SetClock
from core.settings import Settings
from tests.bot.city import MORNING
from tests.integrations.channels.counterpart import Counterpart, serving
from tests.integrations.channels.kits import Answer, Call
from tests.integrations.channels.kits.bizgo import API_KEY, KIT, SECRET, SENDER, posted

STAMP = int(MORNING.timestamp() * 1000)


@dataclass
class Telephone:
    """One citizen's telephone: what he types goes through the signed webhook, `inbox` is what Bizgo was given for him.

    `transcript`: both sides in order; docs/channels/bizgo.md shows the one of the filing.
    """

    house: Running
    gateway: Counterpart
    number: str = "01012345678"
    transcript: list[tuple[str, str, str]] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)

    async def type(self, text: str) -> list[str]:
        """What came back, text by text."""
        before = len(self.gateway.calls)
        self.last = KIT.text(text, uuid4().hex) | {"originator": self.number, "from": self.number}
        await self.post(self.last, before)
        self.transcript.append(("시민", "MO", text))
        return [self._read(call) for call in self.gateway.calls[before:]]

    async def post(self, document: Any, later_ms: int) -> None:
        """One of Bizgo's webhooks, acknowledged as Bizgo wants it."""
        answer = await self.house.desk.accept("bizgo", posted(json.dumps(document).encode(), STAMP + later_ms))
        assert (answer.status, json.loads(answer.body)) == (200, {"msgKey": document["msgKey"]})
        await asyncio.wait_for(self.house.desk.idle(), 20)

    async def heard(self) -> int:
        """How many texts the store holds."""
        async with self.house.db.transaction() as tx:
            return int((await tx.execute(select(func.count()).select_from(inbound))).scalar_one())

    async def states(self, count: int) -> list[tuple[str, str, str | None]]:
        """What the store says of the first messages sent."""
        wanted = (outbound.c.provider_id, outbound.c.status, outbound.c.reason)
        async with self.house.db.transaction() as tx:
            found = await tx.execute(select(*wanted).order_by(outbound.c.seq).limit(count))
        return [(row[0], row[1], row[2]) for row in found]

    def _read(self, call: Call) -> str:
        sent = json.loads(call.body)
        assert [one["to"] for one in sent["destinations"]] == [self.number]
        ((kind, found),) = sent["messageFlow"][0].items()
        text: str = found["text"]
        assert cp949.size(text) <= {"sms": 90, "mms": 2000}[kind]
        self.transcript.append(("시", f"{'SMS' if kind == 'sms' else 'LMS'} {cp949.size(text)}바이트", text))
        return text


@pytest.fixture(scope="module")
async def telephone(settings: Settings, database_url: str, var: Path) -> AsyncIterator[Telephone]:
    await prepare(settings, database_url, MORNING, lambda line: None)
    numbers = itertools.count(1)

    def accepted(call: Call) -> Answer:
        one = {"to": "0", "msgKey": f"key-{next(numbers)}", "code": "A000", "result": "Success"}
        data = {"code": "A000", "result": "SUCCESS", "data": {"destinations": [one]}}
        return Answer(body=json.dumps({"common": {"authCode": "A000"}, "data": data}).encode())

    async with serving(accepted) as gateway:
        section = {"enabled": True, "api_key": API_KEY, "sender": SENDER, "webhook_secret": SECRET}
        outside = settings.outside.model_copy(update={"allowed_hosts": ["127.0.0.1"]})
        changed = {"var": var, "channels": {"bizgo": section | {"base_url": gateway.url}}, "outside": outside}
        settings = settings.model_copy(update=changed)
        clock = SetClock(MORNING)
        async with bootstrap.open_house(settings, database_url, is_worker=False, clock=clock) as house:
            yield Telephone(house, gateway)


FILING = ["구래동 가로등이 꺼졌어요 💡", "１", "2", "없어요", "1", "김이순신", "01012345678", "1"]
REPEAT = 60_000
"""Milliseconds after the first call, when Bizgo comes again."""


async def test_a_complaint_is_filed_by_text_and_bizgos_reports_and_repeats_find_their_place(
    telephone: Telephone,
) -> None:
    for text in FILING:
        answers = await telephone.type(text)
    assert re.fullmatch(r"\[GP-2026-\d{6}\] 민원이 접수되었습니다\.", answers[-1].splitlines()[0])

    sent = len(telephone.gateway.calls)
    await telephone.post(telephone.last, REPEAT)
    assert len(telephone.gateway.calls) == sent, "a repeat is acknowledged and answered no second time"

    await telephone.post(KIT.report("10000", msgKey="key-1"), REPEAT + 1)
    await telephone.post(KIT.report("23003", msgKey="key-2"), REPEAT + 2)
    assert await telephone.states(3) == [
        ("key-1", "delivered", None),
        ("key-2", "failed", "받는 번호의 모양이 잘못되었습니다 (number is malformed, 23003)"),
        ("key-3", "sent", None),
    ]


async def test_a_forged_text_changes_nothing(telephone: Telephone) -> None:
    before, heard = len(telephone.gateway.calls), await telephone.heard()
    said = json.dumps(KIT.text("내 민원을 취하합니다", uuid4().hex)).encode()
    for request, status in (
        (posted(said, STAMP + 99_000, "0" * 64), 403),
        (replace(posted(said, STAMP + 99_000), headers={}), 401),
        (posted(said, STAMP - 301_000), 403),
    ):
        assert (await telephone.house.desk.accept("bizgo", request)).status == status
    await asyncio.wait_for(telephone.house.desk.idle(), 20)
    assert (len(telephone.gateway.calls), await telephone.heard()) == (before, heard)
