"""The tagger: what it learns beyond the lists, that it is the same twice, and that other data keeps its own types."""

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from core.contracts.understanding import NamedPlace, Understanding
from nlu.engine import LightEngine, load
from nlu.entities.compact import Compact, compact
from nlu.entities.found import Found
from nlu.errors import ModelUnreadable
from nlu.markup import Example, Span
from nlu.model import MANIFEST_FILE, MODEL_FILE
from nlu.recipe import Recipe
from nlu.tagger import Tagger, labelled_spans
from nlu.tagger_training import agreeing_types, fit_tagger
from nlu.training import train

from .conftest import NOW, PLACES

DISHES = ("비빔밥", "냉면", "떡볶이", "순두부", "만두", "갈비탕", "김밥", "라면", "칼국수", "수제비", "보쌈", "족발")
CITIES = ("강릉", "여수", "목포", "춘천", "전주", "속초", "통영", "군산", "안동", "경주", "포항", "진주")


def foreign(folder: Path) -> Path:
    """Training data of somebody else: towns and dishes, days marked as we do, `place` meaning something of its own."""
    lines = []
    for number, (dish, city) in enumerate(zip(DISHES, CITIES, strict=True)):
        lines += [
            f"[{city}](city) [{dish}](dish) 맛있는 집 알려줘",
            f"[내일](date) [{city}](city)에서 [{dish}](dish) 먹고 싶어",
            f"[{city}](city) 가는데 [{dish}](dish) 추천해 줘",
        ]
        lines.append(f"[{dish}](dish) 먹을 [창가 자리](place) 있나요" if number % 2 else f"[{dish}](dish) 주세요")
    greetings = ["안녕", "안녕하세요", "반가워요", "좋은 아침", "하이"]
    text = 'version: "3.1"\nnlu:\n- intent: eat\n  examples: |\n' + "".join(f"    - {line}\n" for line in lines)
    text += "- intent: greet\n  examples: |\n" + "".join(f"    - {line}\n" for line in greetings)
    folder.mkdir()
    (folder / "nlu.yml").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> LightEngine:
    folder = tmp_path_factory.mktemp("elsewhere")
    train(foreign(folder / "data"), folder / "model")
    return load(folder / "model", PLACES)


def found(engine: LightEngine, text: str) -> list[tuple[str, str]]:
    return [(one.type, one.text) for one in engine.understand(text, now_iso=NOW).entities]


def test_types_of_other_data_are_learned_for_names_never_seen(elsewhere: LightEngine) -> None:
    assert found(elsewhere, "삼척 물회 맛있는 집 알려줘") == [("city", "삼척"), ("dish", "물회")]


def test_rules_stay_silent_about_types_that_the_data_does_not_mark(elsewhere: LightEngine) -> None:
    said = found(elsewhere, "12가3456 차로 구래동 시청에 5만원 내러 두 시간 뒤 가요 010-1234-5678 미세먼지 가로등")
    assert {kind for kind, _ in said} <= {"city", "dish", "date"}


def test_a_rule_stands_where_it_agrees_with_the_marks_and_yields_where_it_does_not(elsewhere: LightEngine) -> None:
    assert elsewhere.manifest.entity_types == ("city", "date", "dish", "place")
    assert elsewhere.manifest.ruled_types == ("date",)
    assert ("date", "3월 20일") in found(elsewhere, "3월 20일 삼척에서 물회 먹고 싶어")
    assert ("place", "구래동") not in found(elsewhere, "구래동에서 물회 먹고 싶어")


def test_our_own_data_asks_for_every_type_of_the_contract(engine: LightEngine) -> None:
    told = {"place", "date", "category", "plate", "complaint_no", "amount", "phone", "duration", "ordinal"}
    assert set(engine.manifest.entity_types) == told
    assert set(engine.manifest.ruled_types) == told


def test_kinds_that_no_list_holds_are_tagged_and_take_the_role_of_their_head(engine: LightEngine) -> None:
    shop = engine.understand("이 근처 메밀전병집 추천해 주세요", now_iso=NOW).first("category")
    assert shop is not None and shop.text == "메밀전병집"
    event = engine.understand("토요일에 하는 호박축제 어디서 해요?", now_iso=NOW).first("category", role="event")
    assert event is not None and (event.text, event.value) == ("호박축제", "festival")


def no_clues(folded: str, compacted: Compact) -> list[Found]:
    return []


def examples() -> list[Example]:
    return [Example(f"{city} 날씨", "ask", (Span(0, len(city), "city", city),)) for city in CITIES]


def test_training_twice_gives_the_same_bytes() -> None:
    assert fit_tagger(examples(), no_clues) == fit_tagger(examples(), no_clues)


def test_nothing_marked_needs_no_tagger() -> None:
    assert fit_tagger([Example("안녕", "greet")], no_clues) == b""


def test_a_rule_that_finds_inside_other_marks_does_not_agree() -> None:
    assert agreeing_types(examples(), no_clues) == ()


def test_labels_become_spans() -> None:
    labels = ["B-a", "I-a", "O", "I-b", "B-a", "B-a", "I-b"]
    assert labelled_spans(labels) == [(0, 2, "a"), (3, 4, "b"), (4, 5, "a"), (5, 6, "a"), (6, 7, "b")]


def test_bytes_that_are_no_tagger_are_refused() -> None:
    with pytest.raises(ValueError):
        Tagger(b"no tagger at all" * 8)


def test_threads_share_a_tagger() -> None:
    tagger = Tagger(fit_tagger(examples(), no_clues))
    texts = [f"{city} 날씨" for city in CITIES] * 20
    alone = [tagger.tag(compact(text), []) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: tagger.tag(compact(text), []), texts)) == alone


def test_a_damaged_tagger_is_never_opened(tmp_path: Path) -> None:
    model = tmp_path / "model"
    train(foreign(tmp_path / "data"), model)
    with np.load(model / MODEL_FILE) as packed:
        parts = {name: packed[name] for name in packed.files}
    parts["tagger"] = parts["tagger"][: len(parts["tagger"]) // 2]
    buffer = BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **parts)
    (model / MODEL_FILE).write_bytes(buffer.getvalue())
    manifest = json.loads((model / MANIFEST_FILE).read_text("utf-8"))
    manifest["model_hash"] = sha256(buffer.getvalue()).hexdigest()
    (model / MANIFEST_FILE).write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(ModelUnreadable, match="개체 모델"):
        load(model, ())


def test_a_recipe_without_a_tagger_leaves_entities_to_the_rules_that_agree(tmp_path: Path) -> None:
    manifest = train(foreign(tmp_path / "data"), tmp_path / "model", Recipe(tagger=False))
    assert manifest.tagger_hash == ""
    engine = load(tmp_path / "model", (NamedPlace("삼척", "city", 37.4, 129.2),))
    answer: Understanding = engine.understand("내일 삼척 물회 맛있는 집 알려줘", now_iso=NOW)
    assert [(one.type, one.text) for one in answer.entities] == [("date", "내일")]
