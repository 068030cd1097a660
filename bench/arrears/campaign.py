"""A run to a hundred thousand: prepared, queued against a bare INSERT … SELECT, paused, resumed, drained at a limit."""

import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as dawn
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from sqlalchemy import insert

from bot.arrears.running import ArrearsRuns
from bot.sender import Sender
from civic.arrears.ledger.entering import NewBill, NewDebtor, enter_bills, enter_debtors
from civic.arrears.money.accounts import import_accounts, practice
from civic.arrears.notices.tables import arrears_templates
from civic.arrears.runs import writing
from civic.arrears.runs.leaving import may_leave
from civic.arrears.runs.writing import Draft
from civic.staff.members import add_staff
from core import secret, store
from core.clock import SystemClock
from core.contracts.channel import Capabilities, Channel, OutgoingMessage, Sent
from core.db import Database, driver
from core.ids import new_id
from core.loading import load_tables
from core.settings import QuietHours, Settings, read
from core.vault import open_vault

BOUND_S = 10.0
PEOPLE = int(os.environ.get("BENCH_DEBTORS", "100000"))
RATE = float(os.environ.get("BENCH_RATE", "300"))
DRAIN_S = float(os.environ.get("BENCH_DRAIN_S", "20"))
CITY, CHUNK = "bench", 10_000
WORDS = (
    "[#{시}] 지방세 체납을 안내드립니다.\n#{성명} 님, #{기준일} 기준 #{세목} #{금액}입니다.\n"
    "#{은행} #{가상계좌}(#{예금주})로 #{납부기한}까지 내실 수 있습니다.\n한 번에 내기 어려우시면 분납이나 유예를 "
    "상의해 주세요.\n이 글은 송달이 아닙니다. 문의 #{부서} #{전화}"
)
_BARE = """
INSERT INTO outbound (id, city_id, conversation_id, channel, purpose, priority, body, status, next_attempt_at,
    valid_until, created_at, way, secrecy)
SELECT id, city_id, conversation_id, channel, purpose, priority, body, status, next_attempt_at, valid_until,
    created_at, way, secrecy
FROM bare
"""


@dataclass
class Provider:
    """Takes everything at once; notes when, to whom."""

    name: str = "memory"
    replies: str = "push"
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(
            max_text=2000,
            max_buttons=0,
            max_label=40,
            idempotent=True,
            charset="cp949",
            max_bytes=2000,
            rate_per_second=RATE,
            has_phone_address=True,
        )
    )
    came: list[float] = field(default_factory=list)
    who: Counter[str] = field(default_factory=Counter)

    async def send(self, message: OutgoingMessage) -> Sent:
        self.came.append(time.perf_counter())
        self.who[message.address] += 1
        return Sent(provider_id=str(message.id))


def run() -> None:
    asyncio.run(_all())


async def _all() -> None:
    load_tables()
    settings = _settings()
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        db = Database(url, pool_size=6)
        await open_vault(db, secret.load(Path(folder)), datetime.now(UTC))
        officers = await _city(db)
        provider = Provider()
        channels = {"memory": cast(Channel, provider)}
        runs = ArrearsRuns(db, channels, settings, SystemClock())
        run_id = await _prepare(db, runs, settings, officers)
        await _queue(db, runs, settings, run_id, officers)
        await _pause(db, runs, run_id, officers)
        await _drain(
            db, Sender(db, channels, settings.messaging, CITY, SystemClock(), None, {"arrears": may_leave}), provider
        )
        await db.close()


async def _prepare(db: Database, runs: ArrearsRuns, settings: Settings, officers: Sequence[UUID]) -> UUID:
    now = datetime.now(UTC)
    async with db.transaction() as tx:
        made = await writing.add(tx, CITY, Draft("bench", "reminder"), settings.arrears, officers[0], now)
        await writing.prepare(tx, made, officers[0], now.date(), now)
    began = time.perf_counter()
    await runs.work(made["id"])
    took = time.perf_counter() - began
    print(f"{PEOPLE:,} debtors prepared (owed, account, way, words, sealed) in {took:.1f} s, {PEOPLE / took:,.0f}/s")
    run_id: UUID = made["id"]
    return run_id


async def _queue(db: Database, runs: ArrearsRuns, settings: Settings, run_id: UUID, officers: Sequence[UUID]) -> None:
    now = datetime.now(UTC)
    async with db.transaction() as tx:
        before = await writing.read(tx, CITY, run_id, lock=True)
        await writing.approve(tx, before, settings.arrears, officers[1], before["reckoned_on"], now)
    began = time.perf_counter()
    while (await _status(db, run_id)) == "filling":
        await runs.step(run_id)
    took = time.perf_counter() - began
    queued = await _count(db, "outbound", "purpose = 'arrears' AND status = 'queued'")
    twice = await _count(db, "(SELECT conversation_id FROM outbound GROUP BY 1 HAVING count(*) > 1) t", "true")
    bare = await _bare(db)
    print(f"{queued:,} messages queued in {took:.2f} s (bound {BOUND_S:g} s); {twice} people have two")
    print(f"  bare INSERT … SELECT of the same rows: {bare:.2f} s; {took / bare:.2f} times that")


