"""Canned answers: written, renewed, found, filled, told to their owners before they end."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.canned import placeholders
from civic.canned.tables import canned_answers
from civic.staff.audit import record_change
from core.clock import SEOUL
from core.errors import Conflict, NotFound, PreconditionFailed
from core.ids import new_id

State = Literal["all", "valid", "ending", "over"]
WARN_BEFORE = timedelta(days=14)
ALIKE = 0.4
"""How alike two spellings are (pg_trgm) before one is found by the other: one wrong syllable in four is 0.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedDraft:
    """What a member writes. `category`, `department_id` None: fits all. `expires_at` is aware and lies ahead."""

    title: str
    body: str
    body_en: str = ""
    category: str | None = None
    department_id: str | None = None
    law: str = ""
    owner_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Canned(CannedDraft):
    """One canned answer; `version` grows with every change, `used` with every filling."""

    id: UUID
    city_id: str
    used: int
    used_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> "Canned":
        return cls(**{name: row._mapping[name] for name in cls.__dataclass_fields__})


COLUMNS = tuple(canned_answers.c[name] for name in Canned.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Filled:
    """`missing`: gaps without a value. `lang`: what was written, when the citizen's language is not there."""

    text: str
    missing: list[str]
    lang: str


def search(
    city_id: str,
    now: datetime,
    *,
    text: str = "",
    category: str | None = None,
    departments: frozenset[str] | None = None,
    state: State = "all",
) -> Select[Any]:
    """For `api.paging.page` over `updated_at`. `departments`: those of the asking member, None for all.

    Each word must stand in title, body or law as written, or stand there nearly so.
    """
    table = canned_answers
    wanted = _readable(city_id, departments)
    if category is not None:
        wanted.append(or_(table.c.category.is_(None), table.c.category == category))
    if state == "over":
        wanted.append(table.c.expires_at <= now)
    elif state != "all":
        wanted.append(table.c.expires_at > now)
    if state == "ending":
        wanted.append(table.c.expires_at <= now + WARN_BEFORE)
    wanted += [_has(word) for word in text.split()[:8]]
    return select(*COLUMNS).where(and_(*wanted))


def _readable(city_id: str, departments: frozenset[str] | None) -> list[ColumnElement[bool]]:
    mine: list[ColumnElement[bool]] = [canned_answers.c.city_id == city_id]
    if departments is not None:
        of = canned_answers.c.department_id
        mine.append(or_(of.is_(None), of.in_(sorted(departments))))
    return mine


def _has(word: str) -> ColumnElement[bool]:
    texts = (canned_answers.c.title, canned_answers.c.body, canned_answers.c.law)
    written = [column.icontains(word, autoescape=True) for column in texts]
    nearly = [func.word_similarity(word, column) >= ALIKE for column in texts[:2]]
    return or_(*written, *nearly)


async def read(
    tx: AsyncConnection, city_id: str, canned_id: UUID, departments: frozenset[str] | None = None, *, lock: bool = False
) -> Canned:
    """Raises NotFound; another department's looks exactly like none."""
    wanted = select(*COLUMNS).where(canned_answers.c.id == canned_id, *_readable(city_id, departments))
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    if row is None:
        raise NotFound("상용 답변을 찾을 수 없습니다.", "No such canned answer.")
    return Canned.of(row)


async def add(tx: AsyncConnection, city_id: str, draft: CannedDraft, by: UUID, now: datetime) -> Canned:
    """Raises BadInput for a text with unknown gaps. The caller has checked owner, category and department."""
    _check(draft)
    made = insert(canned_answers).values(id=new_id(), city_id=city_id, created_at=now, updated_at=now, **_values(draft))
    canned = Canned.of((await tx.execute(made.returning(*COLUMNS))).one())
    await _record(tx, canned, by, "canned.added", now)
    return canned


async def change(
    tx: AsyncConnection, canned: Canned, draft: CannedDraft, by: UUID, now: datetime, *, versions: frozenset[int]
) -> Canned:
    """The whole text anew; `canned` was read with `lock`. Raises BadInput, and PreconditionFailed when it is stale."""
    _must_be_read(canned, versions)
    _check(draft)
    values = _values(draft) | {"version": canned.version + 1, "updated_at": now, "warned_at": None}
    changed = update(canned_answers).where(canned_answers.c.id == canned.id).values(values).returning(*COLUMNS)
    new = Canned.of((await tx.execute(changed)).one())
    await _record(tx, new, by, "canned.changed", now)
    return new


async def remove(tx: AsyncConnection, canned: Canned, by: UUID, now: datetime, *, versions: frozenset[int]) -> None:
    """Messages that were written with it stay as they are."""
    _must_be_read(canned, versions)
    await tx.execute(delete(canned_answers).where(canned_answers.c.id == canned.id))
    await _record(tx, canned, by, "canned.removed", now)


async def fill(
    tx: AsyncConnection, canned: Canned, values: Mapping[str, Mapping[str, str]], lang: str, now: datetime
) -> Filled:
    """The text with the case's values (by language), counted as one use. Raises Conflict when it is over its date."""
    shown = preview(canned, values, lang, now)
    counted = {"used": canned_answers.c.used + 1, "used_at": now}
    await tx.execute(update(canned_answers).where(canned_answers.c.id == canned.id).values(counted))
    return shown


def preview(canned: Canned, values: Mapping[str, Mapping[str, str]], lang: str, now: datetime) -> Filled:
    """Like `fill`, and nothing is counted. Raises Conflict."""
    if canned.expires_at <= now:
        day = canned.expires_at.astimezone(SEOUL).date().isoformat()
        raise Conflict(
            f"이 상용 답변은 {day}에 유효 기간이 끝났습니다. 소유자가 내용을 확인하고 기간을 늘린 뒤에 쓸 수 있습니다.",
            f"This canned answer ended on {day}. Its owner must check and renew it first.",
            owner=str(canned.owner_id),
        )
    spoken = "en" if lang == "en" and canned.body_en else "ko"
    text, missing = placeholders.filled(canned.body_en if spoken == "en" else canned.body, values[spoken])
    return Filled(text, missing, spoken)


async def ending(tx: AsyncConnection, city_id: str, now: datetime, *, most: int = 500) -> list[Canned]:
    """Those that end within two weeks and whose owners were not told yet: marked as told, in this transaction."""
    table = canned_answers
    wanted = (
        table.c.city_id == city_id,
        table.c.expires_at <= now + WARN_BEFORE,
        table.c.warned_at.is_(None),
    )
    due = select(table.c.id).where(*wanted).order_by(table.c.expires_at).limit(most).with_for_update(skip_locked=True)
    told = update(table).where(table.c.id.in_(due.scalar_subquery())).values(warned_at=now).returning(*COLUMNS)
    return sorted((Canned.of(row) for row in await tx.execute(told)), key=lambda one: one.expires_at)


def _check(draft: CannedDraft) -> None:
    for text in (draft.body, draft.body_en):
        placeholders.used(text)


def _values(draft: CannedDraft) -> dict[str, Any]:
    plain = replace(draft, title=draft.title.strip(), body=draft.body.strip(), body_en=draft.body_en.strip())
    return {name: getattr(plain, name) for name in CannedDraft.__dataclass_fields__}


def _must_be_read(canned: Canned, versions: frozenset[int]) -> None:
    if canned.version not in versions:
        raise PreconditionFailed(
            "그 사이에 다른 사람이 이 상용 답변을 바꾸었습니다. 새로 읽은 뒤 다시 해 주세요.",
            "Somebody changed this canned answer meanwhile. Read it again and retry.",
            version=canned.version,
        )


async def _record(tx: AsyncConnection, canned: Canned, by: UUID, action: str, now: datetime) -> None:
    await record_change(
        tx,
        city_id=canned.city_id,
        actor_kind="staff",
        actor_id=by,
        action=action,
        object_kind="canned",
        object_id=str(canned.id),
        detail={"version": canned.version, "owner": str(canned.owner_id), "expires": canned.expires_at.isoformat()},
        now=now,
    )
