"""What to do with a message: the order of precedence of the whole house, in one place.

Life first, then whoever holds the conversation, then stop words, then the open form, then what the citizen asks.
Nothing here touches the store: handlers read, their writes run later in the turn's one transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot import safety, wording
from bot import slots as reading
from bot.forms import Forms
from bot.outcome import Outcome, Part, Services
from bot.reference import Reference, refer
from bot.replies import Texts
from bot.state import Question, State
from civic.conversations.lease import Held
from core.contracts.channel import IncomingMessage
from core.contracts.dialogue import Choice, Form, Handler, OpenForm, Reply, Turn
from core.contracts.understanding import Understanding
from core.settings import Messaging

ABUSE_LIMIT = 3
_STEERING = frozenset({"affirm", "deny", "thanks", "greet", "out_of_scope"})
"""Intents that are answers rather than questions: they never interrupt a form."""
_STARTERS = (
    Choice("do:parking_find", key="intent.parking_find"),
    Choice("do:complaint_file", key="intent.complaint_file"),
    Choice("do:complaint_status", key="intent.complaint_status"),
    Choice("do:office_info", key="intent.office_info"),
    Choice("do:talk_to_human", key="intent.talk_to_human"),
)
_PLACE_USES = (_STARTERS[0], _STARTERS[1])
_NOTHING = Understanding(text="", lang="ko", band="refuse", ranking=())


class Dialogue:
    """Decides turns. `intents` maps intent to (service, handler); both maps come from the service folders."""

    def __init__(
        self,
        intents: Mapping[str, tuple[str, Handler]],
        forms: Mapping[str, Form],
        services: Services,
        texts: Texts,
        messaging: Messaging,
    ) -> None:
        self._handlers = {name: services.bind(handler, ("turn",)) for name, (_, handler) in intents.items()}
        self._service_of = {name: service for name, (service, _) in intents.items()}
        self._forms = Forms(forms, services, texts)
        self._texts = texts
        self._idle = timedelta(minutes=messaging.form_idle_minutes)
        self._topic_age = timedelta(minutes=messaging.topic_minutes)

    async def decide(
        self,
        held: Held,
        message: IncomingMessage,
        now: datetime,
        understand: Callable[[str], Understanding],
        photos: tuple[Mapping[str, Any], ...] = (),
    ) -> Outcome:
        """One message, decided. Pure but for what handlers read."""
        state = State.read(held.state, now, self._topic_age)
        shown_before = state.question
        understanding = understand(message.text) if message.text and message.kind == "text" else _NOTHING
        outcome = Outcome(state, self._lang(held, message, understanding), owner=held.owner)
        if kind := safety.emergency(message.text):
            return self._emergency(outcome, kind)
        if held.owner == "staff":
            outcome.outcome = "held_by_staff"
            return outcome
        if wording.wants_late_answer(message.text, message.payload):
            return outcome
        turn = self._turn(held, message, now, outcome, understanding, photos)
        if message.kind == "stop" or wording.is_stop(message.text, has_form=state.form is not None):
            return self._stop(outcome)
        if wording.is_resume(message.text) or message.payload == "resume:all":
            outcome.stop = "resume"
            outcome.say("stop.resumed")
            return outcome
        if not held.is_introduced:
            # Buttons only where nothing else will be offered: a typed number must mean the last question's choice.
            outcome.say("intro", buttons=_STARTERS if message.kind == "start" else ())
        if state.form and held.idle_at and now >= held.idle_at:
            outcome.parts.append(self._forms.expire(state))
        await self._converse(outcome, turn, understand)
        if state.question is shown_before:
            state.question = None
        return outcome

    def expire(self, stored: Mapping[str, Any], now: datetime) -> tuple[dict[str, Any], Part] | None:
        """The state without its forgotten form, and the gentle note; None when no form is open."""
        state = State.read(dict(stored), now, self._topic_age)
        if state.form is None or state.form.name not in self._forms.names:
            return None
        part = self._forms.expire(state)
        return state.write(), part

    def _lang(self, held: Held, message: IncomingMessage, understanding: Understanding) -> str:
        if message.kind == "text" and len(wording.plain(message.text)) >= 4:
            return understanding.lang
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

    def _stop(self, outcome: Outcome) -> Outcome:
        outcome.stop, outcome.intent = "stop", "unsubscribe"
        if outcome.state.form:
            outcome.parts.append(self._forms.cancel(outcome.state))
        outcome.say("stop.done", buttons=(Choice("resume:all", key="button.resume"),))
        return outcome

    async def _converse(self, outcome: Outcome, turn: Turn, understand: Callable[[str], Understanding]) -> None:
        message, state = turn.message, outcome.state
        self._warn(outcome, turn)
        if message.kind == "other":
            outcome.say("message.unsupported")
            if state.form:
                outcome.parts.append(self._forms.ask(state, outcome.lang))
            return
        if message.kind == "start":
            if not outcome.parts:
                outcome.say("welcome_back", buttons=_STARTERS)
            return
        payload = message.payload or self._typed_choice(state, message)
        if payload:
            await self._press(outcome, turn, payload, understand)
        elif state.form:
            await self._in_form(outcome, turn)
        elif message.kind == "media":
            await self._loose_photo(outcome, turn)
        elif message.kind == "place":
            await self._loose_place(outcome, turn)
        else:
            await self._ask(outcome, turn)

    def _warn(self, outcome: Outcome, turn: Turn) -> None:
        if turn.message.text and safety.is_abusive(turn.message.text):
            outcome.state.warnings += 1
            key = "abuse.last" if outcome.state.warnings >= ABUSE_LIMIT else "abuse.warning"
            outcome.say(key, values={"count": outcome.state.warnings, "limit": ABUSE_LIMIT})

    def _typed_choice(self, state: State, message: IncomingMessage) -> str:
        """The payload that a typed number or label stands for; slots read their own, so forms are left out."""
        if state.form or not state.question or message.kind != "text":
            return ""
        options = state.question.options
        number = wording.number_of(message.text)
        if number is not None and 1 <= number <= len(options):
            return options[number - 1]["payload"]
        return next((option["payload"] for option in options if wording.is_label(message.text, option["label"])), "")

    async def _press(
        self, outcome: Outcome, turn: Turn, payload: str, understand: Callable[[str], Understanding]
    ) -> None:
        verb, _, rest = payload.partition(":")
        state = outcome.state
        if verb in ("set", "edit"):
            await self._press_in_form(outcome, turn, verb, rest)
        elif verb == "do":
            intent, _, argument = rest.partition(":")
            asked = state.question.text if state.question else ""
            seen = understand(asked) if asked else turn.understanding
            await self._run(outcome, replace(turn, argument=argument, understanding=seen), intent)
            if state.form and not outcome.parts[-1].says[-1].key.startswith(f"{state.form.name}.ask"):
                outcome.parts.append(self._forms.ask(state, outcome.lang))
        elif verb == "pick" and rest.isdigit() and state.topic and 0 < int(rest) <= len(state.topic.items):
            await self._pick(outcome, turn, int(rest) - 1)
        elif verb == "form" and rest in self._forms.names:
            outcome.parts += self._forms.open(state, OpenForm(rest), outcome.lang)
        else:
            outcome.say("button.stale")
            if state.form:
                outcome.parts.append(self._forms.ask(state, outcome.lang))

    async def _press_in_form(self, outcome: Outcome, turn: Turn, verb: str, rest: str) -> None:
        nonce, _, rest = rest.partition(":")
        slot, _, value = rest.partition(":")
        state = outcome.state
        if state.form is None or state.form.nonce != nonce:
            outcome.say("button.stale")
            if state.form:
                outcome.parts.append(self._forms.ask(state, outcome.lang))
            return
        if verb == "edit":
            self._forms.reopen(state, slot)
            outcome.parts.append(self._forms.ask(state, outcome.lang))
            return
        if slot != state.form.asking:
            self._forms.reopen(state, slot)
            state.form.asking = slot
        answer = reading.by_payload(self._forms.form(state.form).slot(slot), value)
        await self._took(outcome, turn, answer)

    async def _took(self, outcome: Outcome, turn: Turn, answer: reading.Answer) -> None:
        parts, reply = await self._forms.take(outcome.state, turn, answer)
        outcome.parts += parts
        if reply:
            self._apply(outcome, reply, turn.now)

    async def _in_form(self, outcome: Outcome, turn: Turn) -> None:
        """An answer, a correction, a second thought, or a question in between: then answer it and come back."""
        state, message = outcome.state, turn.message
        if wording.is_cancel(message.text):
            outcome.parts.append(self._forms.cancel(state))
            return
        if note := self._forms.add_photos(state, turn):
            outcome.parts += [Part((note,)), self._forms.ask(state, outcome.lang)]
            return
        if message.kind == "text" and (said := self._forms.correct(state, turn)):
            outcome.parts += [Part((said,)), self._forms.ask(state, outcome.lang)]
            return
        if message.kind == "text" and self._interrupts(state, turn):
            outcome.intent, outcome.confidence = turn.understanding.intent, turn.understanding.confidence
            await self._run(outcome, turn, turn.understanding.intent)
            if state.form:
                outcome.parts.append(self._forms.ask(state, outcome.lang))
            return
        await self._took(outcome, turn, self._forms.answer(state, turn))

    def _interrupts(self, state: State, turn: Turn) -> bool:
        """A clear question about something else. A story told to "what happened?" is an answer, however it sounds."""
        seen = turn.understanding
        assert state.form is not None
        if seen.band != "act" or seen.intent in _STEERING or seen.intent not in self._handlers:
            return False
        if seen.intent in ("talk_to_human", "help"):
            return True
        if self._service_of[seen.intent] == state.form.name.split("_")[0] and seen.intent != "complaint_status":
            return False
        answer = self._forms.answer(state, turn)
        if isinstance(answer, reading.Unread):
            return True
        return wording.is_question(turn.message.text)

    async def _loose_photo(self, outcome: Outcome, turn: Turn) -> None:
        """A picture out of the blue: add it to a case, or start one with it."""
        if not turn.photos:
            outcome.say("photo.unreadable")
            return
        await self._run(outcome, turn, "complaint_add_info")

    async def _loose_place(self, outcome: Outcome, turn: Turn) -> None:
        """A pin out of the blue: to the question that waits for one, else ask what it is for."""
        topic = outcome.state.topic
        pending = str(topic.memory.get("pending", "")) if topic else ""
        if topic and (pending or topic.intent in self._handlers):
            await self._run(outcome, turn, pending or topic.intent)
            return
        outcome.say("place.what_for", buttons=_PLACE_USES)

    async def _ask(self, outcome: Outcome, turn: Turn) -> None:
        """Free text with no form open: a follow-up, one or several requests, or something to ask back about."""
        seen = turn.understanding
        outcome.intent, outcome.confidence = seen.intent, seen.confidence
        if not wording.plain(turn.message.text):
            outcome.say("message.empty", buttons=_STARTERS)
            return
        if wording.is_cancel(turn.message.text):
            outcome.say("cancel.nothing", buttons=_STARTERS)
            return
        if found := refer(turn, self._service_of):
            await self._follow(outcome, turn, found)
            return
        asked = [part for part in seen.parts if part.intent in self._handlers]
        if len(asked) >= 2:
            await self._several(outcome, turn, asked)
        elif seen.band == "act":
            await self._run(outcome, turn, seen.intent)
        elif seen.band == "ask":
            self._ask_back(outcome, turn)
        else:
            self._refuse(outcome, turn)

    async def _follow(self, outcome: Outcome, turn: Turn, found: Reference) -> None:
        outcome.intent = found.intent
        topic = turn.topic
        if found.index is not None and topic:
            topic = replace(topic, index=found.index)
            outcome.state.topic = topic
        await self._run(outcome, replace(turn, item=found.item, topic=topic), found.intent)

    async def _pick(self, outcome: Outcome, turn: Turn, index: int) -> None:
        assert outcome.state.topic is not None
        topic = replace(outcome.state.topic, index=index)
        outcome.state.topic = topic
        intent = str(topic.memory.get("pick", topic.intent))
        outcome.intent = intent
        await self._run(outcome, replace(turn, item=topic.items[index], topic=topic), intent)

    async def _several(self, outcome: Outcome, turn: Turn, asked: list[Understanding]) -> None:
        """Quick answers first; a request that opens a form comes last, so that its question stands at the end."""
        ordered = sorted(
            asked, key=lambda part: self._service_of[part.intent] == "case" and part.intent != "complaint_status"
        )
        for part in ordered:
            await self._run(outcome, replace(turn, understanding=wording.without_negated(part)), part.intent)

    def _ask_back(self, outcome: Outcome, turn: Turn) -> None:
        candidates = [name for name in turn.understanding.candidates() if name not in _STEERING]
        if not candidates:
            self._refuse(outcome, turn)
            return
        buttons = tuple(Choice(f"do:{name}", key=f"intent.{name}") for name in candidates)
        names = [self._texts.render(f"intent.{name}", outcome.lang, {}) for name in candidates]
        outcome.say(
            "clarify",
            values={"names": names},
            buttons=(*buttons, Choice("do:help", key="button.something_else")),
        )
        outcome.state.question = Question(text=turn.message.text)

    def _refuse(self, outcome: Outcome, turn: Turn) -> None:
        """Say honestly that this is not ours, with the nearest things that are."""
        outcome.outcome = "refused"
        near = [
            name
            for name in turn.understanding.candidates(2)
            if name in self._handlers and name not in _STEERING and turn.understanding.confidence >= 0.2
        ]
        buttons = [Choice(f"do:{name}", key=f"intent.{name}") for name in near]
        buttons += [Choice("do:help", key="intent.help"), Choice("do:talk_to_human", key="intent.talk_to_human")]
        outcome.say("refuse", buttons=tuple({button.payload: button for button in buttons}.values()))
        outcome.state.question = Question(text=turn.message.text)

    async def _run(self, outcome: Outcome, turn: Turn, intent: str) -> None:
        """Run one intent's handler and take over what it asks for."""
        outcome.intent = outcome.intent or intent
        handler = self._handlers.get(intent)
        if handler is None:
            handler = self._handlers.get("unserved")
            if handler is None:
                self._refuse(outcome, turn)
                return
            turn = replace(turn, argument=intent)
        self._apply(outcome, await handler(turn), turn.now)

    def _apply(self, outcome: Outcome, reply: Reply, now: datetime) -> None:
        if reply.says or reply.write:
            outcome.parts.append(Part(reply.says, reply.write))
        if reply.topic:
            outcome.state.topic, outcome.state.topic_at = reply.topic, now
        if reply.hand_over:
            outcome.owner = "staff"
            outcome.state.form = None
        if reply.open_form:
            outcome.parts += self._forms.open(outcome.state, reply.open_form, outcome.lang)
