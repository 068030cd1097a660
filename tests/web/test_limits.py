"""How much one browser may ask: buckets that refill, connections that are counted, memory that stays bounded."""

from collections.abc import AsyncIterator

import httpx
import pytest

from core.errors import TooMany
from tests.web.house import SmallHouse
from tests.web.serving import Site
from tests.web.test_messages import frame, heard, open_socket
from web import limits
from web.limits import Limits, Rate, Rates


class Watch:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def count(ask: "limits.Limits", session: str, ip: str = "a") -> int:
    taken = 0
    while True:
        try:
            ask.message(session, ip)
        except TooMany:
            return taken
        taken += 1


def test_it_fills_up_again() -> None:
    watch = Watch()
    made = Limits(Rates(session_messages=Rate(3, 0.5), ip_messages=Rate(100, 0)), watch)
    assert count(made, "one") == 3
    assert count(made, "two") == 3
    watch.now += 4
    assert count(made, "one") == 2
    watch.now += 1000
    assert count(made, "one") == 3


def test_one_address_has_its_own_bound() -> None:
    made = Limits(Rates(session_messages=Rate(3, 0), ip_messages=Rate(5, 0)), Watch())
    assert [count(made, session) for session in ("one", "two", "three")] == [3, 2, 0]
    assert count(made, "four", "b") == 3


def test_it_counts_what_is_open() -> None:
    made = Limits(Rates(session_connections=2, ip_connections=3), Watch())
    with made.connection("one", "a"), made.connection("one", "a"):
        with pytest.raises(TooMany), made.connection("one", "b"):
            pass
        with made.connection("two", "a"), pytest.raises(TooMany), made.connection("three", "a"):
            pass
    with made.connection("one", "a"):
        pass


def test_it_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_KEPT", 100)
    made = Limits(clock=Watch())
    for number in range(1000):
        made.message(f"session-{number}", f"ip-{number}")
    assert len(made._buckets) == 100


@pytest.fixture
async def narrow(house: SmallHouse) -> AsyncIterator[Site]:
    made = Site(house, Rates(session_messages=Rate(2, 0), session_photos=Rate(0, 0), session_connections=1))
    await made.up()
    yield made
    await made.down()


async def test_the_page_is_told_to_wait(narrow: Site, house: SmallHouse) -> None:
    house.reset()
    async with httpx.AsyncClient(base_url=narrow.base, headers={"Origin": narrow.base}, trust_env=False) as client:
        await client.get("/")
        answers = [await client.post("/chat/messages", json=frame()) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json()["reason"] == "busy"
        assert (await client.post("/chat/photos", files={"photo": b"x"})).status_code == 429
        async with open_socket(narrow, client) as link:
            await link.send('{"type": "message", "message": {"id": "7"}}')
            assert await heard(link) == {"type": "refused", "id": "7", "reason": "busy"}
            assert (await client.get("/chat/events")).status_code == 429
    assert len(house.desk.seen) == 2
