"""The api alone on the bench's store, with one operator's source; prints the operator's key, then serves."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import uvicorn

from api.app import create_app
from civic.parking.federation import push_keys
from core import loading, logs
from core.clock import SystemClock
from core.db import Database
from core.ids import new_id
from core.vault import open_vault
from tests.api.house import SmallHouse

SECRET = b"secret-of-the-bench-0123456789ab"
SOURCE = "operator"


async def main(port: int) -> None:
    db, clock = Database(os.environ["DATABASE_URL"], pool_size=6), SystemClock()
    await open_vault(db, SECRET, clock.now())
    house = SmallHouse(db, Path(tempfile.mkdtemp(prefix="sinmungo-bench-")), clock)  # type: ignore[arg-type]
    module = loading.file("integrations.parking", "own_push")
    house.sources[SOURCE] = module.build(SOURCE, module.Settings(owner="측정운영"))
    async with db.transaction() as tx:
        city_id = house.settings.city.id
        _, key = await push_keys.add(tx, city_id, SOURCE, "측정운영", 1_000_000, clock.now(), by=new_id())
    print(key, flush=True)
    config = uvicorn.Config(create_app(house), host="127.0.0.1", port=port, log_level="warning", access_log=False)
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    logs.configure(level="ERROR")
    asyncio.run(main(int(sys.argv[1])))
