"""The one-tap page of a matter of the air: what it is, one button, and what a company did. Opening it changes nothing.

The link is the whole authority, for one matter and one person: a preview that follows it acknowledges nothing, for only
the button posts. The token is never logged (core.logs writes route patterns) and is stored as its hash.
"""

import asyncio
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from bot.air.telling_matters import direction
from civic.air.matters import links
from civic.air.matters.answering import acknowledge, answered_at
from civic.air.matters.links import Door
from civic.air.matters.reading import Action, actions_of, tasks_of
from civic.air.matters.record import Matter, read
from civic.air.matters.work import NewAction, record_action
from civic.files.service import StoredFile
from core.clock import SEOUL
from core.errors import BadInput, Conflict, NotFound
from web import assets, uploads
from web.headers import page_headers
from web.limits import Limits
from web.pages import environment
from web.seam import House
from web.strings import Lang

_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_ROOM = 32_768
_ONCE = re.compile(r"[A-Za-z0-9_-]{16,40}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{24}")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page is made of. `given`: what he wrote and is not taken, to be put right."""

    door: Door
    matter: Matter
    answered: datetime | None
    actions: list[Action]
    tasks: list[Any]
    given: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


def routes(made: APIRouter, house: House, guard: Limits) -> None:
    """`/air/ack/<token>`: GET shows, POST acknowledges or takes what was done."""

    @made.get("/air/ack/{token}")
    async def show(request: Request, token: str) -> Response:
        guard.read(_ip(request))
        shown = await _open(house, token)
        return _page(house, request, shown)

    @made.post("/air/ack/{token}")
    async def take(request: Request, token: str) -> Response:
        guard.message(links.hashed(token), _ip(request))
        shown = await _open(house, token)
        if shown is None or shown.door.is_over:
            return _page(house, request, shown)
        given: dict[str, str] = {}
        try:
            form = await _read(request)
            try:
                given = {name: str(form.get(name) or "") for name in ("do", "kind", "task", "text", "done", "once")}
                said = await _do(house, shown.door, given, form)
            finally:
                await form.close()
        except (BadInput, Conflict, NotFound) as error:
            status = int(str(error.context.get("status", error.status)))
            return _page(house, request, await _open(house, token), given, _why(error), status)
        query = f"?said={said}" + ("&lang=en" if _lang(request) == "en" else "")
        return RedirectResponse(request.url.path + query, 303, headers=_HEADERS)


def _ip(request: Request) -> str:
    return request.client.host if request.client else ""


def _lang(request: Request) -> Lang:
    return "en" if request.query_params.get("lang") == "en" else "ko"


async def _open(house: House, token: str) -> Shown | None:
    """None for an address that we never wrote."""
    if _TOKEN.fullmatch(token) is None:
        return None
    city_id = house.settings.city.id
    async with house.db.reading() as tx:
        door = await links.door(tx, city_id, token, house.clock.now(), house.settings.air)
        if door is None:
            return None
        matter = await read(tx, city_id, door.matter_id)
        answered = await answered_at(tx, matter, door.lane)
        company = door.actor.company
        actions = await actions_of(tx, matter.id, company=company) if company else []
        tasks = await tasks_of(tx, matter.id, lane=company) if company else []
    return Shown(door, matter, answered, actions, [one for one in tasks if one.done_at is None])


# -- what was sent ----------------------------------------------------------------------------------------------------


async def _read(request: Request) -> FormData:
    """The form's fields. Its size must be announced, so that too much is refused before it is read."""
    announced = request.headers.get("content-length", "")
    if not (announced.isascii() and announced.isdigit() and len(announced) < 15):
        raise BadInput("Content-Length가 필요합니다.", "Content-Length is required.", kind="failed", status=411)
    if int(announced) > uploads.MAX_BYTES + _ROOM:
        raise BadInput("너무 큽니다.", "Too large.", kind="too_large", status=413)
    try:
        return await request.form(max_files=1, max_fields=10)
    except HTTPException:
        raise BadInput("양식을 읽을 수 없습니다.", "The form cannot be read.", kind="failed", status=400) from None


async def _do(house: House, door: Door, given: Mapping[str, str], form: FormData) -> str:
    """What happened, in a word. The matter is read again under its lock: two presses are one."""
    city_id, now = house.settings.city.id, house.clock.now()
    if given["do"] == "tell" and door.is_company:
        action = await _action(house, given, form)
        async with house.db.transaction() as tx:
            matter = await read(tx, city_id, door.matter_id, lock=True)
            await record_action(tx, matter, door.actor, action, now)
        return "told"
    async with house.db.transaction() as tx:
        matter = await read(tx, city_id, door.matter_id, lock=True)
        await acknowledge(tx, matter, door.actor, now, via="link", step_id=door.step_id)
    return "ack"


async def _action(house: House, given: Mapping[str, str], form: FormData) -> NewAction:
    if not given["text"].strip():
        raise BadInput("내용을 적어 주세요.", "Please write something.", kind="empty")
    once = given["once"] if _ONCE.fullmatch(given["once"]) else None
    return NewAction(
        text=given["text"],
        kind="statement" if given["kind"] == "statement" else "action",
        done_at=_moment(given["done"]),
        photo=await _photo(house, form.get("photo")),
        task_id=_id(given["task"]),
        dedupe_key=once,
    )


