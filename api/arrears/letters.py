"""Written documents to debtors and banks: the register, where each stands, and what became of it."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from api.arrears.letter_parts import NOT_SERVICE, EventRow, LetterHead, LetterRow, head_of, shown
from api.arrears.parts import Reader, Writer, reason_of
from api.deps import House, HouseDep, VersionsDep
from api.fields import Plain
from api.paging import Cursor, Limit, page
from civic.arrears.notices import letters, posting
from civic.arrears.notices.letters import Kind, Letter, State
from civic.arrears.notices.posting import Returned
from civic.arrears.notices.register import events_of
from civic.arrears.notices.tables import arrears_letters
from civic.cases.clock import days_off_of
from core.clock import SEOUL
from core.errors import PreconditionFailed, SinmungoError

router = APIRouter(prefix="/arrears/letters", tags=["arrears"])


class LetterPage(BaseModel):
    items: list[LetterHead]
    next_cursor: str | None
    not_service: str = NOT_SERVICE


def _text(most: int, least: int = 1) -> StringConstraints:
    return StringConstraints(min_length=least, max_length=most, strip_whitespace=True)


class Addressed(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    address: Annotated[Plain, _text(300)] = Field(examples=["경기도 김포시 사우중로 1"])
    postcode: Annotated[str, Field(pattern=r"^(\d{5})?$")] = ""
    name: Annotated[Plain, _text(100, 0)] = ""


class Published(BaseModel):
    """`basis`: where it was published (게시판, 관보, 누리집)."""

    model_config = ConfigDict(extra="forbid")

    on: date
    basis: Annotated[Plain, _text(300)]


class Cancelled(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Plain, _text(300)]


class PostedItem(BaseModel):
    """`tracking_no`: the number of the registered letter (등기번호), empty for an ordinary one."""

    model_config = ConfigDict(extra="forbid")

    document_no: Annotated[Plain, _text(60)]
    tracking_no: Annotated[Plain, _text(40, 0)] = ""


class Posted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    on: date
    items: Annotated[list[PostedItem], Field(min_length=1, max_length=1000)]


class OutcomeItem(BaseModel):
    """By the document's number or the post's. served: 송달; returned: 반송, with its `reason`."""

    model_config = ConfigDict(extra="forbid")

    document_no: Annotated[Plain, _text(60, 0)] = ""
    tracking_no: Annotated[Plain, _text(40, 0)] = ""
    outcome: Literal["served", "returned"]
    on: date
    how: Literal["registered", "direct", "electronic"] = "registered"
    reason: Returned = "other"


class Outcomes(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[OutcomeItem], Field(min_length=1, max_length=1000)]


class Refused(BaseModel):
    """A line that could not be noted, and why; the others were."""

    number: str
    ko: str
    en: str


class Noted(BaseModel):
    done: int
    refused: list[Refused]


@router.get("", summary="서면 목록 (the register)")
async def list_letters(
    asking: Reader,
    house: HouseDep,
    state: Annotated[State | None, Query(description="returned: 공시송달을 살펴볼 서면")] = None,
    kind: Annotated[Kind | None, Query()] = None,
    debtor_id: UUID | None = None,
    is_addressed: Annotated[bool | None, Query(description="false: 주소를 찾아야 하는 서면")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> LetterPage:
    """Newest first, without names."""
    wanted = letters.letters_of(
        asking.member.city_id, debtor_id=debtor_id, kind=kind, state=state, is_addressed=is_addressed
    )
    async with house.db.transaction() as tx:
        rows, after = await page(tx, wanted, arrears_letters.c.created_at, arrears_letters.c.id, cursor, limit)
        numbers = ", ".join(row.document_no for row in rows)
        await asking.looked(
            tx, house, "arrears_list", f"{len(rows)} letters", action="arrears_letter.list", shown=numbers
        )
    return LetterPage(items=[head_of(Letter(**row._mapping)) for row in rows], next_cursor=after)


@router.get("/{document_id}", summary="서면 하나와 그 경과 (one document)")
async def read_letter(document_id: UUID, asking: Reader, house: HouseDep, response: Response) -> LetterRow:
    """Needs a reason (X-Access-Reason): the reader's name and address are shown."""
    reason_of(asking)
    async with house.db.transaction() as tx:
        found = await letters.read(tx, asking.member.city_id, document_id)
        await asking.looked(tx, house, "arrears_debtor", str(found.debtor_id), action="arrears_letter.read")
        return await _whole(tx, found, response)


@router.put("/{document_id}/address", summary="받는 곳 적기 (address it)")
async def put_address(
    document_id: UUID, given: Addressed, asking: Writer, house: HouseDep, versions: VersionsDep, response: Response
) -> LetterRow:
    """What had come back is listed again and gets a new date when it is printed."""
    on, now, who = *_now(house), asking.member
    async with house.db.transaction() as tx:
        await _expected(tx, who.city_id, document_id, versions)
        made = await posting.address(tx, who.city_id, document_id, given.model_dump(), on, who.id, now)
        await asking.looked(tx, house, "arrears_debtor", str(made.debtor_id), action="arrears_letter.address")
        return await _whole(tx, made, response)


