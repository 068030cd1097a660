"""Takes messages about cases to other systems: signed (Standard Webhooks), in each case's order, until they are taken.

The message's id stays the same over all attempts and replays, so a receiver can tell a repeat (`webhook-id`).
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import httpx
import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from standardwebhooks import Webhook

from civic.cases.public import told_outside
from civic.staff.notices import notify
from civic.webhooks import service as webhooks
from civic.webhooks.service import Claimed
from core import metrics
from core.clock import Clock
from core.db import Database
from core.settings import Settings
from core.vault import vault_of

SCHEMA = "sinmungo.case/1"
GONE = 410
MOST = 40
LINES = 8
LONGEST_REST = timedelta(seconds=60)
MAX_ANSWER = 64 * 1024
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`reason` is empty when the receiver took it."""

    code: int | None
    reason: str


class WebhookSender:
    """One a process; several processes share the work, each message is claimed by one."""

    def __init__(self, db: Database, http: httpx.AsyncClient, settings: Settings, clock: Clock, owner: str) -> None:
        self._db = db
        self._http = http
        self._settings = settings
        self._city_id = settings.city.id
        self._clock = clock
        self._owner = owner

    async def send_due(self) -> None:
        await self.drain()

    async def drain(self) -> int:
        """Send what is due until nothing is; how many were attempted."""
        done = 0
        while batch := await self._claimed():
            lines = asyncio.Semaphore(LINES)
            await asyncio.gather(*(self._deliver(one, lines) for one in batch))
            done += len(batch)
        return done

    async def forget(self) -> None:
        """Ended messages are kept for `webhooks.keep_days`."""
        before = self._clock.now() - timedelta(days=self._settings.webhooks.keep_days)
        while True:
            async with self._db.transaction() as tx:
                if not await webhooks.forget(tx, self._city_id, before):
                    return

    async def _claimed(self) -> list[Claimed]:
        async with self._db.transaction() as tx:
            return await webhooks.claim(tx, self._city_id, self._owner, self._clock.now(), MOST)

    async def _deliver(self, one: Claimed, lines: asyncio.Semaphore) -> None:
        async with lines:
            async with self._db.transaction() as tx:
                body = await self._body(tx, one)
                secrets = self._secrets(tx, one)
            outcome = await self._post(one, body, secrets) if body else Outcome(None, "the case is gone")
            await self._settle(one, outcome)

    async def _body(self, tx: AsyncConnection, one: Claimed) -> str:
        """The message's bytes, made at the first attempt and kept."""
        if one.payload is not None:
            return one.payload
        at, data = one.created_at.isoformat(), None
        if one.event_id is None:
            data = {"event": {"kind": webhooks.TEST, "at": at}}
        elif (data := await told_outside(tx, one.event_id)) is not None:
            at = data["event"]["at"]
        if data is None:
            return ""
        kind = one.kind if one.event_id is None else f"case.{one.kind}"
        body = orjson.dumps({"type": kind, "timestamp": at, "schema": SCHEMA, "data": data}).decode()
        await webhooks.keep_payload(tx, one.id, body)
        return body

    def _secrets(self, tx: AsyncConnection, one: Claimed) -> list[str]:
        """The present one first, then the one before it while both are valid."""
        vault, where = vault_of(tx), webhooks.context(one.subscription_id)
        found = [vault.open(one.secret, where)]
        if one.old_secret and one.old_secret_until and self._clock.now() < one.old_secret_until:
            found.append(vault.open(one.old_secret, where))
        return found

    async def _post(self, one: Claimed, body: str, secrets: list[str]) -> Outcome:
        at = self._clock.now()
        signed = " ".join(Webhook(secret).sign(str(one.id), at, body) for secret in secrets)
        headers = {
            "content-type": "application/json",
            "webhook-id": str(one.id),
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signed,
        }
        try:
            async with asyncio.timeout(self._settings.webhooks.timeout_s):
                answer = await self._http.post(
                    one.url, content=body.encode(), headers=headers, extensions={"max_bytes": MAX_ANSWER}
                )
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            return Outcome(None, type(error).__name__)
        if answer.is_success:
            return Outcome(answer.status_code, "")
        return Outcome(answer.status_code, f"HTTP {answer.status_code}")

    async def _settle(self, one: Claimed, outcome: Outcome) -> None:
        now, rules = self._clock.now(), self._settings.webhooks
        has_left = one.attempts < len(rules.waits_s) and outcome.reason != "the case is gone"
        wait = timedelta(seconds=rules.waits_s[min(one.attempts, len(rules.waits_s) - 1)])
        again_at = now + wait if outcome.reason and has_left and outcome.code != GONE else None
        rest = min(LONGEST_REST, timedelta(seconds=2.0 ** min(one.failures, 6)))
        async with self._db.transaction() as tx:
            is_ours = await webhooks.settle(
                tx,
                one,
                self._owner,
                code=outcome.code,
                reason=outcome.reason,
                now=now,
                again_at=again_at,
                rest=rest,
            )
            if is_ours and (why := self._off(one, outcome)):
                await self._switch_off(tx, one, why)
        metrics.WEBHOOKS_SENT.labels("sent" if not outcome.reason else "failed").inc()
        log.info("webhook.attempt", delivery=str(one.id), code=outcome.code, reason=outcome.reason)

    def _off(self, one: Claimed, outcome: Outcome) -> str:
        """Why this address is to be left alone, or nothing."""
        if outcome.code == GONE:
            return "410 Gone"
        limit = timedelta(hours=self._settings.webhooks.off_after_hours)
        if outcome.reason and one.failing_since and self._clock.now() - one.failing_since >= limit:
            return f"failing for {self._settings.webhooks.off_after_hours} h: {outcome.reason}"
        return ""

    async def _switch_off(self, tx: AsyncConnection, one: Claimed, why: str) -> None:
        now = self._clock.now()
        if not await webhooks.switch_off(tx, one.city_id, one.subscription_id, why, now):
            return
        host = httpx.URL(one.url).host
        await notify(
            tx,
            city_id=one.city_id,
            kind="webhook_off",
            role="admin",
            text_ko=f"{host}(으)로 보내던 웹훅을 껐습니다. 까닭: {why}. 고친 뒤 다시 켜고 놓친 것을 재전송해 주세요.",
            text_en=f"The webhook to {host} was switched off: {why}. Mend it, switch it on and replay what it missed.",
            now=now,
        )
