"""Documents taken out to be put on paper: one PDF for many, and the list for the post; with a reason, noted first."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from api.arrears.parts import Exporter, Reader, reason_of
from api.deps import Caller, House, HouseDep
from api.exports.handing import ANSWERS, NUMBERS_A_ROW, begun, handed_out, log_numbers
from api.exports.routes import Reason
from civic.arrears.notices import letters
from civic.arrears.notices.letters import Kind, Letter, LetterBill
from civic.arrears.notices.pdf import pdf
from civic.arrears.notices.printing import print_letters
from civic.arrears.notices.sheets import City, page
from civic.arrears.notices.tables import arrears_letters
from civic.cases.clock import days_off_of
from civic.exports import service as exports
from civic.exports.service import Cell, Column, Export, Format
from core.clock import SEOUL
from core.errors import NotFound

router = APIRouter(prefix="/arrears/letters", tags=["arrears"])
MOST = 1000
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}, "description": "PDF"}
}
_CELLS: Mapping[str, tuple[int, Callable[[Letter], Cell]]] = {
    "문서번호 (No.)": (24, lambda one: one.document_no),
    "서면 (Kind)": (14, lambda one: one.kind),
    "받는 분 (Name)": (18, lambda one: one.recipient.get("name", "")),
    "우편번호 (Postcode)": (10, lambda one: one.recipient.get("postcode", "")),
    "주소 (Address)": (48, lambda one: one.recipient.get("address", "")),
    "시행일 (Issued)": (12, lambda one: str(one.issued_on or "")),
    "등기번호 (Tracking no.)": (20, lambda one: one.tracking_no or ""),
}


class Wanted(BaseModel):
    """`ids`: which; without them those listed of `kind` (all when null), oldest first, as many as one file takes."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(examples=["11월 4주 독촉장 인쇄(징수과)"])
    kind: Kind | None = None
    ids: Annotated[list[UUID], Field(max_length=MOST)] = []


class PrintWanted(Wanted):
    """`again`: those that were printed and not posted yet, instead of those listed."""

    again: bool = False


class ListWanted(Wanted):
    """Those printed and not yet posted, unless `ids` say which."""

    format: Format = "csv"


@router.get("/{document_id}/pdf", summary="서면 보기 (the document)", responses=_PDF, response_class=Response)
async def read_pdf(document_id: UUID, asking: Reader, house: HouseDep) -> Response:
    """As it reads now, undated while it is only listed. Needs a reason (X-Access-Reason)."""
    reason_of(asking)
    async with house.db.transaction() as tx:
        found = await letters.read(tx, asking.member.city_id, document_id)
        await asking.looked(tx, house, "arrears_debtor", str(found.debtor_id), action="arrears_letter.pdf")
        bills = await letters.bills_of(tx, [found.id])
    return await _document(house, [found], bills, found.document_no)


@router.post("/print", summary="서면 인쇄 (print many)", responses=_PDF, response_class=Response)
async def print_many(wanted: PrintWanted, asking: Exporter, house: HouseDep) -> Response:
    """One PDF. Each gets its date; amounts of a 독촉장 are those of today, and who owes nothing is left out (headers
    X-Letters, X-Cancelled, X-Unaddressed). Printing again within the days for posting gives the same papers.
    """
    now, who = house.clock.now(), asking.member
    on = now.astimezone(SEOUL).date()
    async with house.db.transaction() as tx:
        ids = wanted.ids or await _waiting(tx, who.city_id, wanted.kind, "printed" if wanted.again else "listed")
        off = await days_off_of(tx, who.city_id, house.settings.city.days_off)
        done = await print_letters(tx, who.city_id, ids, on, house.settings.arrears.notices, off, who.id, now)
        bills = await letters.bills_of(tx, [one.id for one in done.letters])
        await _log(tx, house, asking, wanted.reason, done.letters)
    counts = {
        "X-Letters": str(len(done.letters)),
        "X-Cancelled": str(len(done.cancelled)),
        "X-Unaddressed": str(len(done.unaddressed)),
    }
    if not done.letters:
        raise NotFound(
            "인쇄할 서면이 없습니다.", "No letter is to be printed.",
            cancelled=len(done.cancelled), unaddressed=len(done.unaddressed),
        )  # fmt: skip
    made = await _document(house, done.letters, bills, f"letters-{on:%Y%m%d}")
    made.headers.update(counts)
    return made


