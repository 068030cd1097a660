"""Opening the house for a command: settings, a store that is up, everything prepared, with progress told."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from time import perf_counter

from rich.console import Console
from rich.table import Column

from core import store
from core.clock import SystemClock
from core.settings import Settings, read

console = Console(stderr=True)


def number(header: str = "번호") -> Column:
    """A column of ids that are typed again: never cut, however narrow the terminal is."""
    return Column(header, no_wrap=True, min_width=36)


@contextmanager
def running_store() -> Iterator[tuple[Settings, str]]:
    """Settings and the address of a store that is up. The embedded one is started, and stopped by its last user."""
    settings = read()
    where = "DATABASE_URL의 PostgreSQL" if settings.database.url else "내장 PostgreSQL"
    began = perf_counter()
    with console.status(f"{where}에 연결합니다…"):
        manager = store.running(settings)
        url = manager.__enter__()
    try:
        took = perf_counter() - began
        if took > 2:
            console.print(f"{where}을 준비했습니다. ({took:.1f}초)")
        yield settings, url
    finally:
        manager.__exit__(None, None, None)


async def make_ready(settings: Settings, url: str) -> None:
    """Schema, city data, language model; each line told as it is done."""
    from bot.air.practising import practise
    from bot.prepare import prepare

    with console.status("준비하고 있습니다…") as status:

        def tell(line: str) -> None:
            console.print(line)
            status.update(line)

        await prepare(settings, url, datetime.now(UTC), tell)
        await practise(settings, url, SystemClock())


@asynccontextmanager
async def quiet_house(settings: Settings, url: str) -> AsyncIterator[object]:
    """The house for one command, without schedules of its own."""
    from bot.bootstrap import open_house

    await make_ready(settings, url)
    async with open_house(settings, url, is_worker=False) as house:
        yield house
