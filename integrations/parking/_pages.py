"""Fetches all pages of a data.go.kr service; what the gateway refuses becomes the SourceFailed that the rounds know."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.contracts.parking import Http, SourceFailed
from core.datagokr import GatewayFailed, Page, read_page

DEADLINE_S = 60.0
AT_ONCE = 4
MOST_BYTES = 24 * 1024 * 1024


@dataclass(slots=True)
class Fetched:
    """`is_whole`: as many rows came as the service says there are; else missing lots are not gone. `odd`: items that
    are no rows.
    """

    items: list[Mapping[str, Any]] = field(default_factory=list)
    odd: int = 0
    calls: int = 0
    is_whole: bool = True

    def take(self, page: Page) -> None:
        self.items += page.items
        self.odd += page.odd


async def fetch(
    http: Http,
    url: str,
    params: Mapping[str, str],
    *,
    rows: int,
    most_pages: int,
    operation: str = "",
) -> Fetched:
    """Every page of the total, or until one is empty or short where none is told. Raises SourceFailed.

    The first page tells how many there are; the others are asked for a few at a time, so that a country of lots comes
    within a round.
    """

    async def page(number: int) -> Page:
        asked = {**params, "pageNo": str(number), "numOfRows": str(rows)}
        found.calls += 1
        return await _page(http, url, asked, operation)

    found = Fetched()
    first = await page(1)
    total, came = first.total, _count(first)
    found.take(first)
    if total is None:
        found.is_whole = await _until_short(page, found, first, rows, most_pages)
    elif 0 < came < total:
        others = await _together(page, range(2, min(math.ceil(total / came), most_pages) + 1))
        for one in others:
            if one.items != first.items:  # a service that does not know pageNo sends the same page for ever
                found.take(one)
        found.is_whole = len(found.items) + found.odd >= total
    else:
        found.is_whole = came >= total
    return found


async def _until_short(
    page: Callable[[int], Awaitable[Page]], found: Fetched, first: Page, rows: int, most_pages: int
) -> bool:
    before = first
    for number in range(2, most_pages + 1):
        # A service may hold fewer rows on a page than it was asked for, and says so.
        if _count(before) < min(rows, before.rows or rows):
            return True
        one = await page(number)
        if one.items == before.items:
            return not one.items
        found.take(one)
        before = one
    return _count(before) < min(rows, before.rows or rows)


async def _together(page: Callable[[int], Awaitable[Page]], numbers: Iterable[int]) -> list[Page]:
    """In order. The first failure ends the others."""
    doors = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> Page:
        async with doors:
            return await page(number)

    tasks = [asyncio.create_task(one(number)) for number in numbers]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _count(page: Page) -> int:
    return len(page.items) + page.odd


async def _page(http: Http, url: str, params: Mapping[str, str], operation: str) -> Page:
    response = await http.get(url, params=params, deadline_s=DEADLINE_S, max_bytes=MOST_BYTES)
    try:
        return read_page(response.content, response.status_code, operation=operation)
    except GatewayFailed as failure:
        raise SourceFailed(failure.kind, failure.reason_ko, failure.reason_en, result=failure.result) from None
