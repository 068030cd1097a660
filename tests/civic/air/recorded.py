"""Recorded hours that somebody may keep beside the checkout; where they are not, the extra pass has nothing to do."""

import os
from pathlib import Path

from core.loading import ROOT

FOLDER = Path(os.environ.get("AIR_RECORDINGS", ROOT.parent / "shared/data/air"))


def paths(*names: str) -> list[Path]:
    """Those of the named recordings that are there."""
    return [FOLDER / name for name in names if (FOLDER / name).is_file()]
