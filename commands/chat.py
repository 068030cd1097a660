"""`chat`: the bot in a terminal, through the same desk as any channel."""

import asyncio
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

import orjson
from rich.console import Console
from rich.panel import Panel

from bot.bootstrap import Running, open_house
from commands.house import make_ready, running_store
from core import logs
from core.contracts.channel import (
    Capabilities,
    GeoPoint,
    HttpAnswer,
    IncomingMessage,
    Media,
    MessageKind,
    OutgoingMessage,
    Received,
    SendFailed,
    Sent,
    WebhookRequest,
)
from core.phone import e164

_POST = WebhookRequest("POST", {}, {}, b"")
_PIN = re.compile(r"^@\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)$")
screen = Console()
SCREEN = Capabilities(max_text=4000, max_buttons=12, max_label=40, asks_place=True, takes_photo=False, idempotent=True)
TEXTS = Capabilities(
    max_text=1000, max_buttons=0, max_label=20, idempotent=True, has_phone_address=True, charset="cp949", max_bytes=2000
)


class Terminal:
    """The keyboard and the screen as a channel: what was typed waits in `typed`, what came back in `shown`.

    `is_phone`: as text messages from a telephone are, with nothing to press.
    """

    replies: Literal["push", "in_response"] = "push"

    def __init__(self, *, is_phone: bool = False) -> None:
        self.name = "terminal-texts" if is_phone else "terminal"
        self.capabilities = TEXTS if is_phone else SCREEN
        self.typed: list[IncomingMessage] = []
        self.shown: list[OutgoingMessage] = []

    def receive(self, request: WebhookRequest) -> Received:
        typed, self.typed = tuple(self.typed), []
        return Received(typed)

    async def send(self, message: OutgoingMessage) -> Sent:
        self.shown.append(message)
        return Sent()

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        return HttpAnswer()

    async def fetch(self, media: Media) -> bytes:
        raise SendFailed("a terminal has no photos")

    async def working(self, address: str) -> None:
        return None

    async def aclose(self) -> None:
        return None


def chat(once: str, *, as_json: bool, user: str) -> None:
    logs.configure(level="WARNING")
    with running_store() as (settings, url):
        asyncio.run(_chat(settings, url, once, as_json=as_json, user=user))


async def _chat(settings: Any, url: str, once: str, *, as_json: bool, user: str) -> None:
    await make_ready(settings, url)
    phone = e164(user)
    terminal, user = Terminal(is_phone=phone is not None), phone or user
    async with open_house(settings, url, is_worker=False) as house:
        house.channels[terminal.name] = terminal
        if once:
            shown = await _turn(house, terminal, user, once)
            if as_json:
                sys.stdout.write(orjson.dumps(await _told(house, once, shown)).decode() + "\n")
            else:
                _show(shown)
            return
        await _talk(house, terminal, user)


async def _talk(house: Running, terminal: Terminal, user: str) -> None:
    screen.print(
        "신문고입니다. 편하게 말씀해 주세요."
        " 단추는 번호로 고르고, 위치는 [bold]@37.64,126.62[/bold]처럼 적고, 끝내려면 Ctrl+D를 누르세요."
    )
    buttons: list[str] = []
    while True:
        try:
            line = await asyncio.to_thread(screen.input, "[bold cyan]시민>[/bold cyan] ")
        except (EOFError, KeyboardInterrupt):
            screen.print()
            return
        if not line.strip():
            continue
        payload = buttons[int(line) - 1] if line.isdigit() and 0 < int(line) <= len(buttons) else ""
        shown = await _turn(house, terminal, user, line, payload)
        buttons = _show(shown)


async def _turn(house: Running, terminal: Terminal, user: str, line: str, payload: str = "") -> list[OutgoingMessage]:
    terminal.shown.clear()
    pin = _PIN.match(line)
    kind: MessageKind = "button" if payload else "place" if pin else "text"
    terminal.typed.append(
        IncomingMessage(
            external_id=uuid4().hex,
            address=user,
            kind=kind,
            text="" if payload or pin else line,
            payload=payload,
            place=GeoPoint(float(pin[1]), float(pin[2])) if pin else None,
        )
    )
    answer = await house.desk.accept(terminal.name, _POST)
    if answer.status != 200:
        raise SystemExit(f"메시지를 받지 못했습니다. ({answer.status})")
    await house.desk.idle()
    return list(terminal.shown)


def _show(shown: Sequence[OutgoingMessage]) -> list[str]:
    """Print the bubbles; the payloads of the numbered buttons."""
    payloads: list[str] = []
    for message in shown:
        screen.print(
            Panel(message.text, border_style="red" if message.purpose == "emergency" else "blue", expand=False)
        )
        for button in message.buttons:
            payloads.append(button.payload)
            screen.print(f"   [bold]{len(payloads)}[/bold] {button.label}")
    if not shown:
        screen.print("[dim](담당자가 상담 중인 대화입니다. 답변을 기다려 주세요.)[/dim]")
    return payloads


async def _told(house: Running, text: str, shown: Sequence[OutgoingMessage]) -> dict[str, Any]:
    """The documented JSON of one turn."""
    seen = await house.reader.hear(datetime.now(UTC).isoformat())(text)
    told: dict[str, Any] = {
        "intent": seen.intent if seen.band != "refuse" else "out_of_scope",
        "confidence": round(seen.confidence, 4),
        "band": seen.band,
        "entities": [
            {"type": one.type, "text": one.text, "value": one.value, "start": one.start, "end": one.end}
            for one in seen.entities
        ],
        "replies": [
            {
                "text": message.text,
                "buttons": [{"label": button.label, "payload": button.payload} for button in message.buttons],
            }
            for message in shown
        ],
    }
    number = re.search(rf"{house.settings.city.receipt_prefix}-\d{{4}}-\d{{6}}", " ".join(one.text for one in shown))
    if number:
        told["case_no"] = number[0]
    return told
