"""What somebody typed into the search box: words, "phrases", -without; any text is a question and none is an error."""

import re
from dataclasses import dataclass

from civic.cases.search.words import Word, words

MAX_ITEMS = 12
_ITEM = re.compile(r'(-?)"([^"]*)"?|(-?)(\S+)')
_QUOTES = str.maketrans("“”„‟「」『』＂", '"""""""""')


@dataclass(frozen=True, slots=True)
class Item:
    """One word or phrase. `may_go_on`: the last word, still being typed."""

    words: tuple[Word, ...]
    is_phrase: bool = False
    is_without: bool = False
    may_go_on: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for. Empty `wanted` and `without`: nothing that a search can find."""

    wanted: tuple[Item, ...]
    without: tuple[Item, ...]

    @property
    def is_empty(self) -> bool:
        return not self.wanted and not self.without


def read(text: str) -> Asked:
    """At most `MAX_ITEMS` words and phrases of it; what has no meaning of its own (particles, signs) is left out.

    Plain words are read together, as they stand: a neighbour tells the morphemes apart.
    """
    items: list[Item] = []
    plain: list[str] = []
    for match in _ITEM.finditer(text.translate(_QUOTES)):
        minus_phrase, phrase, minus, word = match.groups()
        if word is not None and not minus:
            plain.append(word)
            continue
        items += _items(plain)
        plain = []
        said = tuple(one for one in words(phrase if word is None else word) if one.terms)
        if said:
            items.append(Item(said, is_phrase=word is None, is_without=bool(minus_phrase or minus)))
    open_end = not text[-1:].isspace()
    items += _items(plain, may_go_on=open_end)
    kept = items[:MAX_ITEMS]
    return Asked(tuple(item for item in kept if not item.is_without), tuple(item for item in kept if item.is_without))


def _items(plain: list[str], *, may_go_on: bool = False) -> list[Item]:
    found = [word for word in words(" ".join(plain)) if word.terms]
    last = len(found) - 1
    return [Item((word,), may_go_on=may_go_on and at == last and word.is_open) for at, word in enumerate(found)]
