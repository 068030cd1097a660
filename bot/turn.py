"""One message, one turn: read, decide, then write everything in one transaction, fenced by the lease."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import structlog

from bot import webform
from bot.bubbles import compile_says, label, offered
from bot.dialogue import Dialogue
from bot.fitting import Body, in_order
from bot.listening import Told
from bot.outcome import Outcome, Part
from bot.replies import Texts
from bot.state import Question, State
from bot.webform import WebForm
from civic.consent.service import ConsentService
from civic.conversations import delivery, lease, turns
from civic.conversations.delivery import Waiting
from civic.conversations.hidden import blank_inbound
from civic.conversations.intake import message_from
from civic.conversations.lease import Held
from civic.conversations.offered import offered_since
from civic.conversations.rules import schedule
from civic.conversations.turns import Bubble, TurnRecord, Written
from core import metrics
from core.clock import Clock
from core.contracts.channel import Capabilities, Channel, IncomingMessage
from core.contracts.dialogue import Say
from core.contracts.reading import Hear, Reader
from core.db import Database
from core.errors import SinmungoError, Unavailable
from core.grouping import Grouped
from core.ids import new_id
from core.settings import Messaging

MAX_ATTEMPTS = 3
"""A message that took its process down this often is answered with an apology instead of being run again."""

ANSWERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "arrears": (
        ("do:arrears_inquiry", "arrears.answer.amount"),
        ("do:arrears_payment", "arrears.answer.account"),
        ("do:arrears_installment", "arrears.answer.parts"),
        ("do:arrears_talk", "arrears.answer.talk"),
    ),
}
"""Purposes whose notices are answered by a number or a word without offering buttons."""
SHORT = 40
"""Characters of a text that may be the number or the name of a choice."""
Photos = Callable[[Channel, Held, IncomingMessage, datetime], Any]
log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Another process has taken over: nothing of this turn was written, and nothing may be sent."""


@dataclass(frozen=True, slots=True)
class Done:
    """A written turn: the conversation as it now is, and the claimed messages to send, `is_behind` earlier ones."""

    held: Held
    messages: tuple[Waiting, ...]
    is_released: bool
    is_behind: bool = False


