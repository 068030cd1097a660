"""Runs one converter of parkapi-sources inside that library's own environment: JSON in, JSON out, no network, no house.

A program of its own (`python -I -B _parkapi_child.py`): the library pins other versions than we do, so that nothing
here may import the house, and the house never imports it.
"""

import base64
import io
import json
import re
import socket
import sys
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from importlib import import_module
from pathlib import Path
from runpy import run_path
from typing import Any

_GEOJSON = "house:"
_UTF8_CSV = ("utf-8-sig", "cp949", "latin-1")


class NoBody(Exception):
    """The converter asks for something that was not handed to it."""


def main() -> None:
    asked = json.load(sys.stdin)
    _bound(int(asked["memory_mb"]), int(asked["seconds"]))
    try:
        answer = _converted(asked)
    except NoBody:
        answer = {"failure": "no_body"}
    except KeyError as error:
        answer = {"failure": "no_converter", "known": error.args[0]}
    except MemoryError:
        answer = {"failure": "memory"}
    except Exception as error:
        # The library raises whatever a feed of another form makes it stumble over.
        answer = {"failure": "broken", "why": type(error).__name__}
    json.dump(answer, sys.stdout)


def _bound(memory_mb: int, seconds: int) -> None:
    """Before the library is loaded: what goes beyond ends this process and nothing else."""
    try:
        resource = import_module("resource")
    except ImportError:  # not on Windows; the house still ends the process by the clock
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class _NoNetwork(socket.socket):
    def connect(self, *_: object) -> None:
        raise OSError("a converter has no network here")

    def connect_ex(self, *_: object) -> int:
        raise OSError("a converter has no network here")


def _no_lookup(*_: object, **__: object) -> Any:
    raise OSError("a converter has no network here")


def _converted(asked: Mapping[str, Any]) -> dict[str, Any]:
    bodies = {name: base64.b64decode(body) for name, body in asked["bodies"].items()}
    library = import_module("parkapi_sources")
    # Only after loading: urllib3 and its like look at the class.
    socket.socket = _NoNetwork  # type: ignore[misc]
    socket.getaddrinfo = _no_lookup
    converter = _converter(library, asked)
    found = _pushed(converter, bodies) if _handler(converter) else _pulled(converter, bodies)
    info = converter.source_info
    return {
        **found,
        "attribution": info.attribution_contributor or info.name,
        "licence": info.attribution_license or "",
    }


def _converter(library: Any, asked: Mapping[str, Any]) -> Any:
    name, config = asked["converter"], {**asked["config"], "STATIC_GEOJSON_BASE_URL": _GEOJSON}
    helper = library.util.ConfigHelper(config=config)
    # By its path: the folder of this file holds names that would stand before the library's.
    ours = run_path(str(Path(__file__).with_name("_parkapi_any.py")))["CONVERTERS"]
    if name in ours:
        return ours[name](asked["bounds"], asked["zone"])(config_helper=helper, request_helper=None)
    known = {one.source_info.uid: one for one in library.ParkAPISources.converter_classes}
    if name not in known:
        raise KeyError(sorted([*known, *ours]))
    return known[name](config_helper=helper, request_helper=None)


def _handler(converter: Any) -> str:
    names = ("handle_xml", "handle_xlsx", "handle_csv_string", "handle_json")
    return next((name for name in names if hasattr(converter, name)), "")


def _pushed(converter: Any, bodies: Mapping[str, bytes]) -> dict[str, Any]:
    """Converters of pushed files: lots and numbers come out of one list."""
    found: dict[str, Any] = {"static": None, "realtime": [], "static_errors": [], "realtime_errors": []}
    for kind in dict.fromkeys(name for name in ("static", "realtime") if bodies.get(name)):
        if kind == "realtime" and bodies[kind] == bodies.get("static"):
            continue
        inputs, errors = getattr(converter, _handler(converter))(_parsed(_handler(converter), bodies[kind]))
        lots = [_plain(one) for one in inputs if hasattr(one, "lat")]
        found["realtime"] += [_plain(one) for one in inputs if not hasattr(one, "lat")]
        if kind == "static" or lots:
            found["static"] = [*(found["static"] or []), *lots]
        found[f"{kind}_errors"] += _errors(errors)
    return found