async def _photo(house: House, file: Any) -> StoredFile | None:
    if not isinstance(file, UploadFile) or not (file.filename or file.size):
        return None
    if (file.size or 0) > uploads.MAX_BYTES:
        raise BadInput("너무 큽니다.", "Too large.", kind="too_large", status=413)
    clean = await asyncio.to_thread(uploads.cleaned, await file.read())
    return (await house.files.keep(clean)).file


def _moment(text: str) -> datetime | None:
    """What `datetime-local` gives, which is the clock on his wall."""
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadInput("때를 읽을 수 없습니다.", "The moment cannot be read.", kind="when") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=SEOUL)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _why(error: BadInput | Conflict | NotFound) -> str:
    return str(error.context.get("kind", "too_many" if isinstance(error, Conflict) else "failed"))


# -- what is shown ----------------------------------------------------------------------------------------------------


@cache
def _words(lang: Lang) -> dict[str, Any]:
    path = Path(__file__).resolve().parent / f"air_ack.{lang}.yml"
    loaded: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return loaded


def _page(
    house: House,
    request: Request,
    shown: Shown | None,
    given: Mapping[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    lang = _lang(request)
    t, city = _words(lang), house.settings.city
    page = "gone" if shown is None else "over" if shown.door.is_over else "matter"
    values = _matter(house, shown, lang, given or {}, problem) if shown and page == "matter" else {}
    named = getattr(city.name, lang)
    html = (
        environment()
        .get_template("air_ack.html")
        .render(
            lang=lang,
            other="en" if lang == "ko" else "ko",
            t={**t, "title": t["title"].format(city=named), "title_gone": t["title_gone"].format(city=named)},
            page=page,
            said=request.query_params.get("said", ""),
            city=named,
            phone=city.phone,
            vendor=assets.digest(),
            **values,
        )
    )
    section = house.settings.channels.get("web", {})
    headers = dict(page_headers(request.headers.get("host", ""), section.get("frame_ancestors", ())))
    refused = {"gone": 404, "over": 410}.get(page, status)
    return HTMLResponse(html, refused, headers=headers | _HEADERS)


def _matter(house: House, shown: Shown, lang: Lang, given: Mapping[str, str], problem: str) -> dict[str, Any]:
    t, matter, door = _words(lang), shown.matter, shown.door
    return {
        "title": matter.title(lang),
        "facts": _facts(house, matter, door, t, lang),
        "is_company": door.is_company,
        "is_closed": matter.state == "closed",
        "why": _reason(house, matter, t, lang),
        "stacks": _stacks(matter, door, t),
        "answered_at": t["acknowledged_at"].format(at=_when(shown.answered)) if shown.answered else "",
        "problem": t.get(f"refused_{problem}", t["refused_failed"]) if problem else "",
        "once": given.get("once") or secrets.token_urlsafe(18),
        "given": {name: given.get(name, "") for name in ("kind", "task", "text", "done")},
        "tasks": [(str(one.id), t["task_line"].format(what=one.what, due=_short(one.due_at))) for one in shown.tasks],
        "earlier": [_earlier(one, t) for one in shown.actions],
        "until": t["until"].format(until=_when(door.until)),
    }


def _facts(house: House, matter: Matter, door: Door, t: Mapping[str, Any], lang: Lang) -> list[tuple[str, str]]:
    facts = [(t["since"], _when(matter.began_at)), (t["state"], t["states"][matter.state])]
    for name, value in (("value", matter.value), ("peak", matter.peak)):
        if value is not None:
            facts.append((t[name], f"{value.normalize():f} {matter.unit}".strip()))
    company = house.settings.air.companies.get(door.actor.company)
    if company is not None:
        facts.append((t["whom"], getattr(company.name, lang)))
    return facts


def _reason(house: House, matter: Matter, t: Mapping[str, Any], lang: Lang) -> str:
    basis, degrees = matter.traced.get("basis"), matter.traced.get("from_degrees")
    if basis == "wind" and degrees is not None:
        return str(t["why_wind"].format(wind=direction(float(degrees), lang)))
    if basis == "near":
        return str(t["why_near"].format(near_km=f"{house.settings.air.acting.near_km:g}"))
    return str(t["why_given"])


def _stacks(matter: Matter, door: Door, t: Mapping[str, Any]) -> list[str]:
    """Why its own stacks, in numbers; those of others are not its business."""
    return [
        t["stack"].format(
            stack=one["stack"],
            km=f"{one['distance_m'] / 1000:.1f}",
            degrees=f"{one['degrees']:.0f}",
            confidence=t["confidence"][one["confidence"]],
        )
        for one in matter.traced.get("stacks", ())
        if one["company"] == door.actor.company
    ]


def _earlier(one: Action, t: Mapping[str, Any]) -> dict[str, Any]:
    is_action = one.kind == "action"
    state = t["by_values"] if one.verified_by == "values" else t["told_states"][one.state]
    return {
        "at": _when(one.done_at),
        "kind": t["kind_action"] if is_action else t["kind_statement"],
        "state": state if is_action else t["told"],
        "text": one.text,
        "photo": one.photo_sha256 is not None,
        "reason": t["reason"].format(reason=one.reason) if one.reason else "",
    }


def _when(moment: datetime | None) -> str:
    return f"{moment.astimezone(SEOUL):%Y-%m-%d %H:%M}" if moment else ""


def _short(moment: datetime) -> str:
    return f"{moment.astimezone(SEOUL):%m-%d %H:%M}"
