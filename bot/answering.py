"""Free text with no form in the way: a follow-up, one or several requests, a question back, or a refusal."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot import wording
from bot.forms import Forms
from bot.outcome import Outcome, Part, Services, Spoken
from bot.reference import Reference, refer
from bot.replies import Texts
from bot.state import Question
from core.contracts.dialogue import Choice, Handler, Reply, Turn
from core.contracts.understanding import Understanding

COURTESIES = frozenset({"greet", "thanks"})
HUMAN = Choice("do:talk_to_human", key="button.talk_to_human")
STEERING = COURTESIES | {"affirm", "deny", "out_of_scope"}
"""Intents that are answers rather than questions: they never interrupt a form."""
STARTERS = (
    Choice("do:parking_find", key="intent.parking_find"),
    Choice("do:complaint_file", key="intent.complaint_file"),
    Choice("do:complaint_status", key="intent.complaint_status"),
    Choice("do:office_info", key="intent.office_info"),
    Choice("do:talk_to_human", key="intent.talk_to_human"),
)
_FILING = "complaint_file"
_FILING_KINDS = frozenset({_FILING, "safety_report", "air_complaint"})
_ASKS_TO_FILE = re.compile(
    r"(?:민원|신고|제보)\s*(?:을|를|좀|하나)*\s*(?:넣|접수\s*(?:하|할|해|$)|할|하고\s*싶|하려|제기|신청)|"
    r"\b(?:want|like|need|here|wish)\s+to\s+(?:report|file|complain)",
    re.I,
)
OWED = "complaint_owed"
"""The handler that knows whether the city waits for this citizen's answer; it says nothing when it does not."""
_MAY_ANSWER = _FILING_KINDS | {"affirm", "deny", "out_of_scope", "complaint_add_info"}
"""Wishes that an answer to the city's question is easily taken for."""
_POLITE_TAIL = 3
"""Characters that may follow a place without making it a question: 이요, 입니다, a full stop."""
_ONE_LIST = frozenset({"parking_find", "parking_fee_hours"})
"""Wishes that one list answers: "무료인 주차장" is no question about a fee beside the search for a lot."""
_AT_A_PLACE = ("parking_find", "office_info", "complaint_file")
"""What is most often wanted of a place that is named and nothing else."""
_LAST = frozenset({"talk_to_human"})
"""Requests after which the bot is silent: answered after everything else."""


def _is_one_wish(asked: Sequence[Understanding]) -> bool:
    """ "사우동 전기차 충전되고 무료인 주차장": two clauses of one question, of which at most one says where."""
    names = {part.intent for part in asked}
    return (len(names) == 1 or names <= _ONE_LIST) and sum(part.first("place") is not None for part in asked) <= 1


def _is_mere_place(part: Understanding) -> bool:
    """ "간판이 떨어질 것 같아요 사우동이요": the second clause says where, and asks for nothing."""
    said = sum(one.end - one.start for one in part.all("place"))
    return bool(said) and len(part.text.strip()) - said <= _POLITE_TAIL


def _names_no_wish(seen: Understanding) -> bool:
    """ "사우동이요" out of the blue: nobody is asked to keep as his home what he merely named."""
    return seen.intent == "parking_place" and _is_mere_place(seen)


