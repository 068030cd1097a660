"""One engine in a process of its own, as JSON: cold start, memory, and the report of `nlu test`.

`python -m bench.language_probe MODEL FILE [PLACES]`; PLACES is a JSON list of [name, kind, lat, lon, aliases].
"""

import json
import sys
from pathlib import Path
from time import perf_counter

BEGAN = perf_counter()


def main() -> None:
    from core.contracts.understanding import NamedPlace
    from nlu.engine import load

    model, file = Path(sys.argv[1]), Path(sys.argv[2])
    told = json.loads(Path(sys.argv[3]).read_text("utf-8")) if len(sys.argv) > 3 else []
    places = [NamedPlace(name, kind, lat, lon, tuple(aliases)) for name, kind, lat, lon, aliases in told]
    engine = load(model, places)
    engine.understand("안녕하세요", now_iso="2026-03-11T14:00:00+09:00")
    cold = perf_counter() - BEGAN
    # Memory of the engine alone: read before the measuring side brings its own libraries in.
    from psutil import Process

    memory = Process().memory_info().rss / 2**20

    from dataclasses import asdict

    from nlu.datasets import read_examples
    from nlu.evaluation import evaluate

    report = asdict(evaluate(engine, read_examples(file)))
    report.pop("confusions")
    report |= {"cold_start_s": cold, "memory_mb": memory}
    sys.stdout.write(json.dumps(report, ensure_ascii=False))


if __name__ == "__main__":
    main()
