"""`make bench-nlu`: our engine beside a real Rasa 3.6 in one run on one split, and both beside public sets.

`--no-rasa` leaves Rasa out (its training takes most of an hour); `--sets DIR` says where the public sets lie.
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
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.public_sets import SETS, cut
from bot.prepare import model_folder, prepare
from civic.city.service import open_book
from core import store
from core.contracts.understanding import NamedPlace
from core.db import Database
from core.loading import ROOT
from core.settings import Settings, read
from nlu.recipe import read_pipeline
from nlu.training import train

SPLIT = ROOT / "tests/nlu/split.jsonl"
ROW = "{:<44}{:>16}{:>16}{:>14}"
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
)
BETTER_WHEN_LESS = {"p50_ms", "p99_ms", "memory_mb", "cold_start_s", "training_s"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-nlu", description=__doc__)
    parser.add_argument("--no-rasa", action="store_true")
    parser.add_argument("--no-sets", action="store_true")
    parser.add_argument("--sets", type=Path, default=ROOT.parent / "shared/data/nlu")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; read ratios first\n")
    with tempfile.TemporaryDirectory(prefix="sinmungo-bench-nlu-") as folder:
        ours = _ours(Path(folder))
        rasa = None if asked.no_rasa else _rasa(Path(folder))
        _print_sides(ours, rasa)
        if not asked.no_sets:
            _print_sets(asked.sets, Path(folder))


def _ours(folder: Path) -> dict[str, Any]:
    settings = read().model_copy(update={"var": folder / "var"})
    recipe, _ = read_pipeline(settings.pipeline)
    began = perf_counter()
    train(settings.path(settings.nlu.data), model_folder(settings), recipe)
    seconds = perf_counter() - began
    with store.embedded(folder / "pg") as url:
        named = asyncio.run(_places(settings, url))
    file = folder / "places.json"
    file.write_text(json.dumps([[one.name, one.kind, one.lat, one.lon, one.aliases] for one in named]), "utf-8")
    return _probe(model_folder(settings), SPLIT, file) | {"training_s": seconds}


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


def _rasa(folder: Path) -> dict[str, Any]:
    out = folder / "rasa.json"
    data = read().path(read().nlu.data)
    command = [sys.executable, "-m", "bench.rasa", "--data", str(data), "--test", str(SPLIT), "--json", str(out)]
    subprocess.run([*command, "--reuse"], cwd=ROOT, check=True)
    said: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return said


def _print_sides(ours: Mapping[str, Any], rasa: Mapping[str, Any] | None) -> None:
    print(f"\nThe city's own split: {SPLIT.relative_to(ROOT)}, {ours['lines']} lines")
    print(ROW.format("", "Sinmungo", "Rasa 3.6.21", "ours / Rasa" if rasa else ""))
    for label, key, shape in FIGURES:
        theirs = rasa.get(key) if rasa else None
        ratio = f"{ours[key] / theirs:.3f}" if theirs else ""
        print(ROW.format(label, shape.format(ours[key]), shape.format(theirs) if theirs else "", ratio))
    for kind, share in ours["entity_f1_by_type"].items():
        print(ROW.format(f"  entity F1, {kind}", f"{share:.3f}", "", ""))
    for style, share in ours["accuracy_by_style"].items():
        print(ROW.format(f"  accuracy, {style}", f"{share:.3f}", "", ""))


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
