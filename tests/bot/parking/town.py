"""A small provider on loopback and its vendor, for tests of the rounds: each call is answered as the test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from core.contracts.parking import Http, Mark, Pulled, ReadReport, RealtimeRecord, RowNote, SourceFailed, Terms
from tests.civic.parking.lots import lot

Answer = Callable[[int], Awaitable[tuple[int, Any]]]
TERMS = Terms(attribution="가람시", licence="이용허락범위 제한 없음", interval_s=60, static_interval_s=3600)


@dataclass
class Provider:
    """Answers every call by `answer(number of the call)`: status and JSON."""

    answer: Answer
    calls: int = 0
    called: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    etags: list[str] = field(default_factory=list)
    serving: set[asyncio.Task[Any]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.calls += 1
        self.called.set()
        self.etags.append(
            next((line[7:] for line in head.split("\r\n") if line.lower().startswith("x-mark:")), "").strip()
        )
        try:
            status, body = await self.answer(self.calls)
            raw = body if isinstance(body, bytes) else orjson.dumps(body)
            writer.write(
                f"HTTP/1.1 {status} X\r\ncontent-length: {len(raw)}\r\nconnection: close\r\n\r\n".encode() + raw
            )
            await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self.serving.discard(task)


@asynccontextmanager
async def providing(answer: Answer) -> AsyncIterator[Provider]:
    made = Provider(answer)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/lots"
    try:
        yield made
    finally:
        server.close()
        waiting = list(made.serving)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def counts(*free: int, **more: Any) -> dict[str, Any]:
    """A provider's answer: the free places of lots 1, 2, 3…; `at` their moment."""
    return {"free": list(free), **more}


async def always(body: Any) -> tuple[int, Any]:
    return 200, body


@dataclass
class Town:
    """A source over real HTTP. A pull reads the provider's one page; `mark.cursor` counts the pages."""

    name: str
    url: str
    terms: Terms = TERMS
    wanted_static: list[bool] = field(default_factory=list)

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_static: bool) -> Pulled:
        self.wanted_static.append(wants_static)
        answer = await http.get(self.url, headers={"x-mark": mark.cursor}, attempts=1)
        if answer.status_code == 401:
            raise SourceFailed("refused", "인증키가 거절되었습니다.", "The key is refused.")
        if answer.status_code == 429 or answer.content == b"quota":
            raise SourceFailed("quota", "오늘 한도를 넘었습니다.", "Over today's quota.")
        try:
            found = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            raise SourceFailed("broken", "자료의 꼴이 다릅니다.", "Not this format.") from None
        stamp = datetime.fromisoformat(found["at"]) if "at" in found else now
        numbers = tuple(
            RealtimeRecord(self.name, f"P:{at}", free, fetched_at=now, updated_at=stamp)
            for at, free in enumerate(found["free"], start=1)
        )
        lots = tuple(lot(at) for at in range(1, 1 + found.get("lots", len(numbers))))
        skipped = (RowNote(9, "P:9", "no_capacity"),)
        return Pulled(
            static=lots if wants_static else None,
            realtime=numbers,
            report=ReadReport(self.name, "가람시", len(lots) + 1, len(lots), skipped=skipped, reasons_ko=_KO),
            realtime_report=ReadReport(
                self.name, "가람시", len(numbers) + 1, len(numbers), skipped=skipped, reasons_ko=_KO
            ),
            mark=Mark(cursor=str(int(mark.cursor or 0) + 1)),
            calls=found.get("calls", 1),
        )


_KO = {"no_capacity": "주차구획수가 없음"}
