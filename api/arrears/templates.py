"""Words of notices to debtors: written by one officer, looked at with a made-up person, approved by another."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.arrears.parts import Approver, Reader, Writer
from api.deps import House, HouseDep, VersionsDep
from api.fields import Plain
from civic.arrears.notices import defaults, words
from civic.arrears.notices.checks import Checked
from civic.arrears.notices.values import VALUES
from civic.arrears.notices.words import ChannelKind, State, Template, Written

router = APIRouter(prefix="/arrears/templates", tags=["arrears"])
_Level = Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,30}$", examples=["reminder"])]
_Text = Annotated[Plain, StringConstraints(min_length=1, max_length=4000)]


class FindingRow(BaseModel):
    """What stands against an approval."""

    code: str
    ko: str
    en: str


class CheckedRow(BaseModel):
    """The words as a made-up person gets them. `size` of `most`, in `unit` (byte of CP949, or characters)."""

    text: str
    subject: str
    size: int
    most: int
    unit: str
    findings: list[FindingRow]


class TemplateRow(BaseModel):
    """`number`: the edition. `checked`: its preview. An approved edition is never changed, the next one retires it."""

    id: UUID
    level: str
    kind: ChannelKind
    lang: str
    number: int
    subject: str
    text: str
    alimtalk_key: str
    state: State
    written_by: UUID
    written_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str | None
    version: int
    checked: CheckedRow


class TemplateList(BaseModel):
    items: list[TemplateRow]


class ValueRow(BaseModel):
    name: str
    what: str
    sample_ko: str
    sample_en: str


class ValueList(BaseModel):
    items: list[ValueRow]


class WordsGiven(BaseModel):
    """`text` with values by name: `#{금액}`. `alimtalk_key`: the name that channels turn into the approved code."""

    model_config = ConfigDict(extra="forbid")

    level: _Level
    kind: ChannelKind
    lang: Literal["ko", "en"] = "ko"
    subject: Annotated[Plain, StringConstraints(max_length=100)] = ""
    text: _Text
    alimtalk_key: Annotated[str, Field(pattern=r"^[a-z0-9_]{0,60}$")] = ""


class Refusal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Plain, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


@router.get("", summary="안내 문구 목록 (templates)")
async def list_templates(
    asking: Reader,
    house: HouseDep,
    level: Annotated[Plain | None, Query(max_length=32)] = None,
    state: Annotated[State | None, Query()] = None,
) -> TemplateList:
    """By level, kind of channel and language; the newest edition first."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        rows = await tx.execute(words.templates_of(asking.member.city_id, level=level, state=state))
        return TemplateList(items=[_row(house, Template(*row)) for row in rows])


@router.get("/values", summary="문구에 쓸 수 있는 값 (values)")
async def list_values(asking: Reader) -> ValueList:
    return ValueList(items=[ValueRow.model_validate(one, from_attributes=True) for one in VALUES.values()])


@router.post("/preview", summary="문구 미리보기 (preview with a made-up person)")
async def preview(given: WordsGiven, asking: Reader, house: HouseDep) -> CheckedRow:
    """Nothing is stored: how it reads, how many bytes it takes, and what stands against an approval."""
    return _checked(_check(house, _written(given)))


@router.post("", status_code=201, summary="문구 쓰기 (a new draft)")
async def write(given: WordsGiven, asking: Writer, house: HouseDep, response: Response) -> TemplateRow:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        who = asking.member
        made = await words.write(tx, who.city_id, _written(given), who.id, house.clock.now())
    return _shown(house, made, response)


@router.post("/defaults", status_code=201, summary="기본 문구를 초안으로 (the words that ship, as drafts)")
async def enter_defaults(asking: Writer, house: HouseDep) -> TemplateList:
    """Where the city has no words yet; another officer approves them."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        made = await defaults.enter(tx, asking.member.city_id, asking.member.id, house.clock.now())
    return TemplateList(items=[_row(house, one) for one in made])


@router.get("/{template_id}", summary="문구 하나 (one template)")
async def read(template_id: UUID, asking: Reader, house: HouseDep, response: Response) -> TemplateRow:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        return _shown(house, await words.read(tx, asking.member.city_id, template_id), response)


@router.put("/{template_id}", summary="초안 고치기 (rewrite one's own draft)")
async def rewrite(
    template_id: UUID, given: WordsGiven, asking: Writer, house: HouseDep, versions: VersionsDep, response: Response
) -> TemplateRow:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        who, now = asking.member, house.clock.now()
        made = await words.rewrite(tx, who.city_id, template_id, _written(given), who.id, versions, now)
    return _shown(house, made, response)


@router.post("/{template_id}/approve", summary="문구 승인 (approve; never the writer)")
async def approve(
    template_id: UUID, asking: Approver, house: HouseDep, versions: VersionsDep, response: Response
) -> TemplateRow:
    """403 for whoever wrote it; 422 names everything that stands against it."""
    rules, carrier = house.settings.arrears.notices, house.settings.messaging.sms_bytes
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        who, now = asking.member, house.clock.now()
        made = await words.approve(tx, who.city_id, template_id, who.id, versions, now, rules=rules, carrier=carrier)
    return _shown(house, made, response)


@router.post("/{template_id}/reject", summary="문구 반려 (refuse a draft)")
async def reject(
    template_id: UUID, given: Refusal, asking: Approver, house: HouseDep, versions: VersionsDep, response: Response
) -> TemplateRow:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        who, now = asking.member, house.clock.now()
        made = await words.reject(tx, who.city_id, template_id, who.id, versions, now, given.reason)
    return _shown(house, made, response)


@router.post("/{template_id}/retire", summary="문구 쓰지 않기 (send it no more)")
async def retire(
    template_id: UUID, asking: Approver, house: HouseDep, versions: VersionsDep, response: Response
) -> TemplateRow:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        who, now = asking.member, house.clock.now()
        made = await words.retire(tx, who.city_id, template_id, who.id, versions, now)
    return _shown(house, made, response)


def _written(given: WordsGiven) -> Written:
    return Written(given.level, given.kind, given.lang, given.text, given.subject, given.alimtalk_key)


def _check(house: House, written: Written) -> Checked:
    return words.checked(written, house.settings.arrears.notices, house.settings.messaging.sms_bytes)


def _checked(found: Checked) -> CheckedRow:
    rows = [FindingRow(code=one.code, ko=one.ko, en=one.en) for one in found.findings]
    return CheckedRow(
        text=found.text, subject=found.subject, size=found.size, most=found.most, unit=found.unit, findings=rows
    )


def _row(house: House, one: Template) -> TemplateRow:
    given = {name: getattr(one, name) for name in TemplateRow.model_fields if name not in ("text", "checked")}
    lang: Literal["ko", "en"] = "en" if one.lang == "en" else "ko"
    written = Written(one.level, one.kind, lang, one.body, one.subject, one.alimtalk_key)
    return TemplateRow(**given, text=one.body, checked=_checked(_check(house, written)))


def _shown(house: House, one: Template, response: Response) -> TemplateRow:
    response.headers["ETag"] = f'"{one.version}"'
    return _row(house, one)
