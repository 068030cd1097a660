"""The anonymous session of one browser: a signed random id that expires, and the proof that a request is our page's.

The web channel reads the same marks (neither may import the other); tests/integrations/channels/test_web.py holds both
together.
"""

import re
import secrets as random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from core.secret import Secret

COOKIE = "sinmungo_session"
LANG_COOKIE = "sinmungo_lang"
DEFAULT_DAYS = 7
_SESSION = re.compile(r"[0-9a-f]{8}[0-9a-f]{32}")
_TOKEN = re.compile(r"([0-9a-f]{32})-([A-Za-z0-9_-]{43})")


def mint(secret: bytes, now: datetime, days: int) -> str:
    """A new cookie value `<id>.<mark>`; the id begins with its expiry (Unix seconds, eight hex digits)."""
    until = int((now + timedelta(days=days)).timestamp())
    session = f"{until:08x}{random.token_hex(16)}"
    return f"{session}.{Secret(secret).sign('web-session', session)}"


def session_of(secret: bytes, cookie: str | None, now: datetime) -> str | None:
    """The session id of a cookie value that we signed and that has not expired."""
    session, _, mark = (cookie or "").partition(".")
    if not _SESSION.fullmatch(session) or not Secret(secret).verify("web-session", session, mark):
        return None
    return session if int(session[:8], 16) > now.timestamp() else None


def upload_token(secret: bytes, session: str) -> str:
    """A new name for a photo, usable by this session alone."""
    nonce = random.token_hex(16)
    return f"{nonce}-{Secret(secret).sign('web-upload', f'{session}:{nonce}')}"


def owns_upload(secret: bytes, session: str, token: str) -> bool:
    found = _TOKEN.fullmatch(token)
    return found is not None and Secret(secret).verify("web-upload", f"{session}:{found[1]}", found[2])


def is_ours(headers: Mapping[str, str], public_url: str) -> bool:
    """Whether Origin is the public address or the host that was asked. Missing counts as foreign."""
    origin = urlsplit(headers.get("origin", "").lower())
    if origin.scheme not in ("http", "https") or not origin.netloc:
        return False
    home = urlsplit(public_url.lower())
    return (origin.scheme, origin.netloc) == (home.scheme, home.netloc) or origin.netloc == headers.get(
        "host", ""
    ).lower()


def days_kept(section: Mapping[str, Any]) -> int:
    return int(section.get("session_days", DEFAULT_DAYS))
