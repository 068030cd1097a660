"""Our light engine behind the language half of Rasa's HTTP API: `/model/parse`, `/status`, `/version`.

Source: rasa 3.6.21 `server.py`, its answers recorded. The paths are Rasa's, at the root, as its clients expect.
"""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.fields import Plain
from api.rasa.guard import TooLong, body_of, refusal
from api.rasa.seam import House
from nlu.rasa_parse import as_rasa

SPOKEN_VERSION = "3.6.21"
"""The Rasa whose HTTP API this is."""
MAX_BYTES = 256 * 1024
_NO_TEXT = (
    "No text message defined in request_body. Add text message to request body "
    "in order to obtain the intent and extracted entities."
)


class Asked(BaseModel):
    """`message_id` and whatever else Rasa's clients send is passed over, as Rasa does."""

    model_config = ConfigDict(strict=True, frozen=True)

    text: Annotated[Plain, Field(max_length=20_000)]


def router(house: House) -> APIRouter:
    """The routes; to be included where `nlu.http` is enabled."""
    made = APIRouter(include_in_schema=False)
    token = house.settings.nlu.http.token

    @made.get("/version")
    async def version() -> dict[str, str]:
        return {"version": SPOKEN_VERSION, "minimum_compatible_version": SPOKEN_VERSION}

    @made.get("/status")
    async def status(request: Request) -> Response:
        if refusal(request, token):
            return _not_let_in()
        manifest = house.engine.current.manifest
        return JSONResponse(
            {
                "model_file": f"sinmungo-{manifest.model_hash[:12]}",
                "model_id": manifest.model_hash,
                "num_active_training_jobs": 0,
            }
        )

    @made.post("/model/parse")
    async def parse(request: Request) -> Response:
        if refusal(request, token):
            return _not_let_in()
        try:
            body = await body_of(request, MAX_BYTES)
        except TooLong:
            return failure(413, "BadRequest", "요청이 너무 깁니다.", "The request is too long.")
        except ValueError:
            return failure(400, "BadRequest", "압축을 풀 수 없습니다.", "The request cannot be unpacked.")
        return _read(house, body)

    return made


def _read(house: House, body: bytes) -> Response:
    try:
        asked = Asked.model_validate(orjson.loads(body))
    except orjson.JSONDecodeError:
        if not body.strip():
            return failure(400, "BadRequest", "요청에 text가 없습니다.", _NO_TEXT)
        return failure(400, "ParsingError", "JSON을 읽을 수 없습니다.", "Failed when parsing body as json.")
    except ValidationError as error:
        kind = error.errors(include_url=False, include_input=False, include_context=False)[0]["type"]
        if kind in ("missing", "model_type"):
            return failure(400, "BadRequest", "요청에 text가 없습니다.", _NO_TEXT)
        return failure(400, "ParsingError", "text를 읽을 수 없습니다.", f"The text cannot be read: {kind}.")
    engine = house.engine.current
    seen = engine.understand(asked.text, now_iso=house.clock.now().isoformat())
    return JSONResponse(as_rasa(seen, engine.manifest.thresholds))


def failure(code: int, reason: str, korean: str, english: str) -> Response:
    """Rasa's ErrorResponse."""
    body: dict[str, Any] = {
        "version": SPOKEN_VERSION,
        "status": "failure",
        "message": f"{korean} ({english})",
        "reason": reason,
        "details": {},
        "help": None,
        "code": code,
    }
    return JSONResponse(body, code)


def _not_let_in() -> Response:
    """Rasa says 401 to a wrong token as to none."""
    return failure(401, "NotAuthenticated", "토큰이 없거나 맞지 않습니다.", "User is not authenticated.")
