"""Rasa's `pipeline:` read as ours: what runs, what is replaced, what is left out, and what cannot be used."""

from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from core.settings import read
from nlu.engine import load
from nlu.recipe import Recipe, read_pipeline
from nlu.training import needs_training, train

from .conftest import NOW

RASA: list[dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 2, "max_ngram": 3},
    {"name": "CountVectorsFeaturizer"},
    {"name": "rasa.nlu.classifiers.diet_classifier.DIETClassifier", "epochs": 100},
    {"name": "EntitySynonymMapper"},
    {"name": "ResponseSelector"},
    {"name": "FallbackClassifier", "threshold": 0.4, "ambiguity_threshold": 0.2},
]


def test_a_rasa_pipeline_becomes_a_recipe_and_every_component_is_spoken_of() -> None:
    recipe, notes = read_pipeline(RASA)
    assert recipe.char_sizes == (2, 3)
    assert (recipe.tagger, recipe.lists, recipe.synonyms) == (True, False, True)
    assert (recipe.refuse, recipe.margin) == (0.4, 0.2)
    assert [note.component for note in notes] == [component["name"] for component in RASA]
    assert [note.verdict for note in notes] == [
        "replaced", "replaced", "run", "replaced", "replaced", "run", "not_run", "run",
    ]  # fmt: skip


def test_no_pipeline_is_the_default_recipe() -> None:
    assert read_pipeline([]) == (Recipe(), ())


def test_the_citys_own_pipeline_leaves_nothing_out() -> None:
    recipe, notes = read_pipeline(read().pipeline)
    assert [note.component for note in notes if note.verdict == "not_run"] == []
    assert recipe.tagger
    assert recipe.lists
    assert recipe.refuse is None


@pytest.mark.parametrize(
    ("component", "said"),
    [
        ({}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "CountVectorsFeaturizer", "min_ngram": 3, "max_ngram": 2}, "min_ngram"),
        ({"name": "CountVectorsFeaturizer", "max_ngram": 40}, "max_ngram"),
        ({"name": "CountVectorsFeaturizer", "max_ngram": "four"}, "max_ngram"),
        ({"name": "FallbackClassifier", "threshold": 3}, "threshold"),
        ({"name": "FallbackClassifier", "ambiguity_threshold": True}, "ambiguity_threshold"),
        ({"name": "LogisticRegressionClassifier", "C": 0}, "C"),
        ({"name": "SinmungoVectors", "model": "bert"}, "model"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(component: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_pipeline([component])


def test_a_recipe_is_kept_with_the_model_and_a_change_asks_for_training(tmp_path: Path) -> None:
    data = tmp_path / "nlu.yml"
    data.write_text(
        'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - 안녕\n    - 안녕하세요\n    - 반가워\n'
        "- intent: thanks\n  examples: |\n    - 고마워\n    - 감사합니다\n    - 땡큐\n",
        "utf-8",
    )
    recipe, _ = read_pipeline(RASA)
    manifest = train(data, tmp_path / "model", recipe)
    assert manifest.recipe == recipe
    assert (manifest.thresholds.refuse, manifest.thresholds.margin) == (0.4, 0.2)
    assert not needs_training(data, tmp_path / "model", recipe)
    assert needs_training(data, tmp_path / "model", Recipe())
    assert load(tmp_path / "model", ()).understand("감사합니다", now_iso=NOW).intent == "thanks"


def test_an_intent_of_one_line_does_not_stop_the_training(tmp_path: Path) -> None:
    data = tmp_path / "nlu.yml"
    data.write_text(
        'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - 안녕\n    - 안녕하세요\n    - 반가워\n'
        "- intent: faq/hours\n  examples: |\n    - 몇 시까지 해요\n",
        "utf-8",
    )
    train(data, tmp_path / "model")
    assert load(tmp_path / "model", ()).understand("몇 시까지 해요", now_iso=NOW).intent == "faq/hours"
