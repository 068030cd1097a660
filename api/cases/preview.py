"""What the citizen would see: the change or reply is really made, looked at and taken back; nothing is imitated."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.canned.routes import lang_of
from api.cases.change import NO_VERSION, carry_out, locked_case
from api.cases.schemas import CaseChange
from api.conversations.reply import reply
from api.deps import Caller, House, HouseDep, allowed
from api.fields import LongText, Message, Word
from civic.canned import service as canned
from civic.cases.case import Case
from civic.cases.find import read_case
from civic.cases.status import Status
from civic.conversations.tables import outbound
from civic.staff.permissions import Action
from core.contracts.channel import Fitting
from core.errors import BadInput, Conflict
from core.masking import mask

router = APIRouter(prefix="/cases", tags=["cases"])
Answerer = Annotated[Caller, allowed(Action.REPLY)]
Kind = Literal["status", "reply", "canned"]


class PreviewWanted(BaseModel):
    """`status`: a change as `PATCH /cases/{reference}` takes it. `reply`: `text`. `canned`: `canned_id`."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    status: Status | None = None
    text: LongText | None = None
    appeal: LongText | None = None
    transferred_to: Word | None = None
    transferred_contact: Word | None = None
    canned_id: UUID | None = None

    @model_validator(mode="after")
    def _has_what_it_shows(self) -> Self:
        needed = {"status": self.status, "reply": self.text, "canned": self.canned_id}[self.kind]
        if needed is None:
            raise PydanticCustomError("missing", "A preview of {kind} needs its value", {"kind": self.kind})
        return self


class Bubble(BaseModel):
    """One message as the channel shows it. `buttons` stand below the last one."""

    text: str
    characters: int
    buttons: list[str] = []


class SmsSize(BaseModel):
    """As a domestic text message: `kind` sms, lms or too_long; `unsendable` are characters outside EUC-KR."""

    bytes: int
    kind: Literal["sms", "lms", "too_long"]
    unsendable: list[str]


class Warned(BaseModel):
    code: Literal["cut", "split", "buttons_left_out", "personal_number", "unfilled", "not_reachable", "no_channel"]
    ko: str
    en: str


class Preview(BaseModel):
    """Nothing was sent and nothing was changed. `masked` is the text without personal numbers, when it holds some."""

    channel: str
    lang: str
    purpose: str
    bubbles: list[Bubble]
    sms: SmsSize
    masked: str | None
    warnings: list[Warned]


class _TakenBack(Exception):
    """Ends the transaction of a preview without a trace."""


@router.post("/{reference}/preview", summary="보내기 전에 보기 (preview as the channel shows it)")
async def preview(reference: str, wanted: PreviewWanted, asking: Answerer, house: HouseDep) -> Preview:
    """What is refused here would be refused there, with the same error."""
    async with house.db.transaction() as tx:
        case = await read_case(tx, house.settings.city.id, reference, asking.scope)
        if case.conversation_id is None:
            raise Conflict("이 민원에는 이어진 대화가 없습니다.", "This case came by no conversation.")
        await asking.looked(tx, house, "case", case.receipt_no, action="case.preview")
    text, unfilled = await _text(house, asking, case, wanted)
    messages: list[Any] = []
    try:
        async with house.db.transaction() as tx:
            messages = await _tried(tx, house, asking, case, wanted, text)
            raise _TakenBack
    except _TakenBack:
        return _shown(house, messages, unfilled)


async def _text(house: House, asking: Caller, case: Case, wanted: PreviewWanted) -> tuple[str, list[str]]:
    """What is to be said, and the gaps of a canned answer that stay open. Raises Conflict for one that is over."""
    if wanted.kind != "canned" or wanted.canned_id is None:
        return wanted.text or "", []
    city = house.settings.city
    async with house.db.reading() as tx:
        one = await canned.read(tx, city.id, wanted.canned_id, asking.scope.departments)
        values = await canned.values_of(tx, city, case, staff_id=asking.member.id)
        filled = canned.preview(one, values, await lang_of(tx, case.conversation_id), house.clock.now())
    return filled.text, filled.missing


async def _tried(
    tx: AsyncConnection, house: House, asking: Caller, case: Case, wanted: PreviewWanted, text: str
) -> list[Any]:
    """The rows that would be queued for the citizen, of this very transaction."""
    before = await locked_case(tx, house, str(case.id), asking.scope)
    assert before.conversation_id is not None
    known = set((await tx.execute(_queued(before))).scalars())
    if wanted.kind == "status":
        given = wanted.model_dump(exclude={"kind", "canned_id"}, exclude_none=True)
        await carry_out(tx, house, before, _change(given), before.version or NO_VERSION, asking)
    else:
        now = house.clock.now()
        await reply(tx, house, asking, before.conversation_id, _message(text), key=None, now=now, case_id=before.id)
    found = await tx.execute(_queued(before).with_only_columns(outbound).order_by(outbound.c.seq))
    return [row for row in found if row.id not in known]


