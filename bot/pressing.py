"""Pressed buttons, and typed numbers and labels that stand for them."""

from dataclasses import replace

from bot import slots as reading
from bot import wording
from bot.answering import Answering
from bot.filling import Filling
from bot.forms import Forms
from bot.outcome import Outcome
from bot.state import State
from core.contracts.channel import IncomingMessage
from core.contracts.dialogue import OpenForm, Turn
from core.contracts.reading import Hear

_NO = frozenset({"do:help", "do:complaint_file"})
"""What stands last in a question with one guess: none of this, or something new."""


def typed_choice(state: State, message: IncomingMessage) -> str:
    """The payload that a typed number, label or yes stands for; an open form's question reads its own answers.

    Where choices are numbered lines and nothing else, a number means its line whatever is open, and a part of a label
    that only one choice has means this one.
    """
    question = state.question
    if not question or message.kind != "text":
        return ""
    options, text = question.options, message.text
    is_forms = state.form is not None and not any(option["payload"].startswith("edit:") for option in options)
    if is_forms and not question.is_numbered:
        return ""
    number = wording.number_of(text)
    if number is not None and 1 <= number <= len(options):
        return options[number - 1]["payload"]
    if found := next((one["payload"] for one in options if wording.is_label(text, one["label"])), ""):
        return found
    if is_forms:
        return ""
    if question.text and options and options[-1]["payload"] in _NO:
        # "Did you mean …?" with a single guess can be answered by yes; none of them by no.
        if len(options) == 2 and wording.is_yes(text):
            return options[0]["payload"]
        if wording.is_no(text):
            return options[-1]["payload"]
    if question.is_numbered and not wording.is_question(text) and not wording.is_correction(text):
        part = wording.part_of_one(text, [option["label"] for option in options])
        return "" if part is None else options[part]["payload"]
    return ""


def beyond(state: State, message: IncomingMessage) -> int:
    """How many numbered choices there are, when the message is a number that none of them has; else 0."""
    question = state.question
    if question is None or not question.is_numbered or message.kind != "text":
        return 0
    number = wording.number_of(message.text)
    is_beyond = number is not None and not 1 <= number <= len(question.options)
    return len(question.options) if is_beyond else 0


def is_settled_by(payload: str) -> bool:
    """A choice that answers its question for good; menus and lists can be pressed again."""
    return payload.partition(":")[0] in ("set", "edit", "form", "stop", "resume")


class Pressing:
    """Does what a button says. A button of an older question is told to be old, and the open question asked again."""

    def __init__(self, forms: Forms, answering: Answering, filling: Filling) -> None:
        self._forms = forms
        self._answering = answering
        self._filling = filling

    async def press(self, outcome: Outcome, turn: Turn, payload: str, hear: Hear) -> None:
        verb, _, rest = payload.partition(":")
        state = outcome.state
        if verb in ("set", "edit"):
            await self._press_in_form(outcome, turn, verb, rest)
        elif verb == "do":
            await self._do(outcome, turn, payload, hear)
        elif verb == "pick" and rest.isdigit() and state.topic and 0 < int(rest) <= len(state.topic.items):
            await self._answering.pick(outcome, turn, int(rest) - 1)
            self._filling.ask_again(outcome)
        elif verb == "form" and self._forms.starts_alone(rest):
            if state.form:
                self._filling.ask_again(outcome)
            else:
                outcome.parts += self._forms.open(state, OpenForm(rest), outcome.lang)
        else:
            self._stale(outcome)

    async def _do(self, outcome: Outcome, turn: Turn, payload: str, hear: Hear) -> None:
        intent, _, argument = payload.removeprefix("do:").partition(":")
        state = outcome.state
        question = state.question
        # Only a button of the last question belongs to the words that it asked about.
        is_current = question is not None and any(one["payload"] == payload for one in question.options)
        asked = question.text if question and is_current else ""
        seen = await hear(asked) if asked else turn.understanding
        form = state.form
        await self._answering.run(
            outcome, replace(turn, argument=argument, understanding=wording.without_negated(seen)), intent
        )
        if state.form is form:
            self._filling.ask_again(outcome)

    async def _press_in_form(self, outcome: Outcome, turn: Turn, verb: str, rest: str) -> None:
        nonce, _, rest = rest.partition(":")
        slot_name, _, value = rest.partition(":")
        state = outcome.state
        if state.form is None or state.form.nonce != nonce or not self._forms.has_slot(state.form, slot_name):
            self._stale(outcome)
            return
        if verb == "edit":
            self._forms.reopen(state, slot_name)
            self._filling.ask_again(outcome)
            return
        if slot_name != state.form.asking:
            self._forms.reopen(state, slot_name)
            state.form.asking = slot_name
        answer = reading.by_payload(self._forms.asked(state.form), value)
        await self._filling.took(outcome, turn, answer)

    def _stale(self, outcome: Outcome) -> None:
        outcome.say("button.stale")
        self._filling.ask_again(outcome)
