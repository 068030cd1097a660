"""The web form behind a link of the bot: photos or a place into one conversation, without signing in (bot.webform).

Works without any script; the script adds previews, smaller uploads, progress and the browser's position.
"""

import math
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from bot.webform import REF, Ticket, WebForm
from civic.conversations import doors
from civic.conversations.doors import Where
from core.clock import SEOUL
from core.contracts.channel import GeoPoint, IncomingMessage, Media
from core.errors import BadInput
from web import assets, uploads
from web.headers import page_headers
from web.limits import Limits
from web.pages import environment
from web.seam import House
from web.strings import Lang, words

MOST = 5
MAX_ADDRESS = 200
_ROOM = 16_384
_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def routes(made: APIRouter, house: House, guard: Limits) -> None:
    """`/f/<token>`: the form and where it is posted. The token is never logged (core.logs writes route patterns)."""
    form = WebForm.of(house.settings, house.secret, house.settings.path(house.settings.var))

    @made.get("/f/{token}")
    async def show(request: Request, token: str) -> Response:
        guard.read(_ip(request))
        ticket, where = await _opened(house, form, token)
        lang = _lang(request, where)
        if ticket is None or where is None:
            return _page(house, request, lang, "gone", status=404)
        if await _is_used(house, where, ticket):
            return _page(house, request, lang, "done", ticket, where)
        if house.clock.now() >= ticket.until:
            return _page(house, request, lang, "over", ticket, status=410)
        return _page(house, request, lang, "form", ticket)

    @made.post("/f/{token}")
    async def take(request: Request, token: str) -> Response:
        ip = _ip(request)
        guard.read(ip)
        ticket, where = await _opened(house, form, token)
        lang = _lang(request, where)
        if ticket is None or where is None:
            return _refused(house, request, lang, "gone", None, 404)
        guard.photo(str(ticket.conversation_id), ip)
        if not await _is_used(house, where, ticket):
            if house.clock.now() >= ticket.until:
                return _refused(house, request, lang, "over", ticket, 410)
            try:
                message = await _message(form, ticket, where, request)
            except BadInput as error:
                status = int(str(error.context.get("status", error.status)))
                return _refused(house, request, lang, "form", ticket, status, str(error.context.get("kind", "failed")))
            await house.desk.bring(where.channel, message)
        if _wants_json(request):
            return JSONResponse({}, 201, headers=_HEADERS)
        return RedirectResponse(request.url.path, 303, headers=_HEADERS)


def _ip(request: Request) -> str:
    return request.client.host if request.client else ""


def _lang(request: Request, where: Where | None) -> Lang:
    """As the conversation goes on, unless he chose the other on the page."""
    asked = request.query_params.get("lang", where.lang if where else "ko")
    return "en" if asked == "en" else "ko"


async def _opened(house: House, form: WebForm, token: str) -> tuple[Ticket | None, Where | None]:
    ticket = form.read(token)
    if ticket is None:
        return None, None
    async with house.db.transaction() as tx:
        return ticket, await doors.where(tx, house.settings.city.id, ticket.conversation_id)


async def _is_used(house: House, where: Where, ticket: Ticket) -> bool:
    async with house.db.transaction() as tx:
        return await doors.was_said(tx, house.settings.city.id, where.channel, ticket.external_id)


# -- what was sent ----------------------------------------------------------------------------------------------------


async def _message(form: WebForm, ticket: Ticket, where: Where, request: Request) -> IncomingMessage:
    """The one message that the form becomes; a second post has the same id and counts once. Raises BadInput."""
    given = await _read(request)
    try:
        if ticket.ask == "photo":
            return await _photos(form, ticket, where, given)
        return _place(ticket, where, given)
    finally:
        await given.close()


async def _read(request: Request) -> FormData:
    """The form's fields. Its size must be announced, so that too much is refused before it is read."""
    announced = request.headers.get("content-length", "")
    if not (announced.isascii() and announced.isdigit() and len(announced) < 15):
        raise _bad("failed", 411)
    if int(announced) > MOST * uploads.MAX_BYTES + _ROOM:
        raise _bad("too_large", 413)
    try:
        return await request.form(max_files=MOST + 1, max_fields=8)
    except HTTPException as error:
        raise _bad("too_many" if "Too many files" in error.detail else "failed", 400) from None


