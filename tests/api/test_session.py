"""Signing in over HTTP."""

from datetime import timedelta

import httpx
import pytest

from tests.api.house import PASSWORD, SmallHouse


async def test_sign_in_me_sign_out(house: SmallHouse, stranger: httpx.AsyncClient) -> None:
    answer = await stranger.post("/api/v1/session", json={"login": "Agent.One", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    session = answer.json()
    signed = {"Authorization": f"Bearer {session['token']}"}
    me = (await stranger.get("/api/v1/me", headers=signed)).json()
    assert me == session["staff"]
    assert (me["login"], me["role"]) == ("agent.one", "agent")
    assert "case.read" in me["actions"] and "staff.add" not in me["actions"]
    assert (await stranger.delete("/api/v1/session", headers=signed)).status_code == 204
    assert (await stranger.get("/api/v1/me", headers=signed)).status_code == 401


async def test_five_wrong_passwords_lock_although_each_answer_is_an_error(
    house: SmallHouse, stranger: httpx.AsyncClient
) -> None:
    wrong = {"login": "colleague.one", "password": "wrong password 1"}
    answers = [await stranger.post("/api/v1/session", json=wrong) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {401}
    right = await stranger.post("/api/v1/session", json={"login": "colleague.one", "password": PASSWORD})
    unknown = await stranger.post("/api/v1/session", json={"login": "nobody.here", "password": PASSWORD})
    assert right.json() == unknown.json() == answers[0].json()
    house.clock.move(timedelta(minutes=15))
    try:
        again = await stranger.post("/api/v1/session", json={"login": "colleague.one", "password": PASSWORD})
    finally:
        house.clock.move(timedelta(minutes=-15))
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "seen"),
    [
        ("10.1.2.3", "", [], "10.1.2.3"),
        ("10.1.2.3", "1.1.1.1", [], "10.1.2.3"),
        ("10.1.2.3", "6.6.6.6, 9.9.9.9", ["10.0.0.0/8"], "9.9.9.9"),
        ("10.1.2.3", "6.6.6.6, 10.9.9.9", ["10.0.0.0/8"], "6.6.6.6"),
        ("10.1.2.3", "<script>", ["10.1.2.3"], ""),
        ("10.1.2.3", "2001:db8::7", ["10.1.2.3"], "2001:db8::7"),
    ],
)
def test_the_address_is_what_trusted_proxies_say(peer: str, forwarded: str, trusted: list[str], seen: str) -> None:
    from starlette.requests import Request

    from api.deps import client_ip

    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    request = Request({"type": "http", "headers": headers, "client": (peer, 1), "method": "GET", "path": "/"})
    assert client_ip(request, trusted) == seen


async def test_an_admin_adds_staff_and_the_password_stays_out(house: SmallHouse) -> None:
    async with house.client("admin") as admin:
        made = await admin.post(
            "/api/v1/staff",
            json={"login": "lee.new", "name": "이새봄", "role": "agent", "department_id": "road", "password": PASSWORD},
        )
        assert made.status_code == 201
        listed = await admin.get("/api/v1/staff")
        assert made.json() in listed.json()
        assert "argon2" not in listed.text and PASSWORD not in made.text
        twice = await admin.post(
            "/api/v1/staff", json={"login": "lee.new", "name": "이", "role": "agent", "password": PASSWORD}
        )
        assert twice.status_code == 409
        for wrong in ({"password": "short"}, {"department_id": "moon"}, {"role": "mayor"}):
            body = {"login": "lee.two", "name": "이", "role": "agent", "password": PASSWORD, **wrong}
            assert (await admin.post("/api/v1/staff", json=body)).status_code == 422
