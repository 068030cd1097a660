"""The dunning ladder: its levels, who is due for one, where a debtor stands, and letters listed for a level."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.arrears.letter_parts import NOT_SERVICE, LetterHead, head_of
from api.arrears.parts import Reader, Writer, reason_of
from api.deps import HouseDep
from api.paging import Limit
from civic.arrears.ledger.people import persons
from civic.arrears.notices import ladder, standing
from civic.arrears.notices.reasons import reason
from civic.arrears.notices.writing import list_due
from core.arrears_notice_rules import Level
from core.clock import SEOUL
from core.errors import NotFound

router = APIRouter(prefix="/arrears/ladder", tags=["arrears"])


class LevelRow(BaseModel):
    """`basis`: statute or practice. `letter`: the written document that the level is, if it is one."""

    level: Level
    title_ko: str
    title_en: str
    after: str
    wait_days: int
    follows: Level | None
    every_days: int
    most: int
    minimum_krw: int
    letter: str
    stops: list[str]
    basis_ko: str
    basis_en: str
    source: str


class Ladder(BaseModel):
    levels: list[LevelRow]
    not_service: str = NOT_SERVICE


class DueRow(BaseModel):
    """`excluded`: "" where the notice may go out. `is_late`: the law's day for the 독촉장 has passed."""

    debtor_id: UUID
    bills: int
    total_krw: int
    excluded: str
    excluded_ko: str
    times: int
    next_on: date | None
    dun_by: date | None
    is_late: bool


class DuePage(BaseModel):
    """`next_after`: give it as `after` for the next page; null at the end."""

    on: date
    items: list[DueRow]
    next_after: UUID | None


class StandingRow(BaseModel):
    level: Level
    times: int
    last_on: date | None
    is_due: bool
    reason: str
    reason_ko: str
    next_on: date | None
    bills: int
    total_krw: int
    dun_by: date | None


class Standing(BaseModel):
    debtor_id: UUID
    on: date
    levels: list[StandingRow]
    letters: list[LetterHead]
    not_service: str = NOT_SERVICE


class Wanted(BaseModel):
    """`after`: the last debtor of the page before. `most`: debtors that one call goes through."""

    model_config = ConfigDict(extra="forbid")

    after: UUID | None = None
    most: Annotated[int, Field(ge=1, le=2000)] = 500


class ListedPage(BaseModel):
    """`excluded`: how many were left out, by reason. `next_after` null: everybody was gone through."""

    letters: int
    letter_ids: list[UUID]
    excluded: dict[str, int]
    next_after: UUID | None


@router.get("", summary="안내 단계 (levels)")
async def read_ladder(asking: Reader, house: HouseDep) -> Ladder:
    rows = []
    for level, rung in house.settings.arrears.notices.levels.items():
        told = {"title": rung.title, "basis": rung.basis}
        texts = {f"{name}_{lang}": getattr(text, lang) for name, text in told.items() for lang in ("ko", "en")}
        rows.append(LevelRow(level=level, **rung.model_dump(exclude={"title", "basis"}), **texts))
    return Ladder(levels=rows)


@router.get("/debtors/{debtor_id}", summary="체납자 한 분의 안내 단계 (where a debtor stands)")
async def read_standing(debtor_id: UUID, asking: Reader, house: HouseDep) -> Standing:
    """Each level with its dates and next step, every document with its service. Needs a reason (X-Access-Reason)."""
    reason_of(asking)
    city_id, on = asking.member.city_id, house.clock.now().astimezone(SEOUL).date()
    async with house.db.transaction() as tx:
        await asking.looked(tx, house, "arrears_debtor", str(debtor_id), action="arrears_ladder.read")
        if debtor_id not in await persons(tx, city_id, [debtor_id]):
            raise NotFound("체납자를 찾을 수 없습니다.", "No such debtor.")
        levels = await standing.of_debtor(tx, city_id, debtor_id, on, house.settings.arrears)
        letters = await standing.documents(tx, city_id, debtor_id)
    rows = [
        StandingRow(
            **{name: getattr(one, name) for name in StandingRow.model_fields if name != "reason_ko"},
            reason_ko=reason(one.reason)["ko"],
        )
        for one in levels
    ]
    return Standing(debtor_id=debtor_id, on=on, levels=rows, letters=[head_of(one) for one in letters])


@router.get("/{level}", summary="이 단계의 대상 (who is due)")
async def read_due(
    level: Level,
    asking: Reader,
    house: HouseDep,
    after: Annotated[UUID | None, Query(description="앞 쪽의 next_after")] = None,
    limit: Limit = 100,
) -> DuePage:
    """Debtors by id, without names, those left out with the reason."""
    city_id, on = asking.member.city_id, house.clock.now().astimezone(SEOUL).date()
    async with house.db.transaction() as tx:
        found = await ladder.due(tx, city_id, level, on, house.settings.arrears, after, limit)
        await asking.looked(tx, house, "arrears_list", f"{level}: {len(found)} debtors", action="arrears_ladder.due")
    rows = [
        DueRow(
            debtor_id=one.debtor_id,
            bills=len(one.bill_ids),
            total_krw=one.total_krw,
            excluded=one.excluded,
            excluded_ko=reason(one.excluded)["ko"],
            times=one.times,
            next_on=one.next_on,
            dun_by=one.dun_by,
            is_late=one.dun_by is not None and one.dun_by < on,
        )
        for one in found
    ]
    return DuePage(on=on, items=rows, next_after=found[-1].debtor_id if len(found) == limit else None)


@router.post("/{level}/letters", summary="이 단계의 서면 작성 (list letters)")
async def list_letters(level: Level, wanted: Wanted, asking: Writer, house: HouseDep) -> ListedPage:
    """One document for all of a person's bills; who was written to within the level's wait is left out."""
    now, who = house.clock.now(), asking.member
    on = now.astimezone(SEOUL).date()
    async with house.db.transaction() as tx:
        await asking.looked(tx, house, "arrears_list", f"{level}: letters", action="arrears_ladder.letters")
        done = await list_due(
            tx, who.city_id, level, on, house.settings.arrears, wanted.after, wanted.most, now, by=who.id
        )
    ids = list(done.letter_ids)
    return ListedPage(letters=len(ids), letter_ids=ids, excluded=done.excluded, next_after=done.after)
