"""What must be true before the first message: the schema, the city's own data, a trained language model."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from bot.air.practising import refuse_mixture
from bot.arrears.opening import refuse_mixed_banks
from civic.city.service import load
from civic.parking.importing import import_lots
from civic.people.service import seal_plain
from civic.routing.load import load_rules
from core import loading, rotation, secret, store
from core.db import Database
from core.settings import Settings
from core.vault import data_keys, old_secrets, open_vault
from nlu.errors import TrainingDataError
from nlu.model import is_whole
from nlu.recipe import read_pipeline
from nlu.training import needs_training, train

Told = Callable[[str], None]
LOTS_FILE = "parking_lots.csv"


def model_folder(settings: Settings) -> Path:
    return settings.path(settings.var) / "nlu"


async def prepare(settings: Settings, url: str, now: datetime, tell: Told) -> None:
    """Bring everything up to date; what is up to date already costs a few milliseconds. `tell` gets Korean lines.

    Raises ConfigError or TrainingDataError naming file and line.
    """
    store.migrate(url)
    db = Database(url, pool_size=2, days_off=settings.city.days_off)
    try:
        await refuse_mixture(settings, db)
        await refuse_mixed_banks(settings, db)
        await _seal(db, settings, now, tell)
        folder = settings.path(settings.city.data)
        async with db.transaction() as tx:
            report = await load(tx, settings.city.id, folder, now)
            if report.is_changed:
                tell(f"{settings.city.name.ko} 자료를 읽었습니다: {_counted(report.rows)}")
                if (folder / LOTS_FILE).exists():
                    source = loading.file("integrations.parking", "compact")
                    parsed = source.read(folder / LOTS_FILE)
                    await import_lots(tx, settings.city.id, source.SOURCE, parsed.records, parsed.report, now)
                    tell(f"공영주차장 {len(parsed.records)}곳을 넣었습니다.")
            if (count := await load_rules(tx, settings.city.id, folder, now)) is not None:
                tell(f"배정 규칙 {count}가지를 읽었습니다.")
    finally:
        await db.close()
    _train(settings, tell)


async def _seal(db: Database, settings: Settings, now: datetime, tell: Told) -> None:
    """Open the vault; the first time, seal what was stored before there was one. Raises KeyLost.

    Broken off, the names and numbers are gone on with here, the words of conversations by the nightly round.
    """
    var = settings.path(settings.var)
    async with db.transaction() as tx:
        is_first = await tx.scalar(select(func.count()).select_from(data_keys)) == 0
    vault = await open_vault(db, secret.load(var), now, old_secrets())
    people, more = 0, 1
    while more:
        async with db.transaction() as tx:
            more = await seal_plain(tx, vault)
            people += more
    words = await rotation.reseal(db, vault) if is_first else 0
    if people or words:
        tell(f"개인정보를 봉인했습니다: 시민 {people}명, 대화와 글 {words}건")


def _train(settings: Settings, tell: Told) -> None:
    """A model for today's data and pipeline. What is wrong with them is told; a model that runs already goes on."""
    data, model = settings.path(settings.nlu.data), model_folder(settings)
    recipe, _ = read_pipeline(settings.pipeline)
    try:
        if not needs_training(data, model, recipe):
            return
        tell("한국어 이해 모델을 학습합니다. 처음 한 번, 1분쯤 걸립니다.")
        manifest = train(data, model, recipe)
    except TrainingDataError as problem:
        if not is_whole(model):
            raise
        tell(f"{problem.reason_ko} ({problem.reason_en}): 고칠 때까지 지난 모델로 계속합니다.")
    else:
        tell(f"학습을 마쳤습니다: 의도 {len(manifest.labels)}가지")


def _counted(rows: dict[str, int]) -> str:
    names = {"areas": "읍면동·리", "departments": "부서", "places": "장소", "categories": "민원 분야"}
    return ", ".join(f"{names.get(name, name)} {count}" for name, count in rows.items())
