"""GeoReport v2's tables of answers in our own words: field, type, whether it may be absent or null. And their check."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import httpx
import orjson

W3C = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})")


@dataclass(frozen=True)
class Field:
    """`kind`: text, bool, number, moment, status, type, datatype, list. `may_be_null`: "may not be returned" too."""

    kind: str = "text"
    may_be_null: bool = False
    item: str = ""
    fields: "Mapping[str, Field] | None" = None


NULL = Field(may_be_null=True)
TABLES: Mapping[str, tuple[str, Mapping[str, Field]]] = {
    "services": (
        "service",
        {
            "service_code": Field(),
            "service_name": Field(),
            "description": NULL,
            "metadata": Field("bool"),
            "type": Field("type"),
            "keywords": NULL,
            "group": NULL,
        },
    ),
    "service_requests": (
        "request",
        {
            "service_request_id": Field(),
            "status": Field("status"),
            "status_notes": NULL,
            "service_name": Field(),
            "service_code": Field(),
            "description": NULL,
            "agency_responsible": NULL,
            "service_notice": NULL,
            "requested_datetime": Field("moment"),
            "updated_datetime": Field("moment"),
            "expected_datetime": Field("moment", may_be_null=True),
            "address": NULL,
            "address_id": NULL,
            "zipcode": NULL,
            "lat": Field("number", may_be_null=True),
            "long": Field("number", may_be_null=True),
            "media_url": NULL,
        },
    ),
    "errors": ("error", {"code": Field("code"), "description": Field()}),
}
CREATED = {"service_request_id": Field(), "service_notice": NULL, "account_id": NULL}
TOKENED = {"token": Field(), "service_notice": NULL, "account_id": NULL}
REDEEMED = {"service_request_id": Field(), "token": Field()}
VALUE = {"key": Field(), "name": Field()}
ATTRIBUTE = {
    "variable": Field("bool"),
    "code": Field(),
    "datatype": Field("datatype"),
    "required": Field("bool"),
    "datatype_description": NULL,
    "order": Field("order"),
    "description": Field(),
}
LISTED_ATTRIBUTE = {**ATTRIBUTE, "values": Field("list", item="value", fields=VALUE)}
ENDPOINT = {
    "specification": Field(),
    "url": Field(),
    "changeset": Field(),
    "type": Field("stage"),
    "formats": Field("formats"),
}
WORDS = {
    "status": {"open", "closed"},
    "type": {"realtime", "batch", "blackbox"},
    "datatype": {"string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"},
    "stage": {"production", "test"},
}


def rows_of(answer: httpx.Response, root: str, item: str) -> list[Any]:
    """The rows of a list answer in either form, its wrapping and content type checked."""
    if answer.headers["content-type"] == "text/xml; charset=utf-8":
        assert answer.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
        top = fromstring(answer.content)
        assert top.tag == root
        assert {child.tag for child in top} <= {item}
        return list(top)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    found = orjson.loads(answer.content)
    assert isinstance(found, list)
    return found


def checked(answer: httpx.Response, root: str, fields: Mapping[str, Field] | None = None) -> list[dict[str, Any]]:
    """The rows as plain dicts, each checked against the table."""
    item, table = TABLES[root]
    return [check(row, fields or table) for row in rows_of(answer, root, item)]


def check(row: Any, table: Mapping[str, Field]) -> dict[str, Any]:
    """One row: no foreign field, none missing, every value of its type."""
    is_xml = isinstance(row, Element)
    names = [child.tag for child in row] if is_xml else list(row)
    assert len(names) == len(set(names))
    assert set(names) == set(table), set(names) ^ set(table)
    values = {child.tag: _xml(child, table[child.tag]) for child in row} if is_xml else dict(row)
    for name, field in table.items():
        _check_value(name, values[name], field, is_xml=is_xml)
    return values


def _xml(child: Element, field: Field) -> Any:
    if field.kind == "list":
        assert {one.tag for one in child} <= {field.item}
        return list(child)
    if field.kind == "formats":
        assert {one.tag for one in child} == {"format"}
        return [one.text for one in child]
    assert len(child) == 0
    return child.text


def _check_value(name: str, value: Any, field: Field, *, is_xml: bool) -> None:
    if value is None or value == "":
        assert field.may_be_null, name
        assert value is None, "null, and not an empty text"
        return
    if field.kind == "list":
        assert field.fields is not None
        for one in value:
            check(one, field.fields)
    elif field.kind == "formats":
        assert set(value) == {"text/xml", "application/json"}
    elif field.kind == "bool":
        assert value in ("true", "false") if is_xml else isinstance(value, bool), name
    elif field.kind in ("number", "order", "code"):
        assert re.fullmatch(r"-?\d+(\.\d+)?", value) if is_xml else isinstance(value, int | float), name
    elif field.kind == "moment":
        assert W3C.fullmatch(value), value
    elif field.kind in WORDS:
        assert value in WORDS[field.kind], value
    else:
        assert isinstance(value, str), name
