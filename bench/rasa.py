"""A real Rasa 3.6 (deploy/rasa) trained by config.yml on a folder and measured on a file, as `nlu test` measures ours.

`python -m bench.rasa --data DIR --test FILE --json OUT [--reuse]`. Models lie in var/rasa/bench by what they were made
of; `--reuse` takes one that is there. Training is 100 epochs, most of an hour on two cores.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import httpx
import numpy as np
from psutil import Process

from bench import rasa_data
from core.contracts.understanding import Entity, IntentScore, Understanding
from core.loading import ROOT
from nlu.datasets import read_examples, read_training
from nlu.evaluation import evaluate
from nlu.markup import Example
from nlu.model import OUT_OF_SCOPE
from tests.ports import free_port

SCRIPT = ROOT / "deploy/rasa/rasa"
STORE = ROOT / "var/rasa/bench"
FALLBACK = "nlu_fallback"
START_S = 300


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.rasa", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder or file of training lines")
    parser.add_argument("--test", type=Path, required=True, help="labelled lines, JSONL or Rasa YAML")
    parser.add_argument("--json", type=Path, required=True, help="where the figures go")
    parser.add_argument("--config", type=Path, default=ROOT / "config.yml")
    parser.add_argument("--reuse", action="store_true", help="take a model of the same data if there is one")
    asked = parser.parse_args()
    folder = trained(asked.data, asked.config, is_reused=asked.reuse)
    asked.json.write_text(json.dumps(measured(folder, asked.test), ensure_ascii=False, indent=1), "utf-8")


def trained(data: Path, config: Path, *, is_reused: bool) -> Path:
    """The folder of a trained model: model.tar.gz, training.json {training_s, lines}. Raises CalledProcessError."""
    ran("setup")
    folder = STORE / _made_of(data, config)
    folder.mkdir(parents=True, exist_ok=True)
    if is_reused and (folder / "training.json").exists():
        return folder
    lines = read_training(data)
    rasa_data.write(lines, folder / "nlu.yml")
    began = perf_counter()
    ran(
        "exec", "train", "nlu", "--config", str(config.resolve()), "--nlu", str(folder / "nlu.yml"),
        "--out", str(folder), "--fixed-model-name", "model", log=folder / "train.log",
    )  # fmt: skip
    told = {"training_s": perf_counter() - began, "lines": len(lines.examples)}
    (folder / "training.json").write_text(json.dumps(told), "utf-8")
    return folder


def measured(folder: Path, test: Path) -> dict[str, Any]:
    """The report of `nlu test`, with cold start, memory, training time and the same lines over HTTP.

    `accuracy` is the argmax over all intents; the scope score is the best in-scope confidence; entities are all that
    the pipeline finds. Milliseconds and memory are of `agent.parse_message` in Rasa's own process.
    """
    examples = read_examples(test)
    file, out = folder / "asked.jsonl", folder / "said.json"
    file.write_text("".join(json.dumps({"text": one.text}) + "\n" for one in examples), "utf-8")
    ran(
        "python", "-m", "sinmungo_rasa.measure", str(folder / "model.tar.gz"), str(file), str(out), log=folder / "m.log"
    )
    said = json.loads(out.read_text("utf-8"))
    report = asdict(evaluate(Recorded(examples, said["lines"]), examples))
    for key in ("confusions", "acted", "acted_right"):  # acting needs limits, which are the client's
        report.pop(key)
    times = [line["ms"] for line in said["lines"]]
    over_http, server_mb = _over_http(folder, [one.text for one in examples])
    return report | {
        "p50_ms": float(np.percentile(times, 50)),
        "p99_ms": float(np.percentile(times, 99)),
        "lines_per_s": 1000 * len(times) / sum(times),
        "memory_mb": said["rss_mb"],
        "cold_start_s": said["start_s"],
        "http_p50_ms": float(np.percentile(over_http, 50)),
        "http_p99_ms": float(np.percentile(over_http, 99)),
        "http_memory_mb": server_mb,
        "training_s": json.loads((folder / "training.json").read_text("utf-8"))["training_s"],
        "model_mb": (folder / "model.tar.gz").stat().st_size / 2**20,
    }


class Recorded:
    """What Rasa said of each line, as an engine: `evaluate` counts it as it counts ours."""

    def __init__(self, examples: Sequence[Example], lines: Sequence[Mapping[str, Any]]) -> None:
        self._said = {example.text: line for example, line in zip(examples, lines, strict=True)}

    def understand(self, text: str, *, now_iso: str) -> Understanding:
        scores = self._scores(text)
        is_outside = max(scores, key=lambda name: scores[name]) == OUT_OF_SCOPE
        inside = [IntentScore(name, share) for name, share in scores.items() if name != OUT_OF_SCOPE]
        ranking = tuple(sorted(inside, key=lambda one: -one.confidence))
        found = {(one["start"], one["end"], one["entity"]): one for one in self._said[text]["entities"]}
        entities = tuple(
            Entity(kind, start, end, text[start:end], str(one["value"])) for (start, end, kind), one in found.items()
        )
        return Understanding(text, "ko", "refuse" if is_outside else "act", ranking, entities)

    def scope(self, text: str, *, now_iso: str) -> float:
        return max((share for name, share in self._scores(text).items() if name != OUT_OF_SCOPE), default=0.0)

    def _scores(self, text: str) -> dict[str, float]:
        line = self._said[text]
        scored = {one["name"]: float(one["confidence"]) for one in [line["intent"], *line["intent_ranking"]]}
        return {name: share for name, share in scored.items() if name not in (FALLBACK, None)}


def _over_http(folder: Path, texts: Sequence[str]) -> tuple[list[float], float]:
    """Milliseconds of each text by POST /model/parse, and the server's memory afterwards."""
    times = []
    with (
        serving(folder / "model.tar.gz", folder / "serve.log") as (process, url),
        httpx.Client(trust_env=False) as client,
    ):
        for text in [*texts[:5], *texts]:
            began = perf_counter()
            client.post(f"{url}/model/parse", json={"text": text}, timeout=60).raise_for_status()
            times.append((perf_counter() - began) * 1000)
        memory = Process(process.pid).memory_info().rss / 2**20
    return times[5:], memory


