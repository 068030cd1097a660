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
from civic.conversations import delivery
from civic.conversations.tables import outbound
from civic.staff.permissions import Action
from core import cp949
from core.contracts.channel import Channel, Fitting
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
    """One message as the channel shows it. `buttons` stand below the last one; numbered choices stand in its text.

    `bytes` and `kind` where a carrier counts: of CP949, as one short or one long text message, with its `subject`.
    """

    text: str
    characters: int
    buttons: list[str] = []
    bytes: int | None = None
    kind: cp949.Kind | None = None
    subject: str = ""


class SmsSize(BaseModel):
    """As a domestic text message: `kind` sms, lms or too_long, counted in CP949 as it would be sent.

    `unsendable`: characters that carriers refuse; other words stand for them. `lost`: letters that become "?".
    """

    bytes: int
    kind: cp949.Kind
    unsendable: list[str]
    lost: int = 0


class Warned(BaseModel):
    code: Literal[
        "cut", "split", "buttons_left_out", "personal_number", "unfilled", "not_reachable", "no_channel", "replaced"
    ]
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
    labels = [one["label"] for one in last.body.get("buttons", [])]
    bubbles = _bubbles(house, messages, channel)
    whole, masked = "\n\n".join(texts), mask("\n\n".join(texts))
    found = _warnings(last, [one.text for one in bubbles], texts, unfilled)
    if channel is None:
        found.append(Warned(code="no_channel", ko="이 채널은 지금 꺼져 있습니다.", en="This channel is off."))
    if channel and channel.capabilities.charset == "cp949" and (refused := cp949.refused(whole)):
        ko = f"문자에 실리지 않아 다른 말로 바꾸는 글자: {' '.join(refused)}"
        found.append(Warned(code="replaced", ko=ko, en=f"Said in other words, as carriers refuse: {' '.join(refused)}"))
    if channel and 0 < channel.capabilities.max_buttons < len(labels):
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


def _bubbles(house: House, messages: list[Any], channel: Channel | None) -> list[Bubble]:
    """What the channel shows, by the code that sends: fitted to it, then as it splits or cuts for its provider."""
    if channel is None or channel.replies == "in_response":
        return _in_answer(messages, channel)
    limits = house.settings.messaging.sms_bytes
    can = channel.capabilities
    whole = [delivery.outgoing(row.id, row.body, "", row.purpose) for row in messages]
    fitted = [one for message in whole for one in house.fitter.fitted(message, can)]
    if isinstance(channel, Fitting):
        shown = [Bubble(text=text, characters=len(text)) for text in channel.bubbles([one.text for one in fitted])]
    else:
        shown = [Bubble(text=one.text, characters=len(one.text), subject=one.subject) for one in fitted]
    shown[-1].buttons = [button.label for button in fitted[-1].buttons]
    if can.charset == "cp949":
        for one in shown:
            one.bytes, one.kind = cp949.size(one.text), cp949.kind(one.text, sms=limits.sms, lms=limits.lms)
    return shown


def _in_answer(messages: list[Any], channel: Channel | None) -> list[Bubble]:
    """As it is queued, or as a channel renders it that answers only when it is asked."""
    texts = [row.body["text"] for row in messages]
    shown = channel.bubbles(texts) if isinstance(channel, Fitting) else texts
    bubbles = [Bubble(text=text, characters=len(text)) for text in shown]
    labels = [one["label"] for one in messages[-1].body.get("buttons", [])]
    bubbles[-1].buttons = labels[: channel.capabilities.max_buttons] if channel else labels
    return bubbles


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
    """As carriers count it once it is said in characters that they take."""
    limits, sent = house.settings.messaging.sms_bytes, cp949.plain(text)
    kind = cp949.kind(sent.text, sms=limits.sms, lms=limits.lms)
    return SmsSize(bytes=cp949.size(sent.text), kind=kind, unsendable=list(sent.replaced), lost=sent.lost)
