"""Group commit: company is shared, never waited for, and one bad item costs its neighbours nothing."""

import asyncio
from collections.abc import Sequence

import pytest

from core.errors import Unavailable
from core.grouping import Grouped


class Flushes:
    """Notes each batch; the first one waits for `gate`. An item "bad" fails its batch; `is_away`: all fail."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []
        self.gate = asyncio.Event()
        self.is_away = False

    async def __call__(self, items: Sequence[str]) -> Sequence[str]:
        self.seen.append(list(items))
        if len(self.seen) == 1:
            await self.gate.wait()
        if self.is_away:
            raise Unavailable("없음", "away")
        if "bad" in items:
            raise ValueError(items)
        return [item.upper() for item in items]


async def started(grouped: Grouped[str, str], *items: str) -> "list[asyncio.Task[str]]":
    tasks = [asyncio.ensure_future(grouped(item)) for item in items]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_what_comes_during_a_flush_shares_the_next_one_in_order() -> None:
    flushes = Flushes()
    grouped = Grouped(flushes)
    first = await started(grouped, "a")
    rest = await started(grouped, "b", "c", "d")
    flushes.gate.set()
    assert await asyncio.gather(*first, *rest) == ["A", "B", "C", "D"]
    assert flushes.seen == [["a"], ["b", "c", "d"]]


async def test_a_batch_has_a_bound() -> None:
    flushes = Flushes()
    grouped = Grouped(flushes, most=2)
    tasks = await started(grouped, "a") + await started(grouped, "b", "c", "d")
    flushes.gate.set()
    await asyncio.gather(*tasks)
    assert flushes.seen == [["a"], ["b", "c"], ["d"]]


async def test_one_bad_item_fails_alone() -> None:
    flushes = Flushes()
    grouped = Grouped(flushes)
    tasks = await started(grouped, "a") + await started(grouped, "b", "bad", "c")
    flushes.gate.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [found[0], found[1], found[3]] == ["A", "B", "C"]
    assert isinstance(found[2], ValueError)
    assert await grouped("later") == "LATER"


async def test_when_the_store_is_away_all_are_told_at_once() -> None:
    flushes = Flushes()
    grouped = Grouped(flushes)
    tasks = await started(grouped, "a") + await started(grouped, *"bcdefgh")
    flushes.is_away = True
    flushes.gate.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(one, Unavailable) for one in found)
    assert flushes.seen == [["a"], list("bcdefgh"), ["b"]]
    flushes.is_away = False
    assert await grouped("back") == "BACK"


async def test_a_caller_who_went_away_leaves_the_others_their_results() -> None:
    flushes = Flushes()
    grouped = Grouped(flushes)
    tasks = await started(grouped, "a") + await started(grouped, "b", "c")
    tasks[1].cancel()
    flushes.gate.set()
    assert [await tasks[0], await tasks[2]] == ["A", "C"]
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]


async def test_close_waits_for_what_was_handed_in() -> None:
    flushes = Flushes()
    grouped = Grouped(flushes)
    tasks = await started(grouped, "a", "b")
    flushes.gate.set()
    await grouped.close()
    assert [task.result() for task in tasks] == ["A", "B"]
