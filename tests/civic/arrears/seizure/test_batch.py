"""A batch goes the whole way by itself: lookup, approval by two, seizure, collection, allocation, release."""

import pytest

from core.errors import Conflict, Forbidden
from tests.civic.arrears.seizure.town import DRAFTER, FIRST, SECOND, Town


async def test_it_collects_what_is_owed_and_lets_go_the_rest(town: Town) -> None:
    rich, poor = await town.debtor(500_000), await town.debtor(900_000)
    await town.account(rich, 9_000_000)
    await town.account(poor, 2_800_000)
    before = {one: await town.owes(one) for one in (rich, poor)}
    batch = await town.run(rich, poor)
    assert batch.state == "closed"
    assert await town.owes(rich) == 0 and await town.came(rich) == before[rich]
    assert await town.came(poor) == 300_000, "the floor of 2,500,000 stays"
    assert await town.owes(poor) == before[poor] - 300_000
    assert town.held() == 0 and town.booked("collect") == before[rich] + 300_000
    assert batch.report is not None and batch.report["collected_krw"] == before[rich] + 300_000
