"""The network's door: signed calls in, answers out, and a page that says where all the money is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core.signed_calls import BadCall, check
from integrations.bank_network.book import Book, booked, late_answers, totals
from integrations.bank_network.customers import NAMES
from integrations.bank_network.faults import Dice, Faults
from integrations.bank_network.serving import Bank, asked_of

MOST = 500
MAX_BODY = 2 * 1024 * 1024
PAGE = 500
Row = dict[str, Any]


class Cut(Response):
    """Begins to answer and breaks the connection off."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


class Network:
    """`key`: shared with whoever may ask. Work on the book is done one call at a time, off the loop."""

    def __init__(self, book: Book, key: str, faults: Faults, seed: int) -> None:
        self._book = book
        self._key = key
        self._faults = faults
        self._bank = Bank(book, moves_rate=faults.moves_rate)
        self._dice = Dice(faults, seed)
        self._worker = ThreadPoolExecutor(1, "book")

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/health", self._health),
                Route("/v1/banks", self._signed(self._banks)),
                Route("/v1/banks/{bank}/requests", self._signed(self._requests), methods=["POST"]),
                Route("/v1/banks/{bank}/answers", self._signed(self._answers)),
                Route("/v1/banks/{bank}/ledger", self._signed(self._ledger)),
                Route("/v1/totals", self._signed(self._totals)),
                Route("/v1/banks/{bank}/free", self._signed(self._free), methods=["POST"]),
                Route("/v1/banks/{bank}/move", self._signed(self._move), methods=["POST"]),
            ],
            lifespan=self._life,
        )

    @contextlib.asynccontextmanager
    async def _life(self, _: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(self._let_go()) if self._faults.prior_release_s else None
        yield
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._worker.shutdown()

    async def _let_go(self) -> None:
        """Other authorities let go of one account after the other."""
        while True:
            await asyncio.sleep(self._faults.prior_release_s)
            await self._do(self._free_first)

    def _free_first(self) -> None:
        with self._book.writing() as writing:
            priors = writing.priors()
        if priors:
            self._bank.free_prior(priors[0]["bank"], priors[0]["account"], _now())

    async def _do(self, work: Callable[..., Any], *values: Any, **named: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._worker, partial(work, *values, **named))

    def _signed(
        self, route: Callable[[Request, bytes], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def checked(request: Request) -> Response:
            body = await request.body()
            query = f"?{request.url.query}" if request.url.query else ""
            target = f"{request.scope['raw_path'].decode()}{query}"
            try:
                check(request.headers, self._key, request.method, target, body, _now())
            except BadCall as problem:
                return _json({"error": str(problem)}, 401)
            if len(body) > MAX_BODY:
                return _json({"error": "size"}, 413)
            if (bank := request.path_params.get("bank")) and bank not in NAMES:
                return _json({"error": "no such bank"}, 404)
            try:
                return await route(request, body)
            except (ValueError, KeyError, TypeError) as problem:
                return _json({"error": f"not understood: {problem}"}, 422)

        return checked

    async def _health(self, _: Request) -> Response:
        return _json({"is_practice": True, "banks": len(NAMES)})

    async def _banks(self, _: Request, __: bytes) -> Response:
        return _json({"banks": [{"bank": code, "name": name} for code, name in NAMES.items()]})

    async def _requests(self, request: Request, body: bytes) -> Response:
        given = orjson.loads(body)["requests"]
        if not isinstance(given, list) or len(given) > MOST:
            return _json({"error": "too many"}, 422)
        asked, bank, now = [asked_of(one) for one in given], request.path_params["bank"], _now()
        await asyncio.sleep(self._dice.wait_s())
        end = self._dice.end()
        if end in ("500", "503"):
            return _json({"error": "bank away"}, int(end), {"retry-after": "1"} if end == "503" else None)
        if end == "cut":
            return Cut()
        done, silent = self._dice.left_out(asked)
        answers = await self._do(self._bank.serve, bank, done, now, later=self._dice.later(done, now.timestamp()))
        told, again = self._dice.told([one for one in answers if one["request_id"] not in silent])
        if again:
            await self._do(self._say_again, bank, again)
        if end == "hang":
            await asyncio.sleep(self._faults.hang_s)
        if end == "500_after":
            return _json({"error": "bank away"}, 500)
        return Cut() if end else _json({"answers": told})

    def _say_again(self, bank: str, ids: list[str]) -> None:
        with self._book.writing() as writing:
            for one in ids:
                writing.say_again(bank, one)

    async def _answers(self, request: Request, _: bytes) -> Response:
        bank, after = request.path_params["bank"], _after(request)
        await self._do(self._ripen, bank)
        rows = await self._do(late_answers, self._book, bank, after, PAGE)
        return _json({"answers": [row["answer"] for row in rows], "next": str(rows[-1]["seq"] if rows else after)})

    def _ripen(self, bank: str) -> None:
        with self._book.writing() as writing:
            writing.ripen(bank, _now().timestamp())

    async def _ledger(self, request: Request, _: bytes) -> Response:
        bank, after = request.path_params["bank"], _after(request)
        rows = await self._do(booked, self._book, bank, after, PAGE)
        lines = [
            {key: row[key] for key in ("request_id", "kind", "bank", "account", "at")} | {"amount_krw": row["amount"]}
            for row in rows
        ]
        return _json({"lines": lines, "next": str(rows[-1]["seq"] if rows else after)})

    async def _totals(self, _: Request, __: bytes) -> Response:
        return _json(await self._do(totals, self._book))

    async def _free(self, request: Request, body: bytes) -> Response:
        given, bank = orjson.loads(body), request.path_params["bank"]
        freed = await self._do(self._bank.free_prior, bank, str(given["account"]), _now())
        return _json({"freed_krw": freed})

    async def _move(self, request: Request, body: bytes) -> Response:
        given, bank = orjson.loads(body), request.path_params["bank"]
        moved = await self._do(self._bank.move, bank, str(given["account"]), int(given["amount_krw"]))
        return _json({"moved_krw": moved})


def _after(request: Request) -> int:
    return int(request.query_params.get("after", "") or 0)


def _now() -> datetime:
    return datetime.now(UTC)


def _json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), status, {"content-type": "application/json", **(headers or {})})
