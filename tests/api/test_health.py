"""Health, figures, headers, the page of documentation."""

import re

import httpx
import pytest
from sqlalchemy import text

from tests.api.house import SmallHouse


async def test_ready_names_its_parts(house: SmallHouse, stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["parts"] == {"database": "ok", "language_engine": "ok", "channels": [], "migrations": "ok"}


@pytest.mark.parametrize("part", ["loading", False, None])
async def test_one_part_that_is_not_ready_keeps_work_away(
    house: SmallHouse, stranger: httpx.AsyncClient, part: object
) -> None:
    house.parts["language_engine"] = part
    try:
        assert (await stranger.get("/readyz")).status_code == 503
    finally:
        house.parts["language_engine"] = "ok"


async def test_an_old_schema_keeps_work_away(house: SmallHouse, stranger: httpx.AsyncClient) -> None:
    async with house.db.transaction() as tx:
        newest = (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
        await tx.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        answer = await stranger.get("/readyz")
    finally:
        async with house.db.transaction() as tx:
            await tx.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})
    assert (answer.status_code, answer.json()["parts"]["migrations"]) == (503, "behind")


async def test_figures_are_in_prometheus_format(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "# TYPE inbound_total counter" in answer.text


@pytest.mark.parametrize("path", ["/api/v1/cases", "/nothing", "/healthz", "/docs", "/api/v1/openapi.json"])
async def test_every_answer_carries_safe_headers(agent: httpx.AsyncClient, path: str) -> None:
    headers = (await agent.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers and "x-powered-by" not in headers
    if path.startswith("/api/"):
        assert headers["cache-control"] == "no-store"


async def test_the_docs_load_nothing_from_elsewhere_and_hold_no_script(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert set(re.findall(r'(?:src|href)="([^"#]+)"', answer.text)) == {"/docs/style.css", "/api/v1/openapi.json"}
    assert "<script" not in answer.text and "style=" not in answer.text
    assert "HTTPValidationError" not in answer.text
    for path in ("/api/v1/cases/{reference}", "If-Match", "Idempotency-Key", "CaseChange"):
        assert path in answer.text


async def test_the_description_is_whole_and_names_problems(stranger: httpx.AsyncClient) -> None:
    document = (await stranger.get("/api/v1/openapi.json")).json()
    assert {"Problem", "FieldError", "CaseDetail"} <= set(document["components"]["schemas"])
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', (await stranger.get("/api/v1/openapi.json")).text))
    assert named <= set(document["components"]["schemas"])
    change = document["paths"]["/api/v1/cases/{reference}"]["patch"]
    assert "application/problem+json" in change["responses"]["422"]["content"]
