"""Lists with debtors as files: the book of downloads and the access log have their rows before a byte leaves."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi.responses import StreamingResponse

from api.deps import Caller, House
from api.exports.handing import begun, handed_out, log_numbers
from civic.exports import service as exports
from civic.exports.service import Cell, Column, Export, Format


async def hand_out(
    house: House,
    asking: Caller,
    file_format: Format,
    *,
    name: str,
    action: str,
    reason: str,
    columns: Mapping[str, int],
    lines: Sequence[Sequence[Cell]],
    debtors: Sequence[UUID],
    filters: Mapping[str, Any],
) -> StreamingResponse:
    """`columns`: title to width; `lines` in their order; `debtors`: whose data stand in it, one access-log row a few
    hundred of them."""
    made = begun(house, file_format)
    made.numbers = [str(one) for one in debtors]
    try:
        await asyncio.to_thread(_write, file_format, made.path, columns, lines)
        made.sha256, made.size = await asyncio.to_thread(exports.fingerprint, made.path)
        async with house.db.transaction() as tx:
            export = Export(
                city_id=house.settings.city.id,
                staff_id=asking.member.id,
                at=house.clock.now(),
                format=file_format,
                reason=reason,
                filters=filters,
                columns=list(columns),
                rows=len(lines),
                size=made.size,
                sha256=made.sha256,
                source_ip=asking.ip,
            )
            export_id = str(await exports.note(tx, export))
            head = f"{reason} | {len(lines)} rows | sha256 {made.sha256}"
            await log_numbers(tx, house, asking, export_id, made, action=action, head=head)
    except BaseException:
        made.path.unlink(missing_ok=True)
        raise
    return handed_out(house, made, name, file_format, export_id)


def _write(file_format: Format, path: Any, columns: Mapping[str, int], lines: Sequence[Sequence[Cell]]) -> None:
    heads = [Column(title, "text", lambda _: None, width) for title, width in columns.items()]
    file = exports.open_file(file_format, path, heads)
    try:
        file.add(lines)
    finally:
        file.close()
