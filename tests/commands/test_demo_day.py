"""The drill is the acceptance test of the case desk: a whole bad day, by its own command, every promise held."""

import os
import subprocess
import sys

import pytest

from core.loading import ROOT


@pytest.mark.timeout(900)
def test_a_bad_day_keeps_every_promise() -> None:
    environment = {**os.environ, "COLUMNS": "160", "DATABASE_URL": ""}
    command = [sys.executable, "-m", "commands", "demo", "day"]
    played = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    broken = [line for line in played.stdout.splitlines() if "✗" in line]
    assert (played.returncode, broken) == (0, []), played.stdout[-3000:] + played.stderr[-3000:]
    assert played.stdout.count("✓") >= 20
