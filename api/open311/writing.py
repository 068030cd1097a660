"""GeoReport v2's two forms of one answer: XML, and JSON by the Spark convention that the specification names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson
from starlette.responses import Response

from core.clock import SEOUL

Form = Literal["xml", "json"]
TYPES: Mapping[Form, str] = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Many:
    """A container of one kind of child: `<root><item/>…</root>` in XML, a list in JSON."""

    root: str
    item: str
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class One:
    """A single element with fields: `<root>…</root>` in XML, an object in JSON."""

    root: str
    fields: Mapping[str, Any]


def answer(form: Form, content: Many | One, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The whole HTTP answer in UTF-8."""
    body = written_xml(content) if form == "xml" else orjson.dumps(_plain(content))
    return Response(body, status, headers=dict(headers or {}), media_type=TYPES[form])


def written_xml(content: Many | One) -> bytes:
    root = Element(content.root)
    _fill(root, content)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=False, short_empty_elements=True)
    return _DECLARATION + written


def _fill(element: Element, value: Any) -> None:
    if isinstance(value, Many):
        for row in value.rows:
            _fill(SubElement(element, value.item), row)
    elif isinstance(value, One):
        _fill(element, value.fields)
    elif isinstance(value, Mapping):
        for name, field in value.items():
            _fill(SubElement(element, name), field)
    elif value is not None:
        element.text = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10f}".rstrip("0").rstrip(".")
    return _NOT_XML.sub("\ufffd", str(value))


def _plain(value: Any) -> Any:
    if isinstance(value, Many):
        return [_plain(row) for row in value.rows]
    if isinstance(value, One):
        return _plain(value.fields)
    if isinstance(value, Mapping):
        return {name: _plain(field) for name, field in value.items()}
    return value


def moment(at: datetime | None) -> str | None:
    """W3C form with the Korean offset, to the second: 2026-09-23T16:00:00+09:00."""
    return at.astimezone(SEOUL).isoformat(timespec="seconds") if at else None
