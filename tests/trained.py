"""The language model of the demo city, trained once: it is the slow part, and every test may share the result.

`make test` runs it before the tests (`python -m tests.trained`), so that several processes of a run find it made.
"""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from core.loading import ROOT
from core.settings import read
from nlu.recipe import Recipe, read_pipeline
from nlu.training import needs_training, train

_OWN = ROOT / "var" / "nlu"


@functools.cache
def trained() -> Path:
    """Its folder, to be read or copied; the checkout's own model is taken where it is up to date."""
    data, recipe = _wanted()
    if _OWN.exists() and not needs_training(data, _OWN, recipe):
        return _OWN
    folder = Path(tempfile.mkdtemp(prefix="sinmungo-model-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    train(data, folder, recipe)
    return folder


def make_own() -> None:
    """Train the checkout's own model where it is missing or old."""
    data, recipe = _wanted()
    if not _OWN.exists() or needs_training(data, _OWN, recipe):
        train(data, _OWN, recipe)


def _wanted() -> tuple[Path, Recipe]:
    settings = read(ROOT / "config.yml")
    return settings.path(settings.nlu.data), read_pipeline(settings.pipeline)[0]


if __name__ == "__main__":
    make_own()