@contextmanager
def serving(model: Path, log: Path) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """`rasa run --enable-api` on a free loopback port, up; ended by its id. Raises RuntimeError with what it said."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    words = ("exec", "run", "--enable-api", "--interface", "127.0.0.1", "--port", str(port), "--model", str(model))
    with log.open("wb") as told:
        process = subprocess.Popen([SCRIPT, *words], stdout=told, stderr=subprocess.STDOUT)
    try:
        until = perf_counter() + START_S
        while not _is_up(url):
            if process.poll() is not None or perf_counter() > until:
                raise RuntimeError(f"Rasa did not come up:\n{log.read_text('utf-8', errors='replace')[-2000:]}")
            sleep(0.5)
        yield process, url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/status", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def ran(*words: str, log: Path | None = None) -> None:
    """One command of deploy/rasa/rasa. Raises CalledProcessError; what it said stands in `log`."""
    if log is None:
        subprocess.run([SCRIPT, *words], check=True, stdout=sys.stderr)
        return
    with log.open("wb") as told:
        subprocess.run([SCRIPT, *words], check=True, stdout=told, stderr=subprocess.STDOUT)


def _made_of(data: Path, config: Path) -> str:
    """What decides a model: the lines, Rasa's part of the configuration, our components, the environment's lock."""
    own = [*sorted((ROOT / "deploy/rasa/sinmungo_rasa").glob("*.py")), ROOT / "deploy/rasa/requirements.lock"]
    lines = [path for path in sorted(data.rglob("*")) if path.is_file()] if data.is_dir() else [data]
    raw = config.read_text("utf-8")
    digest = sha256(raw[raw.index("\npipeline:") :].encode())
    for path in [*lines, *own]:
        digest.update(os.fsencode(path.name) + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    main()
