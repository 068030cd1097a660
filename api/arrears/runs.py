"""Runs of notices: drafted, prepared, looked at, approved by a second person, paused, resumed, cancelled."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from api.arrears.parts import Approver, Reader, Writer
from api.deps import Caller, House, HouseDep, VersionsDep
from api.fields import Name, Plain
from api.paging import Cursor, Limit, page
from bot.arrears.running import phone_channel, template_keys
from civic.arrears.notices import values
from civic.arrears.notices.words import approved, rendered
from civic.arrears.runs import writing
from civic.arrears.runs.figures import figures
from civic.arrears.runs.tables import arrears_runs
from civic.arrears.runs.ways import DELIVERED_IS_NOT_SERVED_EN, DELIVERED_IS_NOT_SERVED_KO, length
from civic.arrears.runs.writing import Criteria, Draft, Run
from core import cp949
from core.arrears_notice_rules import Level
from core.clock import SEOUL

router = APIRouter(prefix="/arrears/runs", tags=["arrears"])
Krw = Annotated[int, Field(ge=0, le=10**15)]


class NotServed(BaseModel):
    """Stands in every answer about a run: what a receipt of a message means, and what it does not."""

    is_service: bool = False
    service_note_ko: str = DELIVERED_IS_NOT_SERVED_KO
    service_note_en: str = DELIVERED_IS_NOT_SERVED_EN


class Filter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    minimum_krw: Krw = 0
    maximum_krw: Krw | None = None
    tax_items: Annotated[list[Name], Field(max_length=50)] = []
    area: Annotated[Plain, Field(max_length=100, description="주소에 들어 있는 말, 예: 장기동")] = ""
    due_from: date | None = None
    due_until: date | None = None
    companies: Annotated[bool | None, Field(description="법인만(true), 개인만(false)")] = None


class NewRun(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Name
    level: Level
    criteria: Filter = Filter()
    per_second: Annotated[float | None, Field(gt=0, le=1000, description="이 발송이 1초에 내보낼 수")] = None
    begins_at: Annotated[AwareDatetime | None, Field(description="이 시각 전에는 나가지 않습니다")] = None


class RunRow(NotServed):
    """`figures`: only of one run by its id."""

    id: UUID
    title: str
    level: str
    criteria: Mapping[str, Any]
    per_second: float | None
    begins_at: datetime | None
    status: str
    is_paused: bool
    version: int
    reckoned_on: date | None
    looked: int
    reason: str
    staff_id: UUID
    approved_by: UUID | None
    created_at: datetime
    prepared_at: datetime | None
    approved_at: datetime | None
    filled_at: datetime | None
    ended_at: datetime | None
    figures: Mapping[str, Any] = {}


class Runs(NotServed):
    items: list[RunRow]
    next_cursor: str | None


class SampleText(BaseModel):
    """As a made-up person's telephone shows it. `size`: bytes of a text message."""

    way: str
    lang: str
    subject: str
    text: str
    size: int


class Preview(NotServed):
    """What approving it would do. `planned_krw` and `saved_krw` by the prices of the day, whose source is beside them.
    `has_channel`: a channel for text messages is on."""

    run_id: UUID
    version: int
    recipients: int
    amount_krw: int
    by_way: Mapping[str, int]
    by_letter: Mapping[str, int]
    excluded: Mapping[str, int]
    planned_krw: int
    all_by_post_krw: int
    saved_krw: int
    prices: list[Mapping[str, Any]]
    has_channel: bool
    samples: list[SampleText]


