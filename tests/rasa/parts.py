"""A stratified part of our training lines, small enough for Rasa to learn in a test, and lines to ask both about."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from bench import rasa_data
from core.loading import ROOT
from nlu.datasets import read_examples, read_training
from nlu.markup import Example

LINES = 25
"""Training lines an intent."""
EPOCHS = 20
"""Of the hundred in config.yml: by then these few lines are learnt by heart, and a test may not take half an hour."""


def spread(examples: Iterable[Example], most: int) -> list[Example]:
    """At most `most` lines of each intent, drawn by the lines' own hashes: over all files, authors and styles alike."""
    seen = Counter[str]()
    kept = []
    for example in sorted(examples, key=lambda one: sha256(one.text.encode()).digest()):
        seen[example.intent] += 1
        if seen[example.intent] <= most:
            kept.append(example)
    return kept


def write_part(folder: Path) -> None:
    data = read_training(ROOT / "nlu/data")
    rasa_data.write(replace(data, examples=spread(data.examples, LINES)), folder / "nlu.yml")


def asked() -> list[Example]:
    """Lines of an author whom neither has read."""
    return read_examples(ROOT / "tests/nlu/dev.jsonl")
