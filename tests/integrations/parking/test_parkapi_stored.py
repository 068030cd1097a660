"""What the parsers hand out is what the store takes: a push, a sheet and an old feed, through import and judging."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from civic.parking.importing import import_pulled
from civic.parking.realtime import take_realtime
from core.contracts.parking import Pulled
from core.db import Database
from core.parking_rules import Parking
from integrations.parking import parkapi, xlsx
from tests.integrations.parking.parkapi_items import NOW, NUMBER, body, item
from tests.integrations.parking.test_xlsx import korean

CITY = "world"
SHOWN = """SELECT l.uid, l.name, l.capacity, l.opening_hours, l.capacity_disabled, l.gone_at IS NOT NULL AS is_gone,
r.free
FROM parking_lots l LEFT JOIN parking_realtime r ON r.lot_id = l.id
WHERE l.city_id = 'world' AND l.source = :source ORDER BY l.uid"""


async def kept(database: Database, source: str, pulled: Pulled) -> dict[str, Any]:
    async with database.transaction() as tx:
        await import_pulled(tx, CITY, source, pulled, NOW)
        await take_realtime(tx, CITY, source, pulled.realtime, NOW, Parking())
        found = await tx.execute(text(SHOWN), {"source": source})
        return {row["uid"]: dict(row) for row in found.mappings()}


def push(name: str, **more: Any) -> parkapi.Push:
    made = parkapi.build(name, parkapi.Settings(attribution="x", **more))
    assert isinstance(made, parkapi.Push)
    return made


async def test_a_push_is_stored_and_the_next_one_changes_only_numbers(database: Database) -> None:
    source = push("pushed")
    both = body(item(restrictions=[{"type": "DISABLED", "capacity": 3}], opening_hours="Mo-Su 08:00-22:00"))
    first = await kept(database, "pushed", source.receive(both, {}, NOW))
    assert first["garam-1"]["free"] == 27
    assert (first["garam-1"]["capacity_disabled"], first["garam-1"]["opening_hours"]) == (3, "Mo-Su 08:00-22:00")
    later = {**NUMBER, "realtime_free_capacity": 5, "realtime_opening_status": "OPEN"}
    second = await kept(database, "pushed", source.receive(body(later), {}, NOW + timedelta(minutes=1)))
    assert second == {"garam-1": {**first["garam-1"], "free": 5}}


async def test_a_lot_that_a_whole_push_leaves_out_is_gone_and_a_part_takes_none_away(database: Database) -> None:
    source = push("whole", is_whole=True)
    await kept(database, "whole", source.receive(body(item(), item(uid="b")), {}, NOW))
    part = push("whole").receive(body(item()), {}, NOW)
    assert [one["is_gone"] for one in (await kept(database, "whole", part)).values()] == [False, False]
    left = await kept(database, "whole", source.receive(body(item()), {}, NOW))
    assert {uid: one["is_gone"] for uid, one in left.items()} == {"b": True, "garam-1": False}


async def test_a_sheet_is_stored_with_hours_that_the_store_can_read(database: Database) -> None:
    made = xlsx.build("sheet", xlsx.Settings(attribution="x"))
    assert isinstance(made, xlsx.Push)
    pulled = made.receive(korean(토요일시작=None), {}, NOW)
    assert pulled.static is not None
    found = await kept(database, "sheet", pulled)
    assert found["N-1"]["opening_hours"] == pulled.static[0].opening_hours
    assert "unknown" in found["N-1"]["opening_hours"]
