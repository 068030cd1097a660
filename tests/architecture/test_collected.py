"""Tests that the runner never collects prove nothing, and a schema with two heads starts nowhere."""

import ast
from pathlib import Path

from alembic.script import ScriptDirectory

from core import loading, store
from core.db import metadata
from core.loading import ROOT
from tests.architecture import tree


def test_every_test_file_is_below_the_folder_that_pytest_reads() -> None:
    outside = [path for path in tree.files(".py") if path.parts[0] != "tests" and _is_test_file(path)]
    assert outside == []
    assert list(ROOT.glob("test_*.py")) == []


def _is_test_file(path: Path) -> bool:
    return path.name.startswith("test_") or path.name.endswith("_test.py")


def test_every_test_is_in_a_file_whose_name_pytest_collects() -> None:
    lost = [
        f"{path}:{node.name}"
        for path in tree.files(".py", below=("tests",))
        if not path.name.startswith("test_")
        for node in tree.parsed(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    assert lost == []


def test_no_test_file_is_empty() -> None:
    def is_test(node: ast.AST) -> bool:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return node.name.startswith("test_")
        if isinstance(node, ast.ClassDef):
            return node.name.startswith("Test") or node.name.endswith("Machine")
        # TestX = SomeMachine.TestCase, hypothesis' way
        return isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id.startswith("Test") for t in node.targets
        )

    found = [path for path in tree.files(".py", below=("tests",)) if path.name.startswith("test_")]
    assert [str(path) for path in found if not any(map(is_test, tree.parsed(path).body))] == []


def test_no_two_tests_of_a_file_share_a_name() -> None:
    """The later one would replace the earlier one without a word."""
    twins = []
    for path in tree.files(".py", below=("tests",)):
        names = [
            node.name for node in tree.parsed(path).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        twins += [f"{path}:{name}" for name in sorted(set(names)) if name.startswith("test_") and names.count(name) > 1]
    assert twins == []


def test_the_schema_has_one_head() -> None:
    assert len(ScriptDirectory.from_config(store.alembic_config("")).get_heads()) == 1


def test_every_table_of_the_city_carries_its_city() -> None:
    """city_id is the key by which the store can be divided later; rows that hang on another row inherit its city.

    The data keys are the installation's, as its secret is; so are the store of files (bytes under their sum) and the
    number that tells a process that lots have changed.
    """
    loading.load_tables()
    inherits = {
        "staff_sessions", "subscriptions_sent", "data_keys", "orphaned_files", "parking_versions", "parking_touched",
        "air_days", "air_versions", "air_indices", "air_raw", "air_running", "air_current",
        "air_watch_hours", "air_wishes", "air_told",
        "arrears_letter_bills",
        "arrears_import_pieces", "arrears_import_rejects",
        "arrears_plan_parts",
    }  # fmt: skip
    assert {table.name for table in metadata.sorted_tables if "city_id" not in table.c} - inherits == set()
