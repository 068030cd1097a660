"""Makes the file of letters to print: read within the caller's scope, noted in the books, and only then handed out."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from api.deps import Caller, House
from api.exports.handing import Made, begun, log_numbers
from civic.exports import service as exports
from civic.exports.service import Cell, Column, Export, Format
from civic.letters import service as post
from civic.letters.tables import letters
from core.clock import SEOUL
from core.errors import BadInput

_KINDS = {
    "answered": "처리결과",
    "refused": "처리결과(불수용)",
    "transferred": "이송",
    "waiting_citizen": "보완 요청",
    "extended": "처리기간 연장",
}
_CELLS: Mapping[str, tuple[int, Callable[[Any], Cell]]] = {
    "접수번호 (No.)": (18, lambda row: row.receipt_no),
    "통지 (Notice)": (14, lambda row: _KINDS.get(row.kind, row.kind)),
    "받는 분 (Name)": (12, lambda row: row.recipient["name"]),
    "우편번호 (Postcode)": (10, lambda row: row.recipient["postcode"]),
    "주소 (Address)": (40, lambda row: row.recipient["address"]),
    "내용 (Text)": (80, lambda row: row.text),
    "등록 (Listed)": (17, lambda row: row.created_at.astimezone(SEOUL).replace(tzinfo=None, microsecond=0)),
    "우편 ID (Id)": (36, lambda row: str(row.id)),
}


async def make(house: House, asking: Caller, file_format: Format, wanted: list[UUID]) -> tuple[Made, list[UUID]]:
    """Those waiting or printed, oldest first; the file and their ids. Raises BadInput for more than one file takes."""
    most = house.settings.web.export_rows
    listed = post.letters_of(house.settings.city.id, asking.scope).where(letters.c.state.in_(("waiting", "printed")))
    if wanted:
        listed = listed.where(letters.c.id.in_(wanted))
    async with house.db.transaction() as tx:
        rows = (await tx.execute(listed.order_by(letters.c.created_at, letters.c.id).limit(most + 1))).all()
    if len(rows) > most:
        raise BadInput(f"한 번에 {most:,}건까지 내려받을 수 있습니다.", f"One file takes {most:,} letters.")
    made = begun(house, file_format)
    made.numbers = [row.receipt_no for row in rows]
    try:
        await asyncio.to_thread(_write, file_format, made.path, rows)
        made.sha256, made.size = await asyncio.to_thread(exports.fingerprint, made.path)
    except BaseException:
        made.path.unlink(missing_ok=True)
        raise
    return made, [row.id for row in rows]


def _write(file_format: Format, path: Path, rows: Any) -> None:
    columns = [Column(title, "text", lambda _: None, width) for title, (width, _) in _CELLS.items()]
    file = exports.open_file(file_format, path, columns)
    try:
        file.add([[cell(row) for _, cell in _CELLS.values()] for row in rows])
    finally:
        file.close()


async def note(house: House, asking: Caller, file_format: Format, reason: str, made: Made, ids: list[UUID]) -> str:
    """The book of downloads, the access log and the letters themselves, committed together; the export's id."""
    now, city_id = house.clock.now(), house.settings.city.id
    export = Export(
        city_id=city_id,
        staff_id=asking.member.id,
        at=now,
        format=file_format,
        reason=reason,
        filters={"letters": len(ids)},
        columns=list(_CELLS),
        rows=len(ids),
        size=made.size,
        sha256=made.sha256,
        source_ip=asking.ip,
    )
    async with house.db.transaction() as tx:
        export_id = str(await exports.note(tx, export))
        head = f"{reason} | {len(ids)} letters | sha256 {made.sha256}"
        await log_numbers(tx, house, asking, export_id, made, action="letter.export", head=head)
        await post.mark_printed(tx, city_id, ids, asking.member.id, now)
    return export_id
