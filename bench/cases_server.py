"""The staff api alone on the bench's database, for one signed-in administrator; prints his token, then serves."""

import asyncio
import os
import secrets
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import uvicorn
from sqlalchemy import select

from api.app import create_app
from bench.cases_build import CITY, END
from civic.staff.members import add_staff
from civic.staff.sessions import hash_token
from civic.staff.tables import staff, staff_sessions
from core.clock import SetClock
from core.db import Database
from core.ids import new_id
from core.vault import open_vault
from tests.api.house import PASSWORD, SmallHouse

SECRET = b"secret-of-the-bench-0123456789ab"


async def main(port: int) -> None:
    db = Database(os.environ["DATABASE_URL"], pool_size=6)
    await open_vault(db, SECRET, END)
    house = SmallHouse(db, Path(tempfile.mkdtemp(prefix="sinmungo-bench-")), SetClock(END))
    print(await _token(db), flush=True)
    config = uvicorn.Config(create_app(house), host="127.0.0.1", port=port, log_level="warning", access_log=False)
    await uvicorn.Server(config).serve()


async def _token(db: Database) -> str:
    token = secrets.token_urlsafe(32)
    async with db.transaction() as tx:
        known = select(staff.c.id).where(staff.c.city_id == CITY, staff.c.login == "bench.admin")
        member = (await tx.execute(known)).scalar_one_or_none()
        if member is None:
            given = {"login": "bench.admin", "name": "김측정", "role": "admin", "department_id": None}
            member = (await add_staff(tx, city_id=CITY, password=PASSWORD, now=END, **given)).id  # type: ignore[arg-type]
        session = {"id": new_id(), "staff_id": member, "token_hash": hash_token(token), "created_at": END}
        await tx.execute(staff_sessions.insert().values(**session, expires_at=END + timedelta(days=400)))
    return token


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