async def _pause(db: Database, runs: ArrearsRuns, run_id: UUID, officers: Sequence[UUID]) -> None:
    for what in ("pause", "resume"):
        async with db.transaction() as tx:
            before = await writing.read(tx, CITY, run_id, lock=True)
            await getattr(writing, what)(tx, before, officers[0], datetime.now(UTC))
        began = time.perf_counter()
        await runs.work(run_id)
        queued = await _count(db, "outbound", "purpose = 'arrears' AND status = 'queued'")
        print(f"  {what}: {time.perf_counter() - began:.2f} s, then {queued:,} in the queue (none leaves meanwhile)")


async def _drain(db: Database, sender: Sender, provider: Provider) -> None:
    began = time.perf_counter()
    await sender.drain(wait_s=DRAIN_S)
    took = time.perf_counter() - began
    came = [at for at in provider.came if at - began <= took]
    seconds = Counter(int(at - began) for at in came)
    print(f"drained for {took:.0f} s at a limit of {RATE:g}/s: {len(came) / took:.0f}/s on average,")
    print(
        f"  {max(seconds.values(), default=0)} in the fullest second; {sum(n > 1 for n in provider.who.values())} twice"
    )
    await sender.close()


async def _status(db: Database, run_id: UUID) -> str:
    async with db.reading() as tx:
        return str((await writing.read(tx, CITY, run_id))["status"])


async def _count(db: Database, table: str, where: str) -> int:
    async with db.reading() as tx:
        cursor = await (await driver(tx)).execute(f"SELECT count(*) FROM {table} WHERE {where}")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def _bare(db: Database) -> float:
    """The same rows into the same table with the same indexes, nothing asked and nothing locked before."""
    async with db.transaction() as tx:
        connection = await driver(tx)
        await connection.execute("CREATE TEMP TABLE bare AS SELECT * FROM outbound")
        await connection.execute("DELETE FROM outbound")
        began = time.perf_counter()
        await connection.execute(_BARE)
        took = time.perf_counter() - began
        await tx.rollback()
    return took


async def _city(db: Database) -> tuple[UUID, UUID]:
    now = datetime.now(UTC)
    async with db.transaction() as tx:
        members = [
            await add_staff(
                tx,
                city_id=CITY,
                login=f"bench.{number}",
                name="김세무",
                role="manager",
                department_id=None,
                password=f"bench-{new_id()}",
                now=now,
            )
            for number in range(2)
        ]
        for kind, key in (("alimtalk", "arrears"), ("lms", "")):
            await tx.execute(insert(arrears_templates).values(_words(kind, key, members[0].id, members[1].id, now)))
    for start in range(0, PEOPLE, CHUNK):
        async with db.transaction() as tx:
            await _people(tx, range(start, min(PEOPLE, start + CHUNK)), now)
    async with db.reading() as tx:
        await (await driver(tx)).execute("VACUUM ANALYZE")
    async with db.transaction() as tx:
        await (await driver(tx)).execute("DELETE FROM arrears_touched")
    return members[0].id, members[1].id


async def _people(tx: Any, numbers: range, now: datetime) -> None:
    people = [
        NewDebtor(f"9{n:09d}", f"가람하늘{n % 97}", phone=f"010-{1000 + n // 10_000:04d}-{n % 10_000:04d}",
                  address="경기도 김포시 사우중로 1", postcode="10109")
        for n in numbers
    ]  # fmt: skip
    bills = [
        NewBill(one.tax_no, f"B{one.tax_no}{part}", "재산세" if part else "자동차세", 2025, 150_000 + n % 900 * 1_000,
                date(2025, 9, 10), date(2025, 9, 30), dunned_on=date(2025, 10, 20), dun_due_on=date(2025, 11, 5))
        for n, one in zip(numbers, people, strict=True)
        for part in range(1 + n % 3)
    ]  # fmt: skip
    await enter_debtors(tx, CITY, people, now)
    await enter_bills(tx, CITY, bills, now)
    await import_accounts(tx, CITY, practice(numbers.stop)[numbers.start :], now)


def _words(kind: str, key: str, writer: UUID, second: UUID, now: datetime) -> dict[str, Any]:
    named = {"id": new_id(), "city_id": CITY, "level": "reminder", "kind": kind, "lang": "ko", "number": 1}
    said = {"body": WORDS, "subject": "체납 안내" if kind == "lms" else "", "alimtalk_key": key, "state": "approved"}
    return {**named, **said, "written_by": writer, "written_at": now, "decided_by": second, "decided_at": now}


def _settings() -> Settings:
    settings = read()
    quiet = QuietHours(start=dawn(0), end=dawn(0))
    messaging = settings.messaging.model_copy(update={"sms_channel": "memory", "quiet_hours": quiet})
    city = settings.city.model_copy(update={"id": CITY})
    channels = {"memory": {"enabled": True, "alimtalk": {"templates": {"arrears": "KA01"}}}}
    return settings.model_copy(update={"messaging": messaging, "city": city, "channels": channels})
