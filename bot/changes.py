"""What a messenger lets a citizen do to what he has said: correct its words, send several pictures as one album."""

from bot import slots as reading
from bot.filling import Filling
from bot.forms import Forms
from bot.outcome import Outcome, Part
from core.contracts.dialogue import Turn

_FULL = "!"
"""Behind the album's name once he was told that no more pictures fit."""
_SHOWN = 60


class Changes:
    """Corrected messages and albums; every other message is none of its business."""

    def __init__(self, forms: Forms, filling: Filling) -> None:
        self._forms = forms
        self._filling = filling

    async def is_heard_as_new(self, outcome: Outcome, turn: Turn) -> bool:
        """A corrected message. One that answered a question of the open form answers it anew. The last one said
        outside a form is heard again (True). What was done on an older one is not done again: he is told so.
        """
        state, message = outcome.state, turn.message
        if state.form is None and message.edits == state.said:
            outcome.say("edit.heard")
            return True
        slot_name = state.form.told.get(message.edits, "") if state.form else ""
        if state.form and slot_name and self._forms.has_slot(state.form, slot_name):
            await self._answer_anew(outcome, turn, slot_name)
        else:
            outcome.say("edit.late")
            self._filling.ask_again(outcome)
        return False

    async def _answer_anew(self, outcome: Outcome, turn: Turn, slot_name: str) -> None:
        state = outcome.state
        assert state.form is not None
        form, values = state.form, {"slot": self._forms.slot_name(state.form, slot_name, outcome.lang)}
        asking, before = form.asking, form.slots.get(slot_name)
        self._forms.reopen(state, slot_name)
        form.asking = slot_name
        answer = self._forms.answer(state, turn)
        if isinstance(answer, reading.Filled | reading.Skipped):
            outcome.say("form.corrected", values=values | {"value": turn.message.text[:_SHOWN]})
            await self._filling.took(outcome, turn, answer)
            return
        form.asking = asking
        if before is not None:
            form.slots[slot_name] = before
        outcome.say("edit.unread", values=values)
        self._filling.ask_again(outcome)

    def is_more_of_an_album(self, outcome: Outcome, turn: Turn) -> bool:
        """The second to tenth picture of one album go to where the first one went, without a word each: the provider
        sends them one by one, and ten answers to one gesture help nobody. Beside a summary each is counted aloud."""
        state, message = outcome.state, turn.message
        is_told_full = bool(message.album) and state.album == message.album + _FULL
        if not message.album or state.form is None or not (is_told_full or state.album == message.album):
            return False
        if not turn.photos:
            return is_told_full
        note = self._forms.add_photos(state, turn)
        if note is None:
            return False
        is_full = bool(note.values["is_full"])
        if (is_full and not is_told_full) or (not is_full and self._forms.asked(state.form).kind == "confirm"):
            outcome.parts.append(Part((note,)))
        state.album = message.album + (_FULL if is_full else "")
        return True

    def remember(self, outcome: Outcome, turn: Turn) -> None:
        """What a later correction or picture will refer to."""
        state, message = outcome.state, turn.message
        if message.kind == "text" and message.provider_id:
            state.said = message.provider_id
        if message.album and turn.photos:
            state.album = message.album
