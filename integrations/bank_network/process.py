"""Runs the network as a process of its own: a folder of its own, and nothing of the house's store."""

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from integrations.bank_network.app import Network
from integrations.bank_network.book import Book
from integrations.bank_network.exchange import FileDesk
from integrations.bank_network.faults import Faults
from integrations.banks._records import Form

FILE = "network.sqlite3"
LOOK_S = 1.0


def run(
    folder: Path, *, host: str, port: int, key: str, seed: int, faults: Faults, files: Path | None, form: Form
) -> None:
    """Serve until interrupted. `files`: a folder to exchange files over as well."""
    book = Book(folder / FILE, seed)
    desk = FileDesk(book, files, form) if files else None
    with contextlib.closing(book):
        asyncio.run(_run(book, host, port, key, faults, desk))


async def _run(book: Book, host: str, port: int, key: str, faults: Faults, desk: FileDesk | None) -> None:
    network = Network(book, key, faults, book.seed)
    config = uvicorn.Config(
        network.app(), host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=2
    )
    task = asyncio.create_task(_exchange(desk)) if desk else None
    await uvicorn.Server(config).serve()
    if task is not None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _exchange(desk: FileDesk) -> None:
    while True:
        await asyncio.to_thread(desk.go, datetime.now(UTC))
        await asyncio.sleep(LOOK_S)
