"""The city's rules in the store: read, added, changed and removed, each with its audit row."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.city.tables import areas, categories, departments
from civic.routing.rule import Rule, RuleDraft
from civic.routing.tables import routing_rules
from civic.staff.service import active_member, record_change
from core.errors import BadInput, NotFound, PreconditionFailed
from core.ids import new_id


async def list_rules(tx: AsyncConnection, city_id: str, *, only_active: bool = False) -> list[Rule]:
    """In the order in which they are tried."""
    found = await tx.execute(_ACTIVE if only_active else _ALL, {"city": city_id})
    return [Rule.of(row) for row in found]


_ALL = (
    select(routing_rules)
    .where(routing_rules.c.city_id == bindparam("city"))
    .order_by(routing_rules.c.position, routing_rules.c.id)
)
_ACTIVE = _ALL.where(routing_rules.c.is_active)
"""Built once: every filing asks."""


async def read_rule(tx: AsyncConnection, city_id: str, rule_id: UUID, *, is_locked: bool = False) -> Rule:
    """Raises NotFound."""
    query = select(routing_rules).where(routing_rules.c.city_id == city_id, routing_rules.c.id == rule_id)
    row = (await tx.execute(query.with_for_update() if is_locked else query)).one_or_none()
    if row is None:
        raise NotFound("그런 배정 규칙이 없습니다.", "No such routing rule.")
    return Rule.of(row)


async def add_rule(tx: AsyncConnection, city_id: str, draft: RuleDraft, now: datetime, *, by: UUID) -> Rule:
    """Raises BadInput for a department, person, category or area that the city does not have."""
    await check_rule(tx, city_id, draft)
    rule_id = new_id()
    await tx.execute(insert(routing_rules).values(id=rule_id, **row_of(city_id, draft, "desk", now)))
    await _record(tx, city_id, "added", rule_id, draft, now, by)
    return await read_rule(tx, city_id, rule_id)


async def change_rule(
    tx: AsyncConnection,
    city_id: str,
    rule_id: UUID,
    draft: RuleDraft,
    now: datetime,
    *,
    versions: frozenset[int],
    by: UUID,
) -> Rule:
    """Replace the whole rule. Raises like `add_rule`, NotFound, PreconditionFailed when its version is not given."""
    rule = await _fresh(tx, city_id, rule_id, versions)
    await check_rule(tx, city_id, draft)
    values = {**row_of(city_id, draft, "desk", now), "version": rule.version + 1}
    del values["created_at"]
    await tx.execute(update(routing_rules).where(routing_rules.c.id == rule_id).values(values))
    await _record(tx, city_id, "changed", rule_id, draft, now, by)
    return await read_rule(tx, city_id, rule_id)


async def remove_rule(
    tx: AsyncConnection, city_id: str, rule_id: UUID, now: datetime, *, versions: frozenset[int], by: UUID
) -> None:
    """Raises NotFound, PreconditionFailed."""
    rule = await _fresh(tx, city_id, rule_id, versions)
    await tx.execute(delete(routing_rules).where(routing_rules.c.id == rule_id))
    await _record(tx, city_id, "removed", rule_id, rule, now, by)


async def check_rule(tx: AsyncConnection, city_id: str, draft: RuleDraft) -> None:
    """Raises BadInput naming what the city does not have."""
    await _must_know(tx, city_id, categories, draft.conditions.categories, "분야", "category")
    await _must_know(tx, city_id, areas, draft.conditions.areas, "지역", "area")
    result = draft.result
    await _must_know(
        tx, city_id, departments, [result.department_id] if result.department_id else [], "부서", "department"
    )
    if result.staff_id is None:
        return
    member = await active_member(tx, city_id, result.staff_id)
    if member is None or member.role == "auditor":
        raise BadInput("민원을 맡을 수 있는 직원이 아닙니다.", "No such member of staff who handles cases.")


def row_of(city_id: str, draft: RuleDraft, source: Literal["desk", "folder"], now: datetime) -> dict[str, Any]:
    """The columns that a draft fills."""
    return {
        "city_id": city_id,
        "position": draft.position,
        "name": draft.name,
        "conditions": draft.conditions.model_dump(mode="json"),
        "result": draft.result.model_dump(mode="json"),
        "is_active": draft.is_active,
        "source": source,
        "created_at": now,
        "updated_at": now,
    }


async def _fresh(tx: AsyncConnection, city_id: str, rule_id: UUID, versions: frozenset[int]) -> Rule:
    rule = await read_rule(tx, city_id, rule_id, is_locked=True)
    if rule.version not in versions:
        raise PreconditionFailed(
            "그 사이에 다른 사람이 이 규칙을 바꾸었습니다. 새로 읽은 뒤 다시 해 주세요.",
            "Somebody changed this rule meanwhile. Read it again and retry.",
            version=rule.version,
        )
    return rule


async def _must_know(
    tx: AsyncConnection, city_id: str, table: Table, ids: Iterable[str], korean: str, english: str
) -> None:
    wanted = set(ids)
    if not wanted:
        return
    found = await tx.execute(select(table.c.id).where(table.c.city_id == city_id, table.c.id.in_(wanted)))
    if missing := sorted(wanted - set(found.scalars())):
        names = ", ".join(missing)
        raise BadInput(f"없는 {korean}입니다: {names}", f"No such {english}: {names}")


async def _record(
    tx: AsyncConnection, city_id: str, verb: str, rule_id: UUID, draft: RuleDraft, now: datetime, by: UUID
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=by,
        action=f"rule.{verb}",
        object_kind="rule",
        object_id=str(rule_id),
        detail={"name": draft.name, "position": draft.position, "result": draft.result.model_dump(mode="json")},
        now=now,
    )
