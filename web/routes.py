"""The citizens' chat: its page, its doors for messages, its photos. Everything else happens behind the desk."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response, WebSocket
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from fastapi.routing import APIRoute
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from core.errors import BadInput, Forbidden, NotFound, NotSignedIn, SinmungoError
from web import air, air_ack, board, doors, forms, lots, pages, sessions, thread, uploads
from web.headers import SAFE
from web.limits import Limits
from web.seam import House

STATIC = Path(__file__).resolve().parent / "static"
_FORM_ROOM = 4096


class _Route(APIRoute):
    """Turns the house's errors into problem+json (RFC 9457) and puts the safe headers on every answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                answer = await inner(request)
            except SinmungoError as error:
                answer = _problem(error)
            for name, value in SAFE.items():
                answer.headers.setdefault(name, value)
            return answer

        return handle


def router(house: House, limits: Limits | None = None) -> APIRouter:
    """All routes of the citizens' side. One per process: it holds that process's rate limits."""
    made = APIRouter(route_class=_Route, include_in_schema=False)
    guard = limits or Limits()
    files = StaticFiles(directory=STATIC)
    folder = house.settings.path(house.settings.var) / "uploads"

    @made.get("/")
    async def page(request: Request) -> Response:
        return pages.chat(house, request)

    @made.get("/chat/thread")
    async def read_thread(request: Request, also: UUID | None = None) -> Response:
        session = _session(house, request)
        guard.read(_ip(request))
        found = await thread.messages(house.db, house.settings.city.id, session, also=also)
        return JSONResponse({"messages": found}, headers={"Cache-Control": "no-store"})

    @made.post("/chat/messages")
    async def post_message(request: Request) -> Response:
        body = await _body(request, doors.MAX_FRAME_BYTES)
        guard.message(_session(house, request), _ip(request))
        answer = await house.desk.accept("web", doors.webhook(dict(request.headers), body, request.url.path))
        return JSONResponse({"reason": doors.why(answer.status)} if answer.status >= 300 else {}, answer.status)

    @made.get("/chat/events")
    async def events(request: Request) -> Response:
        session, ip = _session(house, request), _ip(request)
        with guard.connection(session, ip):
            pass
        return StreamingResponse(
            doors.stream(house, guard, session, ip),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @made.websocket("/chat/socket")
    async def socket(link: WebSocket) -> None:
        await doors.socket(house, guard, link)

    @made.post("/chat/photos")
    async def post_photo(request: Request) -> Response:
        _only_ours(house, request)
        session = _session(house, request)
        guard.photo(session, _ip(request))
        raw = await _photo(request)
        token = sessions.upload_token(house.secret, session)
        await uploads.spool(folder, token, raw)
        return JSONResponse({"upload": token}, 201)

    @made.get("/chat/photos/{token}")
    async def photo(request: Request, token: str) -> Response:
        if not sessions.owns_upload(house.secret, _session(house, request), token):
            raise _no_photo()
        if not (folder / token).is_file():
            raise _no_photo()
        return FileResponse(
            folder / token, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600, immutable"}
        )

    @made.delete("/chat/session")
    async def forget(request: Request) -> Response:
        _only_ours(house, request)
        answer = Response(status_code=204)
        pages.set_session(house, answer)
        return answer

    air_ack.routes(made, house, guard)
    board.routes(made, house, guard)
    forms.routes(made, house, guard)
    lots.routes(made, house, guard)
    air.routes(made, house, guard)

    @made.get("/static/{path:path}")
    async def asset(request: Request, path: str) -> Response:
        try:
            answer = await files.get_response(path, request.scope)
        except HTTPException as error:
            return Response(status_code=error.status_code)
        is_vendor = path.startswith("vendor/") and answer.status_code < 400
        answer.headers["Cache-Control"] = "public, max-age=604800" if is_vendor else "no-cache"
        return answer

    return made


def _session(house: House, request: Request) -> str:
    found = sessions.session_of(house.secret, request.cookies.get(sessions.COOKIE), house.clock.now())
    if found is None:
        raise NotSignedIn("대화 시간이 끝났습니다. 새로 고쳐 주십시오.", "The session is over; reload the page.")
    return found


def _only_ours(house: House, request: Request) -> None:
    if not sessions.is_ours(request.headers, house.settings.web.public_url):
        raise Forbidden("다른 누리집에서 온 요청입니다.", "The request came from another site.")


def _ip(request: Request) -> str:
    return request.client.host if request.client else ""


async def _body(request: Request, most: int) -> bytes:
    """The body, read no further than `most` bytes. Raises BadInput (413)."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
    return b"".join(parts)


async def _photo(request: Request) -> bytes:
    """The one file of the form. Its size must be announced, so that too much is refused before it is read."""
    announced = request.headers.get("content-length", "")
    if not announced.isdigit():
        raise BadInput("Content-Length가 필요합니다.", "Content-Length is required.", status=411)
    if int(announced) > uploads.MAX_BYTES + _FORM_ROOM:
        raise _too_large(uploads.MAX_BYTES)
    try:
        form = await request.form(max_files=1, max_fields=2)
    except HTTPException:
        raise BadInput("사진 양식을 읽을 수 없습니다.", "The form cannot be read.", status=400) from None
    try:
        file = form.get("photo")
        if not isinstance(file, UploadFile):
            raise BadInput("'photo' 파일이 없습니다.", "The form has no file 'photo'.", status=400)
        raw = await file.read(uploads.MAX_BYTES + 1)
    finally:
        await form.close()
    if len(raw) > uploads.MAX_BYTES:
        raise _too_large(uploads.MAX_BYTES)
    return raw


def _too_large(most: int) -> BadInput:
    return BadInput("보낸 내용이 너무 큽니다.", f"More than {most} bytes.", status=413)


def _no_photo() -> NotFound:
    return NotFound("사진이 더는 없습니다.", "The photo is no longer there.")


def _problem(error: SinmungoError) -> Response:
    status = int(str(error.context.get("status", error.status)))
    return JSONResponse(
        {
            "type": "about:blank",
            "title": error.reason_ko,
            "title_en": error.reason_en,
            "status": status,
            "code": error.code,
            "reason": error.context.get("kind") or doors.why(status),
        },
        status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store"},
    )
