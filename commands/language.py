"""The language engine at the command line: train, measure, and say how the pipeline was read."""

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import orjson
from rich.table import Table

from commands.house import console, make_ready, running_store
from core.db import Database
from core.errors import BadInput
from core.settings import pipeline_of, read

if TYPE_CHECKING:
    from core.contracts.understanding import NamedPlace
    from nlu.engine import LightEngine
    from nlu.evaluation import Report
    from nlu.model import Manifest
    from nlu.recipe import Note

CONFIG = "config.yml"
_VERDICTS = {"run": "그대로", "replaced": "대신", "not_run": "쓰지 않음"}


def train() -> None:
    """Train the city's own model; a server that runs takes it in by itself."""
    from bot.prepare import model_folder

    settings = read()
    _train(settings.path(settings.nlu.data), model_folder(settings), settings.pipeline)


def train_foreign(data: Path, out: Path) -> None:
    """Train on any Rasa-format data set; a config.yml beside or above the data gives the pipeline."""
    if not data.exists():
        raise BadInput(f"파일이나 폴더가 없습니다: {data}", f"No such file or folder: {data}")
    inside = data if data.is_dir() else data.parent
    config = next((folder / CONFIG for folder in (inside, inside.parent) if (folder / CONFIG).is_file()), None)
    _train(data, out, pipeline_of(config) if config else [])


def _train(data: Path, out: Path, pipeline: list[dict[str, object]]) -> None:
    from nlu.recipe import read_pipeline
    from nlu.training import train as run

    recipe, notes = read_pipeline(pipeline)
    _tell(notes)
    began = perf_counter()
    with console.status("언어 모델을 학습합니다…"):
        manifest = run(data, out, recipe)
    _summary(manifest, perf_counter() - began)


def _tell(notes: "tuple[Note, ...]") -> None:
    """How each component of the pipeline is read; nothing is passed over in silence."""
    if not notes:
        return
    table = Table("구성 요소 (component)", "이 엔진에서 (here)", "", title="pipeline")
    for note in notes:
        table.add_row(note.component, _VERDICTS[note.verdict], f"{note.korean} ({note.english})")
    console.print(table)


def _summary(manifest: "Manifest", seconds: float) -> None:
    figures = manifest.figures
    console.print(
        f"학습을 마쳤습니다: 예문 {figures['lines']:.0f}개, 의도 {len(manifest.labels)}가지, {seconds:.1f}초, "
        f"모델 {manifest.model_hash[:12]}",
        highlight=False,
    )


def test(file: Path, *, as_json: bool, model: Path | None) -> None:
    """Measure the city's model, or one of `nlu train`, on labelled lines."""
    from nlu.datasets import read_examples
    from nlu.engine import load
    from nlu.evaluation import evaluate

    examples = read_examples(file)
    if not examples:
        raise BadInput(f"잴 문장이 없습니다: {file}", f"No lines to measure in {file}")
    engine = load(model, ()) if model else _city_engine()
    with console.status(f"{len(examples)}문장을 읽습니다…"):
        report = evaluate(engine, examples)
    if as_json:
        sys.stdout.write(orjson.dumps(_plain(report)).decode() + "\n")
    else:
        console.print(_table(file.name, report))


def _city_engine() -> "LightEngine":
    from bot.prepare import model_folder
    from civic.city.service import open_book
    from nlu.engine import load

    with running_store() as (settings, url):

        async def places() -> "tuple[NamedPlace, ...]":
            await make_ready(settings, url)
            db = Database(url, pool_size=1)
            try:
                async with db.transaction() as tx:
                    return tuple((await open_book(tx, settings.city.id)).named_places())
            finally:
                await db.close()

        return load(model_folder(settings), asyncio.run(places()), case_prefix=settings.city.receipt_prefix)


def _plain(report: "Report") -> dict[str, object]:
    said = asdict(report)
    said["confusions"] = [{"intent": gold, "heard": heard, "lines": n} for gold, heard, n in report.confusions]
    return said


_ROWS = {
    "lines": "문장",
    "accuracy": "정확도 (거절 포함)",
    "accuracy_in_scope": "정확도 (우리 일)",
    "macro_f1": "macro F1",
    "oos_auroc": "남의 일 AUROC",
    "oos_recall": "남의 일을 알아본 비율 (잘못 거절 5 %)",
    "acted": "되묻지 않고 답한 비율",
    "acted_right": "그 가운데 맞은 비율",
    "entity_f1": "개체 F1",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "lines_per_s": "문장/초",
    "memory_mb": "메모리 MB",
}


def _table(name: str, report: "Report") -> Table:
    table = Table("항목", "값", title=name)
    said = asdict(report)
    for key, label in _ROWS.items():
        value = said[key]
        table.add_row(label, f"{value:.4f}" if isinstance(value, float) else str(value))
    for title, shares in (("개체", report.entity_f1_by_type), ("말투", report.accuracy_by_style)):
        for kind, share in shares.items():
            table.add_row(f"{title}: {kind}", f"{share:.4f}")
    for gold, heard, lines in report.confusions[:10]:
        table.add_row(f"혼동: {gold} → {heard}", str(lines))
    return table
