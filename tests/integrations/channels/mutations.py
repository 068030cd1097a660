"""Ways to spoil a JSON document: every place, every wrong type."""

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from tests.integrations.channels.kits import Kit

ODD: list[Any] = [None, "", "문자", 0, -1, 1.5, True, 2**70, [], {}, [None], {"a": None}, "x" * 5000, "a\x00b"]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)

WILD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=40)
    | st.sampled_from(
        ["\x00", "\ud800", "\udfff\ud83d", "1e999", "9" * 400, "null", "../../x", "\u202e\u2066", "🏳️\u200d🌈"]
    ),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=25,
)
"""Any JSON there is: huge numbers, not-a-number, half surrogates, NULs, as deep as it gets."""


def written(document: Any) -> bytes:
    """As a careless writer makes it: half surrogates escaped, NaN and Infinity as words."""
    return json.dumps(document, ensure_ascii=True).encode()


def deep(levels: int, inner: Any, key: str = "") -> bytes:
    """Nested so deep, as lists or under a key, around `inner`."""
    start, end = (f'{{"{key}":', "}") if key else ("[", "]")
    return (start * levels).encode() + written(inner) + (end * levels).encode()


def form(fields: Any) -> bytes:
    """A form body of a document's own names, nested values as JSON."""
    pairs = fields.items() if isinstance(fields, dict) else [("payload", fields)]
    flat = {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in pairs}
    return urlencode({name: value.encode("utf-8", "replace") for name, value in flat.items()}).encode()


def names(value: Any) -> list[str]:
    """Every key that occurs in a document: what a parser looks for."""
    return sorted({key for holder in objects(value) for key in holder})


def samples(kit: Kit) -> list[Any]:
    """One document of each sort."""
    made = [kit.text("안녕하세요"), kit.button("y"), kit.place(37.6, 126.7), kit.photo("http://127.0.0.1:9")]
    return [document for document in (*made, *kit.ignored().values()) if document is not None]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def paths(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where there is something to replace, the whole first."""
    yield where
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from paths(item, (*where, key))


def changed_at(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with `value` at `path`."""
    if not path:
        return value
    changed = copy.deepcopy(document)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed
