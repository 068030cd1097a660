"""Sizes of the house: files that fit a reader's head, functions that fit a screen, decisions that fit a page."""

import ast
from pathlib import Path

from core.loading import ROOT
from tests.architecture import tree

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_DECISION = 60
RECORDS = ("migrations/versions/",)
"""A migration is a record of what was done to the schema, one table after another; nobody edits it afterwards."""
SAYINGS = ("nlu/data/", "tests/dialogs/", "tests/nlu/", "demo/")
"""What people say, line by line: longer is better."""


def _is_exempt(path: Path, folders: tuple[str, ...]) -> bool:
    return str(path).startswith(folders)


def test_no_file_is_longer_than_400_lines() -> None:
    found = tree.files(".py", ".js", ".css", ".html", ".yml", ".sh")
    long = {str(path): tree.lines(path) for path in found if not _is_exempt(path, RECORDS + SAYINGS)}
    assert {path: count for path, count in long.items() if count > MOST_LINES} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    """Functions inside a function are counted by themselves, not with it: a router is a list of small ones."""
    long = {}
    for path in tree.files(".py"):
        if _is_exempt(path, RECORDS):
            continue
        for function in ast.walk(tree.parsed(path)):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                count = _own_lines(function)
                if count > MOST_LINES_OF_A_FUNCTION:
                    long[f"{path}:{function.name}"] = count
    assert long == {}


def _own_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    inner = [
        one
        for one in ast.walk(function)
        if one is not function and isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    taken = {line for one in inner for line in range(one.lineno, (one.end_lineno or one.lineno) + 1)}
    return len(set(range(function.lineno, (function.end_lineno or function.lineno) + 1)) - taken)


def test_no_decision_is_longer_than_60_lines() -> None:
    found = sorted((ROOT / "docs/adr").glob("*.md"))
    assert found
    assert [path.name for path in found if tree.lines(path) > MOST_LINES_OF_A_DECISION] == []


def test_decisions_are_numbered_without_holes_and_without_twins() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
