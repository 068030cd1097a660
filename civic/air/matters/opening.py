"""A matter begins, or goes on: whoever finds trouble in the air hands in a draft, and one key is one matter."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.record import HOUSE, Matter, change, note, rows_of
from civic.air.matters.states import Kind
from civic.air.matters.tables import air_matter_lanes, air_matters
from civic.air.matters.upwind import Told, whom_to_tell
from civic.staff.notices import notify
from core.air_rules import Air
from core.ids import new_id


@dataclass(frozen=True, slots=True)
class MatterDraft:
    """What is known of the trouble now. `key`: the same for the same trouble, and with its beginning in it.

    `value` in `unit`; `began_at`, `first_message_at`: aware. `first_message_at` None: the moment of the first draft.
    `companies`: codes of config.yml that are told; None: those upwind are reckoned, () tells none.
    """

    kind: Kind
    key: str
    title_ko: str
    title_en: str
    lat: float | None = None
    lon: float | None = None
    pollutant: str = ""
    value: Decimal | None = None
    unit: str = ""
    site_ids: tuple[int, ...] = ()
    began_at: datetime | None = None
    first_message_at: datetime | None = None
    companies: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """`is_new`: this draft began it (or began it again after it was closed), and people are told now."""

    id: UUID
    is_new: bool


async def open_matter(tx: AsyncConnection, city_id: str, draft: MatterDraft, now: datetime, rules: Air) -> Opened:
    """The matter of this key: made, or its facts (newest value, peak, sites, first message) brought up to date.

    A new one has its chains due at once; bot/air/acting.py tells. A closed one takes no facts, but a draft whose
    `began_at` is after the closing begins its next round. Any number of processes may call it with one key.
    """
    began = draft.began_at or now
    first = draft.first_message_at or now
    row: dict[str, Any] = {
        "id": new_id(),
        "city_id": city_id,
        "key": draft.key,
        "kind": draft.kind,
        "title_ko": draft.title_ko,
        "title_en": draft.title_en,
        "lat": draft.lat,
        "lon": draft.lon,
        "pollutant": draft.pollutant,
        "unit": draft.unit,
        "value": draft.value,
        "peak": draft.value,
        "site_ids": sorted(set(draft.site_ids)),
        "department_id": rules.department,
        "began_at": began,
        "last_at": now,
        "first_message_at": first,
        "opened_at": now,
        "updated_at": now,
    }
    made = await tx.execute(
        insert(air_matters)
        .values(row)
        .on_conflict_do_nothing(index_elements=["city_id", "key"])
        .returning(*air_matters.c)
    )
    if (new := made.one_or_none()) is not None:
        return await _begin(tx, Matter.of(new), draft, now, rules)
    wanted = rows_of(city_id).where(air_matters.c.key == draft.key).with_for_update()
    matter = Matter.of((await tx.execute(wanted)).one())
    if matter.closed_at is not None and matter.state == "closed":
        if began <= matter.closed_at:
            return Opened(matter.id, is_new=False)
        return await _begin_again(tx, matter, draft, began, first, now, rules)
    await _go_on(tx, matter, draft, now)
    return Opened(matter.id, is_new=False)


async def _begin(tx: AsyncConnection, matter: Matter, draft: MatterDraft, now: datetime, rules: Air) -> Opened:
    told = await _told(tx, matter, draft, now, rules)
    changed = air_matters.update().where(air_matters.c.id == matter.id)
    await tx.execute(changed.values(companies=list(told.companies), traced=dict(told.facts)))
    await note(tx, matter, HOUSE, "opened", now, value=_plain(draft.value), companies=list(told.companies))
    await _chains(tx, replace(matter, companies=told.companies), now, rules)
    return Opened(matter.id, is_new=True)


async def _begin_again(
    tx: AsyncConnection,
    matter: Matter,
    draft: MatterDraft,
    began: datetime,
    first: datetime,
    now: datetime,
    rules: Air,
) -> Opened:
    told = await _told(tx, matter, draft, now, rules)
    again = await change(
        tx,
        matter,
        HOUSE,
        "reopened",
        now,
        to_state="open",
        detail={"value": _plain(draft.value), "companies": list(told.companies)},
        round=matter.round + 1,
        title_ko=draft.title_ko,
        title_en=draft.title_en,
        value=draft.value,
        peak=draft.value,
        companies=list(told.companies),
        traced=dict(told.facts),
        began_at=began,
        last_at=now,
        first_message_at=first,
        opened_at=now,
        acknowledged_at=None,
        fell_at=None,
        first_action_at=None,
        verified_at=None,
        verified_by=None,
        closed_at=None,
    )
    await _chains(tx, again, now, rules)
    return Opened(matter.id, is_new=True)


async def _told(tx: AsyncConnection, matter: Matter, draft: MatterDraft, now: datetime, rules: Air) -> Told:
    if "companies" not in rules.acting.tell.get(matter.kind, []):
        return Told((), {"basis": "not_told"})
    if draft.companies is not None:
        known = tuple(one for one in dict.fromkeys(draft.companies) if one in rules.companies)
        return Told(known, {"basis": "given"})
    return await whom_to_tell(tx, city_id=matter.city_id, matter=matter, now=now, rules=rules)


async def _chains(tx: AsyncConnection, matter: Matter, now: datetime, rules: Air) -> None:
    """The chains of this round, due now; a kind without any is a notice to the department."""
    wanted = rules.acting.tell.get(matter.kind, [])
    lanes = (["duty"] if "duty" in wanted else []) + list(matter.companies)
    rows = [
        {"matter_id": matter.id, "round": matter.round, "lane": lane, "city_id": matter.city_id, "next_at": now}
        for lane in lanes
    ]
    if rows:
        await tx.execute(insert(air_matter_lanes).values(rows))
    if "duty" not in wanted:
        await notify(
            tx,
            city_id=matter.city_id,
            kind="air.matter",
            text_ko=f"대기: {matter.title_ko}",
            text_en=f"Air: {matter.title_en}",
            now=now,
            role="manager" if matter.department_id else "admin",
            department_id=matter.department_id or None,
            dedupe_key=f"air_matter:{matter.id}:{matter.round}",
        )


async def _go_on(tx: AsyncConnection, matter: Matter, draft: MatterDraft, now: datetime) -> None:
    """Facts move forward only: the newest value, the highest, all sites, the earliest first message."""
    values: dict[str, Any] = {"last_at": max(now, matter.last_at), "fell_at": None, "updated_at": now}
    if draft.value is not None:
        values["value"] = draft.value
        values["peak"] = draft.value if matter.peak is None else max(matter.peak, draft.value)
    values["site_ids"] = sorted({*matter.site_ids, *draft.site_ids})
    if draft.first_message_at is not None:
        values["first_message_at"] = min(matter.first_message_at, draft.first_message_at)
    if draft.began_at is not None:
        values["began_at"] = min(matter.began_at, draft.began_at)
    if values.get("peak") != matter.peak and matter.peak is not None and "peak" in values:
        await note(tx, matter, HOUSE, "peak", now, value=_plain(values["peak"]))
    await tx.execute(air_matters.update().where(air_matters.c.id == matter.id).values(values))


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")
