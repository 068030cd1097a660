"""The language model of the demo city, trained once a run: it is the slow part, and every test may share the result."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from core.loading import ROOT
from core.settings import read
from nlu.recipe import read_pipeline
from nlu.training import needs_training, train


@functools.cache
def trained() -> Path:
    """Its folder, to be read or copied; the checkout's own model is taken where it is up to date."""
    settings, own = read(ROOT / "config.yml"), ROOT / "var" / "nlu"
    data, (recipe, _) = settings.path(settings.nlu.data), read_pipeline(settings.pipeline)
    if own.exists() and not needs_training(data, own, recipe):
        return own
    folder = Path(tempfile.mkdtemp(prefix="sinmungo-model-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    train(data, folder, recipe)
    return folder
