"""Made-up rows as the bytes of a file, for tests."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from civic.arrears.ledger.files import write_file


def file_of(kind: str, rows: Iterable[Any], ending: str = "csv") -> bytes:
    """With its row of totals."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"file.{ending}"
        write_file(path, kind, rows)
        return path.read_bytes()
