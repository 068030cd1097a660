"""Ways to spoil a JSON document: every place, every wrong type."""

import copy
from collections.abc import Iterator
from typing import Any

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
