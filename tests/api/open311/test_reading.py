"""GeoReport v2, reading: each answer against the specification's tables, in XML and JSON, of real rows."""

from datetime import timedelta
from xml.etree.ElementTree import fromstring

import orjson
import pytest

from civic.cases import change
from civic.files.tables import attachments
from core.ids import new_id
from tests.api.open311 import table
from tests.api.open311.conftest import STAFF, Town
from tests.api.open311.table import checked
from tests.civic.cases.rows import CITY, NOW

FORMS = ["xml", "json"]
SECRETS = ("홍길동", "9876", "6871", "103호", "답변드립니다")


@pytest.mark.parametrize("form", FORMS)
async def test_discovery_holds_every_field_and_the_declared_extension(town: Town, form: str) -> None:
    answer = await town.get(f"discovery.{form}")
    if form == "xml":
        top = fromstring(answer.content)
        fields = {child.tag: child.text for child in top}
        endpoints = list(top.find("endpoints") or [])
        assert {one.tag for one in endpoints} == {"endpoint"}
    else:
        fields = orjson.loads(answer.content)
        endpoints = fields["endpoints"]
    assert set(fields) == {"changeset", "contact", "key_service", "endpoints"}
    read = [table.check(one, table.ENDPOINT) for one in endpoints]
    assert [one["specification"] for one in read] == [
        "http://wiki.open311.org/GeoReport_v2",
        "http://localhost:8000/open311/v2/extension.xml",
    ]
    assert {one["url"] for one in read} == {"http://localhost:8000/open311/v2"}
    assert (await town.get(f"extension.{form}")).status_code == 200


@pytest.mark.parametrize("form", FORMS)
async def test_services_are_the_citys_categories(town: Town, form: str) -> None:
    (service,) = checked(await town.get(f"services.{form}"), "services")
    assert (service["service_code"], service["service_name"], service["type"]) == ("street_light", "가로등", "realtime")
    assert service["metadata"] in (True, "true")


@pytest.mark.parametrize("form", FORMS)
async def test_a_definition_holds_the_questions(town: Town, form: str) -> None:
    answer = await town.get(f"services/street_light.{form}")
    if form == "xml":
        top = fromstring(answer.content)
        assert (top.tag, [child.tag for child in top]) == ("service_definition", ["service_code", "attributes"])
        rows = list(top[1])
        assert {row.tag for row in rows} == {"attribute"}
    else:
        found = orjson.loads(answer.content)
        assert set(found) == {"service_code", "attributes"}
        rows = found["attributes"]
    (asked,) = [table.check(row, table.ATTRIBUTE) for row in rows]
    assert (asked["code"], asked["datatype"], str(asked["order"])) == ("POLE", "string", "1")


@pytest.mark.parametrize("form", FORMS)
async def test_requests_match_the_table_and_hold_nobodys_data(town: Town, form: str) -> None:
    answer = await town.get(f"requests.{form}")
    rows = {row["service_request_id"]: row for row in checked(answer, "service_requests")}
    assert list(rows) == [town.numbers[name] for name in ("published", "closed", "open")]
    assert not [word for word in SECRETS if word in answer.text]
    opened = rows[town.numbers["open"]]
    assert (opened["status"], opened["status_notes"], opened["agency_responsible"]) == ("open", "접수", "도로관리과")
    assert (opened["requested_datetime"], opened["address"]) == ("2026-09-23T16:00:00+09:00", "구래동")
    assert (float(opened["lat"]), float(opened["long"])) == (37.645, 126.623)
    assert opened["description"] == "가로등 민원입니다. 내용은 공개하지 않습니다."
    assert opened["expected_datetime"] == "2026-09-30T16:00:00+09:00"
    closed = rows[town.numbers["closed"]]
    assert (closed["status"], closed["status_notes"]) == ("closed", "답변 완료")
    assert closed["updated_datetime"] == "2026-09-23T16:00:00+09:00"
    published = rows[town.numbers["published"]]["description"]
    assert published == "가로등을 고쳐 달라는 민원 <b>" + ("\ufffd" if form == "xml" else "\x0b") + "&"


