"""The embedded store ends with its last user, also when an earlier user was killed."""

import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from core import store
from core.loading import ROOT

USE = """
import sys, warnings
warnings.simplefilter("ignore")
from pathlib import Path
from core import store
with store.embedded(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def use(folder: Path) -> "subprocess.Popen[str]":
    """A process that has the store open until its input ends."""
    command = [sys.executable, "-c", USE, str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline().startswith("postgresql://")
    return process


def test_the_last_user_stops_it_although_another_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "pg"
    first = use(folder)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    assert (folder / "postmaster.pid").exists()
    second = use(folder)
    second.communicate("", timeout=30)
    first.communicate()
    assert second.returncode == 0
    assert not (folder / "postmaster.pid").exists()


@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR")
def test_a_new_store_has_its_settings_from_the_first_minute(tmp_path: Path) -> None:
    with store.embedded(tmp_path / "pg") as url, psycopg.connect(url) as connection:
        shown: dict[str, str] = dict(
            connection.execute("SELECT name, setting FROM pg_settings WHERE NOT pending_restart").fetchall()
        )
    assert int(shown["shared_buffers"]) * 8 >= 128 * 1024
    assert (shown["jit"], shown["TimeZone"]) == ("off", "UTC")
    assert (shown["fsync"], shown["synchronous_commit"], shown["full_page_writes"]) == ("on", "on", "on")
