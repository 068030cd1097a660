"""A worker of its own process for the crash and schedule tests: arguments URL and NAME; it writes rows."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from sqlalchemy import text

from core.db import Database
from core.jobs import Jobs


async def main(url: str, name: str) -> None:
    database = Database(url, pool_size=3)
    jobs = Jobs(url, worker=True)

    async def write(payload: dict[str, Any]) -> None:
        async with database.transaction() as connection:
            await connection.execute(
                text("INSERT INTO job_starts (number, worker) VALUES (:n, :w)"), {"n": payload["n"], "w": name}
            )
        await asyncio.sleep(payload.get("takes_s", 0))
        async with database.transaction() as connection:
            await connection.execute(
                text("INSERT INTO job_rows (number, worker) VALUES (:n, :w) ON CONFLICT (number) DO NOTHING"),
                {"n": payload["n"], "w": name},
            )

    async def die(payload: dict[str, Any]) -> None:
        await write(payload)
        os.kill(os.getpid(), 9)

    async def tick() -> None:
        async with database.transaction() as connection:
            await connection.execute(text("INSERT INTO tick_rows (worker) VALUES (:w)"), {"w": name})

    jobs.handle("write", write)
    jobs.handle("die", die)
    jobs.every("test.tick", "* * * * * *", tick)
    await jobs.start()
    sys.stdout.write("up\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await jobs.stop(grace_s=0.2)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
