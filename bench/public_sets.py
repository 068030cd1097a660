"""Public data sets beside ours: each cut into a training and a dev part of our own, trained, measured, compared.

The sets lie outside the repository (their licences are their own); where they are not at hand they are left out.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PublicSet:
    """One set: its files below the folder, how many lines of an intent may train, how many in a hundred are held out.

    `beside` is the figure of another engine, `source` where it stands. `outside` files hold lines that no intent fits.
    """

    name: str
    train: str
    most_lines: int
    held_out: int
    beside: str
    source: str
    dev: str = ""
    outside: str = ""


SETS = (
    PublicSet(
        "Kochat (4 intents, slots)", "kochat/train.jsonl", 40, 20,
        "Rasa 3.6 DIET + Kiwi: accuracy .964, slots .762; with spaces .959 / .792",
        "measured baseline, 50 lines an intent, 2,400 tests",
    ),
    PublicSet(
        "ParaKQC (300 meanings)", "parakqc/train.jsonl", 5, 20,
        "char n-grams + logistic regression .989; out of scope AUROC .963",
        "measured baseline, 6 lines a meaning",
    ),
    PublicSet(
        "3i4K (7 speech acts)", "3i4k/train.jsonl", 100_000, 10,
        "5,000 lines .829; all 55,134 lines .895; the authors' checkpoint 0.888",
        "measured baseline; the authors' repository",
    ),
    PublicSet(
        "CLINC150 (English, 150 intents)", "clinc150/train.jsonl", 100, 0,
        "in scope: Rasa .915, SVM .910, FastText .890, BERT .969; out-of-scope recall .453, .145, .097, .403",
        "Larson et al. 2019, table 2, full, trained with out-of-scope lines",
        dev="clinc150/val.jsonl", outside="clinc150/oos_val.jsonl",
    ),
)  # fmt: skip


def cut(one: PublicSet, folder: Path, out: Path) -> tuple[Path, Path]:
    """Write training and dev JSONL of a set below `out`; which line goes where depends on the line alone."""
    lines = _lines(folder / one.train)
    train, dev = list[str](), list[str]()
    for line in lines:
        (dev if _share(line) < one.held_out else train).append(line)
    if one.dev:
        dev = [*_lines(folder / one.dev), *(_lines(folder / one.outside) if one.outside else ())]
    kept = [line for _, group in groupby(sorted(train, key=_intent), _intent) for line in _first(group, one.most_lines)]
    out.mkdir(parents=True, exist_ok=True)
    for name, chosen in (("train.jsonl", kept), ("dev.jsonl", dev)):
        (out / name).write_text("\n".join(chosen) + "\n", "utf-8")
    return out / "train.jsonl", out / "dev.jsonl"


def _lines(path: Path) -> Iterator[str]:
    return (line for line in path.read_text("utf-8").splitlines() if line.strip())


def _share(line: str) -> int:
    return int.from_bytes(sha256(line.encode()).digest()[:4]) % 100


def _first(group: Iterable[str], most: int) -> list[str]:
    """A part that depends on the lines and not on their order in the file."""
    return sorted(group, key=lambda line: sha256(line.encode()).digest())[:most]


def _intent(line: str) -> str:
    return str(json.loads(line)["intent"])