def _queued(case: Case) -> Any:
    mine = (outbound.c.case_id == case.id, outbound.c.conversation_id == case.conversation_id)
    return select(outbound.c.id).where(*mine)


def _change(given: dict[str, Any]) -> CaseChange:
    try:
        return CaseChange.model_validate(given)
    except ValueError:
        raise BadInput(
            "이 상태에 필요한 값이 빠졌거나 맞지 않습니다.",
            "A value for this status is missing or does not belong to it.",
        ) from None


def _message(text: str) -> str:
    most = next(one.max_length for one in Message.__metadata__ if hasattr(one, "max_length"))  # type: ignore[attr-defined]
    if len(text) > most:
        raise BadInput(f"답변은 {most:,}자까지 보낼 수 있습니다.", f"A reply has at most {most:,} characters.")
    return text


def _shown(house: House, messages: list[Any], unfilled: list[str]) -> Preview:
    assert messages, "what changes a status or replies queues a message"
    last = messages[-1]
    texts = [row.body["text"] for row in messages]
    channel = house.channels.get(last.channel)
    pieces = channel.bubbles(texts) if isinstance(channel, Fitting) else texts
    labels = [one["label"] for one in last.body.get("buttons", [])]
    bubbles = [Bubble(text=piece, characters=len(piece)) for piece in pieces]
    most = channel.capabilities.max_buttons if channel else len(labels)
    bubbles[-1].buttons = labels[:most]
    whole, masked = "\n\n".join(texts), mask("\n\n".join(texts))
    found = _warnings(last, pieces, texts, unfilled)
    if channel is None:
        found.append(Warned(code="no_channel", ko="이 채널은 지금 꺼져 있습니다.", en="This channel is off."))
    if len(labels) > most:
        found.append(
            Warned(code="buttons_left_out", ko="보이지 않는 단추가 있습니다.", en="Some buttons are left out.")
        )
    if masked != whole:
        ko = "주민등록번호, 카드, 계좌 같은 번호가 들어 있습니다. 꼭 필요한지 확인해 주세요."
        found.append(Warned(code="personal_number", ko=ko, en="It holds an identity, card or account number."))
    return Preview(
        channel=last.channel,
        lang=last.body.get("lang", "ko"),
        purpose=last.purpose,
        bubbles=bubbles,
        sms=sms_size(house, whole),
        masked=masked if masked != whole else None,
        warnings=found,
    )


def _warnings(last: Any, pieces: list[str], texts: list[str], unfilled: list[str]) -> list[Warned]:
    found: list[Warned] = []
    if pieces[-1].endswith("…") and not texts[-1].endswith("…"):
        found.append(Warned(code="cut", ko="너무 길어 끝이 잘립니다.", en="It is too long and its end is cut off."))
    if len(pieces) > len(texts):
        ko, en = f"{len(pieces)}개로 나뉘어 보입니다.", f"It is shown in {len(pieces)} parts."
        found.append(Warned(code="split", ko=ko, en=en))
    if unfilled:
        names = ", ".join(unfilled)
        found.append(Warned(code="unfilled", ko=f"값이 없는 자리: {names}", en=f"Gaps without a value: {names}"))
    if last.status == "cancelled":
        found.append(Warned(code="not_reachable", ko=last.reason or "", en=last.reason or ""))
    return found


def sms_size(house: House, text: str) -> SmsSize:
    """Bytes of EUC-KR, as carriers count them; a character that is not in it counts two and cannot be sent."""
    limits = house.settings.messaging.sms_bytes
    unsendable = list(dict.fromkeys(one for one in text if not _is_in_euc_kr(one)))
    size = sum(len(one.encode("euc-kr")) if _is_in_euc_kr(one) else 2 for one in text)
    if size <= limits.sms:
        return SmsSize(bytes=size, kind="sms", unsendable=unsendable)
    return SmsSize(bytes=size, kind="lms" if size <= limits.lms else "too_long", unsendable=unsendable)


def _is_in_euc_kr(character: str) -> bool:
    """Python writes a syllable that KS X 1001 lacks as eight bytes of parts, which no telephone puts together."""
    try:
        return len(character.encode("euc-kr")) <= 2
    except UnicodeEncodeError:
        return False
