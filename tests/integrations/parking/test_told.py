"""From a provider's answer to what a citizen may be told: pulled, stored, judged by the house, counted."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from civic.parking.importing import import_pulled
from civic.parking.numbers import number_of
from civic.parking.realtime import take_realtime
from civic.parking.tables import parking_lots, parking_realtime
from core.contracts.parking import Mark, Pulled
from core.db import Database
from core.loading import ROOT
from core.parking_rules import Parking
from integrations.parking import kotsa, seoul
from integrations.parking.seoul import read_realtime
from tests.integrations.parking import test_kotsa, test_seoul
from tests.integrations.parking.portal import KEY, serving

NOW = datetime(2026, 3, 2, 7, 10, tzinfo=UTC)
SNAPSHOT = ROOT / "../shared/data/parking/seoul_realtime_2026-03-19_1610.csv"
RULES = Parking()


async def told(
    database: Database, city_id: str, source: str, pulled: Pulled, now: datetime
) -> dict[str, tuple[str, Any]]:
    """Standing and free places by uid, as any answer reads them."""
    columns = [parking_realtime.c[name].label(f"now_{name}") for name in _COLUMNS]
    query = select(parking_lots.c.uid, *columns).join(parking_realtime, parking_realtime.c.lot_id == parking_lots.c.id)
    async with database.transaction() as tx:
        await import_pulled(tx, city_id, source, pulled, now)
        await take_realtime(tx, city_id, source, pulled.realtime, now, RULES)
        rows = (await tx.execute(query.where(parking_lots.c.city_id == city_id))).mappings().all()
    numbers = {row["uid"]: number_of(row, now, RULES.numbers) for row in rows}
    return {uid: (number.standing, number.free) for uid, number in numbers.items() if number}


_COLUMNS = ("free", "capacity", "opening_status", "is_linked", "reason", "updated_at", "source")


async def test_seouls_claims_become_numbers_or_honest_silence(database: Database) -> None:
    rows = [
        test_seoul.row(PKLT_CD="fresh", PKLT_NM="가"),
        test_seoul.row(PKLT_CD="over", PKLT_NM="나", TPKCT=67.0, NOW_PRK_VHCL_CNT=2669.0),
        test_seoul.row(PKLT_CD="unlinked", PKLT_NM="다", PRK_STTS_YN="0", NOW_PRK_VHCL_CNT=0.0),
        test_seoul.row(PKLT_CD="old", PKLT_NM="라", NOW_PRK_VHCL_UPDT_TM="2024-10-15 13:06:14"),
        *(test_seoul.row(PKLT_CD=f"more{n}", PKLT_NM=f"마{n}") for n in range(20)),
    ]
    async with serving(test_seoul.portal_of(rows)) as (portal, outside):
        source = seoul.build("seoul", seoul.Settings(key=test_seoul.KEY, url=portal.url))
        pulled = await source.pull(outside, NOW, Mark(), wants_static=True)
    found = await told(database, "told-seoul", "seoul", pulled, NOW)
    assert {uid: found[uid] for uid in ("fresh", "over", "unlinked", "old")} == {
        "fresh": ("fresh", 476), "over": ("doubted", None), "unlinked": ("unlinked", None), "old": ("withdrawn", None),
    }  # fmt: skip


async def test_a_number_without_a_time_is_as_old_as_its_fetching(database: Database) -> None:
    answer = test_kotsa.portal_of([test_kotsa.facility()], [test_kotsa.operation()], [test_kotsa.count()])
    async with serving(answer) as (portal, outside):
        source = kotsa.build("kotsa", kotsa.Settings(key=KEY, url=portal.url))
        pulled = await source.pull(outside, NOW, Mark(), wants_static=True)
    assert await told(database, "told-kotsa", "kotsa", pulled, NOW) == {"10000-1": ("fresh", 12)}


async def test_of_the_real_snapshot_46_numbers_are_told(database: Database) -> None:
    """Extra pass, where the snapshot lies beside the checkout; the rules are the house's own."""
    if not SNAPSHOT.exists():
        return
    now = datetime(2026, 3, 19, 7, 10, tzinfo=UTC)
    found = await told(database, "told-real", "seoul", read_realtime(SNAPSHOT, now), now)
    standings = Counter(standing for standing, _ in found.values())
    assert sum(free is not None for _, free in found.values()) == 46
    assert (standings["fresh"], standings["unlinked"]) == (46, 66)
