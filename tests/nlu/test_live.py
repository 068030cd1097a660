"""A model that is trained while messages come in: taken in between two of them, refused when it is not whole."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nlu.engine import load
from nlu.live import LiveEngine
from nlu.model import MANIFEST_FILE, MODEL_FILE
from nlu.training import train

from .conftest import NOW

Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Train a model in `tmp_path/model` whose second intent answers to one greeting word."""

    def write(name: str, word: str) -> None:
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        lines = "".join(f"    - {word} {end}\n" for end in ("하나", "둘", "셋", "넷"))
        parking = "".join(f"    - 주차장 {end}\n" for end in ("어디", "찾아줘", "자리", "빈 곳"))
        (data / "nlu.yml").write_text(
            f'version: "3.1"\nnlu:\n- intent: parking_find\n  examples: |\n{parking}'
            f"- intent: {name}\n  examples: |\n{lines}",
            "utf-8",
        )
        train(data, tmp_path / "model")

    return write


@pytest.fixture
def live(write: Write, tmp_path: Path) -> LiveEngine:
    write("greet", "안녕하세요")
    return LiveEngine(tmp_path / "model", lambda folder: load(folder, ()))


def test_a_new_model_is_taken_in(live: LiveEngine, write: Write) -> None:
    before = live.current.manifest.model_hash
    assert live.reload() is None
    write("town_event", "축제 일정")
    assert live.current.manifest.model_hash == before
    news = live.reload()
    assert news is not None
    assert news.refused is None
    assert news.model_hash == live.current.manifest.model_hash != before
    assert live.understand("축제 일정 알려줘", now_iso=NOW).intent == "town_event"
    assert live.reload() is None


@pytest.mark.parametrize("name", [MODEL_FILE, MANIFEST_FILE])
def test_a_damaged_model_leaves_the_running_one(live: LiveEngine, write: Write, tmp_path: Path, name: str) -> None:
    before = live.current.manifest.model_hash
    write("town_event", "축제 일정")
    file = tmp_path / "model" / name
    file.write_bytes(file.read_bytes()[:-40])
    news = live.reload()
    assert news is not None
    assert news.refused is not None
    assert news.model_hash == live.current.manifest.model_hash == before
    assert live.understand("안녕하세요 다섯", now_iso=NOW).intent == "greet"
    # Said once, not at every look; the next whole model is taken in.
    assert live.reload() is None
    write("town_event", "축제 소식")
    assert live.reload() is not None
    assert live.current.manifest.model_hash != before


def test_messages_are_read_while_the_model_changes(live: LiveEngine, write: Write) -> None:
    """Every message has an answer, and one that began with the old model is not disturbed by the new."""
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(live.understand, "안녕하세요 하나", now_iso=NOW) for _ in range(200)]
        write("town_event", "안녕하세요")
        live.reload()
        asked += [pool.submit(live.understand, "안녕하세요 하나", now_iso=NOW) for _ in range(200)]
        heard = [future.result(timeout=30).intent for future in asked]
    assert set(heard) <= {"greet", "town_event"}
    assert heard[-1] == "town_event"
