"""Lock files hold versions and hashes and no address, so that any mirror serves and no machine of ours shows."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.architecture import tree

PYTHON = [
    Path("requirements.lock"),
    Path("requirements.options.lock"),
    Path("requirements.parkapi.lock"),
    Path("deploy/rasa/requirements.lock"),
]
NODE = Path("package-lock.json")
_REQUIREMENT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[\w,-]+\])?==[^ ;\\]+")


@pytest.mark.parametrize("lock", PYTHON, ids=str)
def test_every_python_requirement_has_a_version_and_a_hash(lock: Path) -> None:
    """One logical line a requirement: name, version, marker, hashes."""
    joined = re.sub(r"\\\n\s*", "", tree.text(lock))
    entries = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(entries) > 5
    assert [line for line in entries if not _REQUIREMENT.match(line)] == []
    assert [line for line in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", line)] == []


@pytest.mark.parametrize("lock", PYTHON, ids=str)
def test_a_python_lock_names_no_index(lock: Path) -> None:
    text = tree.text(lock)
    assert re.findall(r"\S*://\S*", text) == []
    assert re.findall(r"^\s*(?:-i|-f|--\w*index\w*|--find-links|--trusted-host)\b.*", text, re.M) == []


def test_the_python_locks_hold_what_pyproject_asks_for() -> None:
    project = tree.text(Path("pyproject.toml"))
    pinned = re.findall(r'^\s+"([A-Za-z0-9_.-]+)(?:\[[\w,]+\])?==([^";]+)', project, re.M)
    ours = "\n".join(map(tree.text, PYTHON[:2]))
    locked = {_plain(name): version for name, version in re.findall(r"^([\w.-]+)==([^ ;\\]+)", ours, re.M)}
    assert pinned
    assert {name: version for name, version in pinned if locked.get(_plain(name)) != version} == {}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_node_lock_has_hashes_and_no_address() -> None:
    packages: dict[str, dict[str, Any]] = json.loads(tree.text(NODE))["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []
    assert "://" not in re.sub(r'"(?:funding|url|license)":.*', "", tree.text(NODE))
