"""A word of staff to those who asked to hear of the air: queued like a change, with who wrote it in the audit log."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.telling.deciding import Draft, make
from civic.air.telling.tables import air_tellings
from civic.staff.service import record_change
from core.air_rules import Air
from core.errors import BadInput
from core.ids import new_id

MOST_TEXT = 1_000


async def notice(
    tx: AsyncConnection, city_id: str, staff_id: UUID, zone: str, text: str, text_en: str, now: datetime, rules: Air
) -> UUID:
    """The telling's id. `zone`: its name in config.yml, "" for every subscriber. Raises BadInput for an unknown one.

    It is told at night no more than anything else, and dies unsent after `valid_minutes`.
    """
    if zone and zone not in rules.zones:
        raise BadInput("그런 권역이 없습니다.", "No such zone.", field="zone")
    named = rules.zones[zone].name if zone else None
    key = new_id()
    draft = Draft(
        key=f"notice:{key}",
        series=f"notice/{key}",
        kind="notice",
        rule="notice",
        zone=zone,
        pollutant="",
        rank=5,
        is_fall=False,
        episode=f"notice/{key}",
        began_at=now,
        facts={
            "text_ko": text,
            "text_en": text_en,
            "zone_ko": named.ko if named else "",
            "zone_en": named.en if named else "",
            "at": now.isoformat(),
        },
        valid_until=now + timedelta(minutes=rules.telling.valid_minutes),
        staff_id=staff_id,
    )
    made = await make(tx, city_id, draft, now)
    assert made is not None
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=staff_id,
        action="air.notice",
        object_kind="air_telling",
        object_id=str(made),
        detail={"zone": zone, "text": text, "text_en": text_en},
        now=now,
    )
    return made


async def tellings(tx: AsyncConnection, city_id: str, most: int) -> list[RowMapping]:
    """The newest first: what was told, to how many."""
    query = select(air_tellings).where(air_tellings.c.city_id == city_id)
    query = query.order_by(air_tellings.c.created_at.desc(), air_tellings.c.id.desc()).limit(most)
    return list((await tx.execute(query)).mappings())


async def telling(tx: AsyncConnection, city_id: str, telling_id: UUID) -> RowMapping:
    """One of them."""
    mine = (air_tellings.c.city_id == city_id, air_tellings.c.id == telling_id)
    return (await tx.execute(select(air_tellings).where(*mine))).mappings().one()
