"""Lists with debtors as files: the book of downloads and the access log have their rows before a byte leaves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Caller, House
from api.exports.handing import begun, handed_out, log_numbers
from civic.arrears.ledger.people import persons
from civic.arrears.records import Person
from civic.exports import service as exports
from civic.exports.service import Cell, Column, Export, Format

Line = tuple[UUID, Sequence[Cell]]


class _OfADebtor(Protocol):
    @property
    def debtor_id(self) -> UUID: ...


R = TypeVar("R", bound=_OfADebtor)


async def hand_out(
    house: House,
    asking: Caller,
    file_format: Format,
    *,
    name: str,
    action: str,
    reason: str,
    columns: Mapping[str, int],
    rows_after: Callable[[AsyncConnection, R | None], Awaitable[Sequence[R]]],
    line: Callable[[R, Person], Sequence[Cell]],
    filters: Mapping[str, Any],
) -> StreamingResponse:
    """`columns`: title to width. `rows_after`: the next rows behind the last one, some thousand at a time, none when
    all were read; `line`: its cells. One access-log row a few hundred debtors, and only their ids stay in memory."""
    made = begun(house, file_format)
    try:
        pieces = _pieces(house, asking, rows_after, line)
        made.numbers = await _written(file_format, made.path, columns, pieces)
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
                rows=len(made.numbers),
                size=made.size,
                sha256=made.sha256,
                source_ip=asking.ip,
            )
            export_id = str(await exports.note(tx, export))
            head = f"{reason} | {len(made.numbers)} rows | sha256 {made.sha256}"
            await log_numbers(tx, house, asking, export_id, made, action=action, head=head)
    except BaseException:
        made.path.unlink(missing_ok=True)
        raise
    return handed_out(house, made, name, file_format, export_id)


async def _pieces(
    house: House,
    asking: Caller,
    rows_after: Callable[[AsyncConnection, R | None], Awaitable[Sequence[R]]],
    line: Callable[[R, Person], Sequence[Cell]],
) -> AsyncIterator[Sequence[Line]]:
    """Each piece for as long as he who asked may see it."""
    last: R | None = None
    while True:
        async with house.db.reading() as tx:
            await asking.still_here(tx, house)
            part = await rows_after(tx, last)
            known = await persons(tx, house.settings.city.id, [one.debtor_id for one in part])
        if not part:
            return
        last = part[-1]
        yield [(one.debtor_id, line(one, known[one.debtor_id])) for one in part]


async def _written(
    file_format: Format, path: Path, columns: Mapping[str, int], pieces: AsyncIterator[Sequence[Line]]
) -> list[str]:
    """Whose data stand in the file."""
    heads = [Column(title, "text", lambda _: None, width) for title, width in columns.items()]
    file, debtors = exports.open_file(file_format, path, heads), list[str]()
    try:
        async for piece in pieces:
            await asyncio.to_thread(file.add, [cells for _, cells in piece])
            debtors += [str(debtor) for debtor, _ in piece]
    finally:
        await asyncio.to_thread(file.close)
    return debtors
