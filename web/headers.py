"""What a browser is told about our pages: nothing from elsewhere, nothing inline, the position only for ourselves."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")


def page_headers(host: str, frame_ancestors: Iterable[str], *, map_style: str | None = None) -> Mapping[str, str]:
    """Headers of an HTML page. `host` is the Host header: older browsers do not count ws: as 'self'.

    `map_style`: the page has a map; its worker may run, and the one https host of this style's address (config.yml, ""
    for none) may be read from.
    """
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
    if map_style is not None:
        policy["worker-src"] = "'self' blob:"
        style = urlsplit(map_style)
        if style.scheme == "https" and style.netloc:
            for name in ("connect-src", "img-src"):
                policy[name] += f" https://{style.netloc}"
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
