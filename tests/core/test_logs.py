"""The log: one JSON object a line, and nothing in it that says who or what was said, however it got there."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from core import logs, metrics
from core.errors import BadInput

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_says_when_where_and_what(lines: Lines) -> None:
    structlog.get_logger("bot.turn").info("turn.done", took_ms=12, channel="telegram", row=uuid4())
    [line] = lines()
    assert (line["event"], line["logger"], line["level"], line["took_ms"]) == ("turn.done", "bot.turn", "info", 12)
    assert line["at"].endswith("Z")
    assert len(line["row"]) == 36


@pytest.mark.parametrize("key", ["text", "phone", "address", "name", "token", "secret", "payload", "callback"])
def test_personal_keys_are_blocked_at_any_depth(lines: Lines, key: str) -> None:
    structlog.get_logger().info("x", **{key: "홍길동"}, deep={"list": [{key: "홍길동"}], f"user_{key}": "x"})
    [line] = lines()
    assert line[key] == line["deep"]["list"][0][key] == "[blocked]"
    assert "홍길동" not in json.dumps(line, ensure_ascii=False)


def test_queue_names_and_empty_values_stay(lines: Lines) -> None:
    structlog.get_logger().info("x", queue_name="default", token=None)
    assert (lines()[0]["queue_name"], lines()[0]["token"]) == ("default", None)


@pytest.mark.parametrize(
    "said",
    ["010-1234-5678", "01012345678", "+82 10 1234 5678", "+821012345678", "02-980-2114", "900101-1234567",
     "9001011234567", "4111-1111-1111-1111"],
)  # fmt: skip
def test_numbers_of_persons_are_starred_in_any_string(lines: Lines, said: str) -> None:
    structlog.get_logger().info(f"refused {said}", why=f"to ({said}).", many=[said])
    logging.getLogger("library").warning("failed for %s", said)
    written = json.dumps(lines())
    assert said not in written
    assert "1234" not in written and "1111" not in written and "2114" not in written


_RANDOM = Random(50)  # the same ids in every process of a run, which shares the tests out by their names
_IDS = [str(UUID(int=_RANDOM.getrandbits(128), version=4)) for _ in range(50)]


@pytest.mark.parametrize("kept", [*_IDS, "2026-11-22T21:30:00.012345Z", "20261122"])
def test_ids_and_times_stay(lines: Lines, kept: str) -> None:
    structlog.get_logger().info("x", value=kept)
    assert lines()[0]["value"] == kept


def test_addresses_lose_query_and_credentials(lines: Lines) -> None:
    logging.getLogger("library").error("GET https://api.example/x?key=abc#f and postgresql://u:p4ss@db/x")
    assert lines()[0]["event"] == "GET https://api.example/x and postgresql://***@db/x"


def test_an_error_is_its_type_and_place_and_our_own_reason(lines: Lines) -> None:
    for error in (ValueError("010-9999-8888 홍길동"), BadInput("안 됩니다", "too long")):
        try:
            raise error
        except Exception:
            logging.getLogger("library").exception("broke")
    first, second = lines()
    assert first["error"] == "ValueError"
    assert first["trace"][0].startswith("test_logs.py:")
    assert "홍길동" not in json.dumps(first, ensure_ascii=False)
    assert second["reason"] == "too long"


def test_libraries_speak_up_only_to_warn(lines: Lines) -> None:
    logging.getLogger("httpx").info("HTTP Request: GET https://x/?secret=1")
    logging.getLogger("uvicorn.access").info("GET /x?code=1")
    logging.getLogger("uvicorn.error").info("started")
    assert [line["event"] for line in lines()] == ["started"]


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.text() | st.integers() | st.binary(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_anything_can_be_written(value: Any) -> None:
    json.dumps(logs.clean(value))


async def test_a_request_leaves_one_line_without_its_query(lines: Lines) -> None:
    class Route:
        path = "/cases/{case_no}"

    async def app(scope: logs.Scope, receive: logs.Receive, send: logs.Send) -> None:
        scope["route"] = Route()
        await send({"type": "http.response.start", "status": 404, "headers": []})

    async def receive() -> logs.Message:
        return {}

    async def send(message: logs.Message) -> None:
        pass

    scope = {"type": "http", "method": "GET", "path": "/cases/GP-1", "query_string": b"code=1"}
    await logs.AccessLog(app)(scope, receive, send)
    [line] = lines()
    assert (line["route"], line["method"], line["status"]) == ("/cases/{case_no}", "GET", 404)
    assert "GP-1" not in json.dumps(line) and "code" not in json.dumps(line)
    assert b'http_requests_total{method="GET",route="/cases/{case_no}",status="404"} 1.0' in metrics.render()


def test_every_figure_is_shown() -> None:
    metrics.OUTBOUND_WAITING.labels("web").set(3)
    shown = metrics.render().decode()
    assert 'outbound_waiting{channel="web"} 3.0' in shown
    for name in ("inbound_total", "webhook_refused_total", "turn_seconds", "outbound_total", "http_request_seconds"):
        assert f"# TYPE {name}" in shown
