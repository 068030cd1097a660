"""Names of the house: files that say what is in them, English identifiers, and no name that is somebody else's."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from core.loading import ROOT
from tests.architecture import tree

SAYS_NOTHING = re.compile(r"(?:^|_)(?:utils?|helpers?|common|managers?|base)(?:_|$)")


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    """utils, helpers, common, manager, base: whatever fits nowhere ends up there."""
    found = tree.files(".py", ".js", ".css", ".html", ".yml", ".sh")
    bad = [str(path) for path in found if any(SAYS_NOTHING.search(part) for part in (*path.parent.parts, path.stem))]
    assert bad == []


def test_every_module_says_why_it_exists() -> None:
    """Empty files that only make a folder a package need no reason."""
    silent = [
        str(path) for path in tree.files(".py") if tree.parsed(path).body and not ast.get_docstring(tree.parsed(path))
    ]
    assert silent == []


def test_module_docstrings_are_short() -> None:
    """One or two sentences say why the room exists; five lines are a page that belongs into docs/."""
    long = {
        str(path): len(told.splitlines())
        for path in tree.files(".py")
        if (told := ast.get_docstring(tree.parsed(path))) and len(told.splitlines()) > 8
    }
    assert long == {}


def test_identifiers_are_english() -> None:
    """Korean lives in texts, training lines, dialogues and templates. Keywords of a call may be a file's columns."""
    foreign = {
        f"{path}:{name}" for path in tree.files(".py") for name in _named(tree.parsed(path)) if not name.isascii()
    }
    assert foreign == set()


def _named(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.alias(asname=str(name)):
                yield name


def test_no_installed_distribution_claims_one_of_our_names() -> None:
    """The application is run from its checkout; a package `core` or `tests` from elsewhere would shadow it."""
    installed = packages_distributions()
    assert {name: installed[name] for name in tree.CODE if name in installed} == {}


def test_the_makefile_checks_every_folder_of_code() -> None:
    listed = re.search(r"^CODE := (.+)$", tree.text(Path("Makefile")), re.M)
    assert listed is not None
    assert sorted(listed[1].split()) == sorted(tree.CODE)
    has_code = {path.parent.name for path in ROOT.glob("*/*.py")} | {path.parts[0] for path in tree.files(".py")}
    assert {name for name in has_code if not name.startswith(".")} == set(tree.CODE)
