"""Where a webhook may point: https to anybody on the internet, or to hosts that the city names as its own."""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from core.errors import BadInput
from core.guarded import is_public

MAX_URL = 2000


def checked_url(url: str, allowed: Collection[str]) -> str:
    """The address as given. `allowed`: settings.outside.allowed_hosts. Raises BadInput.

    Names are looked up and judged again at each attempt, by the guarded client.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _refused() from None
    is_plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= MAX_URL
    if not is_plain or not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused()
    if _is_allowed(host, allowed):
        if parts.scheme not in ("http", "https"):
            raise _refused()
    elif parts.scheme != "https" or host == "localhost" or not _may_be_outside(host):
        raise _refused()
    return url


def _is_allowed(host: str, allowed: Collection[str]) -> bool:
    if host.lower().rstrip(".") in {each.lower().rstrip(".") for each in allowed}:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in map(_network, allowed) if network is not None)


def _may_be_outside(host: str) -> bool:
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        return True


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry.strip("[]"))
    except ValueError:
        return None


def _refused() -> BadInput:
    return BadInput(
        "https://로 시작하는 바깥 주소를 적어 주세요. 시 내부 주소는 settings의 outside.allowed_hosts에 있어야 합니다.",
        "Give an https:// address on the internet; hosts inside the city must be in outside.allowed_hosts.",
    )
