"""From a folder of Rasa YAML to a model folder. Deterministic: the same data and code give the same model bytes."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.bands import fit_temperature, fit_thresholds
from nlu.datasets import read_training, training_files
from nlu.entities.compact import Compact, compact
from nlu.entities.dates import SEOUL
from nlu.entities.extract import RULE_TYPES, EntityTypes, Extractor
from nlu.entities.found import Found
from nlu.errors import ModelUnreadable, TrainingDataError
from nlu.fitting import Fitter, Lines
from nlu.model import (
    FORMAT,
    MODEL_FILE,
    OUT_OF_SCOPE,
    Lexicon,
    Manifest,
    Thresholds,
    read_manifest,
    save,
    save_manifest,
)
from nlu.noise import noisy_copy
from nlu.normalise import bounded, comparable
from nlu.rasa_yaml import TrainingData
from nlu.reading import read
from nlu.recipe import Recipe
from nlu.tagger_training import Clues, agreeing_types, fit_tagger
from nlu.tokens import seen, with_signs

FOLDS = 3
LOOSELY = 1e-3
"""Tolerance of the models that only judge; limits need no third digit."""
JUDGED = 2_000
"""Lines enough to set the limits by: the standard error of a share is then below one point."""

Floats = NDArray[np.float64]


def train(data_dir: Path, model_dir: Path, recipe: Recipe | None = None) -> Manifest:
    """Train on every YAML file of `data_dir` and write model and manifest to `model_dir` (made when missing).

    Raises TrainingDataError; the model that was there before stays untouched in that case.
    """
    recipe = recipe or Recipe()
    data = read_training(data_dir)
    lexicon = build_lexicon(data)
    lexicon = replace(
        lexicon,
        lists=lexicon.lists if recipe.lists else {},
        patterns=lexicon.patterns if recipe.patterns else {},
        synonyms=lexicon.synonyms if recipe.synonyms else {},
    )
    clues = _clues(lexicon)
    lines = _prepare(data_dir, data, lexicon, clues)
    fitter = Fitter(lines, recipe)
    thresholds, figures = _out_of_fold(lines, fitter)
    classifier = fitter.fit(np.arange(len(lines.gold)), thresholds.temperature)
    tagger, types = _fit_tagger(data, clues, recipe)
    model_hash = save(model_dir, classifier, lexicon, tagger)
    manifest = Manifest(
        format=FORMAT,
        data_hash=_fingerprint(data_dir, recipe),
        model_hash=model_hash,
        libraries={name: version(name) for name in ("numpy", "scipy", "scikit-learn", "python-crfsuite")},
        recipe=recipe,
        labels=lines.labels,
        thresholds=thresholds.told_otherwise(recipe.refuse, recipe.margin),
        figures=figures,
        entity_types=tuple(sorted(types.known)),
        ruled_types=tuple(sorted(types.ruled)),
        tagger_hash=sha256(tagger).hexdigest() if tagger else "",
    )
    save_manifest(model_dir, manifest)
    return manifest


def _clues(lexicon: Lexicon) -> Clues:
    """What rules and the data's lists say of a text; the city's places are not at hand when its model is trained."""
    rules = Extractor(lexicon, (), "")
    moment = datetime(2026, 1, 5, 12, tzinfo=SEOUL)
    known: dict[str, list[Found]] = {}

    def clues(folded: str, compacted: Compact) -> list[Found]:
        # Asked three times of every line: by the classifier, by the tagger, and for what rules and marks agree on.
        if folded not in known:
            known[folded] = rules.clues(folded, compacted, moment)
        return known[folded]

    return clues


def _fit_tagger(data: TrainingData, clues: Clues, recipe: Recipe) -> tuple[bytes, EntityTypes]:
    """The tagger's bytes (none when the recipe leaves it out) and the types that may be told.

    Those are what the data marks, and what it does not mark but names a lookup or regex after while we have a rule.
    """
    marked = {span.type for example in data.examples for span in example.entities}
    named = (RULE_TYPES & {*data.lookups, *data.regexes}) - marked
    ruled = agreeing_types(data.examples, clues)
    content = fit_tagger(data.examples, clues) if recipe.tagger else b""
    return content, EntityTypes(frozenset(marked | named), frozenset({*ruled, *named}))


def needs_training(data_dir: Path, model_dir: Path, recipe: Recipe | None = None) -> bool:
    """Whether the folder's model is missing, or made of other data, code, libraries or recipe than today's."""
    try:
        manifest = read_manifest(model_dir)
    except ModelUnreadable:
        return True
    return manifest.data_hash != _fingerprint(data_dir, recipe or Recipe()) or not (model_dir / MODEL_FILE).exists()


def build_lexicon(data: TrainingData) -> Lexicon:
    """Lookup lists with synonyms applied. English words gloss to Korean by synonym, or by sharing a list's value."""
    lists = {
        kind: {surface.lower(): data.synonyms.get(surface.lower(), surface) for surface in surfaces}
        for kind, surfaces in data.lookups.items()
    }
    gloss = {word: value for word, value in data.synonyms.items() if word.isascii() and not value.isascii()}
    for surfaces in lists.values():
        gloss.update(_siblings(surfaces))
    return Lexicon(lists=lists, gloss=gloss, patterns=data.regexes, synonyms=data.synonyms)


