"""A station's year, 8,760 hours of six pollutants, from the store to lines in a browser: where the milliseconds go."""

import asyncio
import socket
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse
from playwright.async_api import CDPSession, async_playwright
from starlette.staticfiles import StaticFiles

from bench.air._years import DAY, days, midnight, stations
from civic.air import reading
from civic.air.open.series import document, series
from civic.air.storing import take
from core import store
from core.contracts.air import Pulled, ReadReport
from core.db import Database
from core.loading import ROOT
from tests.web.browser import ARGUMENTS, chromium
from web import assets

PROMISE_MS = 300
"""Issue 7: one station-year queried and drawn."""
ROUNDS = 7
STATIC = ROOT / "web" / "static"
_PARTS = ("fetched", "drawn", "bare", "all")
_PAGE = """<!doctype html><html lang="ko"><head><link rel="stylesheet" href="/static/vendor/uplot/uPlot.min.css"></head>
<body><main data-moment="t" id="room"></main></body></html>"""
_DRAW = """async () => {
  const charts = await import("/static/air/charts.js");
  const room = document.getElementById("room");
  room.replaceChildren();
  const began = performance.now();
  const answer = await fetch("/series", { cache: "no-store" });
  const body = await answer.json();
  const there = performance.now();
  for (const one of charts.readSeries(body)) {
    const box = document.createElement("div");
    box.style.width = "1000px";
    room.append(box);
    await charts.drawHours(box, one, one.unit);
  }
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const drawn = performance.now();
  for (let number = 0; number < 6; number += 1) {
    const canvas = document.createElement("canvas");
    canvas.width = 1000;
    canvas.height = 280;
    const pen = canvas.getContext("2d");
    for (let place = 0; place < body.count; place += 1) pen.lineTo((place / body.count) * 1000, (place * 37) % 280);
    pen.stroke();
    pen.getImageData(0, 0, 1, 1);
  }
  const bare = performance.now();
  const charted = room.children.length;
  return { bare: bare - drawn, fetched: there - began, drawn: drawn - there, all: drawn - began, charts: charted };
}"""


@dataclass
class Measured:
    """Milliseconds of each round."""

    query: list[float] = field(default_factory=list)
    body: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    bytes: int = 0
    in_browser: list[dict[str, float]] = field(default_factory=list)


def run() -> None:
    if not assets.ensure_assets():
        raise SystemExit("no uPlot here: run npm ci")
    asyncio.run(_all())


async def _all() -> None:
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        db = Database(url, pool_size=2)
        first = midnight(2025)
        site = await _filled(db, first)
        measured = Measured()
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(_app(db, site, first, measured), log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await _look(f"http://127.0.0.1:{listener.getsockname()[1]}", measured)
        finally:
            server.should_exit = True
            await serving
            await db.close()
    _tell(measured)


async def _filled(db: Database, first: datetime) -> int:
    listed = stations(1)
    async with db.transaction() as tx:
        await take(tx, "bench", "bench", Pulled((), ReadReport("bench", "", 0, 0), listed), first)
        for batch in days([one.uid for one in listed], first, 365, Random(1)):
            await take(tx, "bench", "bench", batch, first)
    async with db.reading() as tx:
        return (await reading.sites(tx, "bench", first + 365 * DAY))[0].id


def _app(db: Database, site: int, first: datetime, measured: Measured) -> FastAPI:
    app = FastAPI()
    app.mount("/static", StaticFiles(directory=STATIC))

    @app.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(_PAGE)

    @app.get("/series")
    async def body() -> Response:
        began, own = time.perf_counter(), time.process_time()
        async with db.reading() as tx:
            read = await series(tx, site, first, first + 365 * DAY)
        queried = time.perf_counter()
        made = orjson.dumps(document(read))
        measured.query.append((queried - began) * 1000)
        measured.body.append((time.perf_counter() - queried) * 1000)
        measured.own.append((time.process_time() - own) * 1000)
        measured.bytes = len(made)
        return Response(made, media_type="application/json")

    return app


async def _look(base: str, measured: Measured) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        try:
            page = await browser.new_page(viewport={"width": 1440, "height": 900})
            await page.goto(base)
            ticks = await page.context.new_cdp_session(page)
            await ticks.send("Performance.enable", {"timeDomain": "threadTicks"})
            for _ in range(ROUNDS):
                before = await _thread_ms(ticks)
                found: dict[str, Any] = await page.evaluate(_DRAW)
                assert found["charts"] == 6
                measured.in_browser.append({**found, "thread": await _thread_ms(ticks) - before})
        finally:
            await browser.close()


async def _thread_ms(ticks: CDPSession) -> float:
    """What the page's main thread has worked so far, on its own clock: others on the machine do not count."""
    found = await ticks.send("Performance.getMetrics")
    return float(next(one["value"] for one in found["metrics"] if one["name"] == "TaskDuration")) * 1000


def _tell(measured: Measured) -> None:
    """The first round is told apart: it loads the library. The ratio to a bare canvas holds on a busy machine too."""
    rounds = measured.in_browser
    query, body, own = (_middle(one[1:]) for one in (measured.query, measured.body, measured.own))
    fetched, drawn, bare, whole = (_middle([one[name] for one in rounds[1:]]) for name in _PARTS)
    size = measured.bytes / 1000
    print(f"8,760 hours x 6: query {query:.0f} ms, body {body:.0f} ms ({size:,.0f} kB), own processor {own:.0f} ms")
    print(f"  in the browser: fetched and read {fetched:.0f} ms (query and body among it), drawn {drawn:.0f} ms")
    print(f"  drawing is {drawn / bare:.1f} times a bare canvas that strokes as many points ({bare:.0f} ms)")
    thread = _middle([one["thread"] for one in rounds[1:]])
    print(f"  the page's own thread worked {thread:.0f} ms for all of it, the bare canvas included")
    print(f"  together {whole:.0f} ms: {whole / PROMISE_MS:.2f} of {PROMISE_MS} ms (first {rounds[0]['all']:.0f} ms)")


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
