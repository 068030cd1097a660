"""Commands run as an operator runs them: real processes, a throw-away folder, the embedded PostgreSQL."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from core.loading import ROOT
from tests.crash.processes import environment, write_config

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("office")


@pytest.fixture(scope="module")
def run(folder: Path, database_url: str) -> Run:
    """`run("doctor")`: the finished process. `config` names another configuration file."""
    own = write_config(folder)

    def runs(*words: str, config: Path = own, **env: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "commands", *words],
            cwd=ROOT,
            env=environment(config, database_url) | env,
            capture_output=True,
            text=True,
            timeout=200,
        )

    return runs


@pytest.fixture
def office(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The city's own configuration and a store of the tests, for a command called within this process. Its file."""
    config = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
    config["var"] = str(tmp_path / "var")
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    monkeypatch.setenv("SINMUNGO_CONFIG", str(path))
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    return path
