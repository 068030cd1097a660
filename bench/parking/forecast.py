"""Free places at arrival: how far off, how sure, how fast. `python -m bench.parking forecast`."""

import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import insert, text

from bench.parking._candidates import compare
from bench.parking._figures import ANSWERS, NO_COUNT, Row, errors, joined, parts_of
from bench.parking._series import Series, birmingham, dresden, generated
from civic.parking.forecast.grid import korean_kind
from civic.parking.forecast.learning import learn_rule
from civic.parking.forecast.model import Learned, Past, learn_lots
from civic.parking.forecast.service import ForecastService
from civic.parking.forecast.storing import keep
from civic.parking.tables import parking_history, parking_lots, parking_realtime
from core import store
from core.clock import SEOUL
from core.db import Database
from core.loading import ROOT
from core.parking_rules import Parking

FOLDER = Path(os.environ.get("PARKING_SERIES", ROOT / "../shared/data/parking"))
FILES = {"birmingham_2016.csv": birmingham, "dresden_altmarkt_15min.csv": dresden}
LOTS, BATCH, DAYS, ASKS = 1_000, 200, 182, 400


def run(folder: Path = FOLDER) -> None:
    for name, read in FILES.items():
        if (folder / name).exists():
            _accuracy(read(folder / name))
        else:
            print(f"\n{name} is not in {folder}: no errors measured (PARKING_SERIES names the folder)")
    _speed()


def _accuracy(series: Series) -> None:
    lots, days, _ = series.shares.shape
    print(f"\n== {series.name}: {lots} lots, {days} days; " + ", ".join(f"{n} {k}" for k, n in series.cleaned.items()))
    _print_candidates(series)
    parts = parts_of(series)
    cuts = ", ".join(f"{series.day(cut):%m-%d}" for cut in series.cuts)
    print(f"\ntest parts from {cuts}; errors in places, % of capacity; root mean square %")
    print(f"{'':<10}{'n':>8}" + "".join(f"{name:>24}" for name in ANSWERS))
    for name, row in parts.items():
        cells = "".join(
            f"{'—':>24}" if name == NO_COUNT and one == "now" else _cells(*errors(row, series.capacities, one))
            for one in ANSWERS
        )
        print(f"{name:<10}{len(joined(row.truth)):>8}{cells}")
    _print_sureness(parts)
    _print_chance(parts, series)
    _print_lots(series, parts["60 min"])


def _cells(places: float, percent: float, squared: float) -> str:
    return f"{places:>10.1f}{percent:>7.2f}{squared:>7.2f}"


def _print_candidates(series: Series) -> None:
    begin, end = series.validation
    print(f"chosen on {series.day(begin)} … {series.day(end - 1)} (errors in % of capacity)")
    for name, found, seconds in compare(series):
        cells = "".join(f"{ahead / 4:>7.4g} h {error:>5.2f}" for ahead, error in found.items())
        print(f"  {name:<28}{cells}   fitted in {seconds:.1f} s")


def _print_sureness(parts: dict[str, Row]) -> None:
    print(f"\n{'':<10}{'in 80 %':>9}{'in 90 %':>9}{'width %':>9}   in 80 % by test part")
    for name, row in parts.items():
        inside, part = joined(row.inside80), joined(row.part)
        each = " ".join(f"{inside[part == one].mean():.2f}" for one in np.unique(part))
        in90, width = joined(row.inside90).mean(), joined(row.width80).mean() * 100
        print(f"{name:<10}{inside.mean():>9.3f}{in90:>9.3f}{width:>9.1f}   {each}")


def _print_chance(parts: dict[str, Row], series: Series) -> None:
    print("\nchance, Brier score (beside it: always the share of the whole test)")
    print(f"{'':<10}{'a place':>12}{'always':>9}{'10 % free':>12}{'always':>9}")
    bins: dict[int, list[tuple[float, float]]] = {}
    for name, row in parts.items():
        truth, places = joined(row.truth), series.capacities[joined(row.lot).astype(int)]
        cells = ""
        for chances, came in ((row.any_place, truth * places >= 0.5), (row.tenth_free, truth > 0.1)):
            chance = joined(chances)
            cells += f"{((chance - came) ** 2).mean():>12.4f}{came.mean() * (1 - came.mean()):>9.4f}"
            for one in range(10):
                at = (chance >= one / 10) & (chance < (one + 1) / 10 + (one == 9))
                bins.setdefault(one, []).append((float(at.sum()), float(came[at].sum())))
        print(f"{name:<10}{cells}")
    print("said chance → came true: " + "  ".join(_bin(one, found) for one, found in sorted(bins.items())))


