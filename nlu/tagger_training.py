"""How the tagger is trained from marked examples, and which of our rules the data agrees with."""

from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from nlu.entities.compact import Compact, compact
from nlu.entities.found import Found
from nlu.markup import Example
from nlu.reading import read
from nlu.tagging_features import tagging_features

Clues = Callable[[str, Compact], list[Found]]
"""What lists and rules say of a folded text."""

HIDDEN = 0.3
"""Share of clues left out in the second copy of a line, so that the tagger also learns to do without them."""
AGREEING = 0.6
"""A rule whose finds fit this share of the marks is believed as it stands; below it is only a clue for the tagger."""
SETTINGS = {"c1": 0.1, "c2": 0.05, "max_iterations": 60, "feature.possible_transitions": False}


def fit_tagger(examples: Sequence[Example], clues: Clues) -> bytes:
    """A CRF's model file; empty when no example is marked. The same examples in the same order give the same bytes."""
    from pycrfsuite import Trainer

    if not any(example.entities for example in examples):
        return b""
    trainer = Trainer(algorithm="lbfgs", params=SETTINGS, verbose=False)
    for example in examples:
        folded = read(example.text).folded
        if len(folded) != len(example.text) or not folded.strip():
            continue
        compacted = compact(folded)
        found = clues(folded, compacted)
        labels = _labels(example, compacted)
        trainer.append(tagging_features(compacted, found), labels)
        # Not for secrets: a generator seeded by the text keeps training reproducible.
        chance = Random(sha256(example.text.encode()).digest())  # noqa: S311
        fewer = [one for one in found if chance.random() >= HIDDEN]
        if len(fewer) < len(found):
            trainer.append(tagging_features(compacted, fewer), labels)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tagger"
        trainer.train(str(path))
        return path.read_bytes()


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
