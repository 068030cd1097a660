"""Letters that lost their reason before they left: paid, deferred, disputed. Called with whatever touched a debtor."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import any_, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.stops import stops_on
from civic.arrears.money.owing import owed
from civic.arrears.notices.letters import Letter, bills_of, letters_of
from civic.arrears.notices.posting import cancel
from civic.arrears.notices.printing import RECKONED, left_of
from civic.arrears.notices.tables import arrears_letters
from core.arrears_rules import Arrears
from core.clock import SEOUL
from core.db import Id


async def debtor_changed(
    tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID], now: datetime, rules: Arrears
) -> int:
    """Letters of a level that are listed or printed and speak of nothing any more are cancelled; how many. One that
    still speaks of something is reckoned anew when it is printed.
    """
    if not debtor_ids:
        return 0
    letter, on = arrears_letters.c, now.astimezone(SEOUL).date()
    wanted = letters_of(city_id).where(
        letter.debtor_id == any_(literal(list(debtor_ids), ARRAY(Id))),
        letter.kind.in_(sorted(RECKONED)),
        letter.state.in_(("listed", "printed")),
    )
    waiting = [Letter(*row) for row in await tx.execute(wanted.order_by(letter.id).with_for_update())]
    if not waiting:
        return 0
    people = {one.debtor_id for one in waiting}
    money, stops = await owed(tx, city_id, people, on), await stops_on(tx, city_id, people, on)
    named = await bills_of(tx, [one.id for one in waiting])
    count = 0
    for one in waiting:
        ids = {bill.bill_id for bill in named.get(one.id, [])}
        bills = money[one.debtor_id].bills if one.debtor_id in money else ()
        _, why = left_of(one, ids, bills, stops.get(one.debtor_id, []), rules.notices)
        if why:
            await cancel(tx, city_id, one.id, why, on, None, now)
            count += 1
    return count
