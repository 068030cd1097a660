"""What every download has in common: a file of its own, its numbers in the access log, and the way it is handed out."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Caller, House
from civic.exports.service import MEDIA_TYPES, Format
from core.clock import SEOUL

NUMBERS_A_ROW = 200
CHUNK = 256 * 1024
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values()}}
}


@dataclass
class Made:
    """The file, whole and still ours. `numbers` are the receipt numbers in it."""

    path: Path
    numbers: list[str] = field(default_factory=list)
    sha256: str = ""
    size: int = 0


def begun(house: House, file_format: Format) -> Made:
    """An empty file below `var`."""
    folder = house.settings.path(house.settings.var) / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=f".{file_format}", delete=False) as taken:
        return Made(Path(taken.name))


async def log_numbers(
    tx: AsyncConnection, house: House, asking: Caller, export_id: str, made: Made, *, action: str, head: str
) -> None:
    """The access log's rows: the head, then the receipt numbers, so that "who took my case away" has an answer."""
    await asking.looked(tx, house, "export", export_id, action=action, shown=head)
    for start in range(0, len(made.numbers), NUMBERS_A_ROW):
        numbers = ", ".join(made.numbers[start : start + NUMBERS_A_ROW])
        await asking.looked(tx, house, "export", export_id, action=f"{action}.rows", shown=numbers)


def handed_out(house: House, made: Made, name: str, file_format: Format, export_id: str) -> StreamingResponse:
    """The file as a download called after `name` and the moment."""
    day = house.clock.now().astimezone(SEOUL)
    return StreamingResponse(
        _bytes_of(made),
        media_type=MEDIA_TYPES[file_format],
        headers={
            "Content-Disposition": f'attachment; filename="{name}-{day:%Y%m%d-%H%M}.{file_format}"',
            "Content-Length": str(made.size),
            "X-Export-Id": export_id,
            "X-Export-Rows": str(len(made.numbers)),
            "X-Content-SHA256": made.sha256,
        },
    )


async def _bytes_of(made: Made) -> AsyncIterator[bytes]:
    """The file in pieces; it is gone afterwards, however the reader left."""
    try:
        with made.path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, CHUNK):
                yield piece
    finally:
        made.path.unlink(missing_ok=True)
