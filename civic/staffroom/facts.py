"""What a room may know of a case: names instead of ids, the citizen masked, and nothing that he wrote."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import Case, Event
from civic.cases.status import NAMES, Status
from civic.cases.tables import case_events
from civic.city.tables import categories, departments
from civic.conversations.tables import conversations
from civic.people.service import contact_of
from civic.staff.tables import staff
from core.vault import vault_of


@dataclass(frozen=True, slots=True)
class Facts:
    """`owner`: who has the case. `holder`: who holds its conversation, empty while the bot answers or there is none."""

    department: str
    category: str
    owner: str
    citizen: str
    holder: str
    has_conversation: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the history in words: what it went from and to, and who did it (empty: not a member of staff)."""

    kind: str
    actor_kind: str
    who: str
    before: str
    after: str


async def facts_of(tx: AsyncConnection, case: Case, lang: str) -> Facts:
    named = select(
        select(departments.c[f"name_{lang}"])
        .where(departments.c.city_id == case.city_id, departments.c.id == case.department_id)
        .scalar_subquery()
        .label("department"),
        select(categories.c[f"name_{lang}"])
        .where(categories.c.city_id == case.city_id, categories.c.id == case.category)
        .scalar_subquery()
        .label("category"),
        select(staff.c.name).where(staff.c.id == case.staff_id).scalar_subquery().label("owner"),
        select(staff.c.name)
        .join(conversations, conversations.c.staff_id == staff.c.id)
        .where(conversations.c.id == case.conversation_id, conversations.c.owner == "staff")
        .scalar_subquery()
        .label("holder"),
    )
    row = (await tx.execute(named)).one()
    name = (await contact_of(tx, vault_of(tx), case.citizen_id))[0] if case.citizen_id else ""
    return Facts(
        department=row.department or case.department_id,
        category=row.category or case.category,
        owner=row.owner or "",
        citizen=masked_name(name),
        holder=row.holder or "",
        has_conversation=case.conversation_id is not None,
    )


def masked_name(name: str) -> str:
    """김순신 → 김○○, Gildong Hong → G○○: enough to tell two apart, and no more."""
    return f"{name.strip()[0]}○○" if name.strip() else ""


async def told_of(tx: AsyncConnection, case: Case, seq: int, lang: str) -> Told | None:
    """None when the line is no more."""
    columns = [case_events.c[name] for name in Event.__dataclass_fields__]
    row = (
        await tx.execute(select(*columns).where(case_events.c.case_id == case.id, case_events.c.seq == seq))
    ).one_or_none()
    if row is None:
        return None
    who = await _staff_name(tx, row.actor_id) if row.actor_kind == "staff" else ""
    before, after = [await _named(tx, case, row.kind, value, lang) for value in (row.from_value, row.to_value)]
    return Told(row.kind, row.actor_kind, who, before, after)


async def _named(tx: AsyncConnection, case: Case, kind: str, value: str | None, lang: str) -> str:
    if not value:
        return ""
    if kind == "status":
        return NAMES[Status(value)][0 if lang == "ko" else 1]
    if kind == "owner":
        return await _staff_name(tx, UUID(value))
    if kind == "department":
        wanted = (departments.c.city_id == case.city_id, departments.c.id == value)
        return (await tx.execute(select(departments.c[f"name_{lang}"]).where(*wanted))).scalar_one_or_none() or value
    return value


async def _staff_name(tx: AsyncConnection, staff_id: UUID | None) -> str:
    return (await tx.execute(select(staff.c.name).where(staff.c.id == staff_id))).scalar_one_or_none() or ""
