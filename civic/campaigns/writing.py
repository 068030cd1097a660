"""A campaign's life: written, looked at, started, cancelled; each step by a named member of staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.campaigns.marking import check
from civic.campaigns.tables import campaign_recipients, campaigns
from civic.consent.service import agrees
from civic.conversations.tables import conversations, outbound
from civic.staff.service import record_change
from core.errors import BadInput, Conflict, NotFound, PreconditionFailed
from core.ids import new_id

MAX_TEXT = 900
"""With the marks around it, it fits one long message of a Korean carrier (2,000 bytes)."""
_CANCELLED = "홍보 발송을 취소했습니다. (The campaign was cancelled.)"


@dataclass(frozen=True, slots=True)
class Draft:
    """`is_advertising` False needs a `basis`: a city's event is advertising until counsel says otherwise."""

    title: str
    text: str
    text_en: str = ""
    is_advertising: bool = True
    basis: str = ""

    def check(self) -> None:
        """Raises BadInput."""
        if not self.title.strip() or not self.text.strip():
            raise BadInput("제목과 글이 있어야 합니다.", "A title and a text are needed.")
        if max(len(self.text), len(self.text_en)) > MAX_TEXT:
            raise BadInput(f"글은 {MAX_TEXT}자까지입니다.", f"A text has at most {MAX_TEXT} characters.")
        if not self.is_advertising and not self.basis.strip():
            raise BadInput(
                "광고가 아니라고 보는 까닭(법적 검토)을 적어 주세요.", "Say why this is no advertising (legal review)."
            )
        for text in (self.text, self.text_en):
            check(text)


@dataclass(frozen=True, slots=True)
class Campaign:
    id: UUID
    title: str
    text: str
    text_en: str
    is_advertising: bool
    basis: str
    status: str
    version: int
    staff_id: UUID
    started_by: UUID | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> "Campaign":
        return cls(**{name: getattr(row, name) for name in cls.__dataclass_fields__})


def listed(city_id: str) -> Select[Any]:
    """For a page of campaigns, in the order the caller asks for."""
    return select(campaigns).where(campaigns.c.city_id == city_id)


async def read(tx: AsyncConnection, city_id: str, campaign_id: UUID, *, lock: bool = False) -> Campaign:
    """Raises NotFound."""
    wanted = listed(city_id).where(campaigns.c.id == campaign_id)
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    if row is None:
        raise NotFound("그런 홍보가 없습니다.", "No such campaign.")
    return Campaign.of(row)


async def add(tx: AsyncConnection, city_id: str, draft: Draft, staff_id: UUID, now: datetime) -> Campaign:
    """A draft. Raises BadInput."""
    draft.check()
    values = {"id": new_id(), "city_id": city_id, **_columns(draft), "staff_id": staff_id}
    row = (
        await tx.execute(insert(campaigns).values(**values, created_at=now, updated_at=now).returning(campaigns))
    ).one()
    await _record(tx, city_id, row.id, staff_id, "campaign.written", now)
    return Campaign.of(row)


async def rewrite(
    tx: AsyncConnection, city_id: str, before: Campaign, draft: Draft, staff_id: UUID, now: datetime
) -> Campaign:
    """Only a draft can be changed. Raises BadInput, Conflict."""
    draft.check()
    _must_be(before, "draft")
    return await _change(tx, city_id, before, staff_id, "campaign.rewritten", now, **_columns(draft))


async def start(tx: AsyncConnection, city_id: str, before: Campaign, staff_id: UUID, now: datetime) -> Campaign:
    """From now on it is queued for everybody who agreed. Raises Conflict."""
    _must_be(before, "draft")
    given = {"status": "running", "started_by": staff_id, "started_at": now}
    return await _change(tx, city_id, before, staff_id, "campaign.started", now, **given)


async def cancel(tx: AsyncConnection, city_id: str, before: Campaign, staff_id: UUID, now: datetime) -> Campaign:
    """Nobody else gets it; what is queued is taken back, what is on its way is not. Raises Conflict."""
    _must_be(before, "draft", "running", "filled")
    mine = select(campaign_recipients.c.outbound_id).where(campaign_recipients.c.campaign_id == before.id)
    waiting = (outbound.c.id.in_(mine), outbound.c.status == "queued")
    await tx.execute(update(outbound).where(*waiting).values(status="cancelled", reason=_CANCELLED))
    return await _change(tx, city_id, before, staff_id, "campaign.cancelled", now, status="cancelled", ended_at=now)


def must_be_read(one: Campaign, versions: frozenset[int]) -> None:
    """Raises PreconditionFailed when somebody changed it since it was read."""
    if one.version not in versions:
        raise PreconditionFailed(
            "그사이 다른 사람이 고쳤습니다. 다시 읽어 주세요.",
            "Somebody changed it meanwhile. Please read it again.",
            version=one.version,
        )


async def figures(tx: AsyncConnection, campaign_id: UUID) -> Mapping[str, int]:
    """How many messages are in which state of delivery."""
    own = campaign_recipients.c.campaign_id == campaign_id
    found = (
        select(outbound.c.status, func.count().label("number"))
        .join(campaign_recipients, campaign_recipients.c.outbound_id == outbound.c.id)
        .where(own)
        .group_by(outbound.c.status)
    )
    return {row.status: row.number for row in await tx.execute(found)}


async def audience(tx: AsyncConnection, city_id: str) -> Mapping[str, int]:
    """How many conversations of each channel would be written to now."""
    found = (
        select(conversations.c.channel, func.count().label("number"))
        .where(conversations.c.city_id == city_id, *reachable())
        .group_by(conversations.c.channel)
    )
    return {row.channel: row.number for row in await tx.execute(found)}


def reachable() -> tuple[Any, ...]:
    """Over `conversations`: who agreed, has not left and has not said 수신거부."""
    return (conversations.c.stopped_at.is_(None), conversations.c.unreachable_at.is_(None), agrees())


def _columns(draft: Draft) -> dict[str, Any]:
    texts = {name: getattr(draft, name).strip() for name in ("title", "text", "text_en", "basis")}
    return {**texts, "is_advertising": draft.is_advertising}


def _must_be(one: Campaign, *statuses: str) -> None:
    if one.status not in statuses:
        raise Conflict(
            "이미 시작했거나 끝난 홍보입니다.", "The campaign has begun or ended already.", status=one.status
        )


async def _change(
    tx: AsyncConnection, city_id: str, before: Campaign, staff_id: UUID, action: str, now: datetime, **values: Any
) -> Campaign:
    changing = update(campaigns).where(campaigns.c.id == before.id)
    changed = changing.values(**values, version=before.version + 1, updated_at=now).returning(campaigns)
    row = (await tx.execute(changed)).one()
    await _record(tx, city_id, before.id, staff_id, action, now)
    return Campaign.of(row)


async def _record(
    tx: AsyncConnection, city_id: str, campaign_id: UUID, staff_id: UUID, action: str, now: datetime
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=staff_id,
        action=action,
        object_kind="campaign",
        object_id=str(campaign_id),
        detail={},
        now=now,
    )
