"""The design system's files: installed by the lock alone, copied sparingly, and missed without harm."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.loading import ROOT
from web import assets


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the lock file and, in place of npm, one that lays down what the packages ship."""
    (tmp_path / "package-lock.json").write_text("{}")
    vendor = tmp_path / "vendor"
    monkeypatch.setattr(assets, "ROOT", tmp_path)
    monkeypatch.setattr(assets, "VENDOR", vendor)
    monkeypatch.setattr(assets, "_STAMP", vendor / ".lock-digest")
    monkeypatch.setattr(assets, "_MODULES", tmp_path / "node_modules")
    assets.digest.cache_clear()
    return tmp_path


class Npm:
    """Stands where subprocess.run does; `code` is npm's exit."""

    def __init__(self, checkout: Path, code: int = 0) -> None:
        self.checkout, self.code, self.calls = checkout, code, 0

    def __call__(self, command: list[str], **values: Any) -> subprocess.CompletedProcess[str]:
        self.calls += 1
        assert "ci" in command and "--ignore-scripts" in command
        if self.code:
            return subprocess.CompletedProcess(command, self.code, "", "npm error network unreachable\n")
        for name in assets._COPIED:
            path = self.checkout / "node_modules" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"from npm")
        return subprocess.CompletedProcess(command, 0, "", "")


def test_it_installs_once_until_the_lock_changes(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = Npm(checkout)
    monkeypatch.setattr(subprocess, "run", npm)
    assert assets.digest() == ""
    assert assets.ensure_assets() and assets.ensure_assets()
    assert npm.calls == 1
    before = assets.digest()
    assert len(before) == 12
    assert {path.name for path in (checkout / "vendor" / "krds").iterdir()} == {
        "krds_tokens.css",
        "PretendardGOV-Regular.subset.woff2",
        "PretendardGOV-Medium.subset.woff2",
        "PretendardGOV-Bold.subset.woff2",
    }
    (checkout / "package-lock.json").write_text('{"changed": 1}')
    assert assets.ensure_assets()
    assert npm.calls == 2
    assert assets.digest() != before


def test_it_mends_a_folder_that_lost_a_file(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = Npm(checkout)
    monkeypatch.setattr(subprocess, "run", npm)
    assets.ensure_assets()
    (checkout / "vendor" / "krds" / "krds_tokens.css").unlink()
    assert assets.ensure_assets()
    assert npm.calls == 2


def test_it_says_what_is_missing_and_goes_on(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(subprocess, "run", Npm(checkout, code=1))
    assert not assets.ensure_assets()
    said = capsys.readouterr().err
    assert "network unreachable" in said
    assert "시스템 글꼴" in said and "system fonts" in said
    assert assets.digest() == ""


def test_it_finds_the_npm_of_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    command = assets.npm()
    assert command is not None
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip().split(".")[0].isdigit()


def test_the_lock_names_hashes_and_no_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert set(packages) >= {"node_modules/krds-uiux", "node_modules/axe-core", "node_modules/maplibre-gl"}
    for one in packages.values():
        assert one["integrity"].startswith("sha512-")
        assert "resolved" not in one


def test_the_counterparts_lock_names_hashes_and_no_address() -> None:
    lock = json.loads((ROOT / "tests/counterparts/package-lock.json").read_text("utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert len(packages) > 100
    assert [name for name, one in packages.items() if "resolved" in one] == []
    assert [name for name, one in packages.items() if not one["integrity"].startswith("sha512-")] == []
