"""How the page of the web chat talks to its channel: a signed cookie, our own Origin, ids made by the page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from core.contracts.channel import Channel, House, WebhookRequest
from core.secret import Secret
from integrations.channels import web
from tests.integrations.channels.kits import Call, Kit

HOUSE_SECRET = b"house-secret-of-the-suite-01234567"
SESSION = "7fffffff" + "0123456789abcdef" * 2
NONCE = "ab" * 16
ORIGIN = "http://localhost:8000"
_IDS = UUID("6f1c1a52-3c1f-4a6e-9a8e-2f2f4f1b7c11")


def mark(purpose: str, value: str, secret: bytes = HOUSE_SECRET) -> str:
    return Secret(secret).sign(f"web-{purpose}", value)


TOKEN = f"{NONCE}-{mark('upload', f'{SESSION}:{NONCE}')}"
PHOTO = b"\xff\xd8\xff\xe0 a photo of a pothole"


class WebKit(Kit):
    secrets = (HOUSE_SECRET.decode(),)
    limit = 4000
    address = SESSION

    def build(self, house: House, url: str) -> Channel:
        folder = house.var / "uploads"
        folder.mkdir(exist_ok=True)
        (folder / TOKEN).write_bytes(PHOTO)
        return web.build(web.Settings(), house)

    def sign(self, body: bytes) -> WebhookRequest:
        cookie = f"other=1; sinmungo_session={SESSION}.{mark('session', SESSION)}"
        return WebhookRequest("POST", {"cookie": cookie, "origin": ORIGIN, "host": "localhost:8000"}, {}, body)

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        return replace(request, headers=dict(request.headers) | {"cookie": "other=1"})

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        def changed(**headers: str) -> WebhookRequest:
            return replace(request, headers={**request.headers, **headers})

        def cookie(session: str, proof: str) -> WebhookRequest:
            return changed(cookie=f"sinmungo_session={session}.{proof}")

        good = mark("session", SESSION)
        return {
            "other session": cookie(SESSION.replace("0", "1"), good),
            "other secret": cookie(SESSION, mark("session", SESSION, b"x" * 32)),
            "other purpose": cookie(SESSION, mark("upload", SESSION)),
            "no mark": cookie(SESSION, ""),
            "other case": cookie(SESSION, good.swapcase()),
            "not ASCII": cookie(SESSION, "서명"),
            "surrogate": cookie(SESSION, "\udcff"),
            "short session": cookie(SESSION[:-1], mark("session", SESSION[:-1])),
            "no origin": replace(
                request, headers={name: value for name, value in request.headers.items() if name != "origin"}
            ),
            "null origin": changed(origin="null"),
            "foreign origin": changed(origin="https://elsewhere.example"),
            "our name within another": changed(origin="http://localhost:8000.elsewhere.example"),
            "our host in user info": changed(origin="http://localhost:8000@elsewhere.example"),
            "other port": changed(origin="http://localhost:8001"),
        }

    def _frame(self, kind: str, key: str = "1", **values: Any) -> Any:
        return {"id": str(uuid5(_IDS, key)), "type": kind, "lang": "ko"} | values

    def text(self, text: str, key: str = "1") -> Any:
        return self._frame("text", key, text=text)

    def button(self, payload: str) -> Any:
        return self._frame("button", payload=payload, text="네")

    def place(self, lat: float, lon: float) -> Any:
        return self._frame("place", lat=lat, lon=lon, accuracy=12)

    def photo(self, url: str) -> Any:
        return self._frame("photo", upload=TOKEN, text="여기요")

    def ignored(self) -> Mapping[str, Any]:
        return {"a kind of tomorrow": self._frame("voice"), "a ping": self._frame("ping")}

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        assert {topic for topic, _ in published} == {f"web:{SESSION}"}
        assert all(len(payload.encode()) <= 7900 for _, payload in published)
        return [json.loads(payload)["text"] for _, payload in published]


KIT = WebKit()
