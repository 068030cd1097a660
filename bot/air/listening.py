"""Hears the devices at the broker: what was published is acknowledged when it is stored, so that a stop loses nothing.

One process of a city listens (a lock in the store); another takes over when that one is gone, in the same session.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiomqtt
import psycopg
import structlog

from bot.air.broker import ERRORS, UP, options, topic
from bot.air.pace import Pace
from civic.air.devices import intake, registry
from civic.air.devices.intake import Account, Sent
from civic.air.devices.judging import REASONS
from civic.air.devices.registry import Device
from core import metrics
from core.air_device_rules import Mqtt
from core.air_rules import Air
from core.clock import Clock
from core.contracts.air import DEVICE, PERIOD, Mark, Pulled, Pulling, Pushing, ReadReport, RowNote
from core.db import Database
from core.errors import BadInput, SinmungoError, Unavailable

if TYPE_CHECKING:
    from bot.bootstrap import Running

AGAIN_S = 5.0
"""Between two looks whether we are to listen, and after a broker or store that is away."""
MOST_TOLD = 20
"""Refused values that one answer names; the rest is counted."""
log = structlog.get_logger(__name__)
Sources = Mapping[str, Pulling | Pushing]


class Ear(aiomqtt.Client):
    """A connection whose messages we acknowledge ourselves; the broker keeps its session while we are away."""

    def __init__(self, rules: Mqtt) -> None:
        super().__init__(**options(rules, rules.listener, rules.client_id), clean_session=False)
        self._client.manual_ack_set(True)

    def acknowledge(self, messages: Sequence[aiomqtt.Message]) -> None:
        for one in messages:
            if one.qos:
                self._client.ack(one.mid, one.qos)


@asynccontextmanager
async def heard(running: "Running", *, is_worker: bool) -> AsyncIterator[None]:
    """The devices of the house are heard while the block runs, in a worker alone."""
    city_id, air = running.settings.city.id, running.settings.air
    listening = Listening(running.db, running.url, running.air_sources, air, city_id, running.clock)
    if is_worker:
        listening.start()
    try:
        yield
    finally:
        await listening.stop()


class Listening:
    """`url`: of the store, for the lock. `sources`: the formats, by the name that devices carry."""

    def __init__(self, db: Database, url: str, sources: Sources, rules: Air, city_id: str, clock: Clock) -> None:
        self._db = db
        self._url = url
        self._sources = sources
        self._rules = rules
        self._city_id = city_id
        self._clock = clock
        self._pace = Pace(rules.mqtt.per_minute)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Nothing where no broker is set up."""
        if self._rules.mqtt.enabled and self._rules.mqtt.listener.password:
            self._task = asyncio.create_task(self.run(), name="air-listening")

    async def stop(self) -> None:
        """What was not stored yet stays with the broker."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def run(self) -> None:
        """Without end: a broker or a store that is away is waited for."""
        while True:
            try:
                async with self._alone() as is_ours:
                    if is_ours:
                        await self._hear()
            except (aiomqtt.MqttError, Unavailable, psycopg.Error, OSError) as error:
                log.warning("air.listening_broken", reason=type(error).__name__)
            await asyncio.sleep(AGAIN_S)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[bool]:
        """Whether we are the one of this city that listens, for as long as this connection to the store lives."""
        connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True, connect_timeout=5)
        try:
            asked = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
            row = await (await connection.execute(asked, (f"air-mqtt:{self._city_id}",))).fetchone()
            yield bool(row and row[0])
        finally:
            await connection.close()

    async def _hear(self) -> None:
        async with Ear(self._rules.mqtt) as ear:
            await ear.subscribe(topic("+", UP), qos=1)
            log.info("air.listening")
            while True:
                batch = [await anext(ear.messages)]
                await asyncio.sleep(self._rules.mqtt.batch_ms / 1_000)
                while len(ear.messages) and len(batch) < self._rules.mqtt.batch_most:
                    batch.append(await anext(ear.messages))
                for part, answers in await self._stored(batch):
                    ear.acknowledge(part)
                    for where, answer in answers:
                        await ear.publish(where, answer, qos=0)

    async def _stored(
        self, batch: Sequence[aiomqtt.Message]
    ) -> list[tuple[Sequence[aiomqtt.Message], list[tuple[str, bytes]]]]:
        """Messages that are done with, each with what to answer. Raises Unavailable: then none of them is."""
        try:
            return [(batch, await self._take(batch))]
        except Unavailable:
            raise
        except Exception as error:
            if len(batch) > 1:
                # One message that cannot be stored keeps none of the others.
                return [done for one in batch for done in await self._stored([one])]
            reason = error.reason_en if isinstance(error, SinmungoError) else type(error).__name__
            log.error("air.message_lost", topic=str(batch[0].topic)[:100], reason=reason)
            metrics.AIR_VALUES.labels("mqtt", "lost").inc()
            said = _answer(None, "저장하지 못했습니다. 시에 알려 주세요.", "It could not be stored.")
            return [(batch, [(topic(_name(batch[0]), ERRORS), said)])]

    async def _take(self, batch: Sequence[aiomqtt.Message]) -> list[tuple[str, bytes]]:
        """Store a batch in one transaction; the answers of messages that were not taken whole."""
        now = self._clock.now()
        names = sorted({_name(one) for one in batch})
        async with self._db.reading() as tx:
            devices = await registry.named(tx, self._city_id, names)
        sent: list[Sent] = []
        for message in batch:
            device = devices.get(_name(message))
            if device is None or not device.is_on:
                metrics.AIR_VALUES.labels("mqtt", "unknown").inc()
                continue
            sent.append(Sent(device, self._read(device, message)))
        if not sent:
            return []
        async with self._db.transaction() as tx:
            taken = await intake.take(tx, self._city_id, sent, now, self._rules)
        for standing in ("stored", "repeated", "corrected"):
            metrics.AIR_VALUES.labels("mqtt", standing).inc(getattr(taken, standing))
        both = zip(sent, taken.accounts, strict=True)
        return [(topic(one.device.name, ERRORS), _told(one, told)) for one, told in both if not told.is_whole]

    def _read(self, device: Device, message: aiomqtt.Message) -> Pulled:
        """What its format says; a message that is not of it at all is one skipped row."""
        body, now = bytes(message.payload), self._clock.now()
        reader = self._sources.get(device.source)
        if reader is None or not hasattr(reader, "receive"):
            return _unread(device, "이 측정기의 형식이 꺼져 있습니다.", "The format of this device is switched off.")
        if len(body) > self._rules.devices.most_bytes:
            return _unread(device, "보낸 내용이 너무 큽니다.", "The message is too large.")
        if not self._pace.may(device.name, now):
            return _unread(device, "1분에 보낼 수 있는 수를 넘었습니다.", "Too many messages in a minute.")
        try:
            return reader.receive(body, {DEVICE: device.name, PERIOD: str(device.period_s)}, now)
        except BadInput as error:
            return _unread(device, error.reason_ko, error.reason_en)


def _unread(device: Device, ko: str, en: str) -> Pulled:
    note = RowNote(1, device.name, ko, en)
    return Pulled((), ReadReport(device.source, "", 1, 0, skipped=(note,)), mark=Mark())


def _told(one: Sent, account: Account) -> bytes:
    """Why values of a message were not taken, in both languages."""
    reasons = one.pulled.report.reasons_ko
    refused = [
        {"pollutant": bad.pollutant, "at": bad.at.isoformat(), "reason": bad.reason}
        for bad in account.refused[:MOST_TOLD]
    ]
    skipped = [
        {"line": bad.line, "reason": bad.reason, "reason_ko": reasons.get(bad.reason, bad.reason), "detail": bad.detail}
        for bad in account.skipped[:MOST_TOLD]
    ]
    if account.refused:
        ko, en = REASONS[account.refused[0].reason]
    else:
        first = account.skipped[0]
        ko, en = reasons.get(first.reason, first.reason), first.detail or first.reason
    more = {"refused": refused, "skipped": skipped, "counts": [len(account.refused), len(account.skipped)]}
    return _answer(one.pulled.mark.cursor or None, ko, en, **more)


def _answer(seq: str | None, ko: str, en: str, **more: Any) -> bytes:
    told = {"seq": int(seq) if seq else None, "ko": ko, "en": en, **more}
    return json.dumps(told, ensure_ascii=False).encode()


def _name(message: aiomqtt.Message) -> str:
    """The device of `air/<device>/up`: the broker let nobody else publish there."""
    return str(message.topic).split("/")[1]
