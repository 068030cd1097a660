"""Who is followed first: a payment does not wait behind what a large file changed."""

from datetime import timedelta

from civic.arrears.touched import take_touched, touch
from core.db import Database
from tests.civic.arrears import made
from tests.civic.cases.rows import CITY, NOW


async def test_a_payment_is_followed_before_the_bills_that_were_noted_earlier(database: Database) -> None:
    async with database.transaction() as tx:
        first, second = await made.debtor(tx), await made.debtor(tx)
        while await take_touched(tx, CITY, 100):
            pass
        await touch(tx, CITY, [first], "bill", NOW)
        await touch(tx, CITY, [second], "payment", NOW + timedelta(minutes=1))
        assert [one.debtor_id for one in await take_touched(tx, CITY, 1)] == [second]
        assert [one.debtor_id for one in await take_touched(tx, CITY, 5)] == [first]
        assert await take_touched(tx, CITY, 5) == []
