"""Training: the same bytes twice, a manifest that says when it is stale, and models that are refused when damaged."""

import json
import shutil
from pathlib import Path

import pytest

from nlu.engine import load
from nlu.errors import ModelUnreadable, TrainingDataError
from nlu.model import MANIFEST_FILE, MODEL_FILE
from nlu.training import needs_training, train

SMALL = """version: "3.1"
nlu:
- intent: parking_find
  examples: |
    - 주차장 어디
    - 주차장 찾아줘
    - 차 댈 곳
    - 주차 자리
- intent: greet
  examples: |
    - 안녕
    - 안녕하세요
    - 반가워요
    - 하이
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "nlu.yml").write_text(SMALL, "utf-8")
    return folder


def test_training_twice_gives_the_same_bytes(small: Path, tmp_path: Path) -> None:
    train(small, tmp_path / "one")
    train(small, tmp_path / "two")
    for name in (MODEL_FILE, MANIFEST_FILE):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_manifest_knows_when_data_changed(small: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    assert needs_training(small, model)
    manifest = train(small, model)
    assert not needs_training(small, model)
    assert manifest.labels == ("greet", "parking_find")
    assert manifest.figures["lines"] == 8.0
    (small / "nlu.yml").write_text(SMALL + "    - 헬로\n", "utf-8")
    assert needs_training(small, model)


def test_broken_data_leaves_the_old_model_alone(small: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    train(small, model)
    before = (model / MODEL_FILE).read_bytes()
    (small / "more.yml").write_text("nlu:\n- intnt: x\n", "utf-8")
    with pytest.raises(TrainingDataError):
        train(small, model)
    assert (model / MODEL_FILE).read_bytes() == before


def test_too_little_data_is_said(tmp_path: Path) -> None:
    (tmp_path / "nlu.yml").write_text('version: "3.1"\nnlu:\n- intent: a\n  examples: |\n    - 하나\n', "utf-8")
    with pytest.raises(TrainingDataError, match="too few"):
        train(tmp_path, tmp_path / "model")


def test_a_missing_or_damaged_model_is_unreadable(small: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    with pytest.raises(ModelUnreadable, match="아직 학습한 모델이 없습니다"):
        load(model, ())
    train(small, model)
    content = (model / MODEL_FILE).read_bytes()
    (model / MODEL_FILE).write_bytes(content[:-10] + b"0123456789")
    with pytest.raises(ModelUnreadable, match="맞지 않습니다"):
        load(model, ())
    (model / MODEL_FILE).write_bytes(content)
    manifest = json.loads((model / MANIFEST_FILE).read_text("utf-8"))
    (model / MANIFEST_FILE).write_text(json.dumps(manifest | {"format": 99}), "utf-8")
    with pytest.raises(ModelUnreadable, match="형식 99"):
        load(model, ())
    (model / MANIFEST_FILE).write_text("{", "utf-8")
    with pytest.raises(ModelUnreadable, match="손상"):
        load(model, ())
    shutil.rmtree(model)


def test_a_model_without_out_of_scope_lines_still_answers(small: Path, tmp_path: Path) -> None:
    train(small, tmp_path / "model")
    answer = load(tmp_path / "model", ()).understand("주차장 어디예요", now_iso="2026-03-11T14:00:00+09:00")
    assert answer.intent == "parking_find"


def test_running_does_not_import_sklearn(model_dir: Path) -> None:
    import subprocess
    import sys

    script = (
        "import sys; from pathlib import Path; from nlu.engine import load; import nlu.training;"
        f"load(Path({str(model_dir)!r}), ()).understand('주차', now_iso='2026-03-11T14:00:00+09:00');"
        "sys.exit(any(name.split('.')[0] == 'sklearn' for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0
