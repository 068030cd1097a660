"""Whatever way words come, in any order, twice, in pieces or by two processes at once, the same tables come out."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.contracts.air import Observation, OfficialAlert, OfficialForecast, OfficialIndex, Pulled, Wind
from core.db import Database
from tests.civic.air.told import AT, HOUR, MINUTE, new_city, pulled, says, shows, station, tables, take_in

LATE = AT + 1_000 * HOUR
HOURS = st.sampled_from([0, 0, 0, -1, 2])
TOLD = st.integers(1, 6)
VALUES = st.sampled_from(["0", "41", None])
"""Few, so that the same is said again of the same hour, before and after something else."""
_WORDS = st.builds(
    lambda value, pollutant, after, told, quality, status, uid: says(
        value,
        pollutant,
        AT + after * HOUR,
        uid,
        AT + (60 * after + 20 * told) * MINUTE,
        quality=quality if value is None else "OK" if quality == "MISSING" else quality,
        flag="통신장애" if quality == "COMM" else "",
        status=status,
    ),
    VALUES,
    st.sampled_from(["PM10", "PM10", "H2S"]),
    HOURS,
    TOLD,
    st.sampled_from(["MISSING", "COMM"]),
    st.sampled_from(["realtime", "realtime", "confirmed"]),
    st.sampled_from(["131501", "131501", "131502"]),
)
_INDICES = st.builds(
    lambda value, after, told, mean: shows(
        value, AT + after * HOUR, told=AT + (60 * after + 20 * told) * MINUTE, grade=value and 2,
        means={} if mean is None else {"PM10": Decimal(mean)},
    ),
    st.sampled_from([None, 55, 79]),
    HOURS,
    TOLD,
    st.sampled_from([None, 40, 44]),
)  # fmt: skip
STATIONS = (station(), station("131502", "고촌읍"))


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Pulled], list[Pulled]]:
    """The same words twice: as they were said, and shuffled, repeated and cut into other pieces."""
    words = draw(st.lists(_WORDS, min_size=1, max_size=25))
    indices = draw(st.lists(_INDICES, max_size=5))
    everything: list[Observation | OfficialIndex] = [*words, *indices]
    again = draw(st.permutations(everything + draw(st.lists(st.sampled_from(everything), max_size=8))))
    cuts = sorted(draw(st.lists(st.integers(0, len(again)), max_size=4)))
    pieces = [again[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(again)], strict=True)]
    return [_batch(everything)], [_batch(piece) for piece in pieces]


def _batch(said: Sequence[Observation | OfficialIndex]) -> Pulled:
    words = [one for one in said if isinstance(one, Observation)]
    indices = tuple(one for one in said if isinstance(one, OfficialIndex))
    return pulled(*words, indices=indices)


async def deliver(database: Database, city_id: str, batches: Sequence[Pulled]) -> None:
    await take_in(database, city_id, pulled(stations=STATIONS), AT)
    for batch in batches:
        await take_in(database, city_id, batch, LATE)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries())
async def test_order_repeats_and_pieces_change_no_table(
    database: Database, both: tuple[list[Pulled], list[Pulled]]
) -> None:
    straight, mixed = new_city(), new_city()
    await deliver(database, straight, both[0])
    await deliver(database, mixed, both[1])
    assert await tables(database, straight) == await tables(database, mixed)


async def test_two_processes_at_once_change_no_table(database: Database, database_url: str) -> None:
    words = [
        says(str(value), pollutant, AT - hour * HOUR, told=AT + (told + value) * MINUTE)
        for hour in range(6)
        for pollutant in ("PM10", "PM25")
        for told, value in enumerate((40, 47, 40, 51))
    ]
    other = Database(database_url, pool_size=2)
    straight, mixed = new_city(), new_city()
    await deliver(database, straight, [pulled(*words)])
    await take_in(database, mixed, pulled(stations=STATIONS), AT)
    halves = [words[::2], words[1::2][::-1]]
    try:
        await asyncio.gather(
            *(_slowly(store, mixed, half) for store, half in zip((database, other), halves, strict=True))
        )
    finally:
        await other.close()
    assert await tables(database, straight) == await tables(database, mixed)


async def _slowly(database: Database, city_id: str, words: Sequence[Observation]) -> None:
    for at in range(0, len(words), 5):
        await take_in(database, city_id, pulled(*words[at : at + 5]), LATE)


async def test_words_beside_the_values_end_the_same(database: Database) -> None:
    winds = [
        Wind("test", "55,128", AT, AT + told * MINUTE, Decimal(degrees), Decimal("2.5"))
        for told, degrees in ((20, 240), (30, 250), (30, 245), (25, 10))
    ]
    issued = OfficialAlert("test", "1", "경기", "서부", "PM10", "advisory", AT, None, AT + MINUTE, Decimal(161))
    alerts = [
        issued,
        replace(issued, lifted_at=AT + 3 * HOUR, received_at=AT + 4 * HOUR, lifted_value=Decimal(82)),
        replace(issued, received_at=AT + 5 * HOUR),
    ]
    first = OfficialForecast("test", "PM10/1", "PM10", AT.date(), AT, AT + MINUTE, {"경기북부": 2})
    forecasts = [
        first,
        replace(first, issued_at=AT + 6 * HOUR, received_at=AT + 7 * HOUR, grades={"경기북부": 3}),
        replace(first, received_at=AT + 2 * HOUR, overall="대체로 보통"),
    ]
    ends = []
    for order in (1, -1):
        city_id = new_city()
        for wind in winds[::order]:
            await take_in(database, city_id, pulled(winds=(wind,)))
        await take_in(database, city_id, pulled(alerts=tuple(alerts[::order])))
        for forecast in forecasts[::order]:
            await take_in(database, city_id, pulled(forecasts=(forecast,)))
        ends.append(await tables(database, city_id))
    assert ends[0] == ends[1]
    assert '"from_degrees": 250' in ends[0]["air_winds"][0][0]
    assert '"lifted_value": 82' in ends[0]["air_official_alerts"][0][0]
    assert len(ends[0]["air_forecasts"]) == 2