class Turns:
    """Runs turns for one process."""

    def __init__(
        self,
        *,
        db: Database,
        dialogue: Dialogue,
        texts: Texts,
        reader: Reader,
        told: Told,
        channels: Mapping[str, Channel],
        photos: Photos,
        webform: WebForm,
        consents: ConsentService,
        messaging: Messaging,
        clock: Clock,
    ) -> None:
        self._db = db
        self._dialogue = dialogue
        self._texts = texts
        self._reader = reader
        self._told = told
        self._channels = channels
        self._photos = photos
        self._webform = webform
        self._consents = consents
        self._messaging = messaging
        self._clock = clock
        self._plain = Grouped(self._write_plain)

    async def run(self, held: Held, row: dict[str, Any], *, is_last: bool) -> Done:
        """Answer one stored message. Raises LeaseLost, or Unavailable when the store is away."""
        started = perf_counter()
        now = self._clock.now()
        message = message_from(row, held.address)
        outcome = await self._decide(held, row, message, now)
        try:
            done = await self._commit(held, row, outcome, now, is_last=is_last)
        except (LeaseLost, Unavailable):
            raise
        except SinmungoError as error:
            done = await self._commit(held, row, self._sorry(held, error.text_key), now, is_last=is_last)
        except Exception as error:
            log.exception("turn_write_failed", error=type(error).__name__)
            done = await self._commit(held, row, self._sorry(held, "error.internal"), now, is_last=is_last)
        metrics.TURN_SECONDS.observe(perf_counter() - started)
        return done

    async def _decide(self, held: Held, row: dict[str, Any], message: IncomingMessage, now: datetime) -> Outcome:
        if row["attempts"] >= MAX_ATTEMPTS:
            log.error("message_given_up", inbound_id=str(row["id"]), attempts=row["attempts"])
            return self._sorry(held, "error.internal")
        channel = self._channels[held.channel]
        try:
            photos = await self._photos(channel, held, message, now) if message.media else ()
            hear = self._hear(message, now.isoformat())
            known = await self._with_offer(held, message, channel.capabilities, now)
            outcome = await self._dialogue.decide(known, message, now, hear, photos)
        except Unavailable:
            raise
        except SinmungoError as error:
            log.warning("turn_refused", code=error.code)
            return self._sorry(held, error.text_key)
        except Exception as error:
            # Whatever a handler does, the citizen gets an answer and the message is done exactly once.
            log.exception("turn_failed", error=type(error).__name__)
            return self._sorry(held, "error.internal")
        if outcome.outcome == "held_by_staff" and not outcome.parts and channel.replies == "in_response":
            # A response must say something; on such a channel silence would read as a broken bot.
            outcome.say("staff.holding")
        return outcome

    async def _with_offer(self, held: Held, message: IncomingMessage, can: Capabilities, now: datetime) -> Held:
        """Where choices are numbered lines, a notice since the last turn has asked last: "5" rates the answer."""
        if can.max_buttons or message.kind != "text" or len(message.text) > SHORT:
            return held
        async with self._db.reading() as tx:
            offer = await offered_since(tx, held.id)
        choices = offer.choices or self._answers_to(offer.purpose, held.lang)
        if not choices:
            return held
        asked = {"options": in_order(choices), "is_numbered": True, "at": now.isoformat()}
        return replace(held, state={**held.state, "question": asked})

    def _answers_to(self, purpose: str, lang: str) -> Sequence[dict[str, str]]:
        """What numbers mean after a notice of a purpose whose written words name them ("1 금액, 2 계좌")."""
        wanted = ANSWERS.get(purpose, ())
        return [{"payload": payload, "label": self._texts.render(key, lang, {})} for payload, key in wanted]

    def _hear(self, message: IncomingMessage, now_iso: str) -> Hear:
        if message.heard:
            return self._told.hear(message.heard, message.text, now_iso)
        return self._reader.hear(now_iso)

    def _sorry(self, held: Held, text_key: str) -> Outcome:
        """The conversation as it was, with an honest word; an open form stays open."""
        state = State.read(held.state, self._clock.now(), timedelta(minutes=self._messaging.topic_minutes))
        key = text_key if self._texts.has(text_key) else "error.internal"
        secrecy = self._dialogue.secrecy(state)
        return Outcome(state, held.lang, held.owner, "failed", secrecy=secrecy, parts=[Part((Say(key),))])

    async def _commit(self, held: Held, row: dict[str, Any], outcome: Outcome, now: datetime, *, is_last: bool) -> Done:
        if outcome.stop == "stop" or outcome.is_secret or any(part.write for part in outcome.parts):
            async with self._db.transaction() as tx:
                if not await lease.lock(tx, held):
                    raise LeaseLost
                if outcome.is_secret:
                    await blank_inbound(tx, row["id"])
                if outcome.stop == "stop":
                    await delivery.opt_out(tx, held.id, now)
                    await self._consents.stopped(tx, held.id, outcome.lang, now)
                says: list[Say] = []
                for part in outcome.parts:
                    extra = await part.write(tx) if part.write else {}
                    says += [replace(say, values={**say.values, **extra}) for say in part.says]
                record = self._record(held, row, outcome, says, now, is_last=is_last)
                written = (await turns.write(tx, [record], lease_s=self._messaging.lease_s))[0]
        else:
            says = [say for part in outcome.parts for say in part.says]
            record = self._record(held, row, outcome, says, now, is_last=is_last)
            written = await self._plain(record)
        if not written.ok:
            raise LeaseLost
        after = replace(self._next(record), citizen_id=written.citizen_id)
        return Done(after, self._messages(record), written.is_released, written.is_behind)

    async def _write_plain(self, records: Sequence[TurnRecord]) -> Sequence[Written]:
        async with self._db.direct() as tx:
            return await turns.write(tx, records, lease_s=self._messaging.lease_s)

    def _record(
        self, held: Held, row: dict[str, Any], outcome: Outcome, says: list[Say], now: datetime, *, is_last: bool
    ) -> TurnRecord:
        bodies = self._bodies(held, says, outcome.lang, now, has_form=outcome.state.form is not None)
        if token := row["content"].get("reply_token"):
            bodies = [{**body, "reply_token": token} for body in bodies]
        secrecy = outcome.secrecy or next((say.secrecy for say in says if say.secrecy), "")
        self._remember(outcome, says, bodies, self._channels[held.channel].capabilities, now)
        state = outcome.state
        timing = schedule(self._messaging, outcome.purpose, now)
        return TurnRecord(
            held=held,
            inbound_id=row["id"],
            now=now,
            state=state.write(),
            lang=outcome.lang,
            owner=outcome.owner,
            outcome=outcome.outcome,
            intent=outcome.intent,
            confidence=outcome.confidence,
            purpose=outcome.purpose,
            priority=timing.priority,
            valid_until=timing.valid_until,
            idle_at=now + timedelta(minutes=self._messaging.form_idle_minutes) if state.form else None,
            stop=outcome.stop,
            bubbles=tuple(Bubble(new_id(), body, body.pop("secrecy", outcome.secrecy) or None) for body in bodies),
            does_introduce=any(say.key == "intro" for say in says),
            may_release=is_last,
            secrecy=secrecy or None,
        )

    def _bodies(self, held: Held, says: Sequence[Say], lang: str, now: datetime, *, has_form: bool) -> list[Body]:
        """The bubbles, fit for the channel; what it cannot take is asked for by a link to the web form."""
        can = self._channels[held.channel].capabilities

        def complete(say: Say, body: Body) -> list[Body]:
            if not say.ask or not webform.is_needed(say.ask, can):
                return [body]
            line, title = self._webform_words(say.ask, lang)
            url = self._webform.link(held.id, say.ask, now)
            return webform.with_link({**body, "ask": say.ask}, url, line, title, can)

        limits = self._messaging.sms_bytes
        return compile_says(says, lang, can, self._texts, sms=limits, has_form=has_form, complete=complete)

    def _remember(
        self, outcome: Outcome, says: Sequence[Say], bodies: Sequence[Body], can: Capabilities, now: datetime
    ) -> None:
        """The choices that a typed number, label or word may mean next: on a channel without buttons as numbered."""
        state, asked = outcome.state, outcome.state.question
        if can.max_buttons == 0:
            state.question = Question(offered(bodies), asked.text if asked else "", is_numbered=True)
        elif state.form is None:
            state.question = Question(self._offered(says, outcome.lang), asked.text if asked else "")
        if state.question:
            state.question.at = now.isoformat()

    def _webform_words(self, ask: str, lang: str) -> tuple[str, str]:
        values = {"minutes": self._webform.minutes}
        line, title = (self._texts.render(key, lang, values) for key in (f"webform.{ask}", f"webform.{ask}.title"))
        return line, title

    def _offered(self, says: Sequence[Say], lang: str) -> list[dict[str, str]]:
        """The last question's choices, whole: what a narrow channel cut away can still be typed."""
        asking = next((say for say in reversed(says) if say.buttons), None)
        if asking is None:
            return []
        return [
            {"payload": choice.payload, "label": label(choice, asking.values, lang, self._texts)}
            for choice in asking.buttons
        ]

    def _next(self, record: TurnRecord) -> Held:
        held = record.held
        return replace(
            held,
            state=record.state,
            lang=record.lang,
            owner=record.owner,
            version=held.version + 1,
            turns=held.turns + 1,
            is_introduced=held.is_introduced or record.does_introduce,
            is_stopped=record.stop == "stop" or (held.is_stopped and record.stop != "resume"),
            idle_at=record.idle_at,
        )

    def _messages(self, record: TurnRecord) -> tuple[Waiting, ...]:
        return tuple(
            Waiting(
                message=delivery.outgoing(bubble.id, bubble.body, record.held.address, record.purpose),
                valid_until=record.valid_until,
                attempts=0,
                was_sending=False,
            )
            for bubble in record.bubbles
        )
