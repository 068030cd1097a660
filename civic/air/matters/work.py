"""What is done about a matter: tasks with a deadline, actions and statements by their origin, and who saw to them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.answering import acknowledge, is_answered
from civic.air.matters.people import DUTY
from civic.air.matters.record import Actor, Matter, change, note
from civic.air.matters.states import State
from civic.air.matters.tables import air_matter_actions, air_matter_tasks
from civic.files.service import StoredFile
from civic.staff.notices import notify
from civic.staff.service import active_member
from core.air_rules import Air
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id
from core.vault import vault_of

MOST_TEXT = 1_000
MOST_OF_ONE_LINK = 20
"""Actions and statements of one side in one matter: a link is the whole authority of who holds it."""
_AHEAD = timedelta(minutes=5)
"""Clocks of others may be so much fast."""


@dataclass(frozen=True, slots=True)
class NewAction:
    """`done_at`: when it was done, aware; None: now. `dedupe_key`: the same for a second press of one form."""

    text: str
    kind: Literal["action", "statement"] = "action"
    done_at: datetime | None = None
    photo: StoredFile | None = None
    task_id: UUID | None = None
    dedupe_key: str | None = None


async def set_task(
    tx: AsyncConnection,
    matter: Matter,
    by: UUID,
    what: str,
    now: datetime,
    rules: Air,
    *,
    company: str = "",
    staff_id: UUID | None = None,
    due_at: datetime | None = None,
) -> UUID:
    """For a company, or an officer (`staff_id` None: whoever has the matter). Raises BadInput, Conflict."""
    _must_stand(matter)
    if company and company not in rules.companies:
        raise BadInput("config.yml에 없는 사업장입니다.", "No such company.")
    whose = None if company else staff_id or matter.staff_id or by
    if whose is not None and await active_member(tx, matter.city_id, whose) is None:
        raise BadInput("지금 일하는 직원이 아닙니다.", "No such member of staff.")
    due = due_at or now + timedelta(minutes=rules.acting.task_minutes)
    if due <= now:
        raise BadInput("기한은 지금보다 뒤여야 합니다.", "A deadline lies in the future.")
    task_id = new_id()
    await tx.execute(
        insert(air_matter_tasks).values(
            id=task_id,
            city_id=matter.city_id,
            matter_id=matter.id,
            lane=company or DUTY,
            staff_id=whose,
            what=_checked(what),
            due_at=due,
            set_by=by,
            set_at=now,
            told_at=None if company else now,
        )
    )
    if whose is not None and whose != by:
        await notify(
            tx,
            city_id=matter.city_id,
            kind="air.task",
            text_ko=f"맡으신 조치: {_checked(what)} (대기 사안: {matter.title_ko})",
            text_en=f"Yours to do: {_checked(what)} (air matter: {matter.title_en})",
            now=now,
            staff_ids=[whose],
            dedupe_key=f"air_task:{task_id}",
        )
    await note(tx, matter, Actor.staff(by), "task_set", now, task=str(task_id), lane=company or DUTY, due=_iso(due))
    return task_id


async def record_action(
    tx: AsyncConnection, matter: Matter, actor: Actor, given: NewAction, now: datetime
) -> tuple[UUID, Matter]:
    """The action's id and the matter, which the caller has locked. The same `dedupe_key` is the same action.

    An action says that the matter is in hand, so it acknowledges for its side; a task that it names is done. A
    statement changes nothing but stands beside. Raises BadInput, Conflict, NotFound.
    """
    _must_stand(matter)
    done = given.done_at or now
    if done > now + _AHEAD or done < matter.began_at - timedelta(days=1):
        raise BadInput(
            "조치한 때가 이 사안의 시간과 맞지 않습니다.", "The moment lies outside the matter.", kind="when"
        )
    text = _checked(given.text)
    if given.dedupe_key is not None and (known := await _known(tx, matter, given.dedupe_key)) is not None:
        return known, matter
    await _must_have_room(tx, matter, actor)
    if given.task_id is not None:
        await _task_done(tx, matter, actor, given.task_id, now)
    action_id = new_id()
    await _write(tx, matter, actor, given, action_id, text, min(done, now), now)
    if given.kind == "statement":
        await note(tx, matter, actor, "statement", now, action=str(action_id))
        return action_id, matter
    if not await is_answered(tx, matter, actor.company or DUTY):
        matter = await acknowledge(tx, matter, actor, now, via="action")
    detail = {"action": str(action_id), "done": _iso(min(done, now)), "photo": given.photo is not None}
    return action_id, await change(tx, matter, actor, "action", now, to_state="acting", detail=detail)


async def _write(
    tx: AsyncConnection,
    matter: Matter,
    actor: Actor,
    given: NewAction,
    action_id: UUID,
    text: str,
    done: datetime,
    now: datetime,
) -> None:
    photo = given.photo
    await tx.execute(
        upsert(air_matter_actions).values(
            id=action_id,
            city_id=matter.city_id,
            matter_id=matter.id,
            task_id=given.task_id,
            kind=given.kind,
            origin="company" if actor.company else "staff",
            company=actor.company,
            staff_id=actor.staff_id,
            text=vault_of(tx).seal_text(text, f"air_matter_actions.text:{action_id}"),
            dedupe_key=given.dedupe_key,
            done_at=done,
            told_at=now,
            photo_sha256=photo.sha256 if photo else None,
            photo_type=photo.content_type if photo else None,
            photo_scan=photo.scan if photo else None,
        )
    )


async def judge_action(
    tx: AsyncConnection, matter: Matter, action_id: UUID, by: UUID, now: datetime, *, is_good: bool, reason: str = ""
) -> Matter:
    """An officer saw to it, or says why it does not count. Raises NotFound, Conflict, and BadInput without a reason."""
    _must_stand(matter)
    action = air_matter_actions
    wanted = select(action.c.id, action.c.state, action.c.kind).where(
        action.c.id == action_id, action.c.matter_id == matter.id
    )
    row = (await tx.execute(wanted.with_for_update())).one_or_none()
    if row is None:
        raise NotFound("그런 조치가 없습니다.", "No such action.")
    if row.kind != "action":
        raise Conflict("의견은 확인하거나 반려하지 않습니다.", "A statement is neither verified nor refused.")
    if not is_good and not reason.strip():
        raise BadInput("왜 확인하지 않는지 적어 주세요.", "Say why it does not count.")
    if row.state == ("verified" if is_good else "refused"):
        return matter
    values: dict[str, Any] = {"state": "verified", "verified_at": now, "verified_by": "officer"}
    if not is_good:
        values = {"state": "refused", "verified_at": None, "verified_by": None}
    values |= {"verified_staff_id": by, "reason": reason.strip()}
    await tx.execute(update(action).where(action.c.id == action_id).values(values))
    return await settle(tx, matter, Actor.staff(by), now, action_id, "officer" if is_good else "")


async def settle(
    tx: AsyncConnection, matter: Matter, actor: Actor, now: datetime, action_id: UUID | None, by: str
) -> Matter:
    """The matter after one of its actions was verified (`by` officer or values) or refused ("")."""
    action = air_matter_actions.c
    wanted = select(func.min(action.done_at), func.min(action.verified_at)).where(
        action.matter_id == matter.id, action.state == "verified", action.told_at >= matter.opened_at
    )
    first, verified = (await tx.execute(wanted)).one()
    detail: dict[str, Any] = {"action": str(action_id) if action_id else None, "by": by}
    if first is None:
        state: State | None = "acting" if matter.state == "verified" else None
        none = {"first_action_at": None, "verified_at": None, "verified_by": None}
        return await change(tx, matter, actor, "refused", now, to_state=state, detail=detail, **none)
    values = {"first_action_at": first, "verified_at": verified, "verified_by": matter.verified_by or by or None}
    kind = "verified" if by else "refused"
    return await change(tx, matter, actor, kind, now, to_state="verified" if by else None, detail=detail, **values)


async def assign(tx: AsyncConnection, matter: Matter, staff_id: UUID, by: UUID, now: datetime) -> Matter:
    """Raises BadInput for nobody who works here, Conflict for a closed matter."""
    _must_stand(matter)
    member = await active_member(tx, matter.city_id, staff_id)
    if member is None or member.role == "auditor":
        raise BadInput("사안을 맡을 수 있는 직원이 아닙니다.", "No such member of staff who handles matters.")
    return await change(
        tx, matter, Actor.staff(by), "assigned", now, detail={"staff": str(staff_id)}, staff_id=staff_id
    )


async def close(tx: AsyncConnection, matter: Matter, by: UUID, reason: str, now: datetime) -> Matter:
    """Raises BadInput without a reason, Conflict when it is closed."""
    _must_stand(matter)
    if not reason.strip():
        raise BadInput("종결하는 까닭을 적어 주세요.", "Say why it is closed.")
    detail = {"reason": reason.strip()[:300]}
    return await change(tx, matter, Actor.staff(by), "closed", now, to_state="closed", detail=detail, closed_at=now)


async def _task_done(tx: AsyncConnection, matter: Matter, actor: Actor, task_id: UUID, now: datetime) -> None:
    task = air_matter_tasks
    mine = (task.c.id == task_id, task.c.matter_id == matter.id)
    wanted = mine if actor.staff_id else (*mine, task.c.lane == actor.company)
    done = await tx.execute(update(task).where(*wanted).values(done_at=func.coalesce(task.c.done_at, now)))
    if done.rowcount == 0:
        raise NotFound("그런 할 일이 없습니다.", "No such task.")
    await note(tx, matter, actor, "task_done", now, task=str(task_id))


async def _must_have_room(tx: AsyncConnection, matter: Matter, actor: Actor) -> None:
    if not actor.company:
        return
    action = air_matter_actions.c
    said = select(func.count()).where(action.matter_id == matter.id, action.company == actor.company)
    if (await tx.scalar(said) or 0) >= MOST_OF_ONE_LINK:
        raise Conflict("더 적을 수 없습니다. 시로 전화해 주세요.", "No more can be written; please call the city.")


async def _known(tx: AsyncConnection, matter: Matter, key: str) -> UUID | None:
    action = air_matter_actions.c
    found = await tx.execute(select(action.id).where(action.matter_id == matter.id, action.dedupe_key == key))
    return found.scalar_one_or_none()


def _must_stand(matter: Matter) -> None:
    if matter.state == "closed":
        raise Conflict("이미 종결된 사안입니다.", "The matter is closed.")


def _checked(text: str) -> str:
    plain = text.strip()
    if not plain:
        raise BadInput("내용을 적어 주세요.", "Please write something.", kind="empty")
    if len(plain) > MOST_TEXT:
        raise BadInput(f"{MOST_TEXT}자까지 적을 수 있습니다.", f"At most {MOST_TEXT} characters.", kind="too_long")
    return plain.replace("\x00", "")


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
