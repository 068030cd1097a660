"""From a folder of Rasa YAML to a model folder. Deterministic: the same data and code give the same model bytes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from nlu.bands import fit_temperature, fit_thresholds
from nlu.datasets import read_training, training_files
from nlu.entities.compact import Compact
from nlu.entities.dates import SEOUL
from nlu.entities.extract import RULE_TYPES, EntityTypes, Extractor
from nlu.entities.found import Found
from nlu.errors import ModelUnreadable, TrainingDataError
from nlu.features import View, views
from nlu.model import (
    FORMAT,
    MODEL_FILE,
    OUT_OF_SCOPE,
    Classifier,
    Lexicon,
    Manifest,
    Thresholds,
    read_manifest,
    save,
    save_manifest,
    vectorise,
)
from nlu.noise import noisy_copy
from nlu.normalise import bounded, comparable
from nlu.rasa_yaml import TrainingData
from nlu.reading import read
from nlu.recipe import Recipe
from nlu.tagger_training import agreeing_types, fit_tagger
from nlu.tokens import with_signs

FOLDS = 3
JUDGED = 2_000
MIN_LINES = 2

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
    texts, gold, labels = _prepare(data_dir, data, lexicon)
    thresholds, figures = _out_of_fold(texts, gold, labels, recipe)
    classifier = _fit(texts, gold, labels, thresholds.temperature, recipe)
    tagger, types = _fit_tagger(data, lexicon, recipe)
    model_hash = save(model_dir, classifier, lexicon, tagger)
    manifest = Manifest(
        format=FORMAT,
        data_hash=_fingerprint(data_dir, recipe),
        model_hash=model_hash,
        libraries={name: version(name) for name in ("numpy", "scipy", "scikit-learn", "python-crfsuite")},
        recipe=recipe,
        labels=labels,
        thresholds=thresholds,
        figures=figures,
        entity_types=tuple(sorted(types.known)),
        ruled_types=tuple(sorted(types.ruled)),
        tagger_hash=sha256(tagger).hexdigest() if tagger else "",
    )
    save_manifest(model_dir, manifest)
    return manifest


def _fit_tagger(data: TrainingData, lexicon: Lexicon, recipe: Recipe) -> tuple[bytes, EntityTypes]:
    """The tagger's bytes (none when the recipe leaves it out) and the types that may be told.

    Those are what the data marks, and what it does not mark but names a lookup or regex after while we have a rule.
    """
    rules = Extractor(lexicon, (), "")
    moment = datetime(2026, 1, 5, 12, tzinfo=SEOUL)

    def clues(folded: str, compacted: Compact) -> list[Found]:
        return rules.clues(folded, compacted, moment)

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


def _prepare(
    data_dir: Path, data: TrainingData, lexicon: Lexicon
) -> tuple[list[tuple[str, str]], NDArray[np.int64], tuple[str, ...]]:
    """Comparable text and its noisy copy for every example, with label numbers; in-scope labels come first."""
    counts = Counter(example.intent for example in data.examples)
    labels = tuple(sorted(counts, key=lambda name: (name == OUT_OF_SCOPE, name)))
    if len(labels) < 2 or min(counts.values()) < FOLDS:
        korean = f"intent가 둘 이상, intent마다 예문이 {FOLDS}개 이상 있어야 합니다"
        raise TrainingDataError(data_dir, 0, korean, "too few intents or examples")
    texts: list[tuple[str, str]] = []
    for example in data.examples:
        spans = [(span.start, span.end, span.type) for span in example.entities]
        # Signs first: offsets belong to the example's text, and folding keeps the private-use signs.
        signed = read(with_signs(example.text, spans)).folded
        clean = comparable(bounded(signed), lexicon.gloss)
        texts.append((clean, comparable(bounded(noisy_copy(signed)), lexicon.gloss)))
    gold = np.array([labels.index(example.intent) for example in data.examples], dtype=np.int64)
    return texts, gold, labels


def _vocabulary(
    pairs: Sequence[tuple[str, str]], chosen: Sequence[View]
) -> tuple[tuple[dict[str, int], ...], list[float]]:
    """A view's n-grams that at least MIN_LINES lines (with their noisy copies) contain, and their rarity."""
    indexes: list[dict[str, int]] = []
    lines: list[int] = []
    for view in chosen:
        seen: Counter[str] = Counter()
        for clean, noisy in pairs:
            seen.update({*view(clean), *view(noisy)})
        kept = sorted(gram for gram, count in seen.items() if count >= MIN_LINES)
        indexes.append({gram: column for column, gram in enumerate(kept, start=len(lines))})
        lines += [seen[gram] for gram in kept]
    idf = np.log((1 + len(pairs)) / (1 + np.array(lines))) + 1
    return tuple(indexes), idf.astype(np.float32).tolist()


def _fit(
    pairs: Sequence[tuple[str, str]],
    gold: NDArray[np.int64],
    labels: tuple[str, ...],
    temperature: float,
    recipe: Recipe,
) -> Classifier:
    from sklearn.linear_model import LogisticRegression

    texts = [text for pair in pairs for text in pair]
    chosen = views(recipe)
    indexes, idf = _vocabulary(pairs, chosen)
    starts, columns, values = [0], list[int](), list[float]()
    for text in texts:
        more_columns, more_values = vectorise(text, chosen, indexes, idf)
        columns += more_columns
        values += more_values
        starts.append(len(columns))
    rows = csr_array((np.array(values, dtype=np.float32), columns, starts), shape=(len(texts), len(idf)))
    solver = LogisticRegression(C=recipe.strength, max_iter=200, tol=1e-3)
    solver.fit(rows, np.repeat(gold, 2))
    # With two labels sklearn keeps one row, the log odds of the second label.
    two = len(labels) == 2
    coefficients = np.vstack([-solver.coef_, solver.coef_]) / 2 if two else solver.coef_
    bias = np.concatenate([-solver.intercept_, solver.intercept_]) / 2 if two else solver.intercept_
    return Classifier(
        labels=labels,
        views=chosen,
        indexes=indexes,
        idf=idf,
        weights=coefficients.T.astype(np.float16).astype(np.float32),
        bias=bias.astype(np.float32),
        temperature=temperature,
    )


def _out_of_fold(
    pairs: Sequence[tuple[str, str]], gold: NDArray[np.int64], labels: tuple[str, ...], recipe: Recipe
) -> tuple[Thresholds, dict[str, float]]:
    """Thresholds and figures from models that had not seen the line they judge.

    Every line is judged when there are few; of many, as many folds as it takes for JUDGED lines.
    """
    seen: Counter[int] = Counter()
    fold = np.empty(len(gold), dtype=np.int64)
    for row, label in enumerate(gold.tolist()):
        fold[row] = seen[label] % FOLDS
        seen[label] += 1
    logits: list[NDArray[np.float64]] = []
    judged: list[int] = []
    for number in range(FOLDS):
        kept = np.nonzero(fold != number)[0].tolist()
        model = _fit([pairs[row] for row in kept], gold[kept], labels, 1.0, recipe)
        for row in np.nonzero(fold == number)[0].tolist():
            logits.append(np.log(np.maximum(model.probabilities(pairs[row][0]), 1e-12)))
            judged.append(row)
        if len(judged) >= JUDGED:
            break
    told, of = np.array(logits), gold[judged]
    temperature = fit_temperature(told, of)
    return _judge(told / temperature, of, labels, temperature)


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