class Answering:
    """Runs the handlers of the services and takes over what they ask for."""

    def __init__(
        self,
        intents: Mapping[str, tuple[str, Handler]],
        services: Services,
        forms: Forms,
        texts: Texts,
        spoken: Spoken,
    ) -> None:
        handlers = {name: handler for name, (_, handler) in intents.items()} | dict(spoken.handlers)
        self._handlers = {name: services.bind(handler, ("turn",)) for name, handler in handlers.items()}
        self._phrases = spoken.phrases
        self._anybodys = spoken.anybodys
        self._hushed = spoken.hushed
        self.service_of = {name: service for name, (service, _) in intents.items()}
        self._forms = forms
        self._texts = texts

    def serves(self, intent: str) -> bool:
        return intent in self._handlers

    async def ask(self, outcome: Outcome, turn: Turn) -> None:
        """One message that no form and no button explains."""
        seen = turn.understanding
        outcome.intent, outcome.confidence = seen.intent, seen.confidence
        if wording.says_nothing(turn.message.text):
            outcome.say("message.empty", buttons=STARTERS)
            return
        if wording.is_cancel(turn.message.text):
            outcome.say("cancel.nothing", buttons=STARTERS)
            return
        if await self._is_phrase(outcome, turn):
            return
        if found := refer(turn, self.service_of):
            await self._follow(outcome, turn, found)
            return
        if await self._is_owed(outcome, turn):
            return
        asked = [part for part in seen.parts if part.intent in self._handlers and not _is_mere_place(part)]
        if len(asked) >= 2 and not _is_one_wish(asked):
            await self._several(outcome, turn, asked)
        elif seen.band == "act" and not _names_no_wish(seen):
            await self.run(outcome, turn, seen.intent)
        elif seen.band != "refuse":
            await self._ask_back(outcome, turn)
        else:
            self.refuse(outcome, turn)

    async def _is_phrase(self, outcome: Outcome, turn: Turn) -> bool:
        """Words that mean one thing: about his account, or about a citizen's own cases, if there is such a case."""
        text = turn.message.text[:200]
        for pattern, intent in (*self._anybodys, *(self._phrases if turn.citizen_id is not None else ())):
            if pattern.search(text) and await self.answers(outcome, turn, intent):
                return True
        return False

    async def hushed(self, turn: Turn) -> Reply | None:
        """The answer to words that may hold a secret, where they do; None where they are words like any others."""
        for pattern, name in self._hushed:
            if pattern.search(turn.message.text[:200]):
                reply: Reply = await self._handlers[name](turn)
                if reply.says:
                    return reply
        return None

    async def answers(self, outcome: Outcome, turn: Turn, intent: str) -> bool:
        """Whether this handler had something to say, which is taken over then."""
        reply = await self._handlers[intent](turn)
        if not (reply.says or reply.open_form):
            return False
        outcome.intent = intent
        self.apply(outcome, reply, turn.now)
        return True

    async def _is_owed(self, outcome: Outcome, turn: Turn) -> bool:
        """The city asked him something (보완) and he says what asks for nothing else: is this the answer?"""
        seen = turn.understanding
        handler = self._handlers.get(OWED)
        if handler is None or turn.citizen_id is None or (seen.band == "act" and seen.intent not in _MAY_ANSWER):
            return False
        reply = await handler(turn)
        if not reply.says:
            return False
        outcome.intent = OWED
        self.apply(outcome, reply, turn.now)
        outcome.state.question = Question(text=turn.message.text)
        return True

    async def pick(self, outcome: Outcome, turn: Turn, index: int) -> None:
        """The nth thing of the list that was shown."""
        assert outcome.state.topic is not None
        topic = replace(outcome.state.topic, index=index)
        outcome.state.topic = topic
        intent = str(topic.memory.get("pick", topic.intent))
        outcome.intent = intent
        await self.run(outcome, replace(turn, item=topic.items[index], topic=topic), intent)

    async def run(self, outcome: Outcome, turn: Turn, intent: str) -> None:
        """Run one intent's handler and take over what it asks for."""
        outcome.intent = outcome.intent or intent
        handler = self._handlers.get(intent)
        if handler is None:
            handler = self._handlers.get("unserved")
            if handler is None:
                self.refuse(outcome, turn)
                return
            turn = replace(turn, argument=intent)
        self.apply(outcome, await handler(turn), turn.now)

    def apply(self, outcome: Outcome, reply: Reply, now: datetime) -> None:
        """What a handler asked for. A form with answers in it is never overwritten by another one."""
        state = outcome.state
        opens = reply.open_form
        if opens and state.form and self._forms.has_answers(state.form):
            outcome.say("form.first_this")
            return
        if reply.says or reply.write:
            outcome.parts.append(Part(reply.says, reply.write))
        if reply.topic:
            state.topic, state.topic_at = reply.topic, now
        if reply.hand_over:
            if state.form:
                outcome.say("form.handed_over")
            outcome.owner, state.form = "staff", None
        if opens:
            if state.form and state.form.name != opens.name:
                outcome.parts.append(self._forms.cancel(state))
            outcome.parts += self._forms.open(state, opens, outcome.lang)

    async def _follow(self, outcome: Outcome, turn: Turn, found: Reference) -> None:
        outcome.intent = found.intent
        topic = turn.topic
        if found.index is not None and topic:
            topic = replace(topic, index=found.index)
            outcome.state.topic = topic
        await self.run(outcome, replace(turn, item=found.item, topic=topic), found.intent)

    async def _several(self, outcome: Outcome, turn: Turn, asked: list[Understanding]) -> None:
        """Quick answers first; what opens a form comes last, so that its question stands at the end."""

        def weight(part: Understanding) -> int:
            is_form = self.service_of[part.intent] == "case" and part.intent != "complaint_status"
            return 2 if part.intent in _LAST else int(is_form)

        for part in sorted(asked, key=weight):
            await self.run(outcome, replace(turn, understanding=wording.without_negated(part)), part.intent)

    async def _ask_back(self, outcome: Outcome, turn: Turn) -> None:
        candidates = [name for name in turn.understanding.candidates() if name not in STEERING]
        if _names_no_wish(turn.understanding):
            candidates = [name for name in _AT_A_PLACE if name in self._handlers]
        if not candidates:
            self.refuse(outcome, turn)
            return
        if self._is_filing(turn, candidates):
            # The form asks before it writes anything: a question back would only delay it.
            await self.run(outcome, turn, candidates[0] if candidates[0] in _FILING_KINDS else _FILING)
            return
        if any(name.startswith("complaint_") for name in candidates):
            # "민원이요" is most often the wish to make one, whatever else it could be.
            candidates = [_FILING, *(name for name in candidates if name != _FILING)][:3]
        buttons = tuple(Choice(f"do:{name}", key=f"intent.{name}") for name in candidates)
        names = [self._texts.render(f"intent.{name}", outcome.lang, {}) for name in candidates]
        outcome.say(
            "clarify",
            values={"names": names},
            buttons=(*buttons, Choice("do:help", key="button.something_else")),
        )
        outcome.state.question = Question(text=turn.message.text)

    def _is_filing(self, turn: Turn, candidates: list[str]) -> bool:
        """Half understood, but a complaint by all that is known: every guess is one, or the words ask to file."""
        if _FILING_KINDS.issuperset(candidates):
            return True
        if candidates[0] in _FILING_KINDS and turn.understanding.first("category", role="object"):
            return True
        return candidates[0].startswith("complaint_") and bool(_ASKS_TO_FILE.search(turn.message.text[:200]))

    def refuse(self, outcome: Outcome, turn: Turn) -> None:
        """Say honestly that this is not ours, with the nearest things that are."""
        outcome.outcome, outcome.intent = "refused", "out_of_scope"
        near = [
            name
            for name in turn.understanding.candidates(2)
            if name in self._handlers and name not in STEERING and turn.understanding.confidence >= 0.2
        ]
        buttons = [Choice(f"do:{name}", key=f"intent.{name}") for name in near]
        buttons += [Choice("do:help", key="intent.help"), Choice("do:talk_to_human", key="intent.talk_to_human")]
        outcome.say("refuse", buttons=tuple({button.payload: button for button in buttons}.values()))
        outcome.state.question = Question(text=turn.message.text)
