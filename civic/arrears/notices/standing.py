"""Where one debtor stands on the ladder: each level with its dates and next step, and his documents."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.notices.ladder import due_of, steps_of
from civic.arrears.notices.letters import Letter, letters_of
from civic.arrears.notices.tables import arrears_letters
from core.arrears_notice_rules import Level
from core.arrears_rules import Arrears


@dataclass(frozen=True, slots=True)
class LevelStanding:
    """`is_due`: a notice may go out today. Otherwise `reason` says why not ("no_bills": nothing of this level is open)
    and `next_on` when, where that is known. `dun_by`: until when the law wants a 독촉장 issued.
    """

    level: Level
    times: int
    last_on: date | None
    is_due: bool
    reason: str
    next_on: date | None
    bills: int
    total_krw: int
    dun_by: date | None


async def of_debtor(
    tx: AsyncConnection, city_id: str, debtor_id: UUID, on: date, rules: Arrears
) -> list[LevelStanding]:
    """Every level of the city, in the order of the settings."""
    told = (await steps_of(tx, city_id, [debtor_id])).get(debtor_id, {})
    found = []
    for level in rules.notices.levels:
        page = await due_of(tx, city_id, level, [debtor_id], on, rules)
        one, step = page[0] if page else None, told.get(level)
        found.append(
            LevelStanding(
                level=level,
                times=step.times if step else 0,
                last_on=step.last_on if step else None,
                is_due=one is not None and not one.excluded,
                reason="no_bills" if one is None else one.excluded,
                next_on=one.next_on if one else None,
                bills=len(one.bill_ids) if one else 0,
                total_krw=one.total_krw if one else 0,
                dun_by=one.dun_by if one else None,
            )
        )
    return found


async def documents(tx: AsyncConnection, city_id: str, debtor_id: UUID) -> list[Letter]:
    """Newest first."""
    wanted = letters_of(city_id, debtor_id=debtor_id).order_by(arrears_letters.c.created_at.desc())
    return [Letter(*row) for row in await tx.execute(wanted)]
