"""Hours as rows of a file: each value with its quality, origin and status, and which word on it it is."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from civic.air.packing import place_of
from civic.air.records import Site, Version
from core.clock import SEOUL

COLUMNS = (
    "station_id", "station_code", "station", "network", "origin", "date", "hour", "ended_at", "pollutant", "value",
    "unit", "quality", "flag", "status", "version", "stands", "received_at", "source", "attribution",
)  # fmt: skip
HEADS_KO = (
    "측정소번호", "측정소코드", "측정소", "측정망", "자료종류", "날짜", "시(01-24)", "측정시각", "항목", "값",
    "단위", "상태", "상태표시", "확정여부", "판", "현재값", "받은시각", "출처", "출처표시",
)  # fmt: skip
CHUNK = timedelta(days=31)


def chunks(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The period in months or so, each a short read of its own."""
    while begin < end:
        until = min(begin + CHUNK, end)
        yield begin, until
        begin = until


def rows(
    site: Site, told: Sequence[Version], attribution: str, pollutants: Collection[str] = (), *, all_words: bool = False
) -> Iterator[dict[str, Any]]:
    """By hour and pollutant. `version` counts the words on an hour's value from 1, in the order in which they came;
    `all_words`: those that no longer stand too. `pollutants`: only these, all when empty.
    """
    place = 0
    while place < len(told):
        until = place + 1
        while until < len(told) and (told[until].at, told[until].pollutant) == (told[place].at, told[place].pollutant):
            until += 1
        words = told[place:until]
        if not pollutants or words[0].pollutant in pollutants:
            order = sorted(words, key=lambda one: (one.received_at, one.status == "confirmed"))
            for one in words:
                if one.stands or all_words:
                    yield _row(site, one, order.index(one) + 1, attribution)
        place = until


def _row(site: Site, one: Version, version: int, attribution: str) -> dict[str, Any]:
    day, place = place_of(one.at)
    return {
        "station_id": site.id,
        "station_code": site.uid,
        "station": site.name,
        "network": site.network,
        "origin": site.origin,
        "date": day.isoformat(),
        "hour": place + 1,
        "ended_at": one.at.astimezone(SEOUL).isoformat(),
        "pollutant": one.pollutant,
        "value": one.value,
        "unit": one.unit,
        "quality": one.quality,
        "flag": one.flag,
        "status": one.status,
        "version": version,
        "stands": one.stands,
        "received_at": f"{one.received_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "source": site.source,
        "attribution": attribution,
    }
