"""Times of single calls as p50, p95 and p99, beside the aim and the bound of the same run."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

ROW = "{:<46}{:>9}{:>9}{:>9}{:>12}"


@dataclass(frozen=True, slots=True)
class Times:
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, times_ms: Sequence[float]) -> "Times":
        ordered = sorted(times_ms)
        at = [ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.95, 0.99)]
        return cls(*at)


async def timed(count: int, call: Callable[[int], Awaitable[object]]) -> list[float]:
    """Milliseconds of each call, one after the other; the first is not counted."""
    await call(0)
    times = []
    for number in range(count):
        began = perf_counter()
        await call(number)
        times.append((perf_counter() - began) * 1000)
    return times


def head(title: str) -> None:
    print(f"\n{title}")
    print(ROW.format("", "p50 ms", "p95 ms", "p99 ms", "aim p95"), flush=True)


def line(name: str, times: Times, aim: float | None = None) -> None:
    verdict = "" if aim is None else f"{aim:.0f} {'ok' if times.p95 < aim else 'MISSED'}"
    print(ROW.format(name, f"{times.p50:.1f}", f"{times.p95:.1f}", f"{times.p99:.1f}", verdict), flush=True)
