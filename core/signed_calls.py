"""Calls signed by a key that both ends hold: who asks is known, and nothing of the call can be changed on its way.

The manner of Standard Webhooks (id, time, HMAC-SHA256), with the method and the target signed as well.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

MOST_AGE = timedelta(minutes=5)
"""A call taken down on its way is worthless afterwards; before, it asks for what its ids have done already."""


class BadCall(Exception):
    """Not signed by this key, changed on its way, or too old. The text names the reason in one word."""


def headers(key: str, method: str, target: str, body: bytes, at: datetime, call_id: str) -> dict[str, str]:
    """Headers for a call. `target`: path and query as sent."""
    stamp = str(int(at.timestamp()))
    return {
        "call-id": call_id,
        "call-timestamp": stamp,
        "call-signature": _made(key, method, target, body, stamp, call_id),
    }


def check(given: Mapping[str, str], key: str, method: str, target: str, body: bytes, now: datetime) -> None:
    """Raises BadCall."""
    stamp, call_id = given.get("call-timestamp", ""), given.get("call-id", "")
    made = _made(key, method, target, body, stamp, call_id)
    if not hmac.compare_digest(made, given.get("call-signature", "")):
        raise BadCall("signature")
    if not stamp.isdigit() or abs(now.timestamp() - int(stamp)) > MOST_AGE.total_seconds():
        raise BadCall("age")


def _made(key: str, method: str, target: str, body: bytes, stamp: str, call_id: str) -> str:
    signed = f"{call_id}.{stamp}.{method.upper()} {target}\n".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key.encode(), signed, "sha256")).decode()