async def test_only_a_released_picture_is_shown(town: Town) -> None:
    shown, hidden = new_id(), new_id()
    async with town.house.db.transaction() as tx:
        for number, (made, public) in enumerate([(hidden, None), (shown, "b" * 64), (new_id(), "c" * 64)]):
            values = {"id": made, "city_id": CITY, "conversation_id": new_id(), "case_id": town.ids["published"]}
            file = {"sha256": "a" * 64, "content_type": "image/jpeg", "size": 1, "public_sha256": public}
            at = NOW + timedelta(seconds=number)
            await tx.execute(attachments.insert().values(**values, **file, created_at=at))
    rows = {row["service_request_id"]: row["media_url"] for row in (await town.get("requests.json")).json()}
    assert rows[town.numbers["published"]] == f"http://localhost:8000/api/v1/public-pictures/{shown}"
    assert rows[town.numbers["open"]] is None


@pytest.mark.parametrize("form", FORMS)
async def test_one_request_is_the_same_row(town: Town, form: str) -> None:
    (row,) = checked(await town.get(f"requests/{town.numbers['open']}.{form}"), "service_requests")
    many = checked(await town.get(f"requests.{form}", service_request_id=town.numbers["open"]), "service_requests")
    assert [row] == many


async def test_ids_override_everything_else(town: Town) -> None:
    ids = f"{town.numbers['open']},{town.numbers['closed']},GP-2026-999999,nonsense"
    answer = await town.get("requests.json", service_request_id=ids, status="closed", start_date="2020-01-01")
    assert {row["service_request_id"] for row in answer.json()} == {town.numbers["open"], town.numbers["closed"]}


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"status": "open"}, ["published", "open"]),
        ({"status": "closed"}, ["closed"]),
        ({"status": "open,closed"}, ["published", "closed", "open"]),
        ({"status": ""}, ["published", "closed", "open"]),
        ({"service_code": "street_light,waste"}, ["published", "closed", "open"]),
        ({"service_code": "waste"}, []),
        ({"start_date": "2026-09-23T07:00:00Z"}, ["published", "closed", "open"]),
        ({"start_date": "2026-09-23T07:00:01Z"}, []),
        ({"end_date": "2026-09-23T16:00:00+09:00"}, ["published", "closed", "open"]),
        ({"end_date": "2026-09-23"}, []),
        ({"start_date": "2026-06-26", "end_date": "2026-09-23T23:59:59+09:00"}, ["published", "closed", "open"]),
        ({"jurisdiction_id": "gimpo.go.kr"}, ["published", "closed", "open"]),
        ({"jurisdiction_id": ""}, ["published", "closed", "open"]),
    ],
)
async def test_filters_do_what_the_specification_says(town: Town, params: dict[str, str], names: list[str]) -> None:
    answer = await town.get("requests.json", **params)
    assert [row["service_request_id"] for row in answer.json()] == [town.numbers[name] for name in names]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("path", "params", "status", "said"),
    [
        ("services", {"jurisdiction_id": "sfgov.org"}, 404, "jurisdiction_id"),
        ("requests", {"jurisdiction_id": "sfgov.org"}, 404, "jurisdiction_id"),
        ("services/unknown", {}, 404, "service_code"),
        ("requests/GP-2026-999999", {}, 404, "service_request_id"),
        ("requests/x", {}, 404, "service_request_id"),
        ("tokens/x", {}, 404, "token"),
        ("nothing", {}, 404, "resource"),
        ("requests", {"status": "new"}, 400, "status"),
        ("requests", {"start_date": "yesterday"}, 400, "start_date"),
        ("requests", {"start_date": "2026-09-23T07:00:00"}, 400, "start_date"),
        ("requests", {"start_date": "2026-01-01", "end_date": "2026-04-02"}, 400, "90"),
        ("requests", {"start_date": "2026-09-02", "end_date": "2026-09-01"}, 400, "90"),
        ("requests", {"page_size": "1001"}, 400, "page_size"),
        ("requests", {"service_code": "a\x00b"}, 400, "characters"),
    ],
)
async def test_refusals_are_the_specifications_errors(
    town: Town, form: str, path: str, params: dict[str, str], status: int, said: str
) -> None:
    answer = await town.get(f"{path}.{form}", **params)
    assert answer.status_code == status
    (error,) = checked(answer, "errors")
    assert str(error["code"]) == str(status)
    assert said in error["description"]