def _bin(one: int, found: list[tuple[float, float]]) -> str:
    total, came = (sum(values) for values in zip(*found, strict=True))
    return f"{one * 10}–{one * 10 + 10} %: " + (f"{came / total * 100:.0f} % ({total:.0f})" if total else "—")


def _print_lots(series: Series, row: Row) -> None:
    if len(series.lots) == 1:
        return
    print(
        f"\n60 min by lot, % of capacity\n{'':<20}{'places':>8}"
        + "".join(f"{one:>11}" for one in ANSWERS)
        + "  in 80 %"
    )
    lot, truth, inside = joined(row.lot), joined(row.truth), joined(row.inside80)
    for at, name in enumerate(series.lots):
        which = lot == at
        if which.any():
            cells = "".join(
                f"{np.abs(joined(row.answers[one])[which] - truth[which]).mean() * 100:>11.2f}" for one in ANSWERS
            )
            print(f"{name:<20}{series.capacities[at]:>8.0f}{cells}{inside[which].mean():>9.2f}")


def _speed() -> None:
    """Time and memory as lots grow; what is learned is then asked through the store."""
    print(f"\n== speed: generated courses of {DAYS} days, lots learned {BATCH} at a time")
    shares = generated(BATCH, DAYS)
    first = datetime.now(SEOUL).date() - timedelta(days=DAYS)
    began = time.process_time()
    rule = learn_rule(shares, first, korean_kind, 28)
    print(f"the shared rule, from {BATCH} lots: {time.process_time() - began:.1f} s of one core")
    began, learned = time.process_time(), []
    for _ in range(LOTS // BATCH):
        learned += learn_lots(Past(tuple(uuid4() for _ in range(BATCH)), shares, first), rule)
    spent, peak = time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"models of {LOTS} lots: {spent:.1f} s of one core; the process at its most {peak:.0f} MB")
    asyncio.run(_answers(learned, first))


async def _answers(learned: Sequence[Learned], first: date) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    with tempfile.TemporaryDirectory(prefix="sinmungo-bench-") as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        database = Database(url)
        try:
            await _fill(database, learned, now)
            service = ForecastService(database, "bench", Parking())
            times: list[float] = []
            bare: list[float] = []
            random = np.random.default_rng(6)
            for number in range(ASKS):
                ids = [learned[at].lot_id for at in random.integers(0, len(learned), 5)]
                began = time.perf_counter()
                said = await service.at(ids, now + timedelta(minutes=30 + number), now)
                times.append((time.perf_counter() - began) * 1000)
                assert said
                began = time.perf_counter()
                async with database.reading() as tx:
                    await tx.execute(text("SELECT 1"))
                bare.append((time.perf_counter() - began) * 1000)
            for name, taken in (("five lots at a moment (aim: < 5)", times), ("beside it, SELECT 1", bare)):
                p10, p50, p95 = np.percentile(taken[20:], (10, 50, 95))
                print(f"{name}: p10 {p10:.2f}, p50 {p50:.2f}, p95 {p95:.2f} ms")
            began = time.perf_counter()
            for one in learned[:50]:
                await service.hours(one.lot_id, now.astimezone(SEOUL).date() + timedelta(days=1), now)
            print(f"a whole day of a lot in quarters: {(time.perf_counter() - began) * 20:.1f} ms")
        finally:
            await database.close()


async def _fill(database: Database, learned: Sequence[Learned], now: datetime) -> None:
    names = {"city_id": "bench", "source": "bench"}
    lot = {"external_ids": [], "name": "", "ownership": "public", "type": "OTHER", "address": "", "capacity": 200}
    lot |= {"fee_kind": "free", "operator": "", "updated_at": now, "opening_hours": "24/7", **names}
    count = {"free": 90, "capacity": 200, "updated_at": now, "fetched_at": now, "changed_at": now, **names}
    ids: list[UUID] = [one.lot_id for one in learned]
    past = [
        {"lot_id": id, "at": now - timedelta(minutes=5 * step), "city_id": "bench", "free": 90 + step, "capacity": 200}
        for id in ids
        for step in range(1, 40)
    ]
    async with database.transaction() as tx:
        await tx.execute(insert(parking_lots), [{"id": id, "uid": str(id), **lot} for id in ids])
        await tx.execute(insert(parking_realtime), [{"lot_id": id, **count} for id in ids])
        await tx.execute(insert(parking_history), past)
        began = time.perf_counter()
        await keep(tx, "bench", learned, now)
        print(f"{len(learned)} models stored: {time.perf_counter() - began:.1f} s")