async def _photos(form: WebForm, ticket: Ticket, where: Where, given: FormData) -> IncomingMessage:
    files = [one for one in given.getlist("photo") if isinstance(one, UploadFile) and (one.filename or one.size)]
    if not files:
        raise _bad("no_photo")
    if len(files) > MOST:
        raise _bad("too_many")
    if any((one.size or 0) > uploads.MAX_BYTES for one in files):
        raise _bad("too_large", 413)
    # All are looked at before one is kept: the form is answered as a whole.
    names = [form.new_upload(ticket.conversation_id) for _ in files]
    for name, file in zip(names, files, strict=True):
        await uploads.spool(form.uploads, name, await file.read())
    media = tuple(
        Media("photo", REF + name, "image/jpeg", file.size or 0) for name, file in zip(names, files, strict=True)
    )
    return IncomingMessage(ticket.external_id, where.address, "media", media=media)


def _place(ticket: Ticket, where: Where, given: FormData) -> IncomingMessage:
    address = " ".join(str(given.get("address") or "").split())[:MAX_ADDRESS]
    lat, lon = _degrees(given.get("lat"), 90), _degrees(given.get("lon"), 180)
    if lat is not None and lon is not None:
        point = GeoPoint(lat, lon, address)
        return IncomingMessage(ticket.external_id, where.address, "place", place=point)
    if not address:
        raise _bad("no_place")
    return IncomingMessage(ticket.external_id, where.address, "text", text=address)


def _degrees(value: Any, most: float) -> float | None:
    try:
        number = float(value) if isinstance(value, str) and len(value) < 40 else math.nan
    except ValueError:
        return None
    return number if -most <= number <= most else None


def _bad(kind: str, status: int = 422) -> BadInput:
    return BadInput("보내지 못했습니다.", "It could not be sent.", kind=kind, status=status)


# -- what is shown ----------------------------------------------------------------------------------------------------


def _wants_json(request: Request) -> bool:
    return request.headers.get("accept", "").startswith("application/json")


def _refused(
    house: House,
    request: Request,
    lang: Lang,
    state: str,
    ticket: Ticket | None,
    status: int,
    problem: str = "",
) -> Response:
    if _wants_json(request):
        said = _filled(house, lang, ticket)
        return JSONResponse({"sentence": said.get(f"refused_{problem or state}", said["refused_failed"])}, status)
    return _page(house, request, lang, state, ticket, status=status, problem=problem)


def _page(
    house: House,
    request: Request,
    lang: Lang,
    state: str,
    ticket: Ticket | None = None,
    where: Where | None = None,
    *,
    status: int = 200,
    problem: str = "",
) -> Response:
    """`state`: form, done, over or gone. `problem`: why what was posted is not taken, in a word."""
    section = house.settings.channels.get("web", {})
    t = _filled(house, lang, ticket)
    html = (
        environment()
        .get_template("form.html")
        .render(
            lang=lang,
            other="en" if lang == "ko" else "ko",
            t=t,
            script=words(lang)["form_script"],
            state=state,
            ask=ticket.ask if ticket else "",
            problem=t.get(f"refused_{problem}", t["refused_failed"]) if problem else "",
            back=t["back_answers"] if where and _answers_only(house, where.channel) else t["back"],
            most=MOST,
            most_bytes=uploads.MAX_BYTES,
            city=getattr(house.settings.city.name, lang),
            phone=house.settings.city.phone,
            vendor=assets.digest(),
        )
    )
    headers = dict(page_headers(request.headers.get("host", ""), section.get("frame_ancestors", ())))
    return HTMLResponse(html, status, headers=headers | _HEADERS)


def _answers_only(house: House, channel: str) -> bool:
    """Where the bot cannot speak first, the citizen's next word brings its answer."""
    return house.desk.answers_only(channel)


def _filled(house: House, lang: Lang, ticket: Ticket | None) -> dict[str, str]:
    until = ticket.until.astimezone(SEOUL) if ticket else datetime.now(SEOUL)
    facts = {
        "city": getattr(house.settings.city.name, lang),
        "phone": house.settings.city.phone,
        "until": f"{until:%H:%M}",
        "most": str(MOST),
    }
    return {key: text.format(**facts) for key, text in words(lang)["form"].items()}
