"""A folder that two parties exchange files over: written whole or not at all, read in the order of their numbers."""

import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from integrations.banks._records import Form, Name, Refused, Type

MadeFile = Callable[[Name], bytes]


def put(folder: Path, name: Name, content: bytes) -> bool:
    """Whether this file is new. It appears under its name whole and on the disk, and never replaces another."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{name}.{os.getpid()}.part"
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, folder / str(name))
    except FileExistsError:
        return False
    finally:
        part.unlink()
    _sync(folder)
    return True


def add(folder: Path, day_folder: Path, kind: Type, bank: str, day: date, form: Form, content: MadeFile) -> Name:
    """Put a file under the next number of its type and bank, whichever process is quicker."""
    number = max((one.number for _, one in found(folder, kind, bank)), default=0)
    while True:
        number += 1
        name = Name(kind, bank, day, number, form)
        if put(day_folder, name, content(name)):
            return name


def found(folder: Path, kind: Type, bank: str) -> Iterator[tuple[Path, Name]]:
    """Files of a type and bank in a folder and those below it, in the order of their numbers."""
    listed = [(path, Name.of(path.name)) for path in folder.rglob(f"{kind}-{bank}-*") if path.is_file()]
    named = [(path, name) for path, name in listed if name is not None]
    yield from sorted(named, key=lambda one: one[1].number)


def waiting(folder: Path, kind: Type, bank: str, after: int) -> tuple[Path, Name] | None:
    """The file that follows number `after`; what was taken before is put aside. Raises Refused, MissingNumber, the
    latter also where that file was refused and no right one came since.

    `after` was committed by whoever reads, so everything up to it may go to `taken/`. A file under a number that was
    taken is a repeat: the same bytes are dropped, others refused.
    """
    beyond: list[Path] = []
    for path in sorted(folder.glob(f"{kind}-{bank}-*")):
        name = Name.of(path.name)
        if name is None:
            refuse(path, ["파일 이름이 약속과 다릅니다."])
            raise Refused([f"{path.name}: 파일 이름이 약속과 다릅니다."])
        if name.number <= after:
            _put_aside(path, folder / "taken")
        elif name.number == after + 1:
            return path, name
        else:
            beyond.append(path)
    is_refused = any(name.number == after + 1 for name in _refused(folder, kind, bank))
    if beyond or is_refused:
        since = min((path.stat().st_mtime for path in beyond), default=None)
        raise MissingNumber(after + 1, since=since, is_refused=is_refused)
    return None


def _refused(folder: Path, kind: Type, bank: str) -> Iterator[Name]:
    for path in (folder / "refused").glob(f"{kind}-{bank}-*"):
        if name := Name.of(path.stem):
            yield name


class MissingNumber(Exception):
    """This number is not there. `since`: the first of the later files lies there from this moment (seconds of the
    epoch), None without any. `is_refused`: it came and could not be taken."""

    def __init__(self, number: int, *, since: float | None, is_refused: bool) -> None:
        super().__init__(str(number))
        self.number = number
        self.since = since
        self.is_refused = is_refused


def refuse(path: Path, reasons_ko: list[str]) -> None:
    """Put a file aside with its reasons, so that the sender may bring a right one under the same name."""
    folder = path.parent / "refused"
    folder.mkdir(exist_ok=True)
    turn = sum(1 for _ in folder.glob(f"{path.name}.*.txt")) + 1
    (folder / f"{path.name}.{turn}.txt").write_text("\n".join(reasons_ko) + "\n", encoding="utf-8")
    path.rename(folder / f"{path.name}.{turn}")
    _sync(folder)


def _put_aside(path: Path, taken: Path) -> None:
    taken.mkdir(exist_ok=True)
    kept = taken / path.name
    if not kept.exists():
        path.rename(kept)
    elif kept.read_bytes() == path.read_bytes():
        path.unlink()
    else:
        why = "이미 받은 번호로 내용이 다른 파일이 왔습니다."
        refuse(path, [why])
        raise Refused([f"{path.name}: {why}"])


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
