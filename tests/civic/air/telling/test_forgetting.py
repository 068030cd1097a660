"""A forgotten person's notices of the air end; what somebody wished is handed out to him; old tellings' readers go."""

from datetime import timedelta

from sqlalchemy import func, select

from civic.air.telling.filling import Words, fill, open_telling
from civic.air.telling.forgetting import forget_old, forget_wishes, wishes_of
from civic.air.telling.noticing import notice
from civic.air.telling.tables import air_told
from civic.air.telling.wishes import AirWish, WishService
from civic.subscriptions.service import SubscriptionService
from core.db import Database
from core.ids import new_id
from core.settings import read
from tests.civic.cases.rows import CITY, NOW, conversation

DAY = timedelta(days=1)


async def test_wishes_are_handed_out_ended_and_forgotten(database: Database) -> None:
    settings = read()
    subscribing = SubscriptionService(database, CITY)
    wishes = WishService(database, CITY, settings.air, subscribing, {})
    async with database.transaction() as tx:
        thread, other = await conversation(tx), await conversation(tx)
        wish = AirWish(area="구래동", pollutants=("PM25",), line=1, hours=(420, 1320), sensitive=True)
        await wishes.keep(tx, thread, [wish], NOW)
        await subscribing.begin(tx, thread, "safety", "", NOW)
        await wishes.keep(tx, other, [AirWish()], NOW)
    assert await wishes.of(thread) == [wish]
    async with database.transaction() as tx:
        await notice(tx, CITY, new_id(), "", "안내", "", NOW, settings.air)
        telling = await open_telling(tx, CITY)
        assert telling is not None
        words = [Words("web", "ko", 0, {"text": "안내", "lang": "ko"})]
        filled = await fill(tx, telling, words, NOW, settings.air.telling, settings.messaging)
        assert (filled.queued, filled.is_done) == (2, True)
    async with database.transaction() as tx:
        [mine] = await wishes_of(tx, [thread])
        assert (mine["area"], mine["pollutants"], mine["from"], mine["until"]) == ("구래동", ["PM25"], "07:00", "22:00")
        await forget_wishes(tx, [thread], NOW + DAY)
    async with database.transaction() as tx:
        [left] = await wishes_of(tx, [thread])
        assert (left["area"], left["pollutants"], left["ended_at"]) == ("", None, NOW + DAY)
    assert await wishes.of(thread) == [] and len(await wishes.of(other)) == 1
    assert [one.topic for one in await subscribing.of(thread)] == ["safety"]
    async with database.transaction() as tx:
        assert await tx.scalar(select(func.count()).select_from(air_told)) == 1, "the other's"
        assert await forget_old(tx, CITY, NOW) == 0
        assert await forget_old(tx, CITY, NOW + DAY) == 1
