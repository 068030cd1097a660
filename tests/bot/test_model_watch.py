"""The house's look at its model folder."""

import asyncio
from pathlib import Path

import pytest

from bot.model_watch import ModelWatch
from nlu.engine import LightEngine, load
from nlu.live import LiveEngine
from nlu.model import MANIFEST_FILE
from nlu.training import train

DATA = """version: "3.1"
nlu:
- intent: parking_find
  examples: |
    - 주차장 어디
    - 주차장 찾아줘
    - 차 댈 곳
- intent: greet
  examples: |
    - 안녕
    - 안녕하세요
    - 반가워요
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "nlu.yml").write_text(DATA, "utf-8")
    train(folder, tmp_path / "model")
    return folder


async def test_a_trained_model_is_taken_in_and_a_broken_one_is_told(data: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    engine = LiveEngine(model, lambda folder: load(folder, ()))
    watch = ModelWatch(engine)
    first = watch.health()
    assert first == {"model": engine.current.manifest.model_hash[:12]}
    (data / "nlu.yml").write_text(DATA + "    - 헬로\n", "utf-8")
    train(data, model)
    await watch.look()
    second = watch.health()
    assert second.keys() == {"model"}
    assert second != first
    (model / MANIFEST_FILE).write_text("{}", "utf-8")
    await watch.look()
    assert watch.health()["model"] == second["model"]
    assert MANIFEST_FILE in watch.health()["refused"]


async def test_it_looks_by_itself_until_stopped(data: Path, tmp_path: Path) -> None:
    looked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def loading(folder: Path) -> LightEngine:
        loop.call_soon_threadsafe(looked.set)
        return load(folder, ())

    engine = LiveEngine(tmp_path / "model", loading)
    await asyncio.sleep(0)
    looked.clear()
    watch = ModelWatch(engine, look_s=0.01)
    watch.start()
    try:
        (data / "nlu.yml").write_text(DATA + "    - 헬로\n", "utf-8")
        await asyncio.to_thread(train, data, tmp_path / "model")
        await asyncio.wait_for(looked.wait(), 30)
    finally:
        await watch.stop()
