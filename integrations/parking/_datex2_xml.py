"""Reads DATEX II v2 documents record by record, whatever their prefixes, and refuses XML that does more than hold data.

Names are compared without their namespace: publishers use prefixes, the default namespace and SOAP around it.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from core.errors import BadInput

_MODEL, _TIME, _PUBLISHER = "d2LogicalModel", "publicationTime", "nationalIdentifier"
STATIC = frozenset({"parkingRecord", "parkingFacility"})
STATUS = frozenset({"parkingRecordStatus", "parkingFacilityStatus"})
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_WATCHED = [f"{{*}}{name}" for name in (_MODEL, _TIME, _PUBLISHER, *STATIC, *STATUS)]


@dataclass(slots=True)
class Head:
    """What a document says of itself. `publisher`: its national identifier, `published`: text as it came."""

    publisher: str = ""
    published: str = ""


def records(raw: bytes, head: Head) -> Iterator[etree._Element]:
    """Each lot and each status of a document, in order; `head` is filled on the way. An element lives until the next.

    Raises BadInput for XML with a document type (entities), for broken or endlessly nested XML, and for what is not
    DATEX II version 2.
    """
    if b"<!DOCTYPE" in raw or b"\0" in raw[:400]:
        raise _dangerous()
    parsing = etree.iterparse(
        io.BytesIO(raw),
        events=("start", "end"),
        tag=_WATCHED,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    is_model = False
    try:
        for event, element in parsing:
            name = local(element)
            if event == "start":
                if not is_model and element.getroottree().docinfo.doctype:
                    raise _dangerous()
                if name == _MODEL:
                    _check_version(element)
                    is_model = True
                continue
            if name == _TIME:
                head.published = head.published or (element.text or "").strip()
            elif name == _PUBLISHER:
                head.publisher = head.publisher or (element.text or "").strip()[:200]
            elif is_model and _is_record(element, name):
                yield element
                _forget(element)
    except etree.XMLSyntaxError:
        raise BadInput("XML 문법이 맞지 않습니다.", "The XML cannot be read.") from None
    if not is_model:
        raise _not_datex()


def _is_record(element: etree._Element, name: str) -> bool:
    """A facility's status holds words of the same name; only the one that refers to a facility is the record."""
    if name in STATIC:
        return True
    return name in STATUS and child(element, "parkingFacilityReference", "parkingRecordReference") is not None


def _check_version(model: etree._Element) -> None:
    version = model.get("modelBaseVersion", "")
    if version.split(".")[0] != "2":
        raise BadInput(
            f"DATEX II 2판이 아닙니다(modelBaseVersion={version[:10]!r}).",
            f"Not DATEX II version 2: modelBaseVersion={version[:10]!r}.",
        )


def _forget(element: etree._Element) -> None:
    """A long table must not pile up in memory."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _dangerous() -> BadInput:
    return BadInput(
        "문서 형식 선언(DOCTYPE)이 있는 XML은 받지 않습니다.",
        "XML with a document type declaration, or not in UTF-8, is refused.",
    )


def _not_datex() -> BadInput:
    return BadInput("DATEX II 자료가 아닙니다.", "Not a DATEX II publication.")


def local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def child(element: etree._Element, *names: str) -> etree._Element | None:
    """The first child with one of the names."""
    return next((one for one in element if isinstance(one.tag, str) and local(one) in names), None)


def children(element: etree._Element, *path: str) -> list[etree._Element]:
    """All elements down this path."""
    found = [element]
    for name in path:
        found = [one for parent in found for one in parent if isinstance(one.tag, str) and local(one) == name]
    return found


def text(element: etree._Element, *path: str) -> str:
    """The text of the first element down this path; "" when there is none."""
    return next((said for one in children(element, *path) if (said := (one.text or "").strip())), "")


def said(element: etree._Element, *path: str) -> str:
    """A multilingual text: Korean, else English, else whatever comes first."""
    values = children(element, *path, "values", "value")
    by_language = {value.get("lang", ""): (value.text or "").strip() for value in reversed(values)}
    return next((by_language[one] for one in ("ko", "kor", "en") if by_language.get(one)), "") or next(
        (told for value in values if (told := (value.text or "").strip())), ""
    )


def descendants(element: etree._Element, name: str) -> list[etree._Element]:
    return [one for one in element.iter() if isinstance(one.tag, str) and local(one) == name]


def kind_of(element: etree._Element) -> str:
    """`xsi:type` without its prefix."""
    return element.get(_TYPE, "").rpartition(":")[2]