async def test_an_unknown_form_is_not_found_and_told_in_xml(town: Town) -> None:
    answer = await town.get("services.yaml")
    assert answer.status_code == 404
    assert checked(answer, "errors")[0]["code"] == "404"


async def test_english_is_asked_by_header(town: Town) -> None:
    async with town.house.client(None, Accept_Language="en") as client:
        (row,) = (await client.get(f"/open311/v2/requests/{town.numbers['open']}.json")).json()
    assert (row["service_name"], row["agency_responsible"], row["status_notes"]) == (
        "Street lights",
        "Roads",
        "Received",
    )
    assert row["address"] == "Gurae-dong"


async def test_pages_of_the_extension_neither_repeat_nor_skip(town: Town) -> None:
    seen, page = [], "/open311/v2/requests.json?page_size=2"
    async with town.house.client(None) as client:
        while page:
            answer = await client.get(page)
            seen += [row["service_request_id"] for row in answer.json()]
            page = answer.links.get("next", {}).get("url", "")
    assert seen == [town.numbers[name] for name in ("published", "closed", "open")]


async def test_updated_after_gives_changes_oldest_first(town: Town) -> None:
    async with town.house.db.transaction() as tx:
        later = NOW + timedelta(minutes=5)
        await change.add_note(tx, town.ids["open"], "내부 메모", STAFF, later, is_internal=True)
    try:
        town.house.clock.move(timedelta(minutes=10))
        answer = await town.get("requests.json", updated_after="2026-09-23T07:00:00Z")
        assert [row["service_request_id"] for row in answer.json()] == [town.numbers["open"]]
    finally:
        town.house.clock.move(timedelta(minutes=-10))


@pytest.mark.parametrize("form", FORMS)
async def test_history_holds_public_events_without_words(town: Town, form: str) -> None:
    answer = await town.get(f"requests/{town.numbers['closed']}/history.{form}")
    fields = {
        "event_id": table.Field(),
        "datetime": table.Field("moment"),
        "type": table.Field(),
        "status": table.Field("status", may_be_null=True),
        "status_notes": table.NULL,
        "agency_responsible": table.NULL,
    }
    rows = [table.check(row, fields) for row in table.rows_of(answer, "history", "event")]
    assert rows[0]["type"] == "opened"
    assert [(row["status"], row["status_notes"]) for row in rows if row["type"] == "status"] == [
        ("closed", "답변 완료")
    ]
    assert not [word for word in SECRETS if word in answer.text]
    notes = await town.get(f"requests/{town.numbers['open']}/history.json")
    assert "internal_note" not in {row["type"] for row in notes.json()}


async def test_a_flood_is_told_to_wait(town: Town) -> None:
    town.house.app.state.open311_reads._burst, before = 0.5, town.house.app.state.open311_reads._burst
    try:
        async with town.house.client(None, X_Forwarded_For="203.0.113.9") as client:
            town.house.app.state.open311_reads._buckets.clear()
            answer = await client.get("/open311/v2/services.xml")
    finally:
        town.house.app.state.open311_reads._burst = before
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert checked(answer, "errors")[0]["code"] == "429"


async def test_a_city_may_keep_it_shut(town: Town) -> None:
    before = town.house.settings
    town.house.settings = before.model_copy(update={"open311": before.open311.model_copy(update={"enabled": False})})
    try:
        assert (await town.get("services.json")).status_code == 404
    finally:
        town.house.settings = before