def _parsed(handler: str, body: bytes) -> Any:
    if handler == "handle_xml":
        etree = import_module("lxml.etree")
        safe = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        return etree.fromstring(body, parser=safe)
    if handler == "handle_xlsx":
        return import_module("openpyxl").load_workbook(io.BytesIO(body), data_only=True, keep_links=False)
    if handler == "handle_json":
        return json.loads(body)
    return io.StringIO(_text(body))


def _text(body: bytes) -> str:
    for encoding in _UTF8_CSV:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return body.decode("latin-1")


def _pulled(converter: Any, bodies: Mapping[str, bytes]) -> dict[str, Any]:
    """Converters that would ask a server: they are answered with what the house has fetched."""
    static = _asked(converter, bodies, "static", ("get_static_parking_sites", "get_static_parking_spots"))
    realtime = _asked(converter, bodies, "realtime", ("get_realtime_parking_sites", "get_realtime_parking_spots"))
    if static is None and realtime is None:
        raise NoBody
    return {
        "static": None if static is None else static[0],
        "static_errors": static[1] if static else [],
        "realtime": realtime[0] if realtime else [],
        "realtime_errors": realtime[1] if realtime else [],
    }


def _asked(
    converter: Any, bodies: Mapping[str, bytes], kind: str, methods: Iterable[str]
) -> tuple[list[Any], list[Any]] | None:
    """None where the converter was not handed what it needs."""
    if kind not in bodies and not (kind == "static" and "geojson" in bodies):
        return None
    converter.request_helper = _Fetched(bodies, kind)
    if hasattr(converter, "_parse_csv") and hasattr(converter, "_get_csv_bytes_from_message"):
        converter._get_data = lambda: _body(bodies, kind)  # the one that reads a mailbox
    items: list[Any] = []
    errors: list[Any] = []
    try:
        for method in methods:
            if hasattr(converter, method):
                inputs, refused = getattr(converter, method)()
                items += [_plain(one) for one in inputs]
                errors += _errors(refused)
    except NoBody:
        return None
    return items, errors


class _Fetched:
    """Stands in for the library's RequestHelper. A further POST is the next portion of a list: there is no more."""

    def __init__(self, bodies: Mapping[str, bytes], kind: str) -> None:
        self._bodies = bodies
        self._kind = kind
        self._posts = 0

    def get(self, *, url: str = "", **_: object) -> Any:
        is_geojson = url.startswith(_GEOJSON)
        return _response(_body(self._bodies, "geojson" if is_geojson else self._kind), url)

    def post(self, *, url: str = "", **_: object) -> Any:
        self._posts += 1
        return _response(_body(self._bodies, self._kind) if self._posts == 1 else b"[]", url)


def _body(bodies: Mapping[str, bytes], kind: str) -> bytes:
    if kind not in bodies:
        raise NoBody(kind)
    return bodies[kind]


def _response(body: bytes, url: str) -> Any:
    made = import_module("requests").Response()
    made.status_code, made._content, made.url, made.encoding = 200, body, url, "utf-8"
    return made


def _errors(found: Iterable[Any]) -> list[dict[str, str]]:
    return [{"uid": str(_uid(one) or ""), "why": _why(getattr(one, "message", ""))} for one in found]


def _uid(error: Any) -> Any:
    return getattr(error, "parking_site_uid", None) or getattr(error, "parking_spot_uid", None)


def _why(message: str) -> str:
    """Field and code of what was wrong, without the row itself: `capacity: required_field`."""
    found = re.findall(r"'(\w+)': \{'code': '(\w+)'", message)
    words = [f"{field}: {code}" for field, code in found if code != "field_errors"]
    return ", ".join(dict.fromkeys(words))[:200]


def _plain(one: Any) -> dict[str, Any]:
    """An input of the library as an item of ParkAPI's JSON. A single spot is a lot with one bay."""
    item = {name: _value(value) for name, value in one.to_dict().items() if name != "geojson"}
    if "Spot" not in type(one).__name__:
        return item
    if "realtime_status" in item:
        free = {"AVAILABLE": 1, "TAKEN": 0}.get(item["realtime_status"])
        return {**item, "realtime_capacity": 1, "realtime_free_capacity": free}
    kinds = [kind for kind in item.get("restricted_to") or [] if kind.get("type")]
    bays = [{**kind, "capacity": 1} for kind in kinds]
    return {**item, "name": item.get("name") or item["uid"], "capacity": 1, "restrictions": bays}


def _value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _value(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_value(inner) for inner in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    try:
        return import_module("isodate").duration_isoformat(value)
    except Exception:
        return None  # UnsetValue


if __name__ == "__main__":
    main()
