"""The api's description as a page of our own: no script, nothing from other hosts, no data of the city in it."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.problems import TITLES

router = APIRouter(include_in_schema=False)
_FOLDER = Path(__file__).parent
_pages = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_METHODS = ("get", "post", "patch", "put", "delete")


@router.get("/docs")
async def page(request: Request) -> Response:
    document = request.app.openapi()
    html = _pages.get_template("page.html").render(
        info=document["info"],
        operations=_operations(document),
        schemas=document.get("components", {}).get("schemas", {}),
        titles=TITLES,
        kind=_kind,
    )
    return Response(html, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/style.css")
async def style() -> Response:
    return Response((_FOLDER / "style.css").read_text("utf-8"), media_type="text/css; charset=utf-8")


@router.get("/problems/{code}")
async def explain(code: str) -> Response:
    """What a problem's `type` points to."""
    return Response(status_code=303, headers={"Location": f"/docs#problem-{code}" if code in TITLES else "/docs"})


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        _operation(path, method, methods[method])
        for path, methods in document["paths"].items()
        for method in _METHODS
        if method in methods
    ]


def _operation(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    good = [answer for code, answer in operation["responses"].items() if code < "300"]
    return {
        "path": path,
        "method": method.upper(),
        "body": _json_schema(operation.get("requestBody", {})),
        "answer": _json_schema(good[0]) if good else None,
        "parameters": [],
        **operation,
    }


def _json_schema(part: dict[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] | None = part.get("content", {}).get("application/json", {}).get("schema")
    return found


def _kind(schema: dict[str, Any] | None) -> str:
    """A schema in one short line."""
    if not schema:
        return ""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        return " | ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"{_kind(schema.get('items'))}[]"
    name = str(schema.get("format") or schema.get("type") or "any")
    limits = [f"{key} {schema[key]}" for key in ("minimum", "maximum", "minLength", "maxLength") if key in schema]
    return f"{name} ({', '.join(limits)})" if limits else name
