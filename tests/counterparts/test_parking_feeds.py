"""What we publish, read by somebody else's program: the DATEX II converter of parkapi-sources, widened to Korea."""

from datetime import UTC, datetime

import pytest

from integrations.parking import parkapi_sources
from tests.civic.parking.feeds.published import ALL, datex2_status, datex2_table

pytestmark = [pytest.mark.counterpart, pytest.mark.timeout(300)]
NOW = datetime(2026, 9, 30, 3, tzinfo=UTC)


async def test_the_converter_of_another_project_reads_our_datex_ii() -> None:
    settings = parkapi_sources.Settings.model_validate(
        {"attribution": "counterpart", "converter": "any_datex2_record", "config": {}}
    )
    bodies = {"static": datex2_table(), "realtime": datex2_status()}
    pulled = await parkapi_sources.build("town", settings).convert(bodies, NOW)
    lots = {one.uid: one for one in pulled.static or ()}
    assert len(lots) == len(ALL)
    for one in ALL:
        theirs = lots[str(one.lot.id)]
        assert (theirs.name, theirs.capacity) == (one.lot.name, one.lot.capacity)
        assert (theirs.lat, theirs.lon) == (round(one.lot.lat or 0, 7), one.lot.lon)
    told = {one.uid: (one.free, one.updated_at) for one in pulled.realtime}
    counted = datetime(2026, 9, 30, 2, 55, tzinfo=UTC)
    assert told == {
        str(ALL[0].lot.id): (31, counted),
        str(ALL[1].lot.id): (0, counted),
        str(ALL[2].lot.id): (0, counted),
    }
