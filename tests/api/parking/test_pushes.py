"""Operators' pushes: one key a source, one effect a call, good rows kept and the others named, nothing half stored."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import func, select, text

from civic.parking.federation import push_keys, pushes
from civic.parking.tables import parking_keys, parking_lots, parking_pushes, parking_realtime
from civic.staff.tables import audit_log
from core import call_keys, loading
from core.clock import SetClock
from core.contracts.parking import Pushing
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW

URL = "/api/v1/parking/push/garam"


def source(name: str) -> Pushing:
    module = loading.file("integrations.parking", "own_push")
    made: Pushing = module.build(name, module.Settings(owner="가람운영"))
    return made


def a_lot(number: int, **values: Any) -> dict[str, Any]:
    return {"uid": f"g{number}", "name": f"가람 {number}", "capacity": 50, "lat": 37.6, "lon": 126.7, **values}


@pytest.fixture
async def key(house: SmallHouse) -> str:
    """A new key of the source 가람; the store holds no lots and no earlier pushes."""
    house.clock = SetClock(NOW)
    house.sources.update({name: source(name) for name in ("garam", "narae")})
    async with house.db.transaction() as tx:
        await tx.execute(text("TRUNCATE parking_lots, parking_pushes, parking_keys, sources CASCADE"))
        return (await push_keys.add(tx, CITY, "garam", "가람운영", 120, NOW, by=house.members["admin"].id))[1]


@asynccontextmanager
async def operator(house: SmallHouse, key: str) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client(None, Authorization=f"Bearer {key}") as client:
        yield client


async def rows(house: SmallHouse, table: Any) -> int:
    async with house.db.reading() as tx:
        return int((await tx.execute(select(func.count()).select_from(table))).scalar_one())


async def test_lots_and_numbers_are_stored_and_answered_for_row_by_row(house: SmallHouse, key: str) -> None:
    body = {
        "lots": [
            a_lot(1, tariff={"first_minutes": 30, "first_fee_krw": 600}, capacity_disabled=2, max_height_cm=210),
            a_lot(2, capacity=-1),
            a_lot(3, lat=10.0),
            {"name": "이름뿐"},
            a_lot(4, color="red"),
        ],
        "realtime": [
            {"uid": "g1", "free": 7, "updated_at": NOW.isoformat()},
            {"uid": "g1", "free": "많음"},
            {"uid": "unknown", "free": 1},
        ],
    }
    async with operator(house, key) as client:
        answer = await client.post(URL, json=body)
    told = answer.json()
    assert answer.status_code == 200
    assert (told["lots"]["rows"], told["lots"]["accepted"], told["lots"]["added"]) == (5, 1, 1)
    assert [(one["line"], one["uid"], one["reason"], one["detail"]) for one in told["lots"]["skipped"]] == [
        (2, "g2", "bad_field", "capacity"),
        (3, "g3", "outside", ""),
        (4, "", "not_a_row", ""),
        (5, "g4", "bad_field", "color"),
    ]
    assert told["lots"]["skipped"][1]["reason_ko"] == "좌표가 정한 범위 밖임"
    assert told["realtime"]["stored"] == 1
    assert told["realtime"]["unknown"] == ["unknown"]
    assert [one["detail"] for one in told["realtime"]["skipped"]] == ["free"]
    async with house.db.reading() as tx:
        row = (await tx.execute(select(parking_lots))).one()
        number = (await tx.execute(select(parking_realtime))).one()
    assert (row.source, row.uid, row.owner, row.capacity_disabled, row.has_disabled) == (
        "garam",
        "g1",
        "가람운영",
        2,
        True,
    )
    assert (number.lot_id, number.free) == (row.id, 7)


async def test_the_same_call_twice_is_stored_once_and_answered_alike(house: SmallHouse, key: str) -> None:
    async with operator(house, key) as client:
        first = await client.post(URL, json={"lots": [a_lot(1)]}, headers={"Idempotency-Key": "a"})
        again = await client.post(URL, json={"lots": [a_lot(1)]}, headers={"Idempotency-Key": "a"})
        other = await client.post(URL, json={"lots": [a_lot(2)]}, headers={"Idempotency-Key": "a"})
    assert again.json() == {**first.json(), "is_repeat": True}
    assert first.json()["lots"]["added"] == 1
    assert other.status_code == 422
    assert await rows(house, parking_lots) == 1
    assert await rows(house, parking_pushes) == 1


async def test_equal_calls_at_once_are_stored_once(house: SmallHouse, key: str) -> None:
    async with operator(house, key) as client:
        calls = [client.post(URL, json={"lots": [a_lot(1)]}, headers={"Idempotency-Key": "b"}) for _ in range(4)]
        answers = await asyncio.gather(*calls)
    assert sorted(one.json()["is_repeat"] for one in answers) == [False, True, True, True]
    assert await rows(house, parking_lots) == 1


async def test_without_a_name_the_same_bytes_are_a_repeat_only_right_after_themselves(
    house: SmallHouse, key: str
) -> None:
    """3 free, 2 free, 3 free are three pushes; the lot is not left at 2."""
    bodies = [orjson.dumps({"realtime": [{"uid": "g1", "free": free}]}) for free in (3, 3, 2, 3)]
    repeats: list[bool] = []
    async with operator(house, key) as client:
        await client.post(URL, json={"lots": [a_lot(1)]})
        for body in bodies:
            house.clock.move(timedelta(seconds=5))
            answer = await client.post(URL, content=body, headers={"content-type": "application/json"})
            repeats.append(answer.json()["is_repeat"])
        house.clock.move(timedelta(seconds=60))
        later = await client.post(URL, content=bodies[-1], headers={"content-type": "application/json"})
    assert repeats == [False, True, False, False]
    assert later.json()["is_repeat"] is False
    async with house.db.reading() as tx:
        number = (await tx.execute(select(parking_realtime))).one()
    assert (number.free, number.updated_at) == (3, house.clock.now())


async def test_a_push_that_fails_half_way_leaves_nothing_and_may_come_again(
    house: SmallHouse, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("store trouble")

    headers = {"Idempotency-Key": "c"}
    async with operator(house, key) as client:
        with monkeypatch.context() as patch:
            patch.setattr("civic.parking.sources.take_realtime", broken)
            body = {"lots": [a_lot(1)], "realtime": [{"uid": "g1", "free": 1}]}
            assert (await client.post(URL, json=body, headers=headers)).status_code == 500
        assert await rows(house, parking_lots) == await rows(house, parking_pushes) == 0
        answer = await client.post(URL, json=body, headers=headers)
    assert (answer.json()["is_repeat"], answer.json()["realtime"]["stored"]) == (False, 1)


async def test_a_missing_wrong_or_revoked_key_opens_nothing(house: SmallHouse, key: str) -> None:
    async with house.client(None) as client:
        for header in ({}, {"Authorization": "Bearer smp_wrong"}, {"Authorization": f"Basic {key}"}):
            answer = await client.post(URL, json={"lots": [a_lot(1)]}, headers=header)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    async with operator(house, key) as client, house.client("admin") as admin:
        assert (await client.post("/api/v1/parking/push/narae", json={"lots": []})).status_code == 403
        [row] = (await admin.get("/api/v1/parking/push-keys")).json()["items"]
        assert (row["hint"], row["source"]) == (key[-4:], "garam")
        await admin.delete(f"/api/v1/parking/push-keys/{row['id']}")
        assert (await client.post(URL, json={"lots": [a_lot(1)]})).status_code == 401
    assert await rows(house, parking_lots) == 0
    async with house.db.reading() as tx:
        audited = select(audit_log.c.action).where(audit_log.c.object_id == row["id"]).order_by(audit_log.c.at)
        assert sorted((await tx.execute(audited)).scalars()) == ["parking_key.added", "parking_key.revoked"]


async def test_the_key_is_shown_once_and_stored_as_a_hash(house: SmallHouse, key: str) -> None:
    async with house.client("admin") as admin:
        made = (await admin.post("/api/v1/parking/push-keys", json={"source": "garam", "operator": "가람운영"})).json()
        listed = await admin.get("/api/v1/parking/push-keys")
        refused = await admin.post("/api/v1/parking/push-keys", json={"source": "none", "operator": "누구"})
    assert made["key"].startswith("smp_")
    assert made["key"] not in listed.text
    assert refused.status_code == 422
    async with house.db.reading() as tx:
        hashes = (await tx.execute(select(parking_keys.c.key_hash))).scalars().all()
    assert call_keys.hashed(made["key"]) in hashes


async def test_more_calls_than_allowed_in_a_minute_wait(house: SmallHouse, key: str) -> None:
    async with house.db.transaction() as tx:
        await tx.execute(parking_keys.update().values(per_minute=2))
    async with operator(house, key) as client:
        statuses = [(await client.post(URL, json={"lots": [a_lot(n)]})).status_code for n in range(3)]
        house.clock.move(timedelta(minutes=1))
        statuses.append((await client.post(URL, json={"lots": [a_lot(9)]})).status_code)
    assert statuses == [200, 200, 429, 200]
    assert await rows(house, parking_lots) == 3


async def test_a_packed_body_is_read_and_a_bomb_is_not(house: SmallHouse, key: str) -> None:
    packed = {"content-encoding": "gzip", "content-type": "application/json"}
    body = orjson.dumps({"lots": [a_lot(1)]})
    async with operator(house, key) as client:
        fine = await client.post(URL, content=gzip.compress(body), headers=packed)
        bomb = await client.post(URL, content=gzip.compress(b" " * 20_000_000), headers=packed)
        cut = await client.post(URL, content=gzip.compress(body)[:-4], headers=packed)
        trailing = await client.post(URL, content=gzip.compress(body) + b"x", headers=packed)
        plain = await client.post(URL, content=body, headers=packed)
        brotli = await client.post(URL, content=body, headers={**packed, "content-encoding": "br"})
        large = await client.post(URL, content=b" " * 1_100_000, headers={"content-type": "application/json"})
    statuses = [one.status_code for one in (fine, bomb, cut, trailing, plain, brotli, large)]
    assert statuses == [200, 413, 422, 422, 422, 422, 413]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"lot": []}', b'{"lots": {}}', b'{"gone": [1]}', b"\xff", b"1"])
async def test_what_is_not_this_form_at_all_is_refused_whole(house: SmallHouse, key: str, body: bytes) -> None:
    async with operator(house, key) as client:
        answer = await client.post(URL, content=body, headers={"content-type": "text/csv"})
    assert answer.status_code == 422
    assert await rows(house, parking_pushes) == 0


async def test_a_source_that_staff_switched_off_takes_nothing(house: SmallHouse, key: str) -> None:
    async with operator(house, key) as client:
        await client.post(URL, json={"lots": [a_lot(1)]})
        async with house.db.transaction() as tx:
            await tx.execute(text("UPDATE sources SET state = 'off'"))
        assert (await client.post(URL, json={"lots": [a_lot(2)]})).status_code == 409
        del house.sources["garam"]
        assert (await client.post(URL, json={"lots": [a_lot(3)]})).status_code == 404
    assert await rows(house, parking_lots) == 1


async def test_a_whole_list_takes_away_what_it_lacks_and_a_part_does_not(house: SmallHouse, key: str) -> None:
    async with operator(house, key) as client:
        await client.post(URL, json={"lots": [a_lot(1), a_lot(2), a_lot(3)]})
        part = (await client.post(URL, json={"lots": [a_lot(1, capacity=51)]})).json()["lots"]
        named = (await client.post(URL, json={"gone": ["g2"]})).json()["lots"]
        whole = (await client.post(URL, json={"lots": [a_lot(1)], "complete": True})).json()["lots"]
        doubtful = (await client.post(URL, json={"lots": [a_lot(3, lat=1)], "complete": True})).json()["lots"]
    assert [one["removed"] for one in (part, named, whole, doubtful)] == [0, 1, 1, 0]


async def test_pushes_are_forgotten_after_their_time(house: SmallHouse, key: str) -> None:
    async with operator(house, key) as client:
        await client.post(URL, json={"lots": [a_lot(1)]})
    async with house.db.transaction() as tx:
        assert await pushes.forget(tx, CITY, NOW) == 0
        assert await pushes.forget(tx, CITY, NOW + timedelta(seconds=1)) == 1
