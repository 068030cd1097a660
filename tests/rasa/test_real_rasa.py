"""A real Rasa 3.6 on our config.yml: it takes the file as it is, reads Korean, serves the bot, and may go away."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.prepare import model_folder, prepare
from core.contracts.understanding import Understanding
from core.loading import ROOT
from core.settings import Nlu, Settings, read
from integrations.language import rasa
from nlu.engine import LightEngine, load
from nlu.model import OUT_OF_SCOPE
from tests.bot.city import MORNING, open_city
from tests.rasa import parts
from tests.rasa.conftest import RasaEnv, Started

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(1800)]
NOW = "2026-03-11T14:00:00+09:00"
CONFIG = ROOT / "config.yml"


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Taught:
    """One part of our lines, learnt by both. `settings` lead to our model, `model` is Rasa's."""

    lines: Path
    model: Path
    settings: Settings


@pytest.fixture(scope="module")
def taught(rasa_env: RasaEnv) -> Taught:
    """Rasa trained on config.yml with fewer epochs and nothing else changed."""
    before = CONFIG.read_text("utf-8")
    assert before.count("epochs: 100\n") == 1
    config = rasa_env.home / "config.yml"
    config.write_text(before.replace("epochs: 100\n", f"epochs: {parts.EPOCHS}\n"), "utf-8")
    was = digest(config)
    lines = rasa_env.home / "data"
    lines.mkdir()
    parts.write_part(lines)
    done = rasa_env.run(
        "exec", "train", "nlu", "--config", str(config), "--nlu", str(lines), "--out", str(rasa_env.home / "models"),
        "--fixed-model-name", "part",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert digest(config) == was, "Rasa wrote into the configuration"
    settings = read().model_copy(update={"var": rasa_env.home / "var", "nlu": Nlu(data=lines)})
    return Taught(lines, rasa_env.home / "models/part.tar.gz", settings)


@pytest.fixture(scope="module")
def server(rasa_env: RasaEnv, taught: Taught) -> Iterator[Started]:
    words = ("exec", "run", "--enable-api", "--interface", "127.0.0.1", "--auth-token", "t0ken")
    with rasa_env.start(*words, "--model", str(taught.model), ready="/status?token=t0ken") as started:
        parsed(
            started, "안녕하세요"
        )  # TensorFlow builds its graph on the first text, which may take longer than the bound
        yield started


@pytest.fixture(scope="module")
async def light(taught: Taught, database_url: str) -> LightEngine:
    """Ours, trained on the same part."""
    await prepare(taught.settings, database_url, MORNING, lambda line: None)
    return load(model_folder(taught.settings), ())


@asynccontextmanager
async def reading(server: Started, light: LightEngine) -> AsyncIterator[rasa.RasaReader]:
    settings = rasa.Settings(url=server.url, token="t0ken", timeout_s=3)
    reader = rasa.build(settings, light, frozenset(light.manifest.labels))
    try:
        yield reader
    finally:
        await reader.aclose()


def parsed(server: Started, text: str) -> dict[str, Any]:
    answer = httpx.post(
        f"{server.url}/model/parse", params={"token": "t0ken"}, json={"text": text}, timeout=30, trust_env=False
    )
    said: dict[str, Any] = answer.raise_for_status().json()
    return said


def test_our_components_hold_inside_rasas_own_environment(rasa_env: RasaEnv) -> None:
    done = rasa_env.run("python", "-m", "unittest", "discover", "-s", str(ROOT / "deploy/rasa/tests"))
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Ran 8 tests" in done.stderr


def test_config_yml_as_it_stands_is_a_sound_pipeline_and_stays_as_it_is(rasa_env: RasaEnv) -> None:
    """Rasa's own validation of the graph, on the unchanged file and all our lines; 2 % of entities may stand astray."""
    was = digest(CONFIG)
    done = rasa_env.run("check")
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout)
    assert digest(CONFIG) == was
    assert found["config_unchanged"]
    assert found["components"][0] == "sinmungo_rasa.KoreanTokenizer"
    assert found["entities"] > 1000
    assert len(found["misaligned"]) < 0.025 * found["entities"]


