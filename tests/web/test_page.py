"""The page as the server gives it: words, cookie, policy, static files."""

from datetime import timedelta

import httpx
import pytest

from core.clock import SetClock
from tests.web.house import SmallHouse
from tests.web.serving import Site
from web import sessions, strings


async def test_it_greets_in_korean_with_city_robot_and_retention(visitor: httpx.AsyncClient) -> None:
    page = (await visitor.get("/")).text
    assert '<html lang="ko">' in page
    for words in ("김포시", "신문고", "민원 도우미", "자동 응답 로봇", "365일", "031-980-2114", "tel:119", "tel:112"):
        assert words in page


async def test_it_speaks_english_when_asked_and_remembers(visitor: httpx.AsyncClient) -> None:
    page = (await visitor.get("/", params={"lang": "en"})).text
    assert '<html lang="en">' in page
    assert "Gimpo City" in page
    assert '<html lang="en">' in (await visitor.get("/")).text
    assert '<html lang="ko">' in (await visitor.get("/", params={"lang": "ko"})).text


def test_it_has_the_same_strings_in_both_languages() -> None:
    korean, english = strings.words("ko"), strings.words("en")
    for part in ("page", "chat"):
        assert korean[part].keys() == english[part].keys()
    assert len(korean["chat"]["starters"]) == len(english["chat"]["starters"]) == 5


async def test_it_forbids_everything_from_elsewhere(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    host = answer.request.url.netloc.decode()
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "connect-src": f"'self' ws://{host} wss://{host}",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
        "form-action": "'self'",
    }
    assert "geolocation=(self)" in answer.headers["permissions-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "style=" not in answer.text
    assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in answer.text


async def test_it_ignores_a_host_that_is_no_host(site: Site) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{site.base}/", headers={"Host": "evil;script-src *"})
    assert "evil" not in answer.headers.get("content-security-policy", "")


async def test_it_gives_a_cookie_once_and_keeps_it(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.base, trust_env=False) as client:
        first = await client.get("/")
        cookie = first.headers["set-cookie"]
        assert cookie.startswith("sinmungo_session=")
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert f"Max-Age={7 * 86400}" in cookie
        assert "set-cookie" not in (await client.get("/")).headers


@pytest.mark.parametrize("forged", ["", "x", "a.b", "é", "0" * 40 + "." + "0" * 64])
async def test_it_replaces_a_cookie_that_is_not_ours(site: Site, forged: str) -> None:
    async with httpx.AsyncClient(base_url=site.base, trust_env=False) as client:
        headers = {b"Cookie": f"sinmungo_session={forged}".encode()}
        assert "sinmungo_session=" in (await client.get("/", headers=headers)).headers["set-cookie"]
        refused = await client.get("/chat/thread", headers=headers)
    assert refused.status_code == 401
    assert refused.json()["reason"] == "expired"


def test_it_lets_a_session_end(house: SmallHouse) -> None:
    clock = SetClock(house.clock.now())
    cookie = sessions.mint(house.secret, clock.now(), 7)
    assert sessions.session_of(house.secret, cookie, clock.now()) == cookie.split(".")[0]
    clock.move(timedelta(days=7, seconds=1))
    assert sessions.session_of(house.secret, cookie, clock.now()) is None
    assert sessions.session_of(b"another secret", cookie, house.clock.now()) is None


async def test_it_forgets_the_session_on_this_device(visitor: httpx.AsyncClient) -> None:
    before = visitor.cookies["sinmungo_session"]
    assert (await visitor.delete("/chat/session", headers={"Origin": "https://elsewhere.example"})).status_code == 403
    answer = await visitor.delete("/chat/session")
    assert answer.status_code == 204
    assert visitor.cookies["sinmungo_session"] != before


@pytest.mark.parametrize("path", ["main.js", "chat.css", "drum.svg"])
async def test_it_serves_its_own_files(visitor: httpx.AsyncClient, path: str) -> None:
    answer = await visitor.get(f"/static/chat/{path}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
    again = await visitor.get(f"/static/chat/{path}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["nothing.js", "..%2froutes.py", "%2e%2e/routes.py", "chat", "%00"])
async def test_it_serves_nothing_else(visitor: httpx.AsyncClient, path: str) -> None:
    assert (await visitor.get(f"/static/{path}")).status_code in (400, 404)
