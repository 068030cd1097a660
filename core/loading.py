"""Finds the house's rooms by name: channels, services and nouns are folders and files, never a list kept by hand."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent


def folders(parent: str, module: str) -> list[ModuleType]:
    """`<parent>.<folder>.<module>` for each folder below `parent` that has that file, in name order."""
    found = sorted((ROOT / parent).glob(f"*/{module}.py"))
    return [import_module(f"{parent}.{path.parent.name}.{module}") for path in found]


def files(parent: str) -> list[str]:
    """Names of the Python files directly below `parent` (dotted), in name order."""
    found = sorted((ROOT / parent.replace(".", "/")).glob("*.py"))
    return [path.stem for path in found if not path.stem.startswith("_")]


def packages(parent: str) -> list[str]:
    """Names of the folders directly below `parent` that hold Python files, in name order."""
    return sorted({path.parent.name for path in (ROOT / parent).glob("*/*.py")})


def file(parent: str, name: str) -> ModuleType:
    """The module `<parent>.<name>`. Raises KeyError when there is no such file."""
    if name not in files(parent):
        raise KeyError(name)
    return import_module(f"{parent}.{name}")


def load_tables() -> None:
    """Import every noun's tables, those of its sub-rooms and the ground's own, so that `core.db.metadata` is whole."""
    import_module("core.vault")
    folders("civic", "tables")
    for path in sorted((ROOT / "civic").glob("*/*/tables.py")):
        import_module(f"civic.{path.parent.parent.name}.{path.parent.name}.tables")
