"""Makes the file of an export: read page by page as of one moment, noted in the log, and only then handed out."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.cases.query import CaseQuery, filters_of, shown
from api.deps import Caller, House
from api.exports.handing import Made, begun, log_numbers
from civic.cases.find import list_cases
from civic.cases.service import Case
from civic.exports import service as exports
from civic.exports.service import COLUMNS, CONTACT, Cell, Export, Format, ListFile, Names, Row
from civic.people.service import contact_of
from core.errors import BadInput
from core.vault import vault_of

PAGE = 200
SOMEBODYS = frozenset({"q", "name", "phone"})
"""What was searched for by these is not repeated in any book."""


async def make(house: House, asking: Caller, query: CaseQuery, names: Sequence[str], file_format: Format) -> Made:
    """Every case that the query finds within the caller's scope. Raises BadInput when there are too many for one file.

    Memory holds one page and the receipt numbers; the rest lies in a file below `var`, whatever its size.
    """
    made = begun(house, file_format)
    try:
        columns = [COLUMNS[name] for name in names]
        file = await asyncio.to_thread(exports.open_file, file_format, made.path, columns)
        try:
            await _write(house, asking, query, names, file, made)
        finally:
            await asyncio.to_thread(file.close)
        made.sha256, made.size = await asyncio.to_thread(exports.fingerprint, made.path)
    except BaseException:
        made.path.unlink(missing_ok=True)
        raise
    return made


async def _write(
    house: House, asking: Caller, query: CaseQuery, names: Sequence[str], file: ListFile, made: Made
) -> None:
    cursor, most = None, house.settings.web.export_rows
    with_contact = bool(CONTACT.intersection(names))
    async with house.db.transaction() as tx:
        # One moment for all pages: who changes meanwhile is in the file as he was.
        await tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        called = await exports.names_of(tx, house.settings.city.id)
        filters = await filters_of(tx, house, asking, query)
        while True:
            found = await list_cases(tx, filters, cursor, PAGE, sort=query.sort)
            made.numbers += [case.receipt_no for case in found.rows]
            if len(made.numbers) > most:
                raise BadInput(
                    f"한 번에 {most:,}건까지 내려받을 수 있습니다. 기간이나 조건을 좁혀 주세요.",
                    f"One file takes {most:,} cases. Narrow the period or the filters.",
                )
            rows = [await _row(tx, case, called, with_contact=with_contact) for case in found.rows]
            await asyncio.to_thread(file.add, [_line(row, names) for row in rows])
            cursor = found.next_cursor
            if cursor is None:
                return


async def _row(tx: AsyncConnection, case: Case, called: Names, *, with_contact: bool) -> Row:
    if with_contact and case.citizen_id is not None:
        return Row(case, called, await contact_of(tx, vault_of(tx), case.citizen_id))
    return Row(case, called)


def _line(row: Row, names: Sequence[str]) -> list[Cell]:
    return [COLUMNS[name].value(row) for name in names]


async def note(
    house: House, asking: Caller, query: CaseQuery, names: Sequence[str], file_format: Format, reason: str, made: Made
) -> str:
    """The book of downloads and the access log, committed before a byte leaves; the export's id."""
    asked, now = shown(query).rstrip(": "), house.clock.now()
    filters = query.model_dump(mode="json", exclude_defaults=True)
    export = Export(
        city_id=house.settings.city.id,
        staff_id=asking.member.id,
        at=now,
        format=file_format,
        reason=reason,
        filters={name: "(text)" if name in SOMEBODYS else value for name, value in filters.items()},
        columns=names,
        rows=len(made.numbers),
        size=made.size,
        sha256=made.sha256,
        source_ip=asking.ip,
    )
    async with house.db.transaction() as tx:
        export_id = str(await exports.note(tx, export))
        head = f"{reason} | {asked} | {','.join(names)} | {len(made.numbers)} rows | sha256 {made.sha256}"
        await log_numbers(tx, house, asking, export_id, made, action="case.export", head=head)
    return export_id
