"""How cards, forms and plain words look in Slack: blocks of slack-sdk, which checks their sizes once more.

Sizes: docs.slack.dev/reference/block-kit and the library's own constants.
"""

import re
from collections.abc import Sequence
from typing import Any

from slack_sdk.models import blocks as made
from slack_sdk.models.blocks import Block, PlainTextObject
from slack_sdk.models.views import View

from core.contracts.channel import Button
from core.contracts.staffroom import StaffAnswer, StaffButton, StaffCard, StaffEvent, StaffField, StaffForm

MAX_TEXT, MAX_HEADER, MAX_LABEL, MAX_ROW, MAX_TITLE = 3000, 150, 75, 25, 24
"""A section, a header, a button, buttons in a row, the title of a form."""
_PART, _PARTS = 2900, 10
_TOKEN = re.compile(r"<([^<>|\s]{1,2000})(?:\|([^<>]{0,2000}))?>")


def plain(text: str) -> str:
    """What a person sees of Slack's own writing: addresses with their names, people and rooms as @ and #."""

    def shown(token: re.Match[str]) -> str:
        what, label = token[1], token[2] or ""
        if what[0] in "@#!":
            return f"{'#' if what[0] == '#' else '@'}{label.lstrip('@#')}"
        bare = what.removeprefix("mailto:").removeprefix("tel:")
        return bare if not label or label in (bare, what.partition("://")[2]) else f"{label} ({bare})"

    return _TOKEN.sub(shown, text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def said(text: str, buttons: Sequence[Button]) -> dict[str, Any]:
    """A message to a citizen: as plain as it can be, blocks only where something is to be pressed."""
    if not buttons:
        return {"text": escaped(text)}
    keys = [
        made.ButtonElement(text=cut(one.label, MAX_LABEL), action_id=f"say:{at}", value=one.payload)
        for at, one in enumerate(buttons)
    ]
    rows = [made.ActionsBlock(elements=keys[at : at + MAX_ROW]) for at in range(0, len(keys), MAX_ROW)]
    return {
        "text": escaped(text),
        "blocks": [made.SectionBlock(text=made.MarkdownTextObject(text=escaped(text))), *rows],
    }


def answered(event: StaffEvent, answer: StaffAnswer, lang: str) -> dict[str, Any]:
    """The body that answers a slash command, or a form: what is wrong with it, or what became of it."""
    if event.kind == "command" and event.trigger:
        drawn = message(answer.card or StaffCard("", answer.text))
        shown = [block.to_dict() for block in drawn["blocks"]]
        return {"response_type": "ephemeral", "text": drawn["text"], "blocks": shown}
    if event.kind != "form":
        return {}
    if answer.errors:
        return {"response_action": "errors", "errors": dict(answer.errors)}
    if answer.text:
        told = StaffForm("told", "신문고" if lang == "ko" else "Sinmungo", answer.text)
        return {"response_action": "update", "view": view(told, lang).to_dict()}
    return {}


def _sections(text: str) -> list[Block]:
    """Never linked by itself: what a citizen wrote calls nobody."""
    parts = [text[at : at + _PART] for at in range(0, min(len(text), _PART * _PARTS), _PART)]
    return [made.SectionBlock(text=PlainTextObject(text=part, emoji=False)) for part in parts]


def message(card: StaffCard) -> dict[str, Any]:
    blocks: list[Block] = (
        [made.HeaderBlock(text=PlainTextObject(text=cut(card.title, MAX_HEADER)))] if card.title else []
    )
    blocks += _sections(card.text)
    if card.fields:
        told = [f"*{escaped(name)}*\n{escaped(cut(value, 500))}" for name, value in card.fields[:10]]
        blocks.append(made.SectionBlock(fields=[made.MarkdownTextObject(text=one, verbatim=True) for one in told]))
    if card.buttons:
        blocks.append(made.ActionsBlock(elements=[_button(one) for one in card.buttons[:MAX_ROW]]))
    if card.note:
        blocks.append(made.ContextBlock(elements=[PlainTextObject(text=cut(card.note, MAX_TEXT))]))
    return {"text": escaped(cut(card.title or card.text, MAX_TEXT)), "blocks": blocks}


def _button(one: StaffButton) -> made.ButtonElement:
    sure = made.ConfirmObject(title=one.label[:100], text=one.confirm) if one.confirm else None
    return made.ButtonElement(
        text=cut(one.label, MAX_LABEL),
        action_id=f"staff:{one.action}",
        value=one.value,
        style=one.style or None,
        confirm=sure,
    )


def view(form: StaffForm, lang: str) -> View:
    shut = "닫기" if lang == "ko" else "Close"
    return View(
        type="modal",
        callback_id=f"staff:{form.name}",
        title=PlainTextObject(text=cut(form.title, MAX_TITLE)),
        submit=PlainTextObject(text=cut(form.submit, MAX_TITLE)) if form.submit else None,
        close=PlainTextObject(text=shut),
        private_metadata=form.value,
        blocks=[*_sections(form.text), *(_question(one) for one in form.fields)],
    )


def _question(one: StaffField) -> made.InputBlock:
    element: Any = made.PlainTextInputElement(action_id=one.name, multiline=one.is_long, max_length=MAX_TEXT)
    if one.choices:
        options = [made.Option(value=value, text=cut(label, MAX_LABEL)) for value, label in one.choices]
        element = made.StaticSelectElement(action_id=one.name, options=options, initial_option=options[0])
    hint = one.hint or None
    return made.InputBlock(label=one.label, element=element, block_id=one.name, optional=not one.is_required, hint=hint)
