"""Forms: one question after another until the city knows enough, with corrections, skips and second thoughts."""

from collections.abc import Callable, Mapping
from secrets import token_hex
from typing import Any

from bot import slots as reading
from bot import wording
from bot.outcome import Part, Services
from bot.replies import Texts
from bot.state import FormState, Question, State
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Say, Slot, Turn

MAX_TRIES = 3
_SLOT_OF_ENTITY = {"place": "place", "when": "when", "phone": "phone", "category": "choice"}


class Forms:
    """All forms of all services, and the walk through one of them."""

    def __init__(self, forms: Mapping[str, Form], services: Services, texts: Texts) -> None:
        self._forms = forms
        self.names = frozenset(forms)
        self._texts = texts
        self._submit: dict[str, Callable[..., Any]] = {
            name: services.bind(form.submit, ("turn", "slots")) for name, form in forms.items()
        }

    def form(self, state: FormState) -> Form:
        return self._forms[state.name]

    def open(self, state: State, wanted: OpenForm, lang: str) -> list[Part]:
        """Start (or restart) a form and ask its first open question."""
        state.form = FormState(wanted.name, token_hex(2), dict(wanted.slots))
        opening = f"{wanted.name}.open"
        parts = [Part((Say(opening, self._values(state.form, lang)),))] if self._texts.has(opening) else []
        return [*parts, self.ask(state, lang)]

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
        return Part((Say(f"{form.name}.ask.{slot.name}", self._values(state.form, lang), buttons, picker),))  # type: ignore[arg-type]

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

    def answer(self, state: State, turn: Turn) -> reading.Answer:
        """The message read as an answer to the open question (nothing is changed yet)."""
        assert state.form is not None
        slot = self.form(state.form).slot(state.form.asking)
        labels = {
            choice.payload: self._label(state.form, choice, turn.lang) for choice in slot.offered(state.form.slots)
        }
        return reading.read(slot, turn, state.form.slots, labels)

    async def take(self, state: State, turn: Turn, answer: reading.Answer) -> tuple[list[Part], Reply | None]:
        """Act on an answer: ask on, ask again, or submit. The Reply is set when the form is done."""
        assert state.form is not None
        form = self.form(state.form)
        slot = form.slot(state.form.asking)
        if isinstance(answer, reading.Unread | reading.Denied):
            return self._again(state, slot, turn, answer), None
        if isinstance(answer, reading.Skipped):
            state.form.skipped.append(slot.name)
        else:
            if slot.kind == "confirm" and answer.value == "fix":
                return [self._offer_fixes(state, turn.lang)], None
            state.form.slots[slot.name] = answer.value
            if slot.kind == "confirm" and answer.value == "no":
                return [self.cancel(state)], None
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
        assert state.form is not None
        state.form.tries += 1
        if isinstance(answer, reading.Denied):
            state.form.slots[f"{slot.name}_denied"] = True
            return [self.ask(state, turn.lang)]
        reason = answer.reason if isinstance(answer, reading.Unread) else None
        says: tuple[Say, ...] = (
            (Say("form.reason", {"reason": reason[0 if turn.lang == "ko" else 1]}),) if reason else ()
        )
        if not reason and self._texts.has(f"{state.form.name}.retry.{slot.name}"):
            says = (Say(f"{state.form.name}.retry.{slot.name}", self._values(state.form, turn.lang)),)
        if state.form.tries >= MAX_TRIES:
            says = (*says, Say("form.stuck", buttons=(Choice("do:talk_to_human", key="button.talk_to_human"),)))
        return [Part(says), self.ask(state, turn.lang)] if says else [self.ask(state, turn.lang)]

    def _offer_fixes(self, state: State, lang: str) -> Part:
        assert state.form is not None
        form = self.form(state.form)
        known = [slot for slot in form.slots if slot.name in state.form.slots and slot.kind != "confirm"]
        known += [slot for slot in form.slots if slot.name in state.form.skipped]
        buttons = tuple(
            Choice(f"edit:{state.form.nonce}:{slot.name}", key=f"{form.name}.slot.{slot.name}") for slot in known
        )
        state.question = Question(
            [
                {"payload": button.payload, "label": self._texts.render(button.key, lang, {"slots": state.form.slots})}
                for button in buttons
            ]
        )
        return Part((Say("form.which", buttons=buttons),))

    def reopen(self, state: State, slot_name: str) -> bool:
        """Forget one answer so that its question is asked again; False for an unknown slot."""
        assert state.form is not None
        if slot_name not in {slot.name for slot in self.form(state.form).slots}:
            return False
        state.form.slots.pop(slot_name, None)
        state.form.skipped = [name for name in state.form.skipped if name != slot_name]
        return True

    def correct(self, state: State, turn: Turn) -> Say | None:
        """ "아니 구래동 말고 장기동": put the new value into the answered slot it fits; None when it fits none."""
        assert state.form is not None
        if not wording.is_correction(turn.message.text):
            return None
        understanding = wording.without_negated(turn.understanding)
        form = self.form(state.form)
        for slot in form.slots:
            entity = next((one for one in understanding.entities if _SLOT_OF_ENTITY.get(one.type) == slot.kind), None)
            if entity is None or slot.name not in state.form.slots or slot.kind == "confirm":
                continue
            if slot.kind == "place":
                value: Any = {
                    "label": entity.value,
                    "lat": entity.detail.get("lat"),
                    "lon": entity.detail.get("lon"),
                }
            else:
                value = {"label": entity.text, "at": entity.value} if slot.kind == "when" else entity.value
            state.form.slots[slot.name] = value
            name = self._texts.render(f"{form.name}.slot.{slot.name}", turn.lang, {"slots": state.form.slots})
            shown = value["label"] if isinstance(value, dict) else entity.text
            return Say("form.corrected", {"slot": name, "value": shown})
        return None

    def add_photos(self, state: State, turn: Turn) -> Say | None:
        """A picture sent while another question is open still belongs to the form; None when it has no use for one."""
        assert state.form is not None
        form = self.form(state.form)
        slot = next((slot for slot in form.slots if slot.kind == "photo"), None)
        if slot is None or not turn.photos or state.form.asking == slot.name:
            return None
        kept = [*state.form.slots.get(slot.name, ()), *map(dict, turn.photos)][: reading.MAX_PHOTOS]
        state.form.slots[slot.name] = kept
        return Say("form.photo_added", {"count": len(kept)})

    def cancel(self, state: State) -> Part:
        """Close the form without a trace of its answers."""
        assert state.form is not None
        name, state.form, state.question = state.form.name, None, None
        return Part((Say(f"{name}.cancelled"),))

    def expire(self, state: State) -> Part:
        """Close a forgotten form with a gentle note."""
        assert state.form is not None
        name, state.form, state.question = state.form.name, None, None
        return Part((Say(f"{name}.expired", buttons=(Choice(f"form:{name}", key="button.restart"),)),))
