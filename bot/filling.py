"""A message while a form is open: an answer, a picture, a second thought, or a question in between."""

from dataclasses import replace

from bot import safety, wording
from bot import slots as reading
from bot.answering import STEERING, Answering
from bot.forms import Forms
from bot.outcome import Outcome, Part
from bot.state import State
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Choice, Turn

_BARE_INSULT = 12
"""A text with abuse and no more letters than this holds no answer."""
_EARLIER = frozenset({"complaint_withdraw", "complaint_add_info"})
_STATUS_WORDS = ("조회", "접수번호", "내 민원", "제 민원", "지난 민원", "지난번", "my complaint", "status")


class Filling:
    """One message of a citizen who is filling in a form. After all but the last answer a question stands at the end."""

    def __init__(self, forms: Forms, answering: Answering) -> None:
        self._forms = forms
        self._answering = answering

    async def take(self, outcome: Outcome, turn: Turn) -> None:
        state, message = outcome.state, turn.message
        assert state.form is not None
        form, is_story = state.form, self._forms.asked(state.form).kind == "text"
        if wording.is_cancel(message.text) or (not is_story and wording.ends_in_cancel(message.text)):
            self._cancel(outcome, message.text)
        elif intent := self._forms.ended_by(state, turn):
            outcome.parts.append(self._forms.cancel(state))
            await self._answering.answers(outcome, turn, intent)
        elif (intent := self._forms.aside(state, turn)) and await self._answering.answers(outcome, turn, intent):
            if outcome.state.form is form:
                self.ask_again(outcome)
        elif message.kind == "media" and not turn.photos:
            outcome.say("photo.unreadable")
            self.ask_again(outcome)
        elif note := self._forms.add_photos(state, turn):
            outcome.parts.append(Part((note,)))
            self.ask_again(outcome)
        elif message.kind == "text" and (parts := self._forms.correct(state, turn)):
            outcome.parts += parts
        elif message.kind == "text" and self._wants_more(state, turn):
            outcome.intent = turn.understanding.intent
            outcome.say("form.first_this")
            self.ask_again(outcome)
        elif message.kind == "text" and self._interrupts(state, turn):
            await self._answer_in_between(outcome, turn)
        elif _is_bare_insult(message.text):
            self.ask_again(outcome)
        else:
            await self.took(outcome, turn, self._forms.answer(state, turn))

    def ask_again(self, outcome: Outcome) -> None:
        """The open question at the end, where a form is open."""
        if outcome.state.form:
            outcome.parts.append(self._forms.ask(outcome.state, outcome.lang))

    async def took(self, outcome: Outcome, turn: Turn, answer: reading.Answer) -> None:
        """Act on an answer to the open question."""
        parts, reply = await self._forms.take(outcome.state, turn, answer)
        outcome.parts += parts
        if reply:
            self._answering.apply(outcome, reply, turn.now)

    def _cancel(self, outcome: Outcome, text: str) -> None:
        outcome.parts.append(self._forms.cancel(outcome.state))
        if wording.is_soft_stop(text):
            # 그만 is a word of refusing messages as well: the form is meant first, the other is one press away.
            outcome.say("stop.offer", buttons=(Choice("stop:all", key="button.stop"),))

    async def _answer_in_between(self, outcome: Outcome, turn: Turn) -> None:
        seen = turn.understanding
        outcome.intent, outcome.confidence = seen.intent, seen.confidence
        before = outcome.state.form
        await self._answering.run(outcome, self._with_place(outcome.state, turn), seen.intent)
        if outcome.state.form is before:
            self.ask_again(outcome)

    def _with_place(self, state: State, turn: Turn) -> Turn:
        """ "거기 주차는 돼요?" in between: there is the place of the form."""
        told = next((one for one in (state.form.slots.values() if state.form else ()) if _is_point(one)), None)
        if turn.place is not None or told is None or not wording.points_back(turn.message.text):
            return turn
        return replace(turn, place=GeoPoint(told["lat"], told["lon"], told["label"]))

    def _wants_more(self, state: State, turn: Turn) -> bool:
        """Another complaint, or a change to an earlier one, while this one is being written."""
        assert state.form is not None
        text, seen = turn.message.text, turn.understanding
        if not self._forms.has_answers(state.form) or len(text) > 30:
            return False
        if wording.wants_another(text):
            return True
        is_story = self._forms.asked(state.form).kind == "text"
        is_request = seen.band == "act" and seen.intent in _EARLIER
        return is_request and not is_story and wording.names_earlier(text)

    def _interrupts(self, state: State, turn: Turn) -> bool:
        """A clear question about something else. A story told to "what happened?" is an answer, however it sounds."""
        seen = turn.understanding
        assert state.form is not None
        if seen.band != "act" or seen.intent in STEERING or not self._answering.serves(seen.intent):
            return self._asks_the_city(state, turn)
        if seen.intent in ("talk_to_human", "help"):
            # "잘 모르겠어요" asks for help, unless it is what one of the buttons says.
            return not self._forms.names_choice(state, turn)
        is_story = self._forms.asked(state.form).kind == "text"
        if seen.intent == "complaint_status":
            text = turn.message.text.lower()
            if is_story and not (seen.first("complaint_no") or any(word in text for word in _STATUS_WORDS)):
                return False
        elif self._answering.service_of[seen.intent] == state.form.name.split("_")[0]:
            return False
        answer = self._forms.answer(state, turn)
        if isinstance(answer, reading.Unread):
            return not answer.is_near
        return wording.is_question(turn.message.text)

    def _asks_the_city(self, state: State, turn: Turn) -> bool:
        """A question that only the department can answer (unpaid tax, air) is a question in between as well."""
        seen = turn.understanding
        if seen.band != "act" or seen.intent in STEERING:
            return False
        assert state.form is not None
        is_story = self._forms.asked(state.form).kind == "text"
        return not is_story and wording.is_question(turn.message.text)


def _is_point(value: object) -> bool:
    return isinstance(value, dict) and value.get("lat") is not None and value.get("lon") is not None


def _is_bare_insult(text: str) -> bool:
    return bool(text) and safety.is_abusive(text) and len(wording.plain(text)) <= _BARE_INSULT
