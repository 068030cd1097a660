"""The trained classifier as it runs: a vocabulary, weight rows and a few thresholds, read without sklearn or pickle."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from nlu.errors import ModelUnreadable
from nlu.features import View, views, weigh
from nlu.options import Embed, embedder
from nlu.recipe import Recipe
from nlu.tagger import Tagger
from nlu.tokens import said

FORMAT = 4
MODEL_FILE = "model.npz"
MANIFEST_FILE = "manifest.json"
OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`refuse`: below this scope score nothing is done. `act`: from here on it may be acted on, unless the second
    intent comes within `margin` of the first. `temperature` divides the classifier's logits (calibration).
    """

    refuse: float
    act: float
    margin: float
    temperature: float

    def told_otherwise(self, refuse: float | None, margin: float | None) -> "Thresholds":
        """With the limits that a pipeline's FallbackClassifier names instead of the fitted ones."""
        lowest = self.refuse if refuse is None else refuse
        return Thresholds(lowest, max(self.act, lowest), self.margin if margin is None else margin, self.temperature)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model was made of and how well it did on lines it had not seen (out of fold).

    `entity_types`: what the data marks; nothing else is ever told. `ruled_types`: where our rules agree with the marks.
    `tagger_hash`: of the tagger's bytes inside the model file, empty without a tagger.
    """

    format: int
    data_hash: str
    model_hash: str
    libraries: dict[str, str]
    recipe: Recipe
    labels: tuple[str, ...]
    thresholds: Thresholds
    figures: dict[str, float]
    entity_types: tuple[str, ...]
    ruled_types: tuple[str, ...]
    tagger_hash: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The data's word lists: `lists` maps entity type to {surface: canonical value}; `gloss` English to Korean;
    `synonyms` what a marked word is called inside the application.
    """

    lists: dict[str, dict[str, str]] = field(default_factory=dict)
    gloss: dict[str, str] = field(default_factory=dict)
    patterns: dict[str, list[str]] = field(default_factory=dict)
    synonyms: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dense:
    """The part of a classifier that sees sentence vectors; `weights` is [dimensions, labels], for centred vectors."""

    middle: NDArray[np.float32]
    weights: NDArray[np.float32]
    embed: Embed

    def logits(self, text: str) -> NDArray[np.float64]:
        """What the vector of one text adds to the logits."""
        return np.asarray((self.embed([said(text)])[0] - self.middle) @ self.weights, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Classifier:
    """Multinomial logistic regression over the n-gram views; `weights` is [features, labels] float32.

    `indexes` gives, a view, the column of every n-gram it knows.
    """

    labels: tuple[str, ...]
    views: tuple[View, ...]
    indexes: tuple[Mapping[str, int], ...]
    idf: list[float]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float
    dense: Dense | None = None

    def probabilities(self, text: str) -> NDArray[np.float64]:
        """Probability of every label, in label order, for a text as `tokens.seen` gives it."""
        columns, values = vectorise(text, self.views, self.indexes, self.idf)
        logits = self.bias.astype(np.float64)
        if columns:
            logits = logits + np.asarray(values, dtype=np.float32) @ self.weights[columns]
        if self.dense is not None:
            logits = logits + self.dense.logits(text)
        logits = logits / self.temperature
        shifted = np.exp(logits - logits.max())
        return np.asarray(shifted / shifted.sum(), dtype=np.float64)


def vectorise(
    text: str, views: Sequence[View], indexes: Sequence[Mapping[str, int]], idf: list[float]
) -> tuple[list[int], list[float]]:
    """Feature columns and weights of one text, the views side by side, each as long as its weight."""
    columns, values = list[int](), list[float]()
    for view, index in zip(views, indexes, strict=True):
        more_columns, more_values = weigh(view.grams(text), index, idf)
        columns += more_columns
        values += more_values if view.weight == 1.0 else [view.weight * value for value in more_values]
    return columns, values


def save(folder: Path, classifier: Classifier, lexicon: Lexicon, tagger: bytes) -> str:
    """Write the model file and return its SHA-256. The same classifier gives the same bytes."""
    grams = [gram for index in classifier.indexes for gram in index]
    packed: dict[str, NDArray[np.generic]] = {
        "grams": np.frombuffer("\n".join(grams).encode(), dtype=np.uint8),
        "widths": np.array([len(index) for index in classifier.indexes], dtype=np.int64),
        "idf": np.array(classifier.idf, dtype=np.float32),
        "weights": classifier.weights.astype(np.float16),
        "bias": classifier.bias.astype(np.float32),
        "lexicon": np.frombuffer(json.dumps(asdict(lexicon), ensure_ascii=False).encode(), dtype=np.uint8),
        "tagger": np.frombuffer(tagger, dtype=np.uint8),
    }
    if classifier.dense is not None:
        packed |= {"dense_middle": classifier.dense.middle, "dense_weights": classifier.dense.weights}
    buffer = BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **packed)
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / MODEL_FILE, buffer.getvalue())
    return sha256(buffer.getvalue()).hexdigest()


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest; done last, so that a folder with a fitting manifest is a whole model."""
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    replace(folder / MANIFEST_FILE, text.encode())


def replace(path: Path, content: bytes) -> None:
    """Put the content in place in one step, so that a reader never sees half a file."""
    draft = path.with_suffix(path.suffix + ".new")
    draft.write_bytes(content)
    draft.replace(path)


def read_manifest(folder: Path) -> Manifest:
    """Raises ModelUnreadable when there is none or it is of another format."""
    try:
        said = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        if said["format"] != FORMAT:
            raise ModelUnreadable(folder, f"형식 {said['format']}, 필요한 형식 {FORMAT}")
        for name in ("labels", "entity_types", "ruled_types"):
            said[name] = tuple(said[name])
        said["thresholds"] = Thresholds(**said["thresholds"])
        said["recipe"] = Recipe.restored(said["recipe"])
        return Manifest(**said)
    except FileNotFoundError as problem:
        raise ModelUnreadable(folder, "아직 학습한 모델이 없습니다") from problem
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as problem:
        raise ModelUnreadable(folder, f"{MANIFEST_FILE}이 손상되었습니다") from problem


def is_whole(folder: Path) -> bool:
    """Whether a model that this code can run lies there."""
    try:
        restore(folder)
    except ModelUnreadable:
        return False
    return True


def restore(folder: Path) -> tuple[Classifier, Lexicon, Tagger | None, Manifest]:
    """The saved model, checked against its manifest. Raises ModelUnreadable."""
    manifest = read_manifest(folder)
    try:
        content = (folder / MODEL_FILE).read_bytes()
        if sha256(content).hexdigest() != manifest.model_hash:
            raise ModelUnreadable(folder, f"{MODEL_FILE}이 {MANIFEST_FILE}과 맞지 않습니다")
        with np.load(BytesIO(content), allow_pickle=False) as packed:
            grams = packed["grams"].tobytes().decode().split("\n")
            ends = np.cumsum(packed["widths"]).tolist()
            classifier = Classifier(
                labels=manifest.labels,
                views=views(manifest.recipe),
                indexes=tuple(
                    {gram: column for column, gram in enumerate(grams[start:end], start=start)}
                    for start, end in zip([0, *ends[:-1]], ends, strict=True)
                ),
                idf=packed["idf"].tolist(),
                weights=packed["weights"].astype(np.float32),
                bias=packed["bias"],
                temperature=manifest.thresholds.temperature,
                dense=_dense(manifest.recipe, packed),
            )
            lexicon = Lexicon(**json.loads(packed["lexicon"].tobytes().decode()))
            tagger = _tagger(folder, packed["tagger"].tobytes(), manifest.tagger_hash)
    except (OSError, BadZipFile, KeyError, IndexError, TypeError, ValueError) as problem:
        raise ModelUnreadable(folder, f"{MODEL_FILE}이 손상되었습니다") from problem
    return classifier, lexicon, tagger, manifest


def _dense(recipe: Recipe, packed: Mapping[str, NDArray[np.generic]]) -> Dense | None:
    """Raises Unavailable when the package of the recipe's vectors is not installed."""
    if recipe.vectors is None:
        return None
    middle, weights = (packed[name].astype(np.float32) for name in ("dense_middle", "dense_weights"))
    return Dense(middle, weights, embedder(recipe.vectors))


def _tagger(folder: Path, content: bytes, expected: str) -> Tagger | None:
    """The tagger. Its bytes go to C code that trusts them: only those that were written are ever opened."""
    if not expected and not content:
        return None
    if sha256(content).hexdigest() != expected:
        raise ModelUnreadable(folder, f"{MODEL_FILE}의 개체 모델이 {MANIFEST_FILE}과 맞지 않습니다")
    return Tagger(content)
