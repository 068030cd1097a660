"""The house's own files, as the tests of its habits walk them; what tools made (var, vendor, caches) is left out."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from core.loading import ROOT

CODE = (
    "actions",
    "api",
    "bench",
    "bot",
    "civic",
    "commands",
    "core",
    "integrations",
    "migrations",
    "nlu",
    "tests",
    "web",
)
"""The top-level names of ours; the Makefile's CODE is the same list (see test_names.py)."""
MADE = frozenset({"__pycache__", "node_modules", "vendor", "var"})
"""Folders that tools fill and git ignores."""


def files(*endings: str, below: tuple[str, ...] = CODE) -> list[Path]:
    """Files with one of the endings below the given folders, in order, relative to the checkout."""
    return sorted(path for folder in below for path in _walk(ROOT / folder) if path.suffix in endings)


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            if path.name not in MADE and not path.name.startswith("."):
                yield from _walk(path)
        elif path.is_file():
            yield path.relative_to(ROOT)


def text(path: Path) -> str:
    return (ROOT / path).read_text("utf-8")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(text(path), str(path))


def lines(path: Path) -> int:
    return len(text(path).splitlines())
