"""Forms: one question after another until the city knows enough, with skips, refusals and second thoughts."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from secrets import token_hex
from typing import Any

from bot import correcting, wording
from bot import slots as reading
from bot.outcome import Part, Services
from bot.replies import Texts
from bot.slots import Shown
from bot.state import FormState, Question, State
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Say, Slot, Turn

MAX_TRIES = 3
_CODE_DIGITS = 3
"""A message with fewer digits is no part of a code."""
_HUMAN = Choice("do:talk_to_human", key="button.talk_to_human")


class Forms:
    """All forms of all services, and the walk through one of them. Every method but `open` needs an open form."""

    def __init__(self, forms: Mapping[str, Form], services: Services, texts: Texts) -> None:
        self._forms = forms
        self.names = frozenset(forms)
        self._texts = texts
        self._submit: dict[str, Callable[..., Any]] = {
            name: services.bind(form.submit, ("turn", "slots")) for name, form in forms.items()
        }

    def form(self, state: FormState) -> Form:
        return self._forms[state.name]

    def secrecy(self, state: FormState | None) -> str:
        """Whose door alone shows what is said in the open form; none without one."""
        return self._forms[state.name].secrecy if state and state.name in self._forms else ""

    def asked(self, state: FormState) -> Slot:
        """The slot whose question is open."""
        return self.form(state).slot(state.asking)

    def is_code(self, state: FormState, text: str) -> bool:
        """The open question is for a one-time code, and the message may hold one."""
        return self.asked(state).is_secret and sum(char.isdigit() for char in text) >= _CODE_DIGITS

    def ended_by(self, state: State, turn: Turn) -> str:
        """The handler of words that close the open form; none where they say that no more will follow ("끝" where a
        question may be left out)."""
        assert state.form is not None
        slot, text = self.asked(state.form), turn.message.text[:200]
        if slot.optional and wording.is_done(text):
            return ""
        return next((name for pattern, name in self.form(state.form).ends if pattern.search(text)), "")

    def aside(self, state: State, turn: Turn) -> str:
        """The handler of a question in between that the form knows by its words; a story is never one."""
        assert state.form is not None
        slot, text = self.asked(state.form), turn.message.text[:200]
        if turn.message.kind != "text" or (slot.kind == "text" and not slot.is_secret):
            return ""
        return next((name for pattern, name in self.form(state.form).asides if pattern.search(text)), "")

    # -- asking ------------------------------------------------------------------------------------------------------

    def open(self, state: State, wanted: OpenForm, lang: str) -> list[Part]:
        """Start a form and ask its first open question."""
        state.form = FormState(wanted.name, token_hex(2), dict(wanted.slots))
        opening = f"{wanted.name}.open"
        parts = [Part((Say(opening, self._values(state.form, lang)),))] if self._texts.has(opening) else []
        return [*parts, self.ask(state, lang)]

    def has_answers(self, state: FormState) -> bool:
        """The citizen has told something that would be lost with the form."""
        return any(slot.name in state.slots for slot in self.form(state).slots)

    def ask(self, state: State, lang: str) -> Part:
        """The next question of the open form, with its buttons; remembers which it was."""
        assert state.form is not None
        form = self.form(state.form)
        slot = self._next(form, state.form)
        if slot.name != state.form.asking:
            state.form.asking, state.form.tries = slot.name, 0
        choices = slot.offered(state.form.slots)
        buttons = tuple(self._button(state.form, slot, choice, lang) for choice in choices)
        state.question = Question([{"payload": button.payload, "label": button.label} for button in buttons])
        picker = {"place": "place", "photo": "photo"}.get(slot.kind, "")
        asked = Say(f"{form.name}.ask.{slot.name}", self._values(state.form, lang), buttons, picker)  # type: ignore[arg-type]
        return Part((replace(asked, secrecy=form.secrecy),))

    def _button(self, state: FormState, slot: Slot, choice: Choice, lang: str) -> Choice:
        value = choice.payload.removeprefix("set:")
        return Choice(f"set:{state.nonce}:{slot.name}:{value}", label=self._label(state, choice, lang))

    def _label(self, state: FormState, choice: Choice, lang: str) -> str:
        if not choice.key:
            return choice.label
        return self._texts.render(choice.key, lang, self._values(state, lang))

    def _next(self, form: Form, state: FormState) -> Slot:
        for slot in form.slots:
            if self._is_open(slot, state):
                return slot
        return form.slots[-1]

    def _is_open(self, slot: Slot, state: FormState) -> bool:
        if slot.name in state.slots or slot.name in state.skipped:
            return False
        return slot.applies is None or slot.applies(state.slots)

    def _values(self, state: FormState, lang: str) -> dict[str, Any]:
        form = self.form(state)
        more = form.values(state.slots, lang) if form.values else {}
        return {"slots": state.slots, **more}

    # -- answering ---------------------------------------------------------------------------------------------------

    def answer(self, state: State, turn: Turn) -> reading.Answer:
        """The message read as an answer to the open question (nothing is changed yet)."""
        assert state.form is not None
        slot = self.asked(state.form)
        return reading.read(slot, turn, state.form.slots, self._shown(state.form, slot, turn.lang))

    def names_choice(self, state: State, turn: Turn) -> bool:
        """Whether the message is the number or the very label of a choice that the open question shows."""
        assert state.form is not None
        slot = self.asked(state.form)
        shown = self._shown(state.form, slot, turn.lang)
        return reading.picked(slot, turn.message.text, state.form.slots, shown) is not None

    def _shown(self, state: FormState, slot: Slot, lang: str) -> Shown:
        """Labels in the citizen's language; the other words for a choice (`<key>.words`) in both."""
        labels: dict[str, str] = {}
        words: dict[str, tuple[str, ...]] = {}
        for choice in slot.offered(state.slots):
            labels[choice.payload] = self._label(state, choice, lang)
            key = f"{choice.key}.words"
            if self._texts.has(key):
                both = " ".join(self._texts.render(key, each, {}) for each in ("ko", "en"))
                words[choice.payload] = tuple(word.replace("_", " ") for word in both.split())
        return Shown(labels, words, self._is_kind, self._has_guess(state, slot, lang))

    def _has_guess(self, state: FormState, slot: Slot, lang: str) -> bool:
        """The question suggests an answer computed from the others, and asks whether it is right."""
        return slot.choices_for is not None and bool(self._values(state, lang).get("guess"))

    def _is_kind(self, slot_name: str, value: str) -> bool:
        return self._texts.has(f"{slot_name}.{value}")

    async def take(self, state: State, turn: Turn, answer: reading.Answer) -> tuple[list[Part], Reply | None]:
        """Act on an answer: ask on, ask again, or submit. The Reply is set when the form is done."""
        assert state.form is not None
        slot = self.asked(state.form)
        if isinstance(answer, reading.Unread | reading.Denied | reading.Declined):
            return self._again(state, slot, turn, answer), None
        if isinstance(answer, reading.Skipped):
            state.form.skipped.append(slot.name)
        else:
            if slot.kind == "confirm" and answer.value == "fix":
                return [self._offer_fixes(state, turn.lang)], None
            if slot.kind == "confirm" and answer.value == "no":
                return [self.cancel(state)], None
            state.form.slots[slot.name] = answer.value
            if turn.message.kind == "text" and turn.message.provider_id:
                state.form.told[turn.message.provider_id] = slot.name
            if slot.kind in ("text", "name"):
                correcting.glean(self.form(state.form), state.form, turn)
        return await self.go_on(state, turn)

    async def go_on(self, state: State, turn: Turn) -> tuple[list[Part], Reply | None]:
        """Ask what is still open, or submit when nothing is."""
        assert state.form is not None
        form = self.form(state.form)
        if any(self._is_open(slot, state.form) for slot in form.slots):
            return [self.ask(state, turn.lang)], None
        done, state.form, state.question = state.form, None, None
        return [], await self._submit[form.name](turn, done.slots)

    def _again(self, state: State, slot: Slot, turn: Turn, answer: reading.Answer) -> list[Part]:
        """The question once more, after what helps: the reason, another way, a hint; in the end a person."""
        assert state.form is not None
        name, lang = state.form.name, turn.lang
        state.form.tries += 1
        if isinstance(answer, reading.Denied) and slot.kind == "confirm":
            return [self.cancel(state) if len(slot.offered({})) == 2 else self._offer_fixes(state, lang)]
        values = self._values(state.form, lang)
        says: tuple[Say, ...] = ()
        if isinstance(answer, reading.Denied) and self._has_guess(state.form, slot, lang):
            state.form.slots[f"{slot.name}_denied"] = True
        elif isinstance(answer, reading.Declined) and self._texts.has(f"{name}.declined.{slot.name}"):
            says = (Say(f"{name}.declined.{slot.name}", values, self._ways_out(state.form, slot)),)
        elif isinstance(answer, reading.Unread) and answer.reason:
            says = (Say("form.reason", {"reason": answer.reason[0 if lang == "ko" else 1]}),)
        elif isinstance(answer, reading.Unread) and (told := correcting.glean(self.form(state.form), state.form, turn)):
            says = tuple(
                Say("form.noted", {"slot": self.slot_name(state.form, one, lang), "value": shown})
                for one, shown in told
            )
            state.form.tries -= 1
        elif self._texts.has(f"{name}.retry.{slot.name}"):
            says = (Say(f"{name}.retry.{slot.name}", values),)
        if state.form.tries >= MAX_TRIES:
            says = (*says, Say("form.stuck", buttons=(_HUMAN,)))
        return [Part(says), self.ask(state, lang)] if says else [self.ask(state, lang)]

    def _ways_out(self, state: FormState, slot: Slot) -> tuple[Choice, ...]:
        """The last choice of the nearest either/or question before this one: the way without what was declined."""
        form = self.form(state)
        before = form.slots[: form.slots.index(slot)]
        asked = next((one for one in reversed(before) if one.kind == "choice" and one.choices), None)
        if asked is None:
            return ()
        value = asked.choices[-1].payload.removeprefix("set:")
        return (Choice(f"set:{state.nonce}:{asked.name}:{value}", key=asked.choices[-1].key),)

    # -- second thoughts ---------------------------------------------------------------------------------------------

    def _offer_fixes(self, state: State, lang: str) -> Part:
        assert state.form is not None
        form = self.form(state.form)
        known = [slot for slot in form.slots if slot.name in state.form.slots and slot.kind != "confirm"]
        known += [slot for slot in form.slots if slot.name in state.form.skipped]
        buttons = tuple(
            Choice(f"edit:{state.form.nonce}:{slot.name}", label=self.slot_name(state.form, slot.name, lang))
            for slot in known
        )
        state.question = Question([{"payload": button.payload, "label": button.label} for button in buttons])
        return Part((Say("form.which", buttons=buttons),))

    def slot_name(self, state: FormState, slot_name: str, lang: str) -> str:
        """What the citizen calls this question: "위치", "전화번호"."""
        return self._texts.render(f"{state.name}.slot.{slot_name}", lang, {"slots": state.slots})

    def has_slot(self, state: FormState, slot_name: str) -> bool:
        return slot_name in {slot.name for slot in self.form(state).slots}

    def reopen(self, state: State, slot_name: str) -> bool:
        """Forget one answer so that its question is asked again; False for an unknown slot."""
        assert state.form is not None
        if not self.has_slot(state.form, slot_name):
            return False
        state.form.slots.pop(slot_name, None)
        state.form.skipped = [name for name in state.form.skipped if name != slot_name]
        return True

    def correct(self, state: State, turn: Turn) -> list[Part] | None:
        """ "아니 구래동 말고 장기동", "전화번호가 틀렸어요": put right what was answered; None when nothing fits."""
        assert state.form is not None
        form = self.form(state.form)
        if changed := correcting.new_value(form, state.form, turn, self._is_kind):
            name, value, label = changed
            state.form.slots[name] = value
            state.form.skipped = [one for one in state.form.skipped if one != name]
            key = f"{name}.{value}"
            shown = self._texts.render(key, turn.lang, {}) if self._texts.has(key) else label
            said = Say("form.corrected", {"slot": self.slot_name(state.form, name, turn.lang), "value": shown})
            return [Part((said,)), self.ask(state, turn.lang)]
        if parts := self._change_choice(state, turn) or self._change_words(state, turn):
            return parts
        told = [slot.name for slot in form.slots if slot.name in (*state.form.slots, *state.form.skipped)]
        names = {name: self.slot_name(state.form, name, turn.lang) for name in told}
        if slot_name := correcting.named_slot(form, state.form, turn, names):
            self.reopen(state, slot_name)
            return [self.ask(state, turn.lang)]
        return None

    def _change_choice(self, state: State, turn: Turn) -> list[Part] | None:
        """ "제보로 바꿀래요": another of the choices of an either/or question answered before."""
        text = turn.message.text
        if state.form is None or len(text) > 40 or not (wording.wants_revising(text) or wording.is_correction(text)):
            return None
        for slot in self.form(state.form).slots:
            if slot.kind != "choice" or not slot.choices or slot.name not in state.form.slots:
                continue
            shown = self._shown(state.form, slot, turn.lang)
            value = reading.named_choice(wording.after_negation(text), slot.choices, shown)
            if value and value != state.form.slots[slot.name]:
                state.form.slots[slot.name] = value
                name = self.slot_name(state.form, slot.name, turn.lang)
                said = Say("form.corrected", {"slot": name, "value": shown.labels[f"set:{value}"]})
                return [Part((said,)), self.ask(state, turn.lang)]
        return None

    def _change_words(self, state: State, turn: Turn) -> list[Part] | None:
        """ "매달 20만원": said of an earlier question that its own reader alone understands, while another is open."""
        text = turn.message.text
        if state.form is None or wording.is_yes(text) or wording.is_no(text) or self.names_choice(state, turn):
            return None
        for slot in self.form(state.form).slots:
            if slot.kind != "words" or slot.name not in state.form.slots or slot.name == state.form.asking:
                continue
            answer = reading.read(slot, turn, state.form.slots, self._shown(state.form, slot, turn.lang))
            if isinstance(answer, reading.Filled) and answer.value != state.form.slots[slot.name]:
                state.form.slots[slot.name] = answer.value
                name = self.slot_name(state.form, slot.name, turn.lang)
                return [
                    Part((Say("form.corrected", {"slot": name, "value": text.strip()}),)),
                    self.ask(state, turn.lang),
                ]
        return None

    def add_photos(self, state: State, turn: Turn) -> Say | None:
        """A picture sent while another question is open still belongs to the form; None when it has no use for one."""
        assert state.form is not None
        form = self.form(state.form)
        slot = next((slot for slot in form.slots if slot.kind == "photo"), None)
        if slot is None or not turn.photos or state.form.asking == slot.name:
            return None
        sent = [*state.form.slots.get(slot.name, ()), *map(dict, turn.photos)]
        state.form.slots[slot.name] = sent[: reading.MAX_PHOTOS]
        state.form.skipped = [name for name in state.form.skipped if name != slot.name]
        is_full = len(sent) > reading.MAX_PHOTOS
        return Say("form.photo_added", {"count": min(len(sent), reading.MAX_PHOTOS), "is_full": is_full})

    # -- endings -----------------------------------------------------------------------------------------------------

    def cancel(self, state: State) -> Part:
        """Close the form without a trace of its answers."""
        assert state.form is not None
        name, state.form, state.question = state.form.name, None, None
        return Part((Say(f"{name}.cancelled"),))

    def expire(self, state: State) -> Part:
        """Close a forgotten form with a gentle note."""
        assert state.form is not None
        name, state.form, state.question = state.form.name, None, None
        buttons = (Choice(f"form:{name}", key=f"{name}.restart"),) if self.starts_alone(name) else ()
        return Part((Say(f"{name}.expired", buttons=buttons),))

    def starts_alone(self, name: str) -> bool:
        """A button may open it. A form about something chosen before (a case to withdraw) cannot begin without it."""
        return name in self.names and self._texts.has(f"{name}.restart")
