"""From what was asked to a tsquery: words known by their spelling, unknown ones also by what was likely meant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.search.asked import Asked, Item
from civic.cases.search.vocabulary import Near, counts, nearest
from civic.cases.search.words import Word, quoted

_UNFINISHED = 20_000
"""A word that may go on stands for all that begin so: counted as common, it is looked for in short windows first."""
_MAX_MEANT = 4
"""Words that are looked up among their neighbours, a question."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tsquery, in how many cases each of its words stands, and the question as it was likely meant, if otherwise."""

    tsquery: str
    counts: tuple[int, ...] = ()
    did_you_mean: str | None = None

    def about(self, rows: int) -> float:
        """How many of `rows` cases it may find: words of one question go together more often than chance has it, so
        each further word thins by the root of its share only."""
        found = float(rows)
        for place, cases in enumerate(sorted(self.counts)):
            share = min(cases, rows) / max(rows, 1)
            found *= share if place == 0 else share**0.5
        return found


async def write(tx: AsyncConnection, city_id: str, asked: Asked) -> Wanted:
    """Every word and phrase must stand in the case, none of the minus words. An unknown word may also be the words
    nearest to it. `asked` is not empty."""
    known = await counts(tx, city_id, _spelt(asked.wanted))
    pieces: list[str] = []
    said: list[str] = []
    abouts: list[int] = []
    left = _MAX_MEANT
    for item in asked.wanted:
        meant: list[Near] = []
        if not item.is_phrase and left and _is_doubtful(item.words[0], known):
            left -= 1
            meant = await nearest(tx, city_id, item.words[0].stem, _count(item.words[0], known))
        pieces.append(_piece(item, known, [near.term for near in meant]))
        about = min(_count(word, known) for word in item.words) + sum(near.cases for near in meant)
        abouts.append(max(about, _UNFINISHED) if item.may_go_on else about)
        said.append(meant[0].term if meant else " ".join(word.stem for word in item.words))
        if item.is_phrase:
            said[-1] = f'"{said[-1]}"'
    is_other = any(near for near in said) and said != [_as_said(item) for item in asked.wanted]
    pieces += [f"!({_piece(item, {}, [])})" for item in asked.without]
    return Wanted(" & ".join(pieces), tuple(abouts), " ".join(said) if is_other else None)


def _as_said(item: Item) -> str:
    said = " ".join(word.stem for word in item.words)
    return f'"{said}"' if item.is_phrase else said


def _spelt(items: Iterable[Item]) -> set[str]:
    return {term for item in items for word in item.words for term in (*word.terms, word.joined) if term}


def _is_doubtful(word: Word, known: Mapping[str, int]) -> bool:
    """Nobody used it, or its pieces are only known apart: 가로+동 may well be a slip for 가로등."""
    return _count(word, known) < 3 or (bool(word.joined) and word.joined not in known)


def _count(word: Word, known: Mapping[str, int]) -> int:
    """In about how many cases: the rarest of its terms, or its name as a whole."""
    apart = min((known.get(term, 0) for term in word.terms), default=0)
    if word.joined:
        return max(known.get(word.joined, 0), apart if len(word.terms) > 1 else 0)
    return apart


def _piece(item: Item, known: Mapping[str, int], meant: list[str]) -> str:
    if item.is_phrase:
        terms = [term for word in item.words for term in word.terms]
        return "(" + " <-> ".join(quoted(term) for term in terms) + ")"
    word = item.words[0]
    tail = ":*" if item.may_go_on else ""
    *ahead, last = word.terms
    ways = [" & ".join([*(quoted(term) for term in ahead), quoted(last) + (tail if len(last) > 1 else "")])]
    if word.joined:
        ways.append(quoted(word.joined) + tail)
    ways += [quoted(term) for term in meant]
    return "(" + " | ".join(f"({way})" for way in ways) + ")" if len(ways) > 1 else f"({ways[0]})"
