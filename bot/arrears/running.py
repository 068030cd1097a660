"""Drives open runs of notices: prepared, queued, paused, followed, ended in short steps that may break off anywhere."""

from collections.abc import Mapping
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.notices.words import approved
from civic.arrears.runs import ending
from civic.arrears.runs.filling import fill_chunk
from civic.arrears.runs.going_on import Round, fall, list_the_letters, reckon_anew
from civic.arrears.runs.preparing import Outlet, prepare_chunk
from civic.arrears.runs.texts import Sender, Words
from civic.arrears.runs.withdrawing import withdraw_chunk
from civic.arrears.runs.writing import Run
from core.clock import Clock
from core.contracts.channel import Channel
from core.db import Database
from core.settings import Settings

FEW = 200
"""People of one transaction where each takes some reads."""
log = structlog.get_logger(__name__)


class ArrearsRuns:
    """May run in any process, any number of times: a run is worked on by one at a time, under its row's lock."""

    def __init__(self, db: Database, channels: Mapping[str, Channel], settings: Settings, clock: Clock) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock
        self._channel = phone_channel(settings, channels)
        self._sender = sender_of(settings)

    async def go(self) -> None:
        """Everything that there is to do now. A run that fails holds up no other; the next tick tries it again."""
        async with self._db.reading() as tx:
            runs = await ending.open_runs(tx, self._settings.city.id)
        for run_id in runs:
            try:
                await self.work(run_id)
            except Exception as error:
                log.warning("arrears_run_failed", run=str(run_id), error=type(error).__name__)

    async def work(self, run_id: UUID) -> None:
        """This run, until nothing is left to do now."""
        while await self.step(run_id):
            pass

    async def step(self, run_id: UUID) -> bool:
        """One transaction; whether there may be more to do."""
        async with self._db.transaction() as tx:
            run = await ending.take(tx, run_id)
            if run is None:
                return False
            if run["status"] == "preparing":
                return await self._prepare(tx, run)
            if run["status"] == "cancelled" or run["paused_at"] is not None:
                return await self._withdraw(tx, run)
            if run["status"] == "filling":
                return await self._fill(tx, run)
            return await self._follow(tx, run)

    async def _prepare(self, tx: AsyncConnection, run: Run) -> bool:
        words = await self._words(tx, run)
        done = await prepare_chunk(tx, run, self._sender, words, Outlet(self._channel), self._clock.now())
        if done.is_done:
            log.info("arrears_run_prepared", run=str(run["id"]), debtors=run["looked"])
        return not done.is_done

    async def _fill(self, tx: AsyncConnection, run: Run) -> bool:
        rules, messaging = self._settings.arrears, self._settings.messaging
        filled = await fill_chunk(tx, run, self._channel, rules, messaging, self._clock.now())
        if filled.is_done:
            log.info("arrears_run_filled", run=str(run["id"]))
        return True

    async def _withdraw(self, tx: AsyncConnection, run: Run) -> bool:
        if taken := await withdraw_chunk(tx, run, self._clock.now(), self._settings.arrears.runs.chunk):
            log.info("arrears_run_withdrawn", run=str(run["id"]), messages=taken)
            return True
        await ending.end(tx, run, self._settings.arrears, self._clock.now())
        return False

    async def _follow(self, tx: AsyncConnection, run: Run) -> bool:
        now = self._clock.now()
        words = await self._words(tx, run)
        here = Round(run, self._sender, words, self._channel, self._settings.messaging, now)
        anew = await reckon_anew(tx, here, FEW)
        fallen, _ = await fall(tx, here, FEW)
        letters = await list_the_letters(tx, here, FEW)
        if len(anew) + fallen + letters:
            return True
        await ending.end(tx, run, self._settings.arrears, now)
        return False

    async def _words(self, tx: AsyncConnection, run: Run) -> Words:
        """Approved words of the level that this channel can show."""
        found = await approved(tx, run["city_id"], run["level"])
        known = template_keys(self._settings, self._channel)
        return {kind: one for kind, one in found.items() if kind[0] != "alimtalk" or one.alimtalk_key in known}


def phone_channel(settings: Settings, channels: Mapping[str, Channel]) -> str:
    """The channel that speaks first to telephone numbers (`messaging.sms_channel`), "" where it is off."""
    name = settings.messaging.sms_channel
    return name if name in channels and channels[name].replies == "push" else ""


def template_keys(settings: Settings, channel: str) -> frozenset[str]:
    """The house's names of 알림톡 templates that this channel's section turns into approved ones."""
    section = settings.channels.get(channel, {})
    own = section.get("alimtalk") or {}
    return frozenset({*(own.get("templates") or {}), *(section.get("templates") or {})})


def sender_of(settings: Settings) -> Sender:
    return Sender(settings.city, settings.arrears, settings.messaging.sms_bytes)
