"""The city's routing rules: written as data, tried before they count, every change with its audit row."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Caller, HouseDep, VersionsDep, allowed
from api.rules.schemas import RuleRow, Trial, TrialDraft, TrialResult
from civic.cases.capacity import free_officer
from civic.cases.service import Deadline
from civic.city.tables import categories
from civic.routing import rules
from civic.routing.rule import Rule, RuleDraft
from civic.routing.service import Matter, route
from civic.staff.permissions import Action
from core.errors import BadInput
from core.ids import new_id

router = APIRouter(prefix="/rules", tags=["rules"])
Reader = Annotated[Caller, allowed(Action.RULE_READ)]
Writer = Annotated[Caller, allowed(Action.RULE_WRITE)]


@router.get("", summary="배정 규칙 목록 (routing rules, in their order)")
async def list_rules(asking: Reader, house: HouseDep) -> list[RuleRow]:
    async with house.db.transaction() as tx:
        return [RuleRow.of_rule(rule) for rule in await rules.list_rules(tx, house.settings.city.id)]


@router.get("/{rule_id}", summary="배정 규칙 하나 (one rule)")
async def read_rule(rule_id: UUID, asking: Reader, house: HouseDep, response: Response) -> RuleRow:
    async with house.db.transaction() as tx:
        rule = await rules.read_rule(tx, house.settings.city.id, rule_id)
    return _shown(rule, response)


@router.post("", status_code=201, summary="배정 규칙 더하기 (add a rule)")
async def add_rule(given: RuleDraft, asking: Writer, house: HouseDep, response: Response) -> RuleRow:
    """422 for a department, person, category or area that the city does not have, or a polygon that crosses itself."""
    async with house.db.transaction() as tx:
        rule = await rules.add_rule(tx, house.settings.city.id, given, house.clock.now(), by=asking.member.id)
    return _shown(rule, response)


@router.put("/{rule_id}", summary="배정 규칙 바꾸기 (replace a rule)")
async def change_rule(
    rule_id: UUID, given: RuleDraft, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> RuleRow:
    """Needs If-Match: 428 without, 412 when somebody was quicker."""
    async with house.db.transaction() as tx:
        rule = await rules.change_rule(
            tx,
            house.settings.city.id,
            rule_id,
            given,
            house.clock.now(),
            versions=versions,
            by=asking.member.id,
        )
    return _shown(rule, response)


@router.delete("/{rule_id}", status_code=204, summary="배정 규칙 지우기 (remove a rule)")
async def remove_rule(rule_id: UUID, versions: VersionsDep, asking: Writer, house: HouseDep) -> None:
    """Needs If-Match. Cases that it has routed stay where they are."""
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await rules.remove_rule(tx, city_id, rule_id, now, versions=versions, by=asking.member.id)


@router.post("/try", summary="배정 미리 해 보기 (which rule would decide, and why)")
async def try_rules(given: Trial, asking: Reader, house: HouseDep) -> TrialResult:
    """Nothing is written. The answer comes from the same functions that route a real case."""
    city_id, trial_id = house.settings.city.id, new_id()
    now = given.draft.at or house.clock.now()
    async with house.db.transaction() as tx:
        matter = await _matter(tx, city_id, given.draft)
        tried = await rules.list_rules(tx, city_id, only_active=True)
        if given.rule is not None:
            await rules.check_rule(tx, city_id, given.rule)
            tried = _among(tried, given.rule, trial_id, now)
        routed = await route(tx, city_id, matter, now, rules=tried)
        officer = await free_officer(tx, city_id, routed.department_id, now, named=routed.staff_id)
    return TrialResult.of(routed, officer, trial_id)


def _among(stored: list[Rule], draft: RuleDraft, trial_id: UUID, now: datetime) -> list[Rule]:
    """A draft comes after stored rules of its position, as it would once it is stored."""
    trial = Rule(**dict(draft), id=trial_id, source="desk", version=1, updated_at=now)
    return sorted([*stored, trial], key=lambda rule: (rule.position, rule.id)) if draft.is_active else stored


async def _matter(tx: AsyncConnection, city_id: str, draft: TrialDraft) -> Matter:
    wanted = (categories.c.city_id == city_id, categories.c.id == draft.category)
    row = (await tx.execute(select(categories.c.department_id, categories.c.deadline).where(*wanted))).one_or_none()
    if row is None:
        raise BadInput(f"없는 분야입니다: {draft.category}", f"No such category: {draft.category}")
    return Matter(
        category=draft.category,
        department_id=row.department_id,
        deadline_kind=Deadline.read(row.deadline).kind,
        text=draft.text,
        channel=draft.channel,
        place=draft.place,
        lat=draft.lat,
        lon=draft.lon,
        has_photos=draft.has_photos,
    )


def _shown(rule: Rule, response: Response) -> RuleRow:
    response.headers["ETag"] = f'"{rule.version}"'
    return RuleRow.of_rule(rule)