@router.post("/{document_id}/publish", summary="공시송달 (publish what came back)")
async def publish(
    document_id: UUID, given: Published, asking: Writer, house: HouseDep, versions: VersionsDep, response: Response
) -> LetterRow:
    """It counts as served when the days of the law have passed; `served_on` says from when."""
    now, who = house.clock.now(), asking.member
    async with house.db.transaction() as tx:
        await _expected(tx, who.city_id, document_id, versions)
        off = await days_off_of(tx, who.city_id, house.settings.city.days_off)
        made = await posting.publish(tx, who.city_id, document_id, given.on, given.basis, off, who.id, now)
        await asking.looked(tx, house, "arrears_debtor", str(made.debtor_id), action="arrears_letter.publish")
        return await _whole(tx, made, response)


@router.post("/{document_id}/cancel", summary="서면 취소 (it is not needed)")
async def cancel(
    document_id: UUID, given: Cancelled, asking: Writer, house: HouseDep, versions: VersionsDep, response: Response
) -> LetterRow:
    on, now, who = *_now(house), asking.member
    async with house.db.transaction() as tx:
        await _expected(tx, who.city_id, document_id, versions)
        made = await posting.cancel(tx, who.city_id, document_id, given.reason, on, who.id, now)
        await asking.looked(tx, house, "arrears_debtor", str(made.debtor_id), action="arrears_letter.cancel")
        return await _whole(tx, made, response)


@router.post("/posted", summary="우체국에 맡김 (given to the post)")
async def mark_posted(given: Posted, asking: Writer, house: HouseDep) -> Noted:
    """Each line by itself; from now on the bills of a 독촉장 count as dunned. Repeating a line changes nothing."""
    rules, who, refused = house.settings.arrears.notices, asking.member, []
    for item in given.items:
        try:
            async with house.db.transaction() as tx:
                found = await posting.by_number(tx, who.city_id, document_no=item.document_no)
                now = house.clock.now()
                made = await posting.mark_sent(tx, who.city_id, found, item.tracking_no, given.on, rules, who.id, now)
                await asking.looked(tx, house, "arrears_debtor", str(made.debtor_id), action="arrears_letter.posted")
        except SinmungoError as error:
            refused.append(Refused(number=item.document_no, ko=error.reason_ko, en=error.reason_en))
    return Noted(done=len(given.items) - len(refused), refused=refused)


@router.post("/outcomes", summary="송달 결과 (served or returned)")
async def note_outcomes(given: Outcomes, asking: Writer, house: HouseDep) -> Noted:
    """What the post reports, line by line. A message that was delivered is no such line: 문자는 송달이 아닙니다."""
    who, refused = asking.member, []
    for item in given.items:
        try:
            async with house.db.transaction() as tx:
                made = await _outcome(tx, house, who.city_id, item, who.id)
                await asking.looked(tx, house, "arrears_debtor", str(made.debtor_id), action="arrears_letter.outcome")
        except SinmungoError as error:
            number = item.document_no or item.tracking_no
            refused.append(Refused(number=number, ko=error.reason_ko, en=error.reason_en))
    return Noted(done=len(given.items) - len(refused), refused=refused)


async def _outcome(tx: AsyncConnection, house: House, city_id: str, item: OutcomeItem, by: UUID) -> Letter:
    now = house.clock.now()
    found = await posting.by_number(tx, city_id, document_no=item.document_no, tracking_no=item.tracking_no)
    if item.outcome == "returned":
        return await posting.mark_returned(tx, city_id, found, item.on, item.reason, by, now)
    off = await days_off_of(tx, city_id, house.settings.city.days_off)
    return await posting.mark_served(tx, city_id, found, item.on, item.how, off, by, now)


async def _expected(tx: AsyncConnection, city_id: str, document_id: UUID, versions: frozenset[int]) -> None:
    found = await letters.read(tx, city_id, document_id)
    if found.version not in versions:
        raise PreconditionFailed(
            "그사이 서면이 바뀌었습니다.", "The letter has changed meanwhile.", version=found.version
        )


def _now(house: House) -> tuple[date, datetime]:
    now = house.clock.now()
    return now.astimezone(SEOUL).date(), now


async def _whole(tx: AsyncConnection, one: Letter, response: Response) -> LetterRow:
    bills = (await letters.bills_of(tx, [one.id])).get(one.id, [])
    timeline = [
        EventRow(what=row["what"], on=row["happened_on"], detail=row["detail"], staff_id=row["staff_id"], at=row["at"])
        for row in await events_of(tx, one.id)
    ]
    return shown(one, bills, timeline, response)