@router.post(
    "/post-list", summary="우편 접수 목록 (list for the post)", response_class=StreamingResponse, responses=ANSWERS
)
async def post_list(wanted: ListWanted, asking: Exporter, house: HouseDep) -> StreamingResponse:
    """Names and addresses; the reason and the numbers stand in the log before a byte leaves."""
    city_id = asking.member.city_id
    async with house.db.transaction() as tx:
        ids = wanted.ids or await _waiting(tx, city_id, wanted.kind, "printed")
        rows = await tx.execute(letters.letters_of(city_id).where(arrears_letters.c.id.in_(ids)))
        found = sorted((Letter(*row) for row in rows), key=lambda one: one.document_no)
    made = begun(house, wanted.format)
    made.numbers = [one.document_no for one in found]
    try:
        await asyncio.to_thread(_write, wanted.format, made.path, found)
        made.sha256, made.size = await asyncio.to_thread(exports.fingerprint, made.path)
        export = Export(
            city_id=city_id,
            staff_id=asking.member.id,
            at=house.clock.now(),
            format=wanted.format,
            reason=wanted.reason,
            filters={"arrears_letters": len(found)},
            columns=list(_CELLS),
            rows=len(found),
            size=made.size,
            sha256=made.sha256,
            source_ip=asking.ip,
        )
        async with house.db.transaction() as tx:
            export_id = str(await exports.note(tx, export))
            head = f"{wanted.reason} | {len(found)} letters | sha256 {made.sha256}"
            await log_numbers(tx, house, asking, export_id, made, action="arrears_letter.export", head=head)
    except BaseException:
        made.path.unlink(missing_ok=True)
        raise
    return handed_out(house, made, "arrears-letters", wanted.format, export_id)


async def _waiting(tx: Any, city_id: str, kind: str | None, state: str) -> list[UUID]:
    wanted = letters.letters_of(city_id, kind=kind, state=state).order_by(
        arrears_letters.c.created_at, arrears_letters.c.id
    )
    return [row.id for row in await tx.execute(wanted.limit(MOST))]


async def _document(
    house: House, found: Sequence[Letter], bills: Mapping[UUID, list[LetterBill]], name: str
) -> Response:
    settings = house.settings
    city = City(settings.city.name.ko, settings.city.name.en, settings.city.phone)
    pages = [page(one, bills.get(one.id, []), settings.arrears.notices.sender, city) for one in found]
    title = pages[0]["title"] if len(pages) == 1 else f"{city.name_ko} 체납 서면 {len(pages)}통"
    data = await asyncio.to_thread(pdf, pages, title, city.name_ko, house.clock.now())
    headers = {
        "Content-Disposition": f'attachment; filename="{_ascii(name)}.pdf"',
        "Cache-Control": "private, no-store",
    }
    return Response(data, media_type="application/pdf", headers=headers)


def _ascii(name: str) -> str:
    """A document's number without its Korean beginning, for a header."""
    return name.encode("ascii", "ignore").decode().strip("-") or "letter"


async def _log(tx: Any, house: House, asking: Caller, reason: str, found: Sequence[Letter]) -> None:
    head = f"{reason} | {len(found)} letters"
    await asking.looked(tx, house, "arrears_list", f"{len(found)} letters", action="arrears_letter.print", shown=head)
    numbers = [one.document_no for one in found]
    for start in range(0, len(numbers), NUMBERS_A_ROW):
        shown = ", ".join(numbers[start : start + NUMBERS_A_ROW])
        await asking.looked(tx, house, "arrears_list", "letters", action="arrears_letter.print.rows", shown=shown)


def _write(file_format: Format, path: Any, found: Sequence[Letter]) -> None:
    columns = [Column(title, "text", lambda _: None, width) for title, (width, _) in _CELLS.items()]
    file = exports.open_file(file_format, path, columns)
    try:
        file.add([[cell(one) for _, cell in _CELLS.values()] for one in found])
    finally:
        file.close()
