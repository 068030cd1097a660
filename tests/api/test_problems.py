"""What bad input gets: a problem in Korean and English, never a 5xx, never our insides."""

import httpx
import pytest
from fastapi import APIRouter

from api.app import create_app
from api.problems import prefers_english
from core.db import Database
from tests.api.house import SmallHouse

JSON = {"content-type": "application/json"}
SIGN_IN = "/api/v1/session"


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    body = answer.json()
    return (
        answer.status_code == status == body["status"]
        and answer.headers["content-type"] == "application/problem+json"
        and body["type"] == f"/problems/{code}"
        and all(body[part] for part in ("title", "detail", "title_en", "detail_en", "instance"))
    )


@pytest.mark.parametrize(
    ("method", "path", "content", "headers", "status", "code"),
    [
        ("GET", "/api/v1/nothing", None, {}, 404, "not_found"),
        ("GET", "/nothing", None, {}, 404, "not_found"),
        ("GET", "/api/v1/cases/", None, {}, 404, "not_found"),
        ("PUT", "/api/v1/cases", None, {}, 405, "method_not_allowed"),
        ("POST", SIGN_IN, b"{", JSON, 400, "broken_json"),
        ("POST", SIGN_IN, b"", JSON, 422, "bad_input"),
        ("POST", SIGN_IN, b"null", JSON, 422, "bad_input"),
        ("POST", SIGN_IN, b"[]", JSON, 422, "bad_input"),
        ("POST", SIGN_IN, b"\xff\xfe\x00", JSON, 400, "bad_request"),
        ("POST", SIGN_IN, b"[" * 200_000, JSON, 400, "bad_request"),
        ("POST", SIGN_IN, b'{"login": ' + b"9" * 5000 + b"}", JSON, 400, "bad_request"),
        ("POST", SIGN_IN, b'{"login": null, "password": null}', JSON, 422, "bad_input"),
        ("POST", SIGN_IN, b'{"login": "a\\u0000b", "password": "x"}', JSON, 422, "bad_input"),
        ("POST", SIGN_IN, b'{"login": "\\ud800", "password": "x"}', JSON, 422, "bad_input"),
        ("POST", SIGN_IN, b'{"login": "a", "password": "x", "role": "admin"}', JSON, 422, "bad_input"),
        ("POST", SIGN_IN, b"login=a", {"content-type": "application/x-www-form-urlencoded"}, 415, "unsupported_media"),
        ("POST", SIGN_IN, b"{}", {"content-type": "text/plain"}, 415, "unsupported_media"),
        ("POST", SIGN_IN, b"{}", {"content-type": ""}, 415, "unsupported_media"),
        ("POST", SIGN_IN, b"a" * 1_048_577, JSON, 413, "too_large"),
        ("GET", "/api/v1/cases?limit=0", None, {}, 422, "bad_input"),
        ("GET", "/api/v1/cases?limit=99999999999999999999999", None, {}, 422, "bad_input"),
        ("GET", "/api/v1/cases?limit=" + "9" * 5000, None, {}, 422, "bad_input"),
        ("GET", "/api/v1/cases?cursor=%00", None, {}, 422, "bad_input"),
        ("GET", "/api/v1/cases?cursor=zzz", None, {}, 422, "bad_input"),
        ("GET", "/api/v1/cases?q=%00", None, {}, 422, "bad_input"),
        ("GET", "/api/v1/cases?status=burnt", None, {}, 422, "bad_input"),
        ("GET", "/api/v1/cases?received_from=2026-01-01T00:00:00", None, {}, 422, "bad_input"),
        ("GET", "/api/v1/cases?received_from=+300000-01-01T00:00:00Z", None, {}, 422, "bad_input"),
        ("GET", "/api/v1/cases/%00", None, {}, 404, "not_found"),
        ("GET", "/api/v1/cases/GP-2026-999999", None, {}, 404, "not_found"),
        ("GET", "/api/v1/cases/" + "9" * 4000, None, {}, 404, "not_found"),
        ("GET", "/api/v1/conversations/nobody", None, {}, 422, "bad_input"),
        ("GET", "/api/v1/outbound/failed?status=sent", None, {}, 422, "bad_input"),
    ],
)
async def test_bad_requests_get_clear_answers(
    agent: httpx.AsyncClient,
    method: str,
    path: str,
    content: bytes | None,
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    answer = await agent.request(method, path, content=content, headers=headers)
    assert is_problem(answer, status, code), answer.text


async def test_a_body_that_lies_about_its_length_is_stopped(agent: httpx.AsyncClient) -> None:
    async def endless() -> object:
        for _ in range(20):
            yield b"a" * 100_000

    answer = await agent.post(SIGN_IN, content=endless(), headers=JSON)  # type: ignore[arg-type]
    assert is_problem(answer, 413, "too_large")


async def test_field_errors_name_the_field_in_both_languages_and_not_the_value(agent: httpx.AsyncClient) -> None:
    answer = await agent.post(SIGN_IN, json={"login": "secret\x00value"})
    errors = {error["field"]: error for error in answer.json()["errors"]}
    assert errors["body.login"]["ko"] == "저장할 수 없는 문자(NUL)가 들어 있습니다."
    assert errors["body.login"]["en"] == "NUL characters cannot be stored"
    assert errors["body.password"]["ko"] == "꼭 있어야 하는 항목입니다."
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("header", "is_english"),
    [
        ("", False),
        ("*", False),
        ("ko", False),
        ("en", True),
        ("en-US,en;q=0.9,ko;q=0.8", True),
        ("ko-KR,ko;q=0.9,en-US;q=0.8", False),
        ("en;q=0.5, ko;q=0.9", False),
        ("fr, en;q=0.3", True),
        ("en;q=0", False),
        ("en;q=x", False),
        ("," * 9000, False),
    ],
)
async def test_the_language_is_the_callers(agent: httpx.AsyncClient, header: str, is_english: bool) -> None:
    assert prefers_english(header) is is_english
    body = (await agent.get("/nothing", headers={"accept-language": header})).json()
    assert body["title"] == ("Not found" if is_english else "찾을 수 없습니다")
    assert body["title_en"] == "Not found"


async def test_an_unforeseen_error_shows_nothing(house: SmallHouse) -> None:
    router = APIRouter()

    @router.get("/broken")
    async def broken() -> None:
        raise RuntimeError("홍길동 010-1234-5678")

    app = create_app(house, [router])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://desk") as client:
        answer = await client.get("/broken")
    assert is_problem(answer, 500, "internal")
    assert "홍길동" not in answer.text and "RuntimeError" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_store_that_is_away_is_503_with_retry_after(house: SmallHouse) -> None:
    away = Database("postgresql://nobody@127.0.0.1:9/none", wait_s=1)
    whole, house.db = house.db, away
    try:
        async with house.client("agent") as client:
            for path in ("/api/v1/me", "/api/v1/cases"):
                answer = await client.get(path)
                assert is_problem(answer, 503, "unavailable")
                assert answer.headers["retry-after"] == "5"
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()["parts"]) == (503, {"database": "away"})
            assert (await client.get("/healthz")).status_code == 200
    finally:
        house.db = whole
        await away.close()


async def test_every_problem_type_can_be_looked_up(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/problems/conflict")
    assert answer.headers["location"] == "/docs#problem-conflict"
    assert 'id="problem-conflict"' in (await stranger.get("/docs")).text
    assert (await stranger.get("/problems/<script>")).headers["location"] == "/docs"
