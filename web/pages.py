"""Renders the chat page and hands out its session cookie."""

from functools import cache
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from web import assets, sessions
from web.headers import page_headers
from web.seam import House
from web.strings import chosen, words

_TEMPLATES = Path(__file__).resolve().parent / "templates"


@cache
def environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def chat(house: House, request: Request) -> Response:
    """The page, in the citizen's language. A browser without a living session gets a new one."""
    city, section = house.settings.city, house.settings.channels.get("web", {})
    lang = chosen(request.query_params.get("lang"), request.cookies.get(sessions.LANG_COOKIE))
    facts = {
        "city": getattr(city.name, lang),
        "phone": city.phone,
        "hours": getattr(city.office_hours, lang),
        "days": str(city.retention_days),
        "session_days": str(sessions.days_kept(section)),
    }
    spoken = words(lang)
    template = environment().get_template("chat.html")
    html = template.render(
        lang=lang, t=_filled(spoken["page"], facts), chat=spoken["chat"], vendor=assets.digest(), **facts
    )
    answer = HTMLResponse(
        html, headers=dict(page_headers(request.headers.get("host", ""), section.get("frame_ancestors", ())))
    )
    if sessions.session_of(house.secret, request.cookies.get(sessions.COOKIE), house.clock.now()) is None:
        set_session(house, answer)
    if request.query_params.get("lang") in ("ko", "en"):
        _cookie(house, answer, sessions.LANG_COOKIE, lang)
    return answer


def set_session(house: House, answer: Response) -> None:
    days = sessions.days_kept(house.settings.channels.get("web", {}))
    _cookie(house, answer, sessions.COOKIE, sessions.mint(house.secret, house.clock.now(), days), days)


def _cookie(house: House, answer: Response, name: str, value: str, days: int = 30) -> None:
    is_https = house.settings.web.public_url.startswith("https:")
    answer.set_cookie(name, value, max_age=days * 86400, httponly=True, samesite="lax", secure=is_https, path="/")


def _filled(strings: dict[str, str], facts: dict[str, str]) -> dict[str, str]:
    return {key: value.format(**facts) for key, value in strings.items()}
