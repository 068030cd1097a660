"""Fetches all pages of a data.go.kr service; what the gateway refuses becomes the SourceFailed that the rounds know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.contracts.parking import Http, SourceFailed
from core.datagokr import GatewayFailed, Page, read_page

DEADLINE_S = 60.0
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


async def fetch(
    http: Http,
    url: str,
    params: Mapping[str, str],
    *,
    rows: int,
    most_pages: int,
    operation: str = "",
    asks_for_pages: bool = True,
) -> Fetched:
    """Every page until the total is reached, a page is empty or `most_pages` are read. Raises SourceFailed."""
    found = Fetched()
    total: int | None = None
    before: Page | None = None
    for number in range(1, most_pages + 1):
        asked = {**params, "pageNo": str(number), "numOfRows": str(rows)} if asks_for_pages else dict(params)
        page = await _page(http, url, asked, operation)
        found.calls += 1
        if before is not None and page.items and page.items == before.items:
            # A service that does not know pageNo sends the same page for ever.
            found.is_whole = total is not None and len(found.items) + found.odd >= total
            return found
        before = page
        found.items += page.items
        found.odd += page.odd
        total = page.total if page.total is not None else total
        if not asks_for_pages or _is_last(page, len(found.items) + found.odd, total, rows):
            found.is_whole = total is None or len(found.items) + found.odd >= total
            return found
    found.is_whole = False
    return found


def _is_last(page: Page, have: int, total: int | None, rows: int) -> bool:
    came = len(page.items) + page.odd
    if came == 0:
        return True
    if total is not None:
        return have >= total
    # A service may hold fewer rows on a page than it was asked for, and says so.
    return came < min(rows, page.rows or rows)


async def _page(http: Http, url: str, params: Mapping[str, str], operation: str) -> Page:
    response = await http.get(url, params=params, deadline_s=DEADLINE_S, max_bytes=MOST_BYTES)
    try:
        return read_page(response.content, response.status_code, operation=operation)
    except GatewayFailed as failure:
        raise SourceFailed(failure.kind, failure.reason_ko, failure.reason_en, result=failure.result) from None
