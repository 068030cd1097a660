"""`make bench`: the house beside its bound, in one run on this machine."""

import asyncio
import os
import statistics
import tempfile
import warnings
from datetime import UTC, datetime
from pathlib import Path

from bench import turns, webhooks
from bench.load import Figures
from bot.bootstrap import open_house
from bot.prepare import prepare
from core import logs, store
from core.settings import Settings, read

ROW = "{:<52}{:>12}{:>10}{:>10}"


def main() -> None:
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    logs.configure(level="ERROR")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; read ratios, not absolute figures")
    with tempfile.TemporaryDirectory(prefix="sinmungo-bench-") as folder, store.embedded(Path(folder) / "pg") as url:
        settings = read().model_copy(update={"var": Path(folder) / "var"})
        asyncio.run(prepare(settings, url, datetime.now(UTC), print))
        _print_turns(settings, url)
        _print_webhooks(webhooks.run(url))


def _print_turns(settings: Settings, url: str) -> None:
    async def both() -> tuple[Figures, Figures]:
        async with open_house(settings, url, is_worker=False) as house:
            return turns.understanding(house), await turns.turns(house)

    seen, turn = asyncio.run(both())
    print("\n(b) one turn in process, without I/O")
    print(ROW.format("", "turns/s", "p50 ms", "p99 ms"))
    print(ROW.format("understanding alone", f"{seen.per_second:.0f}", f"{seen.p50_ms:.2f}", f"{seen.p99_ms:.2f}"))
    print(
        ROW.format(
            "understand, decide, render (aim: p99 < 20)",
            f"{turn.per_second:.0f}",
            f"{turn.p50_ms:.2f}",
            f"{turn.p99_ms:.2f}",
        )
    )


def _print_webhooks(found: dict[str, list[Figures]]) -> None:
    print(f"\n(a) webhooks, {webhooks.CONNECTIONS} connections, {webhooks.COUNT} messages a round, rounds alternate")
    print(ROW.format("", "messages/s", "p50 ms", "p99 ms"))
    names = {
        "bound": "raw bound: bare route, one INSERT commit",
        "kakao": "KakaoTalk: stored, answered in the response",
        "kakao2": "KakaoTalk, two processes",
        "partner": "partner: stored, answered by a push (times: ack)",
    }
    for key, rounds in found.items():
        for one in rounds:
            print(ROW.format(names[key], f"{one.per_second:.0f}", f"{one.p50_ms:.1f}", f"{one.p99_ms:.1f}"))
            if one.refused:
                print(f"  {one.refused} were not answered with 200")
    for key in ("kakao", "kakao2", "partner"):
        ratios = [ours.per_second / bound.per_second for ours, bound in zip(found[key], found["bound"], strict=True)]
        each = ", ".join(f"{one:.2f}" for one in ratios)
        print(f"{key} / bound, round by round: {each}; median {statistics.median(ratios):.2f} (aim: ≥ 0.33)")


if __name__ == "__main__":
    main()