def test_hangul_is_cut_and_entities_end_before_their_particles(server: Started) -> None:
    said = parsed(server, "😀 주차장 parking 자리")
    text = said["text"]
    assert [text[start:end] for start, end in said["text_tokens"]] == ["😀", "주차장", "parking", "자리"]
    gold = hits = 0
    for example in parts.asked()[::5]:
        said = parsed(server, example.text)
        edges = {edge for token in said["text_tokens"] for edge in token}
        gold += len(example.entities)
        hits += sum(span.start in edges and span.end in edges for span in example.entities)
    assert gold > 40
    assert hits > 0.95 * gold


async def test_ours_is_ahead_on_the_same_lines(server: Started, light: LightEngine) -> None:
    """Best in-scope intent of each on the same lines, after the same lessons (ADR 0010 has the figures)."""
    lines = [example for example in parts.asked() if example.intent != OUT_OF_SCOPE]
    theirs = ours = 0
    for example in lines:
        scored = [one for one in parsed(server, example.text)["intent_ranking"] if one["name"] != OUT_OF_SCOPE]
        best = max((one for one in scored if one["name"] != "nlu_fallback"), key=lambda one: float(one["confidence"]))
        theirs += best["name"] == example.intent
        ours += light.understand(example.text, now_iso=NOW).intent == example.intent
    print(f"of {len(lines)} lines, light {ours}, Rasa {theirs}")  # noqa: T201 - shown by -rP
    assert len(lines) > 300
    assert ours > theirs
    assert theirs > 0.35 * len(lines), "Rasa has learnt, or the comparison means nothing"


ODD = (
    *("😀 장기동에 가로등이 꺼졌어요", "가로등\u0000이 꺼졌어요", "\u202e가로등이\u200b 꺼졌어요", "𠮷野家 앞 가로등"),
    *("/talk_to_human", "\ufeff가로등", "ㄱㅏㄹㅗㄷㅡㅇ 꺼짐", "가로등 \ud800 꺼짐", "line\r\nbreak\ttab 가로등"),
    *(
        "\x1c\x1d 가로등 \x85",
        "가로등 " * 400,
        "밤" * 5000,
        "\\u0041 \\n \"가로등\" {'x': 1} <b>",
        "\u2028가로등\u3000 ",
    ),
    *('[가로등](place) {"a": 1}', "\u1100\u1161로등"),
)


async def test_no_odd_sign_makes_rasas_answer_unusable(server: Started, light: LightEngine) -> None:
    """Otherwise a few odd messages would shut Rasa out for everybody."""
    async with reading(server, light) as reader:
        for text in ODD:
            seen: Understanding = await reader.hear(NOW)(text)
            assert seen.text == light.understand(text, now_iso=NOW).text
            assert all(seen.text[one.start : one.end] == one.text for one in seen.entities)
            assert reader.health()["fell_back"] == 0, (text, reader.health())
        assert reader.health()["answered"] == len(ODD)


async def test_a_slash_calls_no_intent(server: Started, light: LightEngine) -> None:
    assert parsed(server, "/parking_find")["intent"] == {"name": "parking_find", "confidence": 1.0}
    async with reading(server, light) as reader:
        assert (await reader.hear(NOW)("/parking_find")).confidence < 1.0


async def test_the_doctor_knows_it(server: Started) -> None:
    assert "Rasa 3.6.21" in await rasa.probe(rasa.Settings(url=server.url, token="t0ken"))


async def test_the_bot_answers_through_it_and_without_it(
    server: Started, taught: Taught, light: LightEngine, database_url: str
) -> None:
    """The last of this file: it ends the server in the middle of the talk."""
    nlu = Nlu(engine="rasa", data=taught.lines, rasa={"url": server.url, "token": "t0ken", "timeout_s": 3.0})
    settings = taught.settings.model_copy(update={"nlu": nlu})
    async with open_city(settings, database_url, taught.settings.var) as city:
        citizen = city.citizen()
        assert await citizen.say("구래역 근처 주차장 어디예요?")
        health = (await city.house.ready())["rasa"]
        assert (health["state"], health["answered"], health["fell_back"]) == ("ok", 1, 0)
        server.stop()
        shown = await citizen.say("장기동 근처 주차장 어디예요?")
        assert "주차" in shown[-1].text
        health = (await city.house.ready())["rasa"]
        assert (health["state"], health["answered"], health["last_failure"]) == ("falling_back", 1, "away")
