"""What Kakao's calls look like: skill calls with the dirt of recorded ones, group events, the channel webhook.

Apart from the channel for its length. Sources: docs/channels/kakao.md.
"""

import hmac
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.contracts.channel import Forged, Malformed, MessageKind

FRIENDSHIP: dict[str, MessageKind] = {"blocked": "stop", "added": "start"}
P = TypeVar("P", bound=BaseModel)


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class Bot(_Part):
    id: Annotated[str, Field(max_length=128)]


class User(_Part):
    """`properties` comes in both spellings; `isFriend` in it is often absent and once the text "true": not read."""

    id: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
    properties: Any = None


class Block(_Part):
    name: str | None = None


class UserRequest(_Part):
    """`lang` is ko, kr or null; `params` may be null; only what is used here is checked."""

    user: User
    utterance: str | None = None
    lang: Any = None
    params: Any = None
    block: Block | None = None
    callback: Annotated[Any, Field(alias="callbackUrl")] = None
    is_slot_check: Annotated[Any, Field(alias="isInSlotFilling")] = None


class Action(_Part):
    """`clientExtra` is {}, null or the text "null" unless a button of ours was pressed."""

    extra: Annotated[Any, Field(alias="clientExtra")] = None


class Skill(_Part):
    bot: Bot
    request: Annotated[UserRequest, Field(alias="userRequest")]
    action: Action | None = None


class Entrance(_Part):
    """A group-chat bot was invited somewhere."""

    bot_id: Annotated[str, Field(alias="botId", max_length=128)]
    type: str


class Friendship(_Part):
    """The channel webhook of developers.kakao.com: added or blocked, and whom by which kind of id.

    `id` is a text in the document; a number is taken as well, as app user ids are numbers.
    """

    event: str
    id: Annotated[str | int, Field(union_mode="left_to_right")]
    id_type: str
    channel_public_id: str | None = None


def prove(given: str, expected: str) -> None:
    """Kakao signs nothing: a secret word is all. Raises Forged."""
    if not given:
        raise Forged("secret header is missing", status=401)
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise Forged("secret header does not fit")


def parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("the body is not UTF-8 JSON") from None


def valid(model: type[P], raw: Any) -> P:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise Malformed(f"{'.'.join(map(str, first['loc']))}: {first['type']}") from None


def payload_of(extra: Any) -> str:
    """Ours, or "" when the call has none or a stranger's."""
    payload = extra.get("payload") if isinstance(extra, dict) else None
    is_ours = isinstance(payload, str) and len(payload) <= 64 and payload.isascii() and payload.isprintable()
    return str(payload) if is_ours else ""
