"""Two cities exchange lots over real HTTP: all, what changed, what is gone, numbers, and nothing that is not signed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text, update

from bot.parking.peers import peer_sources
from civic.parking.federation import keyring, peers
from civic.parking.tables import parking_lots, parking_peers
from core.clock import SetClock
from core.contracts.channel import GeoPoint
from core.contracts.parking import SourceFailed
from core.db import Database
from core.http import OutsideFailed
from core.ids import new_id
from core.vault import open_vault
from tests.api.parking.two_houses import Installation, of_city
from tests.civic.cases.rows import NOW
from tests.civic.parking.lots import lot
from tests.conftest import SECRET, clone

BORDER = GeoPoint(37.6, 126.68)


@pytest.fixture(scope="module")
async def opened(
    server_url: str, template_name: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[Installation]]:
    """나래시, which publishes, and 가온시, which reads: a store, a server and a key each."""
    found: list[Installation] = []
    for city_id, korean in (("narae", "나래시"), ("gaon", "가온시")):
        store = Database(clone(server_url, template_name), pool_size=5)
        await open_vault(store, SECRET, NOW)
        settings = of_city(city_id, korean, page_rows=3)
        found.append(await Installation.open(store, tmp_path_factory.mktemp(city_id), settings))
    yield found
    for one in found:
        await one.close()
        await one.house.db.close()


@pytest.fixture
async def cities(opened: list[Installation]) -> AsyncIterator[tuple[Installation, Installation]]:
    """Both empty, at one moment, and with the settings that they began with."""
    before = [(one, one.house.settings, one.http) for one in opened]
    for one in opened:
        async with one.house.db.transaction() as tx:
            await tx.execute(text("TRUNCATE parking_lots, parking_peers, sources, parking_feed_keys CASCADE"))
        one.house.clock = SetClock(NOW)
    yield opened[0], opened[1]
    for one, settings, http in before:
        one.house.settings, one.http = settings, http
        http._breakers.clear()


Cities = tuple[Installation, Installation]


async def test_lots_changes_and_gone_lots_arrive_and_a_question_near_the_border_gets_both(cities: Cities) -> None:
    narae, gaon = cities
    await narae.has("own", *(lot(n, lat=37.6 + n / 1000, lon=126.681, name=f"나래 {n}") for n in range(1, 8)))
    await gaon.has("ours", lot(50, lat=37.6001, lon=126.679, name="가온 주차장", owner="가온시"))
    await narae.counts("own", "P:1", 7)
    await gaon.knows(narae, "narae")

    first = await gaon.round("narae")
    assert first.calls == 4  # three pages of lots, one of numbers
    assert set(await gaon.lots("narae")) == {f"own:P:{n}" for n in range(1, 8)}
    found = await gaon.parking.near(BORDER, gaon.house.clock.now(), limit=3)
    assert [(one.lot.name, one.lot.owner) for one in found] == [
        ("가온 주차장", "가온시"),
        ("나래 1", "나래시"),
        ("나래 2", "나래시"),
    ]
    assert found[1].number is not None
    assert (found[1].number.free, found[1].number.minutes) == (7, 0)
    assert found[1].lot.external_ids == ("P:1", "own:P:1")
    assert found[1].lot.tariff == lot(1).tariff

    await narae.has("own", lot(2, lat=37.602, lon=126.681, name="나래 2 새 이름"), gone=("P:3",))
    second = await gaon.round("narae")
    assert [record.uid for record in second.static or ()] == ["own:P:2"]
    assert second.gone == ("own:P:3",)
    rows = await gaon.lots("narae")
    assert rows["own:P:2"].name == "나래 2 새 이름"
    assert rows["own:P:3"].gone_at is not None

    await narae.has("own", lot(3, lat=37.603, lon=126.681, name="나래 3"))
    await gaon.round("narae")
    assert (await gaon.lots("narae"))["own:P:3"].gone_at is None


async def test_a_round_without_news_is_two_short_answers(cities: Cities) -> None:
    narae, gaon = cities
    await narae.has("own", lot(1))
    await narae.counts("own", "P:1", 3)
    await gaon.knows(narae, "narae")
    statuses: list[int] = []

    async def note(answer: httpx.Response) -> None:
        statuses.append(answer.status_code)

    gaon.http.client.event_hooks["response"].append(note)
    for _ in range(4):
        pulled = await gaon.round("narae")
    assert statuses[-4:] == [304, 304, 304, 304]
    assert pulled.static is None
    assert pulled.realtime == ()
    await narae.has("own", lot(1, capacity=51))
    pulled = await gaon.round("narae")
    assert statuses[-2:] == [200, 304]
    assert [one.capacity for one in pulled.static or ()] == [51]


async def test_only_numbers_are_asked_when_lots_are_not_due(cities: Cities) -> None:
    narae, gaon = cities
    await narae.has("own", lot(1))
    await gaon.knows(narae, "narae")
    await gaon.round("narae")
    await narae.counts("own", "P:1", 4)
    pulled = await gaon.round("narae", wants_static=False)
    assert pulled.calls == 1
    assert [(one.uid, one.free) for one in pulled.realtime] == [("own:P:1", 4)]


async def test_a_change_that_commits_late_is_not_missed(cities: Cities) -> None:
    """Its moment is older than what the neighbour has read already: a cursor of moments would lose it."""
    narae, gaon = cities
    await narae.has("own", lot(1), lot(2))
    await gaon.knows(narae, "narae")
    await gaon.round("narae")
    async with narae.house.db.engine.connect() as slow:
        await slow.execute(
            text("UPDATE parking_lots SET name = '늦은 이름', updated_at = :at WHERE uid = 'P:1'"), {"at": NOW}
        )
        savepoint = await slow.begin_nested()
        await slow.execute(text("UPDATE parking_lots SET capacity = 77 WHERE uid = 'P:1'"))
        await savepoint.commit()
        narae.house.clock.move(timedelta(minutes=1))
        gaon.house.clock.move(timedelta(minutes=1))
        await narae.has("own", lot(2, name="빠른 이름"))
        assert [one.name for one in (await gaon.round("narae")).static or ()] == ["빠른 이름"]
        await slow.commit()
    await gaon.round("narae")
    row = (await gaon.lots("narae"))["own:P:1"]
    assert (row.name, row.capacity) == ("늦은 이름", 77)
    assert (await gaon.round("narae")).static in ((), None)


async def test_a_restart_of_either_side_loses_and_doubles_nothing(cities: Cities) -> None:
    narae, gaon = cities
    await narae.has("own", *(lot(n) for n in range(5)))
    await gaon.knows(narae, "narae")
    await gaon.round("narae")
    await narae.served.down()
    await narae.has("own", lot(0, name="꺼진 사이"))
    with pytest.raises(OutsideFailed):
        await gaon.round("narae")
    await narae.served.up()
    gaon.http._breakers.clear()
    pulled = await gaon.round("narae")
    assert [one.name for one in pulled.static or ()] == ["꺼진 사이"]
    assert len(await gaon.lots("narae")) == 5


async def test_a_reader_that_forgot_reads_all_and_takes_away_what_is_no_more(cities: Cities) -> None:
    narae, gaon = cities
    await narae.has("own", lot(1), lot(2))
    await gaon.knows(narae, "narae")
    await gaon.round("narae")
    async with narae.house.db.transaction() as tx:
        await tx.execute(parking_lots.delete().where(parking_lots.c.uid == "P:2"))
    await gaon.forget_mark("narae")
    assert (await gaon.round("narae")).is_complete
    assert (await gaon.lots("narae"))["own:P:2"].gone_at is not None


async def test_a_lot_that_is_anothers_twin_is_taken_away_and_comes_back(cities: Cities) -> None:
    narae, gaon = cities
    await narae.has("own", lot(1), lot(2))
    await gaon.knows(narae, "narae")
    await gaon.round("narae")
    master = (await narae.lots("own"))["P:1"].id
    lots = parking_lots.c
    async with narae.house.db.transaction() as tx:
        await tx.execute(update(parking_lots).where(lots.uid == "P:2").values(same_as=master))
    assert (await gaon.round("narae")).gone == ("own:P:2",)
    async with narae.house.db.transaction() as tx:
        await tx.execute(update(parking_lots).where(lots.uid == "P:2").values(same_as=None))
    await gaon.round("narae")
    assert (await gaon.lots("narae"))["own:P:2"].gone_at is None


async def test_what_came_from_a_neighbour_does_not_go_back_or_on(cities: Cities) -> None:
    narae, gaon = cities
    await narae.has("own", lot(1))
    await gaon.has("ours", lot(9))
    await gaon.knows(narae, "narae")
    await narae.knows(gaon, "gaon")
    await gaon.round("narae")
    await narae.round("gaon")
    assert set(await narae.lots("gaon")) == {"ours:P:9"}
    await gaon.round("narae")
    assert set(await gaon.lots("narae")) == {"own:P:1"}


async def test_what_is_passed_on_is_dropped_by_whose_it_is(cities: Cities) -> None:
    narae, gaon = cities
    rules = gaon.house.settings.parking
    passing = rules.federation.model_copy(update={"passes_on": ["narae"]})
    parking = rules.model_copy(update={"federation": passing})
    gaon.house.settings = gaon.house.settings.model_copy(update={"parking": parking})
    await narae.has("own", lot(1))
    await gaon.has("ours", lot(9))
    await gaon.knows(narae, "narae")
    await gaon.round("narae")
    await narae.knows(gaon, "gaon")
    pulled = await narae.round("gaon")
    assert [note.reason for note in pulled.report.skipped] == ["our_own"]
    assert set(await narae.lots("gaon")) == {"ours:P:9"}


class Tampering:
    """The way out, with somebody on it who changes answers."""

    def __init__(self, http: Any, change: Any) -> None:
        self._http, self._change = http, change

    async def get(self, url: str, **options: Any) -> httpx.Response:
        answer: httpx.Response = self._change(await self._http.get(url, **options))
        return answer


def made(answer: httpx.Response, content: bytes, **headers: str) -> httpx.Response:
    return httpx.Response(answer.status_code, headers={**answer.headers, **headers}, content=content)


TAMPERED = {
    "one byte": lambda answer: made(answer, answer.content.replace(b"P:1", b"P:2")),
    "cut": lambda answer: made(answer, answer.content[:-9]),
    "another sequence": lambda answer: made(answer, answer.content, **{"feed-sequence": "99999999999999999999"}),
    "another city": lambda answer: made(answer, answer.content, **{"feed-city": "dasol"}),
    "no signature": lambda answer: httpx.Response(200, content=answer.content),
    "nothing new, says somebody": lambda answer: httpx.Response(304, headers=answer.headers),
    "not json": lambda answer: made(answer, b"\xff" * 100),
}


@pytest.mark.parametrize("how", TAMPERED)
async def test_a_changed_page_is_refused_before_it_is_read(cities: Cities, how: str) -> None:
    narae, gaon = cities
    await narae.has("own", lot(1))
    await gaon.knows(narae, "narae")
    plain = gaon.http
    gaon.http = Tampering(plain, TAMPERED[how])  # type: ignore[assignment]
    with pytest.raises(SourceFailed) as error:
        await gaon.round("narae")
    gaon.http = plain
    assert error.value.kind == "broken"
    assert await gaon.lots("narae") == {}
    await gaon.round("narae")
    assert set(await gaon.lots("narae")) == {"own:P:1"}


async def test_an_old_page_cannot_be_played_again_even_after_the_mark_is_forgotten(cities: Cities) -> None:
    narae, gaon = cities
    await narae.has("own", lot(1, name="옛 이름"))
    await gaon.knows(narae, "narae")
    kept: list[httpx.Response] = []
    plain = gaon.http

    def keeping(answer: httpx.Response) -> httpx.Response:
        kept.append(answer)
        return answer

    gaon.http = Tampering(plain, keeping)  # type: ignore[assignment]
    await gaon.round("narae")
    await narae.has("own", lot(1, name="새 이름"))
    await gaon.round("narae")
    await gaon.forget_mark("narae")
    old = iter(list(kept))
    gaon.http = Tampering(plain, lambda answer: next(old))  # type: ignore[assignment]
    with pytest.raises(SourceFailed) as error:
        await gaon.round("narae")
    assert error.value.context["why"] == "sequence"
    assert (await gaon.lots("narae"))["own:P:1"].name == "새 이름"
    gaon.http = plain


async def test_a_page_of_the_wrong_key_or_of_ourselves_is_refused(cities: Cities) -> None:
    narae, gaon = cities
    await narae.has("own", lot(1))
    await gaon.knows(narae, "stranger", public_key=await gaon.key())
    with pytest.raises(SourceFailed) as error:
        await gaon.round("stranger")
    assert error.value.context["why"] == "key"
    await gaon.knows(gaon, "myself")
    with pytest.raises(SourceFailed) as error:
        await gaon.round("myself")
    assert error.value.context["why"] == "city"


async def test_a_page_that_was_signed_too_long_ago_is_refused(cities: Cities) -> None:
    narae, gaon = cities
    await narae.has("own", lot(1))
    await gaon.knows(narae, "narae")
    gaon.house.clock.move(timedelta(minutes=11))
    with pytest.raises(SourceFailed) as error:
        await gaon.round("narae")
    assert error.value.context["why"] == "age"


async def test_a_page_that_is_too_large_is_not_taken(cities: Cities, monkeypatch: pytest.MonkeyPatch) -> None:
    narae, gaon = cities
    await narae.has("own", lot(1))
    await gaon.knows(narae, "narae")
    async with gaon.house.db.transaction() as tx:
        source: Any = (await peer_sources(tx, gaon.id))["narae"]
    monkeypatch.setitem(type(source)._ask.__globals__, "MOST_BYTES", 200)
    with pytest.raises(OutsideFailed):
        await gaon.round("narae")


async def test_a_new_key_signs_beside_the_old_one_until_the_overlap_ends(cities: Cities) -> None:
    narae, gaon = cities
    await narae.has("own", lot(1))
    old = await narae.key()
    peer = await gaon.knows(narae, "narae")
    async with narae.house.db.transaction() as tx:
        keys = await keyring.rotate(tx, narae.id, timedelta(days=30), NOW, by=new_id())
    assert keys[1].public_key == old != keys[0].public_key
    await gaon.round("narae")
    async with gaon.house.db.transaction() as tx:
        both = {"public_key": f"{old} {keys[0].public_key}"}
        await peers.change(tx, gaon.id, peer.id, both, NOW, by=new_id(), versions=frozenset({1}), allowed=["127.0.0.1"])
    for house in (narae.house, gaon.house):
        house.clock.move(timedelta(days=31))
    await narae.has("own", lot(1, name="새 키로"))
    await gaon.round("narae")
    assert (await gaon.lots("narae"))["own:P:1"].name == "새 키로"
    async with gaon.house.db.transaction() as tx:
        await tx.execute(update(parking_peers).values(public_key=old))
    with pytest.raises(SourceFailed):
        await gaon.round("narae")


async def test_a_private_key_lies_sealed(cities: Cities) -> None:
    narae, _ = cities
    public = await narae.key()
    async with narae.house.db.transaction() as tx:
        [[stored]] = await tx.execute(text("SELECT private_key FROM parking_feed_keys"))
        [key] = await keyring.signing(tx, narae.id, NOW)
    assert key.public == public
    assert key.private.private_bytes_raw() not in stored


async def test_the_public_keys_are_at_a_known_address(cities: Cities) -> None:
    narae, _ = cities
    answer = await narae.http.get(f"{narae.served.base}/api/v1/parking/feed/keys")
    found = orjson.loads(answer.content)
    async with narae.house.db.transaction() as tx:
        [key] = await keyring.listed(tx, narae.id)
    assert found["city"] == "narae"
    assert [(one["kty"], one["crv"], one["kid"]) for one in found["keys"]] == [("OKP", "Ed25519", key.fingerprint)]


async def test_a_broken_row_is_left_out_and_its_neighbours_are_kept(cities: Cities) -> None:
    narae, gaon = cities
    await narae.has("own", lot(1), lot(2, lat=10.0, lon=10.0), lot(3))
    async with narae.house.db.transaction() as tx:
        await tx.execute(update(parking_lots).where(parking_lots.c.uid == "P:3").values(type="모름"))
    await gaon.knows(narae, "narae")
    pulled = await gaon.round("narae")
    assert {note.uid: note.reason for note in pulled.report.skipped} == {"own:P:2": "outside", "own:P:3": "not_a_lot"}
    assert set(await gaon.lots("narae")) == {"own:P:1"}


async def test_a_cursor_that_is_none_is_the_callers_mistake_and_one_of_another_store_begins_anew(
    cities: Cities,
) -> None:
    narae, _ = cities
    await narae.has("own", lot(1))
    base = f"{narae.served.base}/api/v1/parking/feed"
    assert (await narae.http.get(base, params={"since": "어제"})).status_code == 422
    page = orjson.loads((await narae.http.get(base, params={"since": "~abcdef123456.7~"})).content)
    assert page["is_full"] and len(page["items"]) == 1
