"""Measuring an engine on labelled lines: intents, refusal, entities and time, in one report."""

import json
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.contracts.understanding import LanguageEngine, Understanding
from nlu.errors import TrainingDataError
from nlu.markup import Example, Span
from nlu.model import OUT_OF_SCOPE
from nlu.rasa_yaml import read_file

NOW = "2026-03-11T14:00:00+09:00"
FALSE_REFUSALS = 0.05


class Scored(LanguageEngine, Protocol):
    """An engine that also says how surely a text is its business (0 to 1)."""

    def scope(self, text: str, *, now_iso: str) -> float: ...


@dataclass(frozen=True, slots=True)
class Report:
    """Shares are 0 to 1, latencies milliseconds. `accuracy_in_scope` and `macro_f1` take the best in-scope intent;
    `accuracy` counts a refused text as out_of_scope. `oos_recall` is at 5 % false refusals. NaN: nothing to measure.
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
    p50_ms: float
    p99_ms: float
    confusions: tuple[tuple[str, str, int], ...]


def read_examples(path: Path) -> list[Example]:
    """Labelled lines of a Rasa YAML file, or of JSONL `{text, intent, entities: [{start, end, entity, value?}]}`.

    Raises TrainingDataError with the line that cannot be read.
    """
    if path.suffix in {".yml", ".yaml"}:
        return read_file(path).examples
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise TrainingDataError(path, 0, "파일을 열 수 없습니다", "cannot open the file as UTF-8") from problem
    return [_json_example(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def evaluate(engine: Scored, examples: Sequence[Example], *, now_iso: str = NOW) -> Report:
    """Run every example once, timed, and count. `examples` must not be empty."""
    answers: list[Understanding] = []
    times: list[float] = []
    for example in examples:
        begun = perf_counter()
        answers.append(engine.understand(example.text, now_iso=now_iso))
        times.append((perf_counter() - begun) * 1000)
    scores = np.array([engine.scope(example.text, now_iso=now_iso) for example in examples])
    gold = [example.intent for example in examples]
    inside = np.array([intent != OUT_OF_SCOPE for intent in gold])
    right = np.array([answer.intent == intent for answer, intent in zip(answers, gold, strict=True)])
    acted = np.array([answer.band == "act" for answer in answers])
    final = [OUT_OF_SCOPE if answer.band == "refuse" else answer.intent for answer in answers]
    pairs = [(g, a.intent) for g, a in zip(gold, answers, strict=True) if g != OUT_OF_SCOPE]
    confusions = Counter(pair for pair in pairs if pair[0] != pair[1])
    return Report(
        lines=len(examples),
        accuracy=_share(np.array([g == f for g, f in zip(gold, final, strict=True)])),
        accuracy_in_scope=_share(right[inside]),
        macro_f1=_macro_f1(pairs),
        oos_auroc=_auroc(scores[inside], scores[~inside]),
        oos_recall=_recall_at(scores[inside], scores[~inside]),
        acted=_share(acted[inside]),
        acted_right=_share(right[acted]),
        entity_f1=_entity_f1(examples, answers),
        p50_ms=float(np.percentile(times, 50)),
        p99_ms=float(np.percentile(times, 99)),
        confusions=tuple((said, heard, times) for (said, heard), times in confusions.most_common(20)),
    )


def _json_example(path: Path, number: int, line: str) -> Example:
    try:
        said = json.loads(line)
        spans = tuple(
            Span(
                start=int(entity["start"]),
                end=int(entity["end"]),
                type=str(entity["entity"]),
                value=str(entity.get("value", said["text"][entity["start"] : entity["end"]])),
                role=entity.get("role"),
            )
            for entity in said.get("entities", ())
        )
        return Example(unicodedata.normalize("NFC", said["text"]), str(said["intent"]), spans)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        korean = '한 줄에 {"text", "intent", "entities"} 하나가 있어야 합니다'
        raise TrainingDataError(path, number, korean, "expected one JSON object with text and intent") from problem


def _share(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if hits.size else float("nan")


def _macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    scores = []
    for label in {gold for gold, _ in pairs}:
        hits = sum(gold == heard == label for gold, heard in pairs)
        missed = sum(gold == label != heard for gold, heard in pairs)
        false = sum(heard == label != gold for gold, heard in pairs)
        scores.append(2 * hits / (2 * hits + missed + false))
    return float(np.mean(scores)) if scores else float("nan")


def _auroc(inside: NDArray[np.float64], outside: NDArray[np.float64]) -> float:
    if not inside.size or not outside.size:
        return float("nan")
    above = (inside[:, None] > outside[None, :]).mean()
    level = (inside[:, None] == outside[None, :]).mean()
    return float(above + level / 2)


def _recall_at(inside: NDArray[np.float64], outside: NDArray[np.float64]) -> float:
    if not inside.size or not outside.size:
        return float("nan")
    return float((outside < np.quantile(inside, FALSE_REFUSALS)).mean())


def _entity_f1(examples: Sequence[Example], answers: Sequence[Understanding]) -> float:
    """Micro F1 of exact (start, end, type), over lines that are in scope."""
    hits = wanted = found = 0
    for example, answer in zip(examples, answers, strict=True):
        if example.intent == OUT_OF_SCOPE:
            continue
        gold = {(span.start, span.end, span.type) for span in example.entities}
        heard = {(entity.start, entity.end, entity.type) for entity in answer.entities}
        hits += len(gold & heard)
        wanted += len(gold)
        found += len(heard)
    return 2 * hits / (wanted + found) if wanted + found else float("nan")
