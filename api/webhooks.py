"""Where providers knock: the raw request in a frozen record, handed to the desk. Nothing is parsed here."""

from typing import Protocol

from fastapi import APIRouter, Request, Response

from core.contracts.channel import HttpAnswer, WebhookRequest

MAX_BYTES = 1_048_576
"""No provider of ours posts more than this; what is larger is refused before it is read."""


class Desk(Protocol):
    async def accept(self, channel_name: str, request: WebhookRequest) -> HttpAnswer: ...


def router(desk: Desk) -> APIRouter:
    """`/channels/<name>`, outside the versioned api and its documentation."""
    routes = APIRouter()

    async def webhook(request: Request) -> Response:
        name = request.path_params["name"]
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        record = WebhookRequest(
            method=request.method,
            headers=dict(request.headers),
            query=dict(request.query_params),
            body=body,
            url=str(request.url),
        )
        answer = await desk.accept(name, record)
        headers = {"Retry-After": "5"} if answer.status == 503 else None
        return Response(answer.body, answer.status, headers, answer.content_type)

    # A plain route: there is nothing to validate or document, and this is the busiest path of the house.
    routes.add_route("/channels/{name}", webhook, methods=["POST", "GET"], include_in_schema=False)
    return routes


async def _body(request: Request) -> bytes | None:
    """The whole body, or None as soon as it is longer than the bound, whatever Content-Length claimed."""
    chunks: list[bytes] = []
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > MAX_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