def _siblings(surfaces: dict[str, str]) -> dict[str, str]:
    """English words of a list with the shortest Korean word of the same canonical value."""
    korean: dict[str, str] = {}
    for surface, value in surfaces.items():
        if not surface.isascii() and len(surface) < len(korean.get(value, surface + " ")):
            korean[value] = surface
    return {
        surface: korean[value]
        for surface, value in surfaces.items()
        if surface.isalpha() and surface.isascii() and value in korean
    }


def _fingerprint(data_dir: Path, recipe: Recipe) -> str:
    digest = sha256(f"{FORMAT} {version('scikit-learn')} {version('numpy')} {recipe}".encode())
    code = Path(__file__).parent
    sources = [path for folder in (code, code / "entities") for path in folder.glob("*.py")]
    for path in [*training_files(data_dir), *sorted(sources)]:
        digest.update(path.name.encode() + b"\0" + sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _prepare(data_dir: Path, data: TrainingData, lexicon: Lexicon, clues: Clues) -> Lines:
    """Comparable text and its noisy copy for every example, with label numbers; in-scope labels come first."""
    counts = Counter(example.intent for example in data.examples)
    labels = tuple(sorted(counts, key=lambda name: (name == OUT_OF_SCOPE, name)))
    if len(labels) < 2 or max(counts.values()) < FOLDS:
        korean = f"intent가 둘 이상, 그 가운데 하나는 예문이 {FOLDS}개 이상 있어야 합니다"
        raise TrainingDataError(data_dir, 0, korean, "too few intents or examples")
    pairs: list[tuple[str, str]] = []
    for example in data.examples:
        spans = [(span.start, span.end, span.type) for span in example.entities]
        # Signs first: offsets belong to the example's text, and folding keeps the private-use signs.
        signed = read(with_signs(example.text, spans)).folded
        clean = comparable(bounded(signed), lexicon.gloss)
        noisy = comparable(bounded(noisy_copy(signed)), lexicon.gloss)
        folded = read(example.text).folded
        told = clues(folded, compact(folded))
        pairs.append((seen(clean, told), seen(noisy, told)))
    return Lines(pairs, np.array([labels.index(example.intent) for example in data.examples], dtype=np.int64), labels)


def _out_of_fold(lines: Lines, fitter: Fitter) -> tuple[Thresholds, dict[str, float]]:
    """Thresholds and figures from models that had not seen the line they judge.

    Every line is judged when there are few; of many, as many folds as it takes for JUDGED lines. An intent with fewer
    lines than folds is never judged, since some model would not know it at all.
    """
    seen: Counter[int] = Counter()
    counts = Counter(lines.gold.tolist())
    fold = np.full(len(lines.gold), FOLDS, dtype=np.int64)
    for row, label in enumerate(lines.gold.tolist()):
        if counts[label] >= FOLDS:
            fold[row] = seen[label] % FOLDS
            seen[label] += 1
    logits, judged = list[Floats](), list[NDArray[np.int64]]()
    for number in range(FOLDS):
        fitter.fit(np.nonzero(fold != number)[0], 1.0, LOOSELY)
        judged.append(np.nonzero(fold == number)[0])
        logits.append(fitter.logits(judged[-1]))
        if sum(map(len, judged)) >= JUDGED:
            break
    told, of = np.vstack(logits), lines.gold[np.concatenate(judged)]
    temperature = fit_temperature(told, of)
    return _judge(told / temperature, of, lines.labels, temperature)


def _judge(
    logits: Floats, gold: NDArray[np.int64], labels: tuple[str, ...], temperature: float
) -> tuple[Thresholds, dict[str, float]]:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    inside = len(labels) - (OUT_OF_SCOPE in labels)
    in_scope = shares[:, :inside].sum(axis=1)
    best = shares[:, :inside].max(axis=1) / np.maximum(in_scope, 1e-12)
    scores = in_scope * np.sqrt(best)
    right = shares[:, :inside].argmax(axis=1) == gold
    belongs = gold < inside
    thresholds = fit_thresholds(scores, right, belongs, temperature)
    acted, refused = scores >= thresholds.act, scores < thresholds.refuse
    figures = {
        "lines": float(len(gold)),
        "accuracy_in_scope": float(right[belongs].mean()),
        "acted_in_scope": float(acted[belongs].mean()),
        "acted_right": float(right[acted].mean()) if acted.any() else 0.0,
        "refused_out_of_scope": float(refused[~belongs].mean()) if (~belongs).any() else 0.0,
    }
    return thresholds, {name: round(value, 4) for name, value in figures.items()}
