"""Words of the data's lookup lists, found with or without spaces.

Some lists are kinds of `category`: their name is the role, so that training data marks one type and actions can still
ask for "the vehicle that was said".
"""

from collections.abc import Iterator, Mapping

from nlu.entities.compact import Compact
from nlu.entities.found import Found

CATEGORY_ROLES = frozenset(
    {"pollutant", "vehicle", "lot", "tax", "object", "shop", "event", "item", "sight", "office", "paper"}
)

# 드릴게요 gives, it does not drill.
_VERB_ENDINGS = frozenset("게까려")


class WordLists:
    """An index by the first two characters: a text costs one look-up a character, however long the lists are."""

    def __init__(self, lists: Mapping[str, Mapping[str, str]]) -> None:
        self._index: dict[str, list[tuple[str, str, str]]] = {}
        for kind, surfaces in lists.items():
            for surface, value in surfaces.items():
                key = surface.replace(" ", "").lower()
                if len(key) >= 2:
                    self._index.setdefault(key[:2], []).append((key, kind, value))
        for entries in self._index.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def find(self, compacted: Compact) -> Iterator[Found]:
        """Longest word at each position; Latin words only where a word opens and ends."""
        text = compacted.text
        for at in range(len(text) - 1):
            for key, kind, value in self._index.get(text[at : at + 2], ()):
                if text.startswith(key, at) and self._stands_alone(compacted, at, key):
                    type_, role = ("category", kind) if kind in CATEGORY_ROLES else (kind, None)
                    yield Found(*compacted.span(at, at + len(key)), type_, value, role=role)
                    break

    @staticmethod
    def _stands_alone(compacted: Compact, at: int, key: str) -> bool:
        end = at + len(key)
        if key.isascii():
            after = compacted.text[end : end + 1]
            return at in compacted.opens and (end in compacted.opens or not after.isalnum() or not after.isascii())
        if compacted.text[end : end + 1] in _VERB_ENDINGS:
            return False
        # Syllables that only meet across a space are mostly no word at all.
        return not compacted.crosses_space(at, end) or len(key) > 3
