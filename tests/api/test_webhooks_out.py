"""Webhooks and keys over HTTP: a secret and a key once, addresses judged, deliveries and replay, on record."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from civic.cases.open import open_case
from civic.staff.tables import audit_log
from civic.webhooks.tables import webhook_subscriptions
from core.settings import OutsideWorld
from tests.api.house import SmallHouse
from tests.civic.cases.rows import NOW, draft

URL = "https://hooks.example.go.kr/in"


async def made(house: SmallHouse, **more: Any) -> dict[str, Any]:
    async with house.client("admin") as client:
        answer = await client.post("/api/v1/webhooks", json={"url": URL, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def audited(house: SmallHouse, object_id: str) -> list[str]:
    async with house.db.transaction() as tx:
        wanted = select(audit_log.c.action).where(audit_log.c.object_id == object_id).order_by(audit_log.c.id)
        return list((await tx.execute(wanted)).scalars())


async def test_a_secret_is_shown_once_and_a_new_one_on_demand(house: SmallHouse) -> None:
    new = await made(house, kinds=["status"], department_id="road", description="도로 시스템")
    assert new["secret"].startswith("whsec_")
    path = f"/api/v1/webhooks/{new['id']}"
    async with house.client("admin") as client:
        read = (await client.get(path)).json()
        listed = (await client.get("/api/v1/webhooks")).json()["items"]
        rotated = (await client.post(path + "/secret")).json()
    assert "secret" not in read and read["kinds"] == ["status"]
    assert read in listed
    assert rotated["secret"] != new["secret"]
    assert rotated["old_secret_until"] == "2026-09-24T07:00:00Z"
    async with house.db.transaction() as tx:
        row = (await tx.execute(select(webhook_subscriptions))).first()
    assert row is not None and b"whsec_" not in row.secret
    assert await audited(house, new["id"]) == ["webhook.added", "webhook.rotated"]


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://hooks.example.go.kr/",
            "https://127.0.0.1/",
            "https://localhost/",
            "https://10.0.0.1/",
            "ftp://a.kr/",
        ),
        *("https://[::1]/", "https://user:word@a.kr/", "https://a.kr/#x", "https:///x", "javascript:alert(1)"),
        *("https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/", "https://a.kr:99999/", "https://a b.kr/"),
    ],
)
async def test_an_address_that_may_lead_inside_is_refused(house: SmallHouse, url: str) -> None:
    async with house.client("admin") as client:
        assert (await client.post("/api/v1/webhooks", json={"url": url})).status_code == 422


async def test_a_host_that_the_city_named_may_be_plain(house: SmallHouse) -> None:
    before = house.settings
    house.settings = before.model_copy(update={"outside": OutsideWorld(allowed_hosts=["hub.city", "10.1.0.0/16"])})
    try:
        async with house.client("admin") as client:
            for url, status in (("http://hub.city/x", 201), ("http://10.1.2.3:8080/", 201), ("http://10.2.0.1/", 422)):
                assert (await client.post("/api/v1/webhooks", json={"url": url})).status_code == status
    finally:
        house.settings = before


@pytest.mark.parametrize(
    "wrong", [{"kinds": ["exploded"]}, {"department_id": "none"}, {"category": "none"}, {"secret": "mine"}]
)
async def test_what_cannot_be_heard_is_refused(house: SmallHouse, wrong: dict[str, Any]) -> None:
    async with house.client("admin") as client:
        assert (await client.post("/api/v1/webhooks", json={"url": URL, **wrong})).status_code == 422


async def test_deliveries_are_listed_without_bodies_and_sent_again(house: SmallHouse) -> None:
    new = await made(house, kinds=["opened"])
    path = f"/api/v1/webhooks/{new['id']}"
    async with house.db.transaction() as tx:
        await open_case(tx, draft(None), NOW)
    async with house.client("admin") as client:
        tried = await client.post(path + "/test")
        (later, first) = (await client.get(path + "/deliveries")).json()["items"]
        assert tried.json()["delivery_id"] in {later["id"], first["id"]}
        assert {one["kind"] for one in (later, first)} == {"opened", "test"}
        assert {one["status"] for one in (later, first)} == {"queued"}
        assert not {"payload", "secret", "url"} & set(first)
        one = (await client.get(path + "/deliveries", params={"limit": 1})).json()
        two = (await client.get(path + "/deliveries", params={"limit": 1, "cursor": one["next_cursor"]})).json()
        assert [one["items"][0]["id"], two["items"][0]["id"]] == [later["id"], first["id"]]
        again = await client.post(path + "/replay", json={"deliveries": [first["id"]]})
        assert (again.status_code, again.json()) == (202, {"queued": 0}), "what waits is not sent twice"
        span = {"from": "2026-09-23T06:00:00Z", "to": "2026-09-23T08:00:00Z"}
        assert (await client.post(path + "/replay", json=span)).status_code == 202


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"from": "2026-09-01T00:00:00Z"},
        {"from": "2026-09-02T00:00:00Z", "to": "2026-09-01T00:00:00Z"},
        {"from": "2026-01-01T00:00:00Z", "to": "2026-09-01T00:00:00Z"},
        {"from": "2026-09-01T00:00:00", "to": "2026-09-02T00:00:00"},
    ],
)
async def test_a_replay_needs_ids_or_a_span_of_a_month(house: SmallHouse, wrong: dict[str, Any]) -> None:
    new = await made(house)
    async with house.client("admin") as client:
        assert (await client.post(f"/api/v1/webhooks/{new['id']}/replay", json=wrong)).status_code == 422


async def test_somebody_elses_delivery_is_not_replayed(house: SmallHouse) -> None:
    mine, other = await made(house), await made(house)
    async with house.client("admin") as client:
        queued = (await client.post(f"/api/v1/webhooks/{other['id']}/test")).json()["delivery_id"]
        answer = await client.post(f"/api/v1/webhooks/{mine['id']}/replay", json={"deliveries": [queued]})
    assert answer.status_code == 404


async def test_a_switched_off_one_hears_nothing_until_it_is_on_again(house: SmallHouse) -> None:
    new = await made(house, kinds=["opened"])
    path = f"/api/v1/webhooks/{new['id']}"
    async with house.client("admin") as client:
        assert (await client.patch(path, json={"is_active": False})).json()["is_active"] is False
        async with house.db.transaction() as tx:
            await open_case(tx, draft(None), NOW + timedelta(minutes=1))
        assert (await client.get(path + "/deliveries")).json()["items"] == []
        assert (await client.post(path + "/test")).status_code == 422
        assert (await client.patch(path, json={"is_active": True, "kinds": []})).json()["kinds"] == []
        assert (await client.patch(path, json={"url": None})).status_code == 422
        assert (await client.patch(path, json={})).status_code == 422


async def test_a_key_is_shown_once_and_revoked_for_good(house: SmallHouse) -> None:
    given = {"name": "시민 앱", "scopes": ["open311.write"], "per_minute": 30}
    async with house.client("admin") as client:
        new = (await client.post("/api/v1/keys", json=given)).json()
        listed = (await client.get("/api/v1/keys")).json()["items"]
        assert new["key"].startswith("smk_") and new["hint"] == new["key"][-4:]
        assert [one for one in listed if "key" in one] == []
        revoked = (await client.delete(f"/api/v1/keys/{new['id']}")).json()
        again = (await client.delete(f"/api/v1/keys/{new['id']}")).json()
        assert revoked["revoked_at"] == again["revoked_at"] == "2026-09-23T07:00:00Z"
        assert (await client.post("/api/v1/keys", json={**given, "scopes": ["everything"]})).status_code == 422
    assert await audited(house, new["id"]) == ["key.added", "key.revoked"]
