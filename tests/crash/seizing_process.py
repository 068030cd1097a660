"""A worker that drives seizures with the real pieces and kills itself, or the banks, at one named step.

python -m tests.crash.seizing_process CONFIG DATABASE_URL, then a line on its input for each worker: AHEAD_S VICTIM_PID
STEP. It forks one, says its pid, and when it has ended how. AHEAD_S: the worker's clock runs so far ahead, so that what
a dead predecessor claimed is free again. VICTIM_PID 0: itself. STEP "-": none.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.arrears import following, seizing
from bot.arrears.asking_banks import AskingBanks
from bot.arrears.opening import open_gateways
from civic.arrears.seizure import answers
from core import secret, settings
from core.contracts.banks import BankAnswer, BankRequest, Gateway
from core.db import Database
from core.vault import open_vault

PAUSE_S = 0.02


class Ahead:
    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return datetime.now(UTC) + self._by


class Killer:
    """Kills `victim` the first time that `step` is reached."""

    def __init__(self, step: str, victim: int) -> None:
        self._step = step
        self._victim = victim or os.getpid()

    def reached(self, step: str) -> None:
        if step == self._step:
            self._step = ""
            os.kill(self._victim, signal.SIGKILL)


class Watched:
    """The real gateway; a death comes after the bank has done what it was asked and before anybody knows."""

    def __init__(self, gateway: Gateway, killer: Killer) -> None:
        self._gateway = gateway
        self._killer = killer
        self.name, self.most, self.is_practice = gateway.name, 6, gateway.is_practice

    async def ask(self, bank: str, requests: Sequence[BankRequest]) -> Sequence[BankAnswer]:
        self._killer.reached(f"asking:{requests[0].kind}")
        told = await self._gateway.ask(bank, requests)
        self._killer.reached(f"asked:{requests[0].kind}")
        return told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)


def watch(killer: Killer) -> None:
    """Each piece of a batch, each taking of answers, each following of a payment: inside its transaction, and after."""

    def piece(name: str, do: Any) -> Any:
        async def watched(tx: AsyncConnection, *values: Any) -> int:
            done = int(await do(tx, *values))
            if done:
                killer.reached(f"in:{name}")
            return done

        return watched

    drives: Any = seizing
    follows: Any = following
    takes: Any = answers
    drives.PIECES = tuple((name, piece(name, do)) for name, do in drives.PIECES)
    take, go, free = takes.take, drives.Seizing._piece, follows.seizures_follow

    async def taken(tx: AsyncConnection, city_id: str, answered: Any, *values: Any) -> None:
        await take(tx, city_id, answered, *values)
        for kind in sorted({request.kind for request, _ in answered}):
            killer.reached(f"taken:{kind}")

    async def after(self: Any, name: str, do: Any) -> Any:
        done = await go(self, name, do)
        if done:
            killer.reached(f"after:{name}")
        return done

    async def freed(*values: Any) -> Any:
        done = await free(*values)
        if done:
            killer.reached("in:follow")
        return done

    follows.seizures_follow = freed
    takes.take = taken
    drives.Seizing._piece = after


async def main(config: str, url: str, ahead_s: float, victim: int, step: str) -> None:
    read = settings.read(Path(config))
    clock = Ahead(timedelta(seconds=ahead_s))
    killer = Killer(step, victim)
    watch(killer)
    gateways: dict[str, Gateway] = {name: Watched(one, killer) for name, one in open_gateways(read).items()}
    db = Database(url, pool_size=6)
    await open_vault(db, secret.load(Path()), clock.now())
    drive = seizing.Seizing(db, read, clock)
    follow = following.Following(db, read, clock)
    asking = AskingBanks(db, gateways, read.arrears, read.city.id, clock, f"worker-{os.getpid()}", take=answers.take)
    while True:
        await follow.go()
        await drive.go()
        await asking.go()
        await asyncio.sleep(PAUSE_S)


def serve(config: str, url: str) -> None:
    """Forks before any loop or thread is there: what is imported once need not be imported by each worker."""
    for line in sys.stdin:
        ahead_s, victim, step = line.split()
        if not (pid := os.fork()):
            os.dup2(2, 1)  # its log is not of the protocol
            asyncio.run(main(config, url, float(ahead_s), int(victim), step))
        print(pid, flush=True)  # noqa: T201 - the protocol
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)  # noqa: T201


if __name__ == "__main__":
    serve(*sys.argv[1:3])