class Why(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Name


@router.get("", summary="안내 발송 목록 (runs)")
async def list_runs(asking: Reader, house: HouseDep, cursor: Cursor = None, limit: Limit = 50) -> Runs:
    """The newest first; nobody is named."""
    async with house.db.reading() as tx:
        await asking.still_here(tx, house)
        listed = writing.listed(house.settings.city.id)
        rows, following = await page(tx, listed, arrears_runs.c.created_at, arrears_runs.c.id, cursor, limit)
    return Runs(items=[_row(dict(row._mapping)) for row in rows], next_cursor=following)


@router.post("", status_code=201, summary="안내 발송 만들기 (draft)")
async def draft_run(given: NewRun, asking: Writer, house: HouseDep, response: Response) -> RunRow:
    """Nobody is looked at before it is prepared."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        criteria = given.criteria.model_dump()
        chosen = Criteria(**{**criteria, "tax_items": tuple(criteria["tax_items"])})
        draft = Draft(given.title, given.level, chosen, given.per_second, given.begins_at)
        rules, city_id = house.settings.arrears, house.settings.city.id
        one = await writing.add(tx, city_id, draft, rules, asking.member.id, house.clock.now())
        return await _answered(tx, house, one, response)


@router.get("/{run_id}", summary="안내 발송 하나: 길, 수신 결과, 비용, 아낀 우편료 (one run)")
async def read_run(run_id: UUID, asking: Reader, house: HouseDep, response: Response) -> RunRow:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        one = await writing.read(tx, house.settings.city.id, run_id)
        return await _answered(tx, house, one, response)


@router.get("/{run_id}/preview", summary="보내기 전 미리보기 (preview)")
async def preview_run(run_id: UUID, asking: Reader, house: HouseDep, response: Response) -> Preview:
    """How many by which way, whom it leaves out and why, what it would cost, and the words for a made-up person."""
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        one = await writing.read(tx, city_id, run_id)
        told = await figures(tx, one, house.settings.arrears)
        samples = await _samples(tx, house, one)
    response.headers["ETag"] = f'"{one["version"]}"'
    shown = {name: told[name] for name in ("recipients", "amount_krw", "by_way", "by_letter", "excluded", "prices")}
    return Preview(
        run_id=one["id"],
        version=one["version"],
        planned_krw=told["planned_krw"],
        all_by_post_krw=told["all_by_post_krw"],
        saved_krw=told["all_by_post_krw"] - told["planned_krw"],
        has_channel=bool(phone_channel(house.settings, house.channels)),
        samples=samples,
        **shown,
    )


@router.post("/{run_id}/prepare", summary="명단과 금액 셈하기 (prepare)")
async def prepare_run(
    run_id: UUID, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> RunRow:
    """In the background, in steps: `status` prepared says when it is done. Needs If-Match."""
    now = house.clock.now()
    async with house.db.transaction() as tx:
        before = await _locked(tx, asking, house, run_id, versions)
        one = await writing.prepare(tx, before, asking.member.id, now.astimezone(SEOUL).date(), now)
        return await _answered(tx, house, one, response)


@router.post("/{run_id}/approve", summary="다른 담당자의 승인: 보내기 시작 (approve)")
async def approve_run(
    run_id: UUID, versions: VersionsDep, asking: Approver, house: HouseDep, response: Response
) -> RunRow:
    """Needs If-Match: what is sent is what was looked at. 409 for who prepared the list himself."""
    now = house.clock.now()
    async with house.db.transaction() as tx:
        before = await _locked(tx, asking, house, run_id, versions)
        today = now.astimezone(SEOUL).date()
        one = await writing.approve(tx, before, house.settings.arrears, asking.member.id, today, now)
        return await _answered(tx, house, one, response)


@router.post("/{run_id}/pause", summary="멈추기 (pause)")
async def pause_run(run_id: UUID, asking: Writer, house: HouseDep, response: Response) -> RunRow:
    """At any moment, so it asks for no If-Match: nothing leaves any more but what the provider has in hand."""
    async with house.db.transaction() as tx:
        before = await _locked(tx, asking, house, run_id)
        one = await writing.pause(tx, before, asking.member.id, house.clock.now())
        return await _answered(tx, house, one, response)


@router.post("/{run_id}/resume", summary="이어서 보내기 (resume)")
async def resume_run(
    run_id: UUID, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> RunRow:
    """Who had no message yet gets his. Needs If-Match."""
    async with house.db.transaction() as tx:
        before = await _locked(tx, asking, house, run_id, versions)
        one = await writing.resume(tx, before, asking.member.id, house.clock.now())
        return await _answered(tx, house, one, response)


@router.post("/{run_id}/cancel", summary="발송 취소 (cancel)")
async def cancel_run(run_id: UUID, given: Why, asking: Writer, house: HouseDep, response: Response) -> RunRow:
    """At any moment. What is queued is taken back; what has left has left."""
    async with house.db.transaction() as tx:
        before = await _locked(tx, asking, house, run_id)
        one = await writing.cancel(tx, before, asking.member.id, given.reason, house.clock.now())
        return await _answered(tx, house, one, response)


async def _locked(
    tx: AsyncConnection, asking: Caller, house: House, run_id: UUID, versions: frozenset[int] | None = None
) -> Run:
    await asking.still_here(tx, house)
    one = await writing.read(tx, house.settings.city.id, run_id, lock=True)
    if versions is not None:
        writing.must_be_read(one, versions)
    return one


async def _answered(tx: AsyncConnection, house: House, one: Run, response: Response) -> RunRow:
    response.headers["ETag"] = f'"{one["version"]}"'
    told = one["figures"] if one["ended_at"] else await figures(tx, one, house.settings.arrears)
    return _row({**one, "figures": told})


def _row(one: Mapping[str, Any]) -> RunRow:
    given = {name: one[name] for name in RunRow.model_fields if name in one}
    return RunRow(**given, is_paused=one["paused_at"] is not None)


async def _samples(tx: AsyncConnection, house: House, one: Run) -> list[SampleText]:
    """The approved words of the ways that are open here, with a made-up person's values."""
    settings = house.settings
    keys = template_keys(settings, phone_channel(settings, house.channels))
    found = await approved(tx, settings.city.id, one["level"])
    shown = []
    for (kind, lang), template in sorted(found.items()):
        if kind == "letter" or (kind == "alimtalk" and template.alimtalk_key not in keys):
            continue
        said = rendered(template, values.sample(lang), lang, kind)  # type: ignore[arg-type]
        way = kind if kind == "alimtalk" else length(said.text, settings.messaging.sms_bytes)
        size = cp949.size(cp949.plain(said.text).text)
        shown.append(SampleText(way=way, lang=lang, subject=said.subject, text=said.text, size=size))
    return shown
