"""How the tagger is trained from marked examples, and which of our rules the data agrees with."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from nlu.entities.compact import Compact, compact
from nlu.entities.found import Found
from nlu.markup import Example, Span
from nlu.reading import read
from nlu.tagging_features import tagging_features

Clues = Callable[[str, Compact], list[Found]]
"""What lists and rules say of a folded text."""

HIDDEN = 0.3
"""Share of clues left out in the second copy of a line, so that the tagger also learns to do without them."""
AGREEING = 0.6
"""A rule whose finds fit this share of the marks is believed as it stands; below it is only a clue for the tagger."""
SETTINGS = {"c1": 0.1, "c2": 0.05, "max_iterations": 60, "feature.possible_transitions": False}
FEW = 1000
"""Below so many marked lines each is also shown with other and with invented names, and no weight is dropped."""
FEW_SETTINGS = SETTINGS | {"c1": 0.0, "max_iterations": 100}
SWAPS = 4
INVENTED = 0.9


def fit_tagger(examples: Sequence[Example], clues: Clues) -> bytes:
    """A CRF's model file; empty when no example is marked. The same examples in the same order give the same bytes."""
    from pycrfsuite import Trainer

    if not any(example.entities for example in examples):
        return b""
    marked = [example for example in examples if example.entities]
    is_few = len(marked) < FEW
    trainer = Trainer(algorithm="lbfgs", params=FEW_SETTINGS if is_few else SETTINGS, verbose=False)
    for example in [*examples, *(_swapped(marked) if is_few else ())]:
        folded = read(example.text).folded
        if len(folded) != len(example.text) or not folded.strip():
            continue
        compacted = compact(folded)
        found = clues(folded, compacted)
        labels = _labels(example, compacted)
        trainer.append(tagging_features(compacted, found), labels)
        chance = _chance(example)
        fewer = [one for one in found if chance.random() >= HIDDEN]
        if example.entities and len(fewer) < len(found):
            trainer.append(tagging_features(compacted, fewer), labels)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tagger"
        trainer.train(str(path))
        return path.read_bytes()


def _chance(example: Example) -> Random:
    # Not for secrets: a generator seeded by the text keeps training reproducible.
    return Random(sha256(example.text.encode()).digest())  # noqa: S311


def _swapped(marked: Sequence[Example]) -> Iterator[Example]:
    """Copies with each entity replaced by another of its type, mostly by one that no one ever wrote: the beginning of
    one and the end of another. What stays the same is the sentence around it, and that is to be learned.
    """
    said: dict[str, list[str]] = {}
    for example in marked:
        for span in example.entities:
            said.setdefault(span.type, []).append(example.text[span.start : span.end])
    for example in marked:
        chance = _chance(example)
        for _ in range(SWAPS):
            yield _with_others(example, said, chance)


def _with_others(example: Example, said: Mapping[str, list[str]], chance: Random) -> Example:
    text, last, spans = "", 0, []
    for span in example.entities:
        name, other = chance.choice(said[span.type]), chance.choice(said[span.type])
        if chance.random() < INVENTED:
            name = (name[: max(1, len(name) // 2)] + other[len(other) // 2 :]).strip()
        text += example.text[last : span.start]
        spans.append(Span(len(text), len(text) + len(name), span.type, name))
        text += name
        last = span.end
    return Example(text + example.text[last:], example.intent, tuple(spans))


def agreeing_types(examples: Sequence[Example], clues: Clues) -> tuple[str, ...]:
    """The marked types on which rules and marks agree: of the marks of a type, and of what its rule finds inside marks
    of other types, at least AGREEING are found with the same limits. A rule's finds where nothing is marked do not
    count against it: many files leave bare what they do not need.
    """
    asked, fits = Counter[str](), Counter[str]()
    for example in examples:
        if not example.entities:
            continue
        folded = read(example.text).folded
        found = {(one.start, one.end): one.type for one in clues(folded, compact(folded))}
        for span in example.entities:
            asked[span.type] += 1
            fits[span.type] += found.get((span.start, span.end)) == span.type
        for (start, end), kind in found.items():
            asked[kind] += any(one.start < end and start < one.end and one.type != kind for one in example.entities)
    marked = {span.type for example in examples for span in example.entities}
    return tuple(sorted(kind for kind in marked if fits[kind] >= AGREEING * asked[kind]))


def _labels(example: Example, compacted: Compact) -> list[str]:
    number = {at: position for position, at in enumerate(compacted.origin)}
    labels = ["O"] * len(compacted.text)
    for span in example.entities:
        inside = [number[at] for at in range(span.start, span.end) if at in number]
        for position in inside:
            labels[position] = f"{'B' if position == inside[0] else 'I'}-{span.type}"
    return labels
