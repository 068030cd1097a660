"""The raw bound: a bare FastAPI route that does one INSERT and one commit a request, psycopg alone. Nothing of ours."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, Request
from psycopg_pool import AsyncConnectionPool

CREATE = """CREATE TABLE IF NOT EXISTS bench_bound
(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL, at timestamptz NOT NULL DEFAULT now())"""
pool = AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=10, max_size=10, open=False)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await pool.open()
    async with pool.connection() as connection:
        await connection.execute(CREATE)
    yield
    await pool.close()


app = FastAPI(lifespan=lifespan)


@app.post("/")
async def take(request: Request) -> dict[str, bool]:
    body = await request.body()
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO bench_bound (body) VALUES (%s)", (body.decode(),))
    return {"ok": True}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
