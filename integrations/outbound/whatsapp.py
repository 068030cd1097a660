"""What WhatsApp is shown: a text, buttons, a list, a request for a place, or a template that Meta approved.

Apart from the channel for its length. Sources: docs/channels/whatsapp.md.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from core import attempts
from core.contracts.channel import OutgoingMessage, Template

MAX_BODY = 1024
"""Of a message with buttons. A plain text may have 4096; one bound for both cuts nothing off a question."""
MAX_REPLIES = 3
MAX_ROWS = 10
MAX_LABEL = 20
_CHOOSE = {"ko": "선택하기", "en": "Choose"}


class Approved(BaseModel):
    """A template of ours at Meta: `variables` names the values in the order of {{1}}, {{2}}…"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")] = "ko"
    variables: tuple[str, ...] = ()


def shown(message: OutgoingMessage, templates: Mapping[str, Approved]) -> dict[str, Any]:
    """The template where one was approved for this notice; else text with what the question needs."""
    if message.template and (approved := templates.get(message.template.key)):
        return _template(message.template, approved)
    text, labels = message.text, [attempts.fit(one.label, MAX_LABEL) for one in message.buttons]
    if message.ask == "place":  # it has a button of its own and room for no other
        action: dict[str, Any] = {"name": "send_location"}
        return _interactive("location_request_message", _numbered(text, labels), action)
    fits = 0 < len(labels) <= MAX_ROWS and len(set(labels)) == len(labels) and all(labels)
    if not fits:  # Meta refuses two of the same name
        return {"type": "text", "text": {"body": _numbered(text, labels), "preview_url": False}}
    rows = [{"id": one.payload, "title": label} for one, label in zip(message.buttons, labels, strict=True)]
    if len(rows) <= MAX_REPLIES:
        return _interactive("button", text, {"buttons": [{"type": "reply", "reply": row} for row in rows]})
    choose = _CHOOSE["ko" if message.lang == "ko" else "en"]
    return _interactive("list", text, {"button": choose, "sections": [{"title": choose, "rows": rows}]})


def _interactive(kind: str, text: str, action: Mapping[str, Any]) -> dict[str, Any]:
    body = {"text": attempts.fit(text, MAX_BODY)}
    return {"type": "interactive", "interactive": {"type": kind, "body": body, "action": action}}


def _numbered(text: str, labels: Sequence[str]) -> str:
    """The choices as lines, where the message has no room for buttons; the text gives way to them."""
    lines = "".join(f"\n{index}. {label}" for index, label in enumerate(labels[:MAX_ROWS], 1))
    return attempts.fit(text, MAX_BODY - len(lines)) + lines


def _template(given: Template, approved: Approved) -> dict[str, Any]:
    """Meta takes no line breaks in a variable and no empty one."""
    values = [" ".join(given.values.get(name, "").split()) or "-" for name in approved.variables]
    parameters = [{"type": "text", "text": attempts.fit(value, MAX_BODY)} for value in values]
    components = [{"type": "body", "parameters": parameters}] if parameters else []
    language = {"code": approved.language, "policy": "deterministic"}
    return {"type": "template", "template": {"name": approved.name, "language": language, "components": components}}
