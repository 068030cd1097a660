"""Lock files hold versions and hashes and no address, so that any mirror serves and no machine of ours shows."""

import json
import re
from pathlib import Path
from typing import Any

from tests.architecture import tree

PYTHON = Path("requirements.lock")
NODE = Path("package-lock.json")
_REQUIREMENT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[\w,-]+\])?==[^ ;\\]+")


def test_every_python_requirement_has_a_version_and_a_hash() -> None:
    """One logical line a requirement: name, version, marker, hashes."""
    joined = re.sub(r"\\\n\s*", "", tree.text(PYTHON))
    entries = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(entries) > 30
    assert [line for line in entries if not _REQUIREMENT.match(line)] == []
    assert [line for line in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", line)] == []


def test_the_python_lock_names_no_index() -> None:
    text = tree.text(PYTHON)
    assert re.findall(r"\S*://\S*", text) == []
    assert re.findall(r"^\s*(?:-i|-f|--\w*index\w*|--find-links|--trusted-host)\b.*", text, re.M) == []


def test_the_python_lock_holds_what_pyproject_asks_for() -> None:
    project = tree.text(Path("pyproject.toml"))
    pinned = re.findall(r'^\s+"([A-Za-z0-9_.-]+)(?:\[[\w,]+\])?==([^";]+)', project, re.M)
    locked = {_plain(name): version for name, version in re.findall(r"^([\w.-]+)==([^ ;\\]+)", tree.text(PYTHON), re.M)}
    assert pinned
    assert {name: version for name, version in pinned if locked.get(_plain(name)) != version} == {}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_node_lock_has_hashes_and_no_address() -> None:
    packages: dict[str, dict[str, Any]] = json.loads(tree.text(NODE))["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []
    assert "://" not in re.sub(r'"(?:funding|url|license)":.*', "", tree.text(NODE))
