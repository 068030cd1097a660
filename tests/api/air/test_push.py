"""Devices push over HTTP: a key a device, every value kept once, every refusal explained; staff enter and end them."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from civic.air.devices.tables import air_device_keys, air_devices, air_periods
from civic.staff.tables import audit_log
from core import call_keys, loading
from core.clock import SetClock
from core.contracts.air import Pushing
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW

DEVICES, PUSH = "/api/v1/air/devices", "/api/v1/air/push"


def source(vendor: str, name: str) -> Pushing:
    module = loading.file("integrations.air", vendor)
    made: Pushing = module.build(name, module.Settings())
    return made


@pytest.fixture
def town(house: SmallHouse) -> SmallHouse:
    house.clock = SetClock(NOW)
    house.air_sources.update(sensors=source("mqtt_sensor", "sensors"), stacks=source("stack_push", "stacks"))
    return house


async def entered(town: SmallHouse, **values: Any) -> tuple[str, str]:
    """A new device and its key."""
    name = f"s-{new_id().hex[-10:]}"
    given = {"name": name, "title": "학운 1", "lat": 37.615, "lon": 126.61, "pollutants": ["PM10", "O3"]}
    async with town.client("admin") as admin:
        made = await admin.post(DEVICES, json={**given, "period_s": 300, **values})
        assert made.status_code == 201, made.text
        key = await admin.post(f"{DEVICES}/{name}/key")
    assert key.status_code == 201
    return name, key.json()["key"]


async def pushed(town: SmallHouse, name: str, key: str, body: Any, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with town.client(None, Authorization=f"Bearer {key}", Content_Type="application/json", **headers) as client:
        return await client.post(f"{PUSH}/{name}", content=content)


def said(minutes: int = 0, **result: Any) -> dict[str, Any]:
    return {"phenomenonTime": (NOW - timedelta(minutes=minutes)).isoformat(), "result": result}


async def kept(town: SmallHouse, name: str) -> list[tuple[str, Any, str]]:
    joined = air_periods.join(air_devices, air_devices.c.site_id == air_periods.c.site_id)
    query = select(air_periods.c.pollutant, air_periods.c.value, air_periods.c.quality).select_from(joined)
    async with town.db.reading() as tx:
        rows = await tx.execute(query.where(air_devices.c.name == name).order_by(air_periods.c.at, "pollutant"))
        return [(row.pollutant, row.value, row.quality) for row in rows]


async def test_values_are_kept_once_and_answered_for(town: SmallHouse) -> None:
    name, key = await entered(town)
    body = {"seq": 4, "observations": [said(5, PM10=31.2, O3=None), said(PM10=9_999, SO2=0.01)]}
    first, again = await pushed(town, name, key, body), await pushed(town, name, key, body)
    told = first.json()
    assert first.status_code == 200, first.text
    assert (told["values"], told["stored"], told["repeated"], told["doubted"]) == (4, 3, 0, 1)
    assert [(one["pollutant"], one["reason"]) for one in told["refused"]] == [("SO2", "pollutant")]
    assert (again.json()["stored"], again.json()["repeated"]) == (0, 3)
    assert [(one, float(value) if value is not None else None, how) for one, value, how in await kept(town, name)] == [
        ("O3", None, "MISSING"),
        ("PM10", 31.2, "OK"),
        ("PM10", 9999.0, "SUSPECT"),
    ]


async def test_a_stack_pushes_its_means_with_their_status(town: SmallHouse) -> None:
    given = {"kind": "stack", "source": "stacks", "company": "hagun-metal", "stack": "A1", "pollutants": ["TSP"]}
    name, key = await entered(town, **given)
    row = {"time": NOW.isoformat(), "minutes": 5, "item": "먼지", "value": "3.2", "unit": "mg/Sm³"}
    answer = await pushed(town, name, key, {"values": [{**row, "status": "정상"}, {**row, "status": "모름"}]})
    told = answer.json()
    assert told["stored"] == 1
    assert [(one["line"], one["reason"], one["detail"]) for one in told["skipped"]] == [(2, "status", "모름")]


async def test_a_key_opens_its_own_device_alone(town: SmallHouse) -> None:
    name, key = await entered(town)
    other, _ = await entered(town)
    assert (await pushed(town, other, key, said(PM10=3))).status_code == 403
    assert (await pushed(town, name, "sma_wrong", said(PM10=3))).status_code == 401
    assert (await pushed(town, name, key, {**said(PM10=3), "device": other})).status_code == 422
    async with town.db.reading() as tx:
        hashes = (await tx.execute(select(air_device_keys.c.key_hash))).scalars().all()
    assert key not in hashes and call_keys.hashed(key) in hashes


async def test_a_new_key_and_a_revoked_one_end_the_old_at_once(town: SmallHouse) -> None:
    name, key = await entered(town)
    async with town.client("admin") as admin:
        fresh = (await admin.post(f"{DEVICES}/{name}/key")).json()["key"]
        assert (await pushed(town, name, key, said(PM10=3))).status_code == 401
        assert (await pushed(town, name, fresh, said(PM10=3))).status_code == 200
        assert (await admin.delete(f"{DEVICES}/{name}/key")).status_code == 204
    assert (await pushed(town, name, fresh, said(PM10=3))).status_code == 401


async def test_a_device_that_is_off_is_refused_until_it_is_on_again(town: SmallHouse) -> None:
    name, key = await entered(town)
    async with town.client("manager", If_Match='"1"') as manager:
        off = await manager.put(f"{DEVICES}/{name}/state", json={"is_on": False, "reason": "교정"})
        assert off.status_code == 200 and off.json()["off_reason"] == "교정"
        assert (await pushed(town, name, key, said(PM10=3))).status_code == 409
        stale = await manager.put(f"{DEVICES}/{name}/state", json={"is_on": True, "reason": "교정 끝"})
        assert stale.status_code == 412
    async with town.client("manager", If_Match='"2"') as manager:
        assert (await manager.put(f"{DEVICES}/{name}/state", json={"is_on": True, "reason": "교정 끝"})).is_success
    assert (await pushed(town, name, key, said(PM10=3))).status_code == 200
    async with town.db.reading() as tx:
        mine = select(audit_log.c.action).where(audit_log.c.object_id == name, audit_log.c.city_id == CITY)
        actions = (await tx.execute(mine.order_by(audit_log.c.at, audit_log.c.id))).scalars().all()
    assert set(actions) == {f"air_device.{verb}" for verb in ("added", "key_made", "switched_off", "switched_on")}


@pytest.mark.parametrize(
    ("body", "status", "ko"),
    [
        (b"no json", 422, "JSON이 아닙니다."),
        (b"[1, 2]", 422, "JSON 객체를 보내 주세요."),
        (b'{"observations": []}', 422, "observations은(는) 비어 있지 않은 목록입니다."),
        (b'{"seq": -1, "result": {}}', 422, "seq는 0 이상의 정수입니다."),
        (b'{"result": {"PM10": NaN}}', 422, "JSON이 아닙니다."),
        (b"[" * 100_000, 422, "JSON이 아닙니다."),
        (b'{"a": "' + b"x" * 1_100_000 + b'"}', 413, "보낸 내용이 너무 큽니다."),
        (gzip.compress(b"0" * 30_000_000), 422, "JSON이 아닙니다."),
    ],
    ids=["no json", "list", "empty", "seq", "nan", "deep", "large", "gzip without saying so"],
)
async def test_what_is_not_the_format_is_explained_in_both_languages(
    town: SmallHouse, body: bytes, status: int, ko: str
) -> None:
    name, key = await entered(town)
    answer = await pushed(town, name, key, body)
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == ko and answer.json()["detail_en"]


async def test_a_packed_body_is_unpacked_within_bounds(town: SmallHouse) -> None:
    name, key = await entered(town)
    good = gzip.compress(json.dumps(said(PM10=3)).encode())
    bomb = gzip.compress(b" " * 30_000_000)
    assert (await pushed(town, name, key, good, Content_Encoding="gzip")).json()["stored"] == 1
    assert (await pushed(town, name, key, bomb, Content_Encoding="gzip")).status_code == 413


async def test_a_key_has_its_calls_a_minute(town: SmallHouse) -> None:
    name, key = await entered(town)
    async with town.db.transaction() as tx:
        spent = air_device_keys.update().where(air_device_keys.c.key_hash == call_keys.hashed(key))
        await tx.execute(spent.values(used=120, minute_at=NOW.replace(second=0, microsecond=0)))
    answer = await pushed(town, name, key, said(PM10=3))
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0
    assert await kept(town, name) == []


async def test_staff_see_a_device_change_it_and_cannot_enter_nonsense(town: SmallHouse) -> None:
    name, key = await entered(town)
    await pushed(town, name, key, {"seq": 9, **said(PM10=3)})
    async with town.client("manager", If_Match='"1"') as manager:
        shown = (await manager.get(f"{DEVICES}/{name}")).json()
        assert (shown["grade"], shown["last_seq"], shown["key_hint"]) == ("U", 9, key[-4:])
        changed = await manager.patch(f"{DEVICES}/{name}", json={"title": "학운 초등학교", "lat": 37.62})
        assert changed.json()["title"] == "학운 초등학교" and changed.headers["etag"] == '"2"'
        assert name in {one["name"] for one in (await manager.get(DEVICES)).json()["items"]}
        assert (await manager.post(f"{DEVICES}/{name}/key")).status_code == 403
        base = {"title": "x", "lat": 37.6, "lon": 126.6, "pollutants": ["PM10"], "period_s": 60}
        for wrong in (
            {"name": "air/#"},
            {"name": "ok-1", "source": "none"},
            {"name": "ok-1", "kind": "stack"},
            {"name": "ok-1", "kind": "stack", "source": "stacks", "company": "hagun-metal", "stack": "Z9"},
            {"name": "ok-1", "lat": 12.0},
        ):
            assert (await manager.post(DEVICES, json={**base, **wrong})).status_code == 422, wrong
        assert (await manager.post(DEVICES, json={**base, "name": name})).status_code == 409


async def test_a_password_needs_a_broker(town: SmallHouse) -> None:
    name, _ = await entered(town)
    async with town.client("admin") as admin:
        answer = await admin.post(f"{DEVICES}/{name}/password")
    assert answer.status_code == 503 and "브로커" in answer.json()["detail"]
