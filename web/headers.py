"""What a browser is told about our pages: nothing from elsewhere, nothing inline, the position only for ourselves."""

import re
from collections.abc import Iterable, Mapping

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")


def page_headers(host: str, frame_ancestors: Iterable[str]) -> Mapping[str, str]:
    """Headers of an HTML page. `host` is the Host header: older browsers do not count ws: as 'self'."""
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "connect-src": "'self'" + sockets,
        "font-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": " ".join(["'self'", *frame_ancestors]),
        "form-action": "'self'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
        "Cache-Control": "no-store",
        "Vary": "Cookie, Accept-Language",
        **SAFE,
    }


SAFE: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""On every answer of these routes."""
