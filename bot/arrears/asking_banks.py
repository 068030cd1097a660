"""Takes what is written down for banks to them, as often as it needs, and stores each answer once with what follows.

May run in any process, and die anywhere: what was claimed is free again after `lease_s`, and is asked again under the
same id, at which the bank answers as before. ADR 48.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.arrears.bank_words import tell_dead, tell_failing, tell_strangers, tell_unread
from civic.arrears.banks import answering, claiming, forgetting, polling
from civic.arrears.banks.answering import Answered
from civic.arrears.banks.claiming import Claimed, Way
from civic.arrears.seizure.answers import take
from core import metrics
from core.arrears_rules import Arrears
from core.clock import Clock
from core.contracts.banks import BankAnswer, BankFailed, Gateway
from core.db import Database
from core.errors import Unavailable

Take = Callable[[AsyncConnection, str, Answered, datetime, Arrears], Awaitable[None]]
DEADLOCK = "40P01"
NOT_TAKEN = "받은 답을 처리하지 못했습니다."
TRIES = 3
PAGES = 1_000
FORGOTTEN = 5_000
log = structlog.get_logger(__name__)


class AskingBanks:
    """`take` does what follows from answers, in the transaction that stores them."""

    def __init__(
        self,
        db: Database,
        gateways: Mapping[str, Gateway],
        rules: Arrears,
        city_id: str,
        clock: Clock,
        owner: str,
        *,
        take: Take = take,
    ) -> None:
        self._db = db
        self._gateways = gateways
        self._rules = rules
        self._banks = rules.banks
        self._city_id = city_id
        self._clock = clock
        self._owner = owner
        self._take = take
        self._calls = asyncio.Semaphore(rules.banks.parallel)
        self._storing = asyncio.Lock()
        self._next_call: dict[Way, float] = {}

    async def go(self) -> None:
        """Ask what is due until nothing is, then hear what came late."""
        if not self._gateways:
            return
        if answered := await self.ask():
            log.info("banks.asked", answered=answered)
        if late := await self.poll():
            log.info("banks.late_answers", answered=late)

    async def forget(self) -> None:
        """Names and accounts of what was answered `keep_days` ago leave its rows."""
        before = self._clock.now() - timedelta(days=self._banks.keep_days)
        while True:
            async with self._db.transaction() as tx:
                if not await forgetting.forget(tx, self._city_id, before, FORGOTTEN):
                    return

    # -- asking -------------------------------------------------------------------------------------------------------

    async def ask(self) -> int:
        """How many were answered. One bank's trouble holds up nobody else's."""
        ways = await self._ways()
        lines = [self._line(way) for way in ways for _ in range(self._banks.banks[way.bank].parallel)]
        done = await asyncio.gather(*lines, return_exceptions=True)
        for problem in (one for one in done if isinstance(one, BaseException)):
            log.error("banks.line_failed", exc_info=problem)
        return sum(one for one in done if isinstance(one, int))

    async def _ways(self) -> list[Way]:
        """Banks that something is due for, that config.yml leads to a gateway which is open, and that do not rest."""
        now = self._clock.now()
        async with self._db.reading() as tx:
            due = await claiming.due(tx, self._city_id, now)
            resting = await claiming.resting(tx, self._city_id, now)
        named = {code: bank.gateway for code, bank in self._banks.banks.items() if bank.gateway in self._gateways}
        ways = [Way(named[code], code) for code in sorted(due & named.keys())]
        return [way for way in ways if way not in resting]

    async def _line(self, way: Way) -> int:
        """One call after the other to one bank, until nothing is due or it fails."""
        answered = 0
        while True:
            await self._pace(way)
            async with self._calls:
                claimed = await self._claimed(way)
                if not claimed:
                    return answered
                stored = await self._call(way, claimed)
            if stored is None:
                return answered
            answered += stored

    async def _pace(self, way: Way) -> None:
        rate = self._banks.banks[way.bank].per_second
        if rate <= 0:
            return
        now = time.monotonic()
        at = max(now, self._next_call.get(way, 0.0))
        self._next_call[way] = at + 1 / rate
        await asyncio.sleep(at - now)

    async def _claimed(self, way: Way) -> Sequence[Claimed]:
        gateway, now = self._gateways[way.gateway], self._clock.now()
        async with self._db.transaction() as tx:
            return await claiming.claim(
                tx,
                self._city_id,
                way,
                gateway.most,
                is_practice=gateway.is_practice,
                owner=self._owner,
                until=now + timedelta(seconds=self._banks.lease_s),
                now=now,
            )

    async def _call(self, way: Way, claimed: Sequence[Claimed]) -> int | None:
        """Answers stored, or None when the bank failed."""
        try:
            async with asyncio.timeout(self._banks.lease_s * 0.8):
                answers = await self._gateways[way.gateway].ask(way.bank, [one.request for one in claimed])
        except BankFailed as failed:
            await self._failed(way, claimed, failed)
            return None
        except TimeoutError:
            late = BankFailed("은행이 제때 답하지 않았습니다.", "The bank did not answer in time.", unknown=True)
            await self._failed(way, claimed, late)
            return None
        ours = {one.request.request_id for one in claimed}
        told = [one for one in answers if one.request_id in ours]
        metrics.BANK_CALLS.labels(way.bank, "answered").inc()
        try:
            return await self._store(way, told, claimed)
        except Unavailable:
            raise
        except Exception as error:
            # What follows from one answer failed: these wait, and in the end staff see them, while others go on.
            log.exception("banks.answers_not_taken", bank=way.bank)
            await self._failed(way, claimed, BankFailed(NOT_TAKEN, f"Not taken in: {type(error).__name__}"))
            return None

    async def _failed(self, way: Way, claimed: Sequence[Claimed], failed: BankFailed) -> None:
        now, reason = self._clock.now(), failed.reason_ko
        metrics.BANK_CALLS.labels(way.bank, "unknown" if failed.unknown else "failed").inc()
        log.warning("banks.call_failed", bank=way.bank, reason=failed.reason_en, unknown=failed.unknown)
        async with self._db.transaction() as tx:
            _, is_told = await claiming.note_failed(tx, self._city_id, way, reason, self._banks, now)
            dead = await answering.again(
                tx,
                claimed,
                reason,
                self._banks,
                now,
                owner=self._owner,
                is_unknown=failed.unknown,
                is_over=not failed.retry,
                is_counted=not failed.is_away,
            )
            where = (tx, self._city_id, self._rules.department, self._banks.banks[way.bank].name)
            if is_told:
                await tell_failing(*where, reason, now)
            if dead:
                await tell_dead(*where, dead, now)

    # -- storing ------------------------------------------------------------------------------------------------------

    async def _store(self, way: Way, answers: Sequence[BankAnswer], claimed: Sequence[Claimed]) -> int:
        """Everything that one call brought, in one transaction: answers, what follows, and who is asked again."""
        told = {one.request_id for one in answers}
        missing = [one for one in claimed if one.request.request_id not in told]

        async def write(tx: AsyncConnection, now: datetime) -> int:
            new = await self._answered(tx, way, answers, now)
            await claiming.note_ok(tx, self._city_id, way, now)
            if missing:
                reason = "은행의 답에 빠져 있습니다."
                dead = await answering.again(tx, missing, reason, self._banks, now, owner=self._owner, is_unknown=True)
                if dead:
                    bank = self._banks.banks[way.bank].name
                    await tell_dead(tx, self._city_id, self._rules.department, bank, dead, now)
            return new

        return await self._written(write)

    async def _answered(self, tx: AsyncConnection, way: Way, answers: Sequence[BankAnswer], now: datetime) -> int:
        new = await answering.store(tx, self._city_id, way, answers, self._banks, now)
        if new:
            await self._take(tx, self._city_id, new, now, self._rules)
        return len(new)

    async def _written(self, write: Callable[[AsyncConnection, datetime], Awaitable[int]]) -> int:
        """One writer a process; another process may lock the same debtors the other way round, then once more."""
        async with self._storing:
            for attempt in range(1, TRIES + 1):
                try:
                    async with self._db.transaction() as tx:
                        return await write(tx, self._clock.now())
                except DBAPIError as error:
                    if getattr(error.orig, "sqlstate", "") != DEADLOCK or attempt == TRIES:
                        raise
        raise AssertionError("the last attempt raises")

    # -- late answers -------------------------------------------------------------------------------------------------

    async def poll(self) -> int:
        """Late answers of every bank that still owes one, and now and then of the others; how many were new."""
        now, total, banks = self._clock.now(), 0, self._banks
        async with self._db.reading() as tx:
            awaited = await polling.awaited(tx, self._city_id, banks.poll_s, banks.idle_poll_minutes * 60.0, now)
        for way, after in awaited:
            if way.gateway in self._gateways and way.bank in self._banks.banks:
                total += await self._poll(way, after)
        return total

    async def _poll(self, way: Way, after: str) -> int:
        total = 0
        for _ in range(PAGES):
            try:
                answers, beyond = await self._gateways[way.gateway].answers(way.bank, after)
            except BankFailed as failed:
                await self._unread(way, failed)
                return total
            stored = await self._written(_page(self, way, answers, after, beyond))
            if stored < 0 or beyond == after:
                return total
            total, after = total + stored, beyond
        return total

    async def turn_page(
        self, tx: AsyncConnection, way: Way, answers: Sequence[BankAnswer], before: str, after: str, now: datetime
    ) -> int:
        """New answers of a page, or -1 when another process has read it."""
        if not await polling.move(tx, self._city_id, way, "answers_after", before, after, now):
            return -1
        if count := await answering.strangers(tx, self._city_id, way, answers):
            log.warning("banks.strangers", bank=way.bank, answers=count)
            bank = self._banks.banks[way.bank].name
            await tell_strangers(tx, self._city_id, self._rules.department, bank, count, now)
        return await self._answered(tx, way, answers, now)

    async def _unread(self, way: Way, failed: BankFailed) -> None:
        now = self._clock.now()
        log.warning("banks.answers_unread", bank=way.bank, reason=failed.reason_en)
        async with self._db.transaction() as tx:
            is_news = await polling.note_unread(tx, self._city_id, way, failed.reason_ko, now)
            if is_news and not failed.retry:
                bank = self._banks.banks[way.bank].name
                await tell_unread(tx, self._city_id, self._rules.department, bank, failed, now)


def _page(
    asking: AskingBanks, way: Way, answers: Sequence[BankAnswer], before: str, after: str
) -> Callable[[AsyncConnection, datetime], Awaitable[int]]:
    async def write(tx: AsyncConnection, now: datetime) -> int:
        return await asking.turn_page(tx, way, answers, before, after, now)

    return write
