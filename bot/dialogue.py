"""What to do with a message: the order of precedence of the whole house, in one place.

Life first, then stop words, then whoever holds the conversation, then the open form, then what the citizen asks.
Nothing here touches the store: handlers read, their writes run later in the turn's one transaction.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import safety, wording
from bot.answering import COURTESIES, HUMAN, STARTERS, Answering
from bot.changes import Changes
from bot.filling import Filling
from bot.forms import Forms
from bot.outcome import Outcome, Part, Services, Spoken
from bot.pressing import Pressing, beyond, typed_choice
from bot.replies import Texts
from bot.state import Question, State
from civic.conversations import delivery
from civic.conversations.lease import Held
from core.contracts.channel import IncomingMessage
from core.contracts.dialogue import Choice, Form, Handler, Turn
from core.contracts.reading import Hear
from core.contracts.understanding import Understanding
from core.settings import Messaging
from nlu.language import language_of
from nlu.reading import read

ABUSE_LIMIT = 3
_PLACE_USES = (
    Choice("do:parking_find", key="intent.parking_find"),
    Choice("do:air_now:here", key="intent.air_now"),
    Choice("do:complaint_file:here", key="intent.complaint_file"),
)
_RESUME = Choice("resume:all", key="button.resume")
_NOTHING = Understanding(text="", lang="ko", band="refuse", ranking=())
_HANGUL = re.compile(r"[가-힣]")
_LATIN_WORDS = re.compile(r"[A-Za-z]{2,}")
_STORY = 15
"""Characters of a message that says more than hello."""
_NAMES = frozenset({"name", "phone", "place"})
NOTHING_SPOKEN = Spoken()


class Dialogue:
    """Decides turns. `intents` maps intent to (service, handler); both maps come from the service folders."""

    def __init__(
        self,
        intents: Mapping[str, tuple[str, Handler]],
        forms: Mapping[str, Form],
        services: Services,
        texts: Texts,
        messaging: Messaging,
        spoken: Spoken = NOTHING_SPOKEN,
    ) -> None:
        self._forms = Forms(forms, services, texts)
        self._answering = Answering(intents, services, self._forms, texts, spoken)
        self._filling = Filling(self._forms, self._answering)
        self._pressing = Pressing(self._forms, self._answering, self._filling)
        self._changes = Changes(self._forms, self._filling)
        self._idle = timedelta(minutes=messaging.form_idle_minutes)
        self._topic_age = timedelta(minutes=messaging.topic_minutes)

    @property
    def intents(self) -> frozenset[str]:
        """Every intent that a service answers."""
        return frozenset(self._answering.service_of)

    def secrecy(self, state: State) -> str:
        """Whose door alone shows what is said in the form that is open; none without one."""
        return self._forms.secrecy(state.form)

    async def decide(
        self,
        held: Held,
        message: IncomingMessage,
        now: datetime,
        hear: Hear,
        photos: tuple[Mapping[str, Any], ...] = (),
    ) -> Outcome:
        """One message, decided. Pure but for what handlers read and whom `hear` asks; an emergency waits for none."""
        state = State.read(held.state, now, self._topic_age)
        shown_before = state.question
        outcome = Outcome(state, self._lang(held, state, message), owner=held.owner)
        if message.is_event:
            return _noted(outcome, held, message, now)
        payload = message.payload or typed_choice(state, message)
        if kind := safety.emergency(message.text):
            return self._emergency(outcome, kind)
        if self._stops_or_resumes(outcome, message, payload):
            return outcome
        if held.owner == "staff":
            outcome.outcome = "held_by_staff"
            return outcome
        if wording.wants_late_answer(message.text, message.payload):
            return outcome
        outcome.is_secret = state.form is not None and self._forms.is_code(state.form, message.text)
        outcome.secrecy = self._forms.secrecy(state.form)
        hushed = None
        if state.form is None and message.kind == "text" and not payload:
            hushed = await self._answering.hushed(self._turn(held, message, now, outcome, _NOTHING, photos))
        outcome.is_secret = outcome.is_secret or hushed is not None
        understanding = _NOTHING if outcome.is_secret else await _heard(message, hear)
        turn = self._turn(held, message, now, outcome, understanding, photos)
        if not held.is_introduced:
            # Buttons only where nothing else will be offered: a typed number must mean the last question's choice.
            outcome.say("intro", buttons=STARTERS if message.kind == "start" else ())
        if state.form and held.idle_at and now >= held.idle_at:
            outcome.parts.append(self._forms.expire(state))
        if self._changes.is_more_of_an_album(outcome, turn):
            return outcome
        if hushed is not None:
            self._answering.apply(outcome, hushed, now)
        elif not message.edits or await self._changes.is_heard_as_new(outcome, turn):
            await self._converse(outcome, turn, payload, hear)
        self._changes.remember(outcome, turn)
        if state.question is shown_before:
            state.question = None
        outcome.secrecy = outcome.secrecy or self._forms.secrecy(state.form)
        return outcome

    def expire(self, stored: Mapping[str, Any], now: datetime) -> tuple[dict[str, Any], Part] | None:
        """The state without its forgotten form, and the gentle note; None when no form is open."""
        state = State.read(dict(stored), now, self._topic_age)
        if state.form is None or state.form.name not in self._forms.names:
            return None
        part = self._forms.expire(state)
        return state.write(), part

    def _lang(self, held: Held, state: State, message: IncomingMessage) -> str:
        """The language of the last message that was a sentence; a name, a number or a lone word decides nothing."""
        if not held.is_introduced and message.lang_hint and message.kind != "text":
            return "en" if message.lang_hint.lower().startswith("en") else "ko"
        if message.kind != "text":
            return held.lang
        asked = self._forms.asked(state.form).kind if state.form else ""
        if asked in _NAMES and len(message.text) <= 40 and not wording.is_question(message.text):
            return held.lang
        said = language_of(read(message.text).folded)
        hangul, words = len(_HANGUL.findall(message.text[:200])), len(_LATIN_WORDS.findall(message.text[:200]))
        needed_words = 2 if held.is_introduced else 1
        if said == "en" and hangul == 0 and words >= needed_words:
            return "en" if held.is_introduced or not wording.is_stop(message.text, has_form=False) else held.lang
        if said == "ko" and hangul >= (4 if held.is_introduced else 1):
            return "ko"
        if not held.is_introduced and message.lang_hint:
            return "en" if message.lang_hint.lower().startswith("en") else "ko"
        return held.lang

    def _turn(
        self,
        held: Held,
        message: IncomingMessage,
        now: datetime,
        outcome: Outcome,
        understanding: Understanding,
        photos: tuple[Mapping[str, Any], ...],
    ) -> Turn:
        state = outcome.state
        if message.place:
            state.place, state.topic_at = message.place, now
        return Turn(
            conversation_id=held.id,
            city_id=held.city_id,
            channel=held.channel,
            citizen_id=held.citizen_id,
            now=now,
            lang=outcome.lang,
            message=message,
            understanding=wording.without_negated(understanding),
            topic=state.topic,
            place=state.place,
            photos=photos,
        )

    def _emergency(self, outcome: Outcome, kind: str) -> Outcome:
        outcome.purpose = "emergency"
        outcome.intent = f"emergency_{kind}"
        outcome.say(f"emergency.{kind}")
        if outcome.state.form and outcome.owner == "bot":
            outcome.say("emergency.form_waits")
        return outcome

    def _stops_or_resumes(self, outcome: Outcome, message: IncomingMessage, payload: str) -> bool:
        """수신거부 and 수신동의 are obeyed in every state, whoever holds the conversation."""
        has_form = outcome.state.form is not None
        is_stop = message.kind == "stop" or payload == "stop:all" or wording.is_stop(message.text, has_form=has_form)
        if is_stop:
            outcome.stop, outcome.intent = "stop", "unsubscribe"
            if has_form:
                outcome.parts.append(self._forms.cancel(outcome.state))
            outcome.say("stop.done", buttons=(_RESUME,))
        elif payload == "resume:all" or wording.is_resume(message.text):
            outcome.stop, outcome.intent = "resume", "subscribe"
            outcome.say("stop.resumed")
            if outcome.owner == "bot":
                self._filling.ask_again(outcome)
        else:
            return False
        return True

    async def _converse(self, outcome: Outcome, turn: Turn, payload: str, hear: Hear) -> None:
        message, state = turn.message, outcome.state
        is_bare_insult = self._warn(outcome, turn)
        if message.kind == "other":
            outcome.say("message.encrypted" if message.payload == "encrypted" else "message.unsupported")
            self._filling.ask_again(outcome)
        elif message.kind == "start":
            self._welcome(outcome)
        elif not payload and wording.asks_who(message.text):
            outcome.intent = "help"
            outcome.say("who", buttons=(HUMAN,))
            self._filling.ask_again(outcome)
        elif payload:
            await self._pressing.press(outcome, turn, payload, hear)
        elif most := beyond(state, message):
            self._offer_again(outcome, most)
        elif state.has_old_numbers and not state.form and wording.number_of(message.text) is not None:
            outcome.say("choice.stale", buttons=STARTERS)
        elif state.form:
            await self._filling.take(outcome, turn)
        elif message.kind == "media":
            await self._loose_photo(outcome, turn)
        elif message.kind == "place":
            await self._loose_place(outcome, turn)
        elif not is_bare_insult:
            await self._answering.ask(outcome, turn)

    def _offer_again(self, outcome: Outcome, most: int) -> None:
        """A number beyond the last one: no language engine can tell what was meant, so the choices are shown again."""
        question = outcome.state.question
        assert question is not None
        if outcome.state.form:
            slot = self._forms.asked(outcome.state.form)
            most = len(slot.offered(outcome.state.form.slots)) or most
            outcome.say("choice.range", values={"most": most})
            self._filling.ask_again(outcome)
            return
        buttons = tuple(Choice(option["payload"], label=option["label"]) for option in question.options)
        outcome.say("choice.range", values={"most": most}, buttons=buttons)
        outcome.state.question = Question(text=question.text)

    def _welcome(self, outcome: Outcome) -> None:
        """The citizen opens the chat again: back to the open question, else a short welcome."""
        if outcome.state.form:
            self._filling.ask_again(outcome)
        elif not outcome.parts:
            outcome.say("welcome_back", buttons=STARTERS)

    def _warn(self, outcome: Outcome, turn: Turn) -> bool:
        """Warn of abuse; True when the message is nothing but that, so that there is nothing to answer."""
        if not turn.message.text or not safety.is_abusive(turn.message.text):
            return False
        outcome.state.warnings += 1
        key = "abuse.last" if outcome.state.warnings >= ABUSE_LIMIT else "abuse.warning"
        outcome.say(key, values={"count": min(outcome.state.warnings, ABUSE_LIMIT), "limit": ABUSE_LIMIT})
        return turn.understanding.band == "refuse"

    async def _loose_photo(self, outcome: Outcome, turn: Turn) -> None:
        """A picture out of the blue: add it to a case, or start one with it."""
        if not turn.photos:
            outcome.say("photo.unreadable")
            return
        await self._answering.run(outcome, turn, "complaint_add_info")

    async def _loose_place(self, outcome: Outcome, turn: Turn) -> None:
        """A pin out of the blue: to the question that waits for one, else ask what it is for."""
        topic = outcome.state.topic
        pending = str(topic.memory.get("pending", "")) if topic else ""
        is_about_places = topic is not None and (bool(pending) or "place" in topic.memory)
        if topic and is_about_places:
            await self._answering.run(outcome, turn, pending or topic.intent)
            return
        outcome.say("place.what_for", buttons=_PLACE_USES)


def _noted(outcome: Outcome, held: Held, message: IncomingMessage, now: datetime) -> Outcome:
    """The provider's own word: a block makes the citizen unreachable here until he comes back, by any message."""

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        await delivery.unreachable(tx, held.id, now)
        return {}

    if message.kind == "stop":
        outcome.parts.append(Part((), write))
    return outcome


async def _heard(message: IncomingMessage, hear: Hear) -> Understanding:
    """What was said. A story behind a greeting is the story: it is listened to again without its hello."""
    if not message.text or message.kind != "text":
        return _NOTHING
    heard = await hear(message.text)
    if heard.intent not in COURTESIES or len(message.text) < _STORY:
        return heard
    rest = wording.without_greeting(message.text)
    return await hear(rest) if len(rest) < len(message.text) else heard
