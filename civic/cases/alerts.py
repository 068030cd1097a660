"""What the people of the desk are told of a case, by their inbox: facts and numbers, never a citizen's words."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import Case
from civic.cases.notices import written
from civic.cases.status import NAMES
from civic.city.tables import departments
from civic.staff.notices import notify
from civic.staff.permissions import Role


async def to_officer(
    tx: AsyncConnection, case: Case, kind: str, now: datetime, *, once: str = "", **values: Any
) -> None:
    """To whoever has the case; a case that nobody has goes to the officers of its department.

    `once`: what makes two alerts the same one. Without it each is its own.
    """
    people = (case.staff_id,) if case.staff_id else ()
    await _tell(tx, case, kind, now, once, values, staff_ids=people, role="agent", department_id=case.department_id)


async def to_head(tx: AsyncConnection, case: Case, kind: str, now: datetime, *, once: str = "", **values: Any) -> None:
    """To the team heads of the case's department."""
    await _tell(tx, case, kind, now, once, values, role="manager", department_id=case.department_id)


async def to_auditor(
    tx: AsyncConnection, case: Case, kind: str, now: datetime, *, once: str = "", **values: Any
) -> None:
    """To whoever checks the city's work."""
    await _tell(tx, case, kind, now, once, values, role="auditor")


async def _tell(
    tx: AsyncConnection,
    case: Case,
    kind: str,
    now: datetime,
    once: str,
    values: Mapping[str, Any],
    *,
    staff_ids: tuple[UUID, ...] = (),
    role: Role,
    department_id: str | None = None,
) -> None:
    korean, english = await _said(tx, case, kind, values)
    await notify(
        tx,
        city_id=case.city_id,
        kind=f"case.{kind}",
        text_ko=korean,
        text_en=english,
        now=now,
        staff_ids=staff_ids,
        role=role,
        department_id=department_id,
        case_id=case.id,
        dedupe_key=f"case:{case.id}:{kind}:{once}" if once else None,
    )


def kinds(lang: str) -> frozenset[str]:
    return frozenset(_templates(lang))


def render(kind: str, lang: str, values: Mapping[str, Any]) -> str:
    """Raises KeyError for a kind without text, UndefinedError for a missing value."""
    return _templates(lang)[kind].render(values).strip()


async def _said(tx: AsyncConnection, case: Case, kind: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """The text in Korean and in English."""
    wanted = (departments.c.city_id == case.city_id, departments.c.id == case.department_id)
    found = (await tx.execute(select(departments.c.name_ko, departments.c.name_en).where(*wanted))).one_or_none()
    names = tuple(found) if found else (case.department_id, case.department_id)

    def say(lang: str, index: int) -> str:
        facts = {
            "receipt_no": case.receipt_no,
            "department": names[index],
            "status": NAMES[case.status][index],
            "due": written(case.due_at, lang),
        }
        return render(kind, lang, {**facts, **values})

    return say("ko", 0), say("en", 1)


@cache
def _templates(lang: str) -> dict[str, Template]:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    source = yaml.safe_load((Path(__file__).parent / f"alerts.{lang}.yml").read_text("utf-8"))
    return {kind: environment.from_string(text) for kind, text in source.items()}
