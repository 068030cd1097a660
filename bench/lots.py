"""How long importing lots takes as they grow tenfold: `python -m bench.lots [rows …]`, on a store of its own."""

import asyncio
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

from civic.parking.importing import import_lots
from core import store
from core.contracts.parking import ParkingFile, ParkingRecord, ReadReport, Tariff
from core.db import Database

ROWS = (1_000, 10_000, 100_000)
PROMISE_S = 30.0
"""Issue 6: 100,000 rows."""
OFFICES = 250


def lots(count: int, day: date, mark: str = "") -> list[ParkingRecord]:
    """Lots all over the country, the same for every run; `mark` changes every tenth name."""
    random = Random(6)
    made: list[ParkingRecord] = []
    for at in range(count):
        office = f"{at % OFFICES:07d}"
        uid = f"{office}:{at}"
        made.append(
            replace(
                _PLAIN,
                uid=uid,
                external_ids=(uid,),
                provider=office,
                name=f"{at}번 공영주차장{mark if at % 10 == 0 else ''}",
                address=f"나래시 가람동 {at // 7}-{at % 7}",
                lat=round(33.2 + random.random() * 5, 6),
                lon=round(126 + random.random() * 3, 6),
                capacity=random.randint(5, 400),
                data_date=day,
            )
        )
    return made


_PLAIN = ParkingRecord(
    uid="",
    external_ids=(),
    provider="",
    name="",
    ownership="public",
    type="OFF_STREET_PARKING_GROUND",
    address="",
    lat=None,
    lon=None,
    capacity=1,
    has_disabled=True,
    has_charging=None,
    opening_hours="Mo-Fr 09:00-22:00; Sa 09:00-22:00; Su,PH unknown",
    hours_note="일요일·공휴일은 운영요일이 아니므로 이용 가능 여부 확인 필요",
    fee_kind="paid",
    tariff=Tariff(30, 600, 10, 300, 7_000, 80_000),
    payment="현금+카드",
    remarks="경차+저공해자동차 50프로 할인",
    operator="나래시 시설관리공단",
    phone="000-000-0000",
    data_date=None,
)


async def run(counts: list[int]) -> float:
    """Prints a line a step; seconds of the slowest import of the largest number of rows."""
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        database = Database(url, pool_size=2)
        for count in counts:
            old, new = lots(count, date(2026, 10, 1)), lots(count, date(2026, 11, 1), " 신관")
            steps = [
                ("new", old),
                ("the same again", old),
                ("every row newer", new),
                ("a tenth gone", new[count // 10 :]),
            ]
            slowest = max([await _timed(database, count, what, rows) for what, rows in steps])
        await database.close()
    return slowest


async def _timed(database: Database, count: int, what: str, rows: list[ParkingRecord]) -> float:
    report = ReadReport("bench", "", len(rows), len(rows))
    file = ParkingFile(tuple(rows), report)
    began = time.perf_counter()
    async with database.transaction() as tx:
        made = await import_lots(tx, f"of-{count}", "bench", file.records, file.report, datetime.now(UTC))
    took = time.perf_counter() - began
    written = f"added {made.added:,}, changed {made.changed:,}, removed {made.removed:,}"
    print(f"{count:>9,} rows, {what:<15} {took:6.2f} s, {took / len(rows) * 1e6:5.0f} µs a row ({written})", flush=True)
    return took


if __name__ == "__main__":
    asked = [int(one) for one in sys.argv[1:]] or list(ROWS)
    seconds = asyncio.run(run(asked))
    print(f"slowest of the largest: {seconds:.1f} s (100,000 rows: at most {PROMISE_S:.0f} s)")
    sys.exit(seconds > PROMISE_S and max(asked) >= ROWS[-1])
