"""Measuring an engine on labelled lines: intents, refusal, entities and time, in one report."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from psutil import Process

from core.contracts.understanding import LanguageEngine, Understanding
from nlu.markup import Example
from nlu.model import OUT_OF_SCOPE

NOW = "2026-03-11T14:00:00+09:00"
FALSE_REFUSALS = 0.05
OUTSIDE = frozenset({OUT_OF_SCOPE, "oos"})
"""What labellers call a line that no intent fits: ours, and CLINC150's."""


class Scored(LanguageEngine, Protocol):
    """An engine that also says how surely a text is its business (0 to 1)."""

    def scope(self, text: str, *, now_iso: str) -> float: ...


@dataclass(frozen=True, slots=True)
class Report:
    """Shares are 0 to 1; NaN where there is nothing to measure.

    `accuracy_in_scope` and `macro_f1` take the best in-scope intent; `accuracy` counts a refused text as out_of_scope.
    `oos_recall` is at 5 % false refusals. `entity_f1` is micro F1 of exact (start, end, type) over the types that the
    file marks, `entity_f1_by_type` the same for each of them: what the engine finds besides (durations, ordinals …) was
    not looked for by the labeller. `accuracy_by_style` is of in-scope lines. Time is of `understand` alone.
    `memory_mb` is what the whole process holds (resident), this command's own libraries included.
    """

    lines: int
    accuracy: float
    accuracy_in_scope: float
    macro_f1: float
    oos_auroc: float
    oos_recall: float
    acted: float
    acted_right: float
    entity_f1: float
    entity_f1_by_type: dict[str, float]
    accuracy_by_style: dict[str, float]
    p50_ms: float
    p99_ms: float
    lines_per_s: float
    memory_mb: float
    confusions: tuple[tuple[str, str, int], ...]


def evaluate(engine: Scored, examples: Sequence[Example], *, now_iso: str = NOW) -> Report:
    """Run every example once, timed, and count. `examples` must not be empty."""
    answers: list[Understanding] = []
    times: list[float] = []
    for example in examples:
        begun = perf_counter()
        answers.append(engine.understand(example.text, now_iso=now_iso))
        times.append((perf_counter() - begun) * 1000)
    memory = Process().memory_info().rss / 2**20
    scores = np.array([engine.scope(example.text, now_iso=now_iso) for example in examples])
    gold = [example.intent for example in examples]
    inside = np.array([intent not in OUTSIDE for intent in gold])
    right = np.array([answer.intent == intent for answer, intent in zip(answers, gold, strict=True)])
    acted = np.array([answer.band == "act" for answer in answers])
    final = [OUT_OF_SCOPE if answer.band == "refuse" else answer.intent for answer in answers]
    gold_final = [OUT_OF_SCOPE if intent in OUTSIDE else intent for intent in gold]
    pairs = [(g, a.intent) for g, a in zip(gold, answers, strict=True) if g not in OUTSIDE]
    confusions = Counter(pair for pair in pairs if pair[0] != pair[1])
    by_type = _entity_f1(examples, answers)
    return Report(
        lines=len(examples),
        accuracy=_share(np.array([g == f for g, f in zip(gold_final, final, strict=True)])),
        accuracy_in_scope=_share(right[inside]),
        macro_f1=_macro_f1(pairs),
        oos_auroc=_auroc(inside, scores),
        oos_recall=_recall_at(scores[inside], scores[~inside]),
        acted=_share(acted[inside]),
        acted_right=_share(right[acted]),
        entity_f1=by_type.pop(_ALL),
        entity_f1_by_type=by_type,
        accuracy_by_style=_by_style(examples, right),
        p50_ms=float(np.percentile(times, 50)),
        p99_ms=float(np.percentile(times, 99)),
        lines_per_s=1000 * len(times) / sum(times),
        memory_mb=memory,
        confusions=tuple((said, heard, times) for (said, heard), times in confusions.most_common(20)),
    )


def _share(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if hits.size else float("nan")


def _by_style(examples: Sequence[Example], right: NDArray[np.bool_]) -> dict[str, float]:
    hits: dict[str, list[bool]] = {}
    for example, hit in zip(examples, right.tolist(), strict=True):
        if example.style and example.intent not in OUTSIDE:
            hits.setdefault(example.style, []).append(hit)
    return {style: sum(found) / len(found) for style, found in sorted(hits.items())}


def _macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Mean F1 over the intents that the file names."""
    from sklearn.metrics import f1_score

    if not pairs:
        return float("nan")
    gold, heard = zip(*pairs, strict=True)
    return float(f1_score(gold, heard, labels=sorted(set(gold)), average="macro", zero_division=0.0))


def _auroc(inside: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(inside, scores)) if inside.any() and not inside.all() else float("nan")


def _recall_at(inside: NDArray[np.float64], outside: NDArray[np.float64]) -> float:
    if not inside.size or not outside.size:
        return float("nan")
    return float((outside < np.quantile(inside, FALSE_REFUSALS)).mean())


_ALL = ""


def _entity_f1(examples: Sequence[Example], answers: Sequence[Understanding]) -> dict[str, float]:
    """F1 of exact (start, end, type) for every type marked in the file, and for all of them together under `_ALL`.

    Lines out of scope count only where they are marked: most labellers leave what is not ours bare.
    """
    marked = sorted({span.type for example in examples for span in example.entities})
    hits, wanted, found = Counter[str](), Counter[str](), Counter[str]()
    for example, answer in zip(examples, answers, strict=True):
        if example.intent in OUTSIDE and not example.entities:
            continue
        gold = {(span.start, span.end, span.type) for span in example.entities}
        heard = {(one.start, one.end, one.type) for one in answer.entities if one.type in marked}
        hits.update(kind for _, _, kind in gold & heard)
        wanted.update(kind for _, _, kind in gold)
        found.update(kind for _, _, kind in heard)
    scores = {kind: 2 * hits[kind] / (wanted[kind] + found[kind]) for kind in marked}
    either = wanted.total() + found.total()
    return {**scores, _ALL: 2 * hits.total() / either if either else float("nan")}
