"""Who plays in a drill: citizens who write through the messenger's signed door, officers who use the staff api."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx

from core.contracts.channel import WebhookRequest

if TYPE_CHECKING:
    from commands.drill.stage import Stage

CHANNEL = "partner"

_PREFERRED = ("same:join", "confirm:yes", "lane:formal", "when:now", "photo:skip")
"""Answers that a citizen in a hurry presses, the first that is offered."""
MOST_QUESTIONS = 14


class Citizen:
    """One address on the messenger. `said` methods return what came back, as the screen shows it."""

    def __init__(self, stage: "Stage", name: str, number: int) -> None:
        self.stage = stage
        self.name = name
        self.phone = f"010-2026-{number:04d}"
        self.address = f"citizen-{number:04d}"

    @property
    def screen(self) -> list[dict[str, Any]]:
        return self.stage.provider.screen(self.address)

    @property
    def last(self) -> str:
        return str(self.screen[-1]["text"]) if self.screen else ""

    async def say(self, text: str) -> list[dict[str, Any]]:
        return await self._post({"type": "text", "text": text})

    async def press(self, payload: str) -> list[dict[str, Any]]:
        return await self._post({"type": "button", "payload": payload})

    async def press_like(self, part: str) -> list[dict[str, Any]]:
        """Press the newest button whose payload holds this. Raises LookupError when none was shown."""
        shown: list[str] = [button["payload"] for message in reversed(self.screen) for button in message["buttons"]]
        found = next((payload for payload in shown if part in payload), None)
        if found is None:
            raise LookupError(f"{self.name}: no button {part}: {self.last}")
        return await self.press(found)

    async def file(self, story: str, *, place: tuple[float, float, str], category: str) -> str:
        """Talk until the case is filed; its number, or that of an earlier one when he joined it. Empty: neither."""
        shown = await self.say(story)
        for _ in range(MOST_QUESTIONS):
            if number := receipt_number(shown):
                return number
            shown = await self._answer(shown, place, category)
        return ""

    async def _answer(
        self, shown: list[dict[str, Any]], place: tuple[float, float, str], category: str
    ) -> list[dict[str, Any]]:
        asked: dict[str, Any] = shown[-1] if shown else {"text": "", "buttons": [], "ask": ""}
        payloads = [button["payload"] for button in asked["buttons"]]
        if pressed := _ending(payloads, (f"category:{category}", *_PREFERRED)):
            return await self.press(pressed)
        if asked.get("ask") == "place":
            lat, lon, label = place
            return await self._post({"type": "place", "lat": lat, "lon": lon, "label": label})
        if "성함" in asked["text"]:
            return await self.say(self.name)
        if "전화번호" in asked["text"]:
            return await self.say(self.phone)
        return await self.press(payloads[0]) if payloads else await self.say("네")

    async def _post(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        before = len(self.screen)
        raw = json.dumps({"id": uuid4().hex, "from": self.address, **body}, ensure_ascii=False).encode()
        stamp = str(int(self.stage.clock.now().timestamp()))
        mac = hmac.digest(self.stage.secret.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hex()
        headers = {"x-sinmungo-timestamp": stamp, "x-sinmungo-signature": f"v1={mac}"}
        answer = await self.stage.house.desk.accept(CHANNEL, WebhookRequest("POST", headers, {}, raw))
        if answer.status != 200:
            raise RuntimeError(f"the door answered {answer.status}")
        self.stage.inbound += 1
        await self.stage.house.desk.idle()
        return self.screen[before:]


def _ending(payloads: Sequence[str], wanted: Sequence[str]) -> str:
    """The first payload that ends in one of the wanted answers, in their order; empty when none does."""
    return next((payload for end in wanted for payload in payloads if payload.endswith(f":{end}")), "")


def receipt_number(shown: Sequence[Mapping[str, Any]]) -> str:
    """The number in a message that says that a case was received, or that an earlier one was joined."""
    lines = [line for message in shown for line in str(message["text"]).splitlines()]
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("접수번호:")), "")


class Officer:
    """A member of staff. Signs in over the api, again whenever the moved clock has ended the session."""

    def __init__(self, stage: "Stage", login: str, name: str) -> None:
        self.stage = stage
        self.login = login
        self.name = name
        self._token = ""

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self._ask("GET", path, params=params)

    async def post(self, path: str, body: Any = None, *, version: int | None = None) -> httpx.Response:
        return await self._ask("POST", path, json=body, version=version)

    async def put(self, path: str, body: Any = None) -> httpx.Response:
        return await self._ask("PUT", path, json=body)

    async def delete(self, path: str) -> httpx.Response:
        return await self._ask("DELETE", path)

    async def change(self, number: str, **values: Any) -> httpx.Response:
        """PATCH the case on the version that it has now."""
        case = (await self.get(f"/cases/{number}")).json()
        return await self._ask("PATCH", f"/cases/{number}", json=values, version=case["version"])

    async def case(self, number: str) -> dict[str, Any]:
        """Raises RuntimeError with the problem's words when he may not see it."""
        answer = await self.get(f"/cases/{number}")
        if answer.status_code != 200:
            raise RuntimeError(f"{self.name}: {number}: {answer.text}")
        found: dict[str, Any] = answer.json()
        return found

    async def _ask(
        self, method: str, path: str, *, json: Any = None, params: Any = None, version: int | None = None
    ) -> httpx.Response:
        for _ in range(2):
            headers = {"Authorization": f"Bearer {self._token}"}
            if version is not None:
                headers["If-Match"] = f'"{version}"'
            answer = await self.stage.http.request(method, f"/api/v1{path}", json=json, params=params, headers=headers)
            if answer.status_code != 401:
                break
            await self._sign_in()
        await self.stage.house.desk.idle()
        return answer

    async def _sign_in(self) -> None:
        given = {"login": self.login, "password": self.stage.password}
        answer = await self.stage.http.post("/api/v1/session", json=given)
        answer.raise_for_status()
        self._token = answer.json()["token"]
