"""GeoReport v2, filing: the two lanes, what is refused and how, tokens, keys; hostile parameters never reach a 5xx."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from civic.cases.tables import case_events, cases, inquiries
from civic.keys import service as keys
from civic.keys.service import Scope
from civic.keys.tables import api_keys
from civic.people.service import contact_of
from civic.people.tables import citizens
from core import call_keys
from core.settings import Asked, Bilingual
from core.vault import vault_of
from tests.api.open311 import table
from tests.api.open311.conftest import Town
from tests.api.open311.table import checked
from tests.civic.cases.rows import CITY, NOW

FORMS = ["xml", "json"]


def report(town: Town, **more: Any) -> dict[str, Any]:
    given = {
        "api_key": town.key,
        "jurisdiction_id": "gimpo.go.kr",
        "service_code": "street_light",
        "lat": "37.6453",
        "long": "126.6234",
        "description": "공원 앞 가로등이\n사흘째 꺼져 있습니다. 900101-1234567",
        **more,
    }
    return {name: value for name, value in given.items() if value is not None}


NAMED = {"first_name": "길동", "last_name": "홍", "phone": "010-1234-5678", "account_id": "acc-1", "email": "a@b.kr"}


@pytest.mark.parametrize("form", FORMS)
async def test_a_named_report_is_a_case_with_number_clock_and_contact(town: Town, form: str) -> None:
    answer = await town.post(f"requests.{form}", report(town, **NAMED, **{"attribute[POLE]": "A-12"}))
    assert answer.status_code == 200, answer.text
    (row,) = checked(answer, "service_requests", table.CREATED)
    assert row["service_request_id"].startswith("GP-2026-")
    assert row["account_id"] == "acc-1"
    assert "2026년 9월 30일" in row["service_notice"]
    async with town.house.db.transaction() as tx:
        case = (await tx.execute(select(cases).where(cases.c.receipt_no == row["service_request_id"]))).one()
        contact = await contact_of(tx, vault_of(tx), case.citizen_id)
        kinds = (await tx.execute(select(case_events.c.kind).where(case_events.c.case_id == case.id))).scalars().all()
        person = (await tx.execute(select(citizens).where(citizens.c.id == case.citizen_id))).one()
    assert contact == ("홍길동", "010-1234-5678")
    assert person.name is None and "홍길동".encode() not in person.name_sealed
    assert (case.channel, case.status, case.department_id, case.lat) == ("open311", "received", "road", 37.6453)
    assert kinds[0] == "opened"
    (read,) = checked(await town.get(f"requests/{row['service_request_id']}.{form}"), "service_requests")
    assert read["status"] == "open"


async def test_identity_numbers_are_masked_before_they_are_stored(town: Town) -> None:
    (row,) = (await town.post("requests.json", report(town, **NAMED))).json()
    async with town.house.client("agent") as client:
        read = (await client.get(f"/api/v1/cases/{row['service_request_id']}")).json()
    assert "1234567" not in read["body"]
    assert "사흘째 꺼져" in read["body"]


@pytest.mark.parametrize("form", FORMS)
async def test_an_anonymous_report_is_a_tip_that_owes_nobody_an_answer(town: Town, form: str) -> None:
    answer = await town.post(f"requests.{form}", report(town, first_name="길동"))
    (row,) = checked(answer, "service_requests", table.CREATED)
    number = row["service_request_id"]
    assert number.startswith("T-2026-")
    assert "개별 답변은 드리지 못합니다" in row["service_notice"]
    async with town.house.db.transaction() as tx:
        tip = (await tx.execute(select(inquiries).where(inquiries.c.receipt_no == number))).one()
    assert (tip.category, tip.department_id, tip.channel) == ("street_light", "road", "open311")
    (read,) = checked(await town.get(f"requests/{number}.{form}"), "service_requests")
    assert (read["status"], read["expected_datetime"], read["lat"]) == ("open", None, None)
    assert number not in {one["service_request_id"] for one in (await town.get("requests.json")).json()}


async def test_a_city_that_answers_in_batches_gives_tokens(town: Town) -> None:
    before = town.house.settings
    batch = before.open311.model_copy(update={"answer": "batch"})
    town.house.settings = before.model_copy(update={"open311": batch})
    try:
        (row,) = checked(await town.post("requests.json", report(town, **NAMED)), "service_requests", table.TOKENED)
        assert (await town.get("services.json")).json()[0]["type"] == "batch"
        for form in FORMS:
            answer = await town.get(f"tokens/{row['token']}.{form}")
            (found,) = checked(answer, "service_requests", table.REDEEMED)
            assert found["service_request_id"].startswith("GP-2026-")
            assert found["token"] == row["token"]
    finally:
        town.house.settings = before


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"api_key": None}, 403, "api_key"),
        ({"api_key": "smk_wrong"}, 403, "api_key"),
        ({"jurisdiction_id": "sfgov.org"}, 404, "jurisdiction_id"),
        ({"service_code": None}, 400, "service_code"),
        ({"service_code": "unknown"}, 404, "service_code"),
        ({"lat": None}, 400, "lat"),
        ({"lat": None, "long": None}, 400, "location"),
        ({"lat": None, "long": None, "address_id": "77"}, 400, "location"),
        ({"lat": "nan"}, 400, "lat"),
        ({"lat": "1e999"}, 400, "lat"),
        ({"long": "-122.4"}, 400, "long"),
        ({"description": "가" * 4001}, 400, "4000"),
        ({"media_url": "javascript:alert(1)"}, 400, "media_url"),
        ({"media_url": "http://[broken"}, 400, "media_url"),
        ({"attribute[UNKNOWN]": "1"}, 400, "UNKNOWN"),
        ({**NAMED, "phone": "111111111"}, 400, "telephone"),
        ({**NAMED, "first_name": "x9"}, 400, "name"),
        ({"description": "\x00"}, 400, "characters"),
    ],
)
async def test_refusals_say_what_is_wrong_and_file_nothing(
    town: Town, form: str, changed: dict[str, str], status: int, said: str
) -> None:
    before = await _count(town)
    answer = await town.post(f"requests.{form}", report(town, **changed))
    assert answer.status_code == status, answer.text
    (error,) = checked(answer, "errors")
    assert said in error["description"]
    assert await _count(town) == before


async def _count(town: Town) -> tuple[int, int, int]:
    async with town.house.db.transaction() as tx:
        found = [await tx.scalar(select(func.count()).select_from(one)) for one in (cases, inquiries, citizens)]
    return int(found[0] or 0), int(found[1] or 0), int(found[2] or 0)


async def test_an_address_alone_is_a_location(town: Town) -> None:
    answer = await town.post("requests.json", report(town, lat=None, long=None, address_string="구래동 공원 앞"))
    assert answer.status_code == 200


async def test_a_body_that_is_no_form_is_refused(town: Town) -> None:
    async with town.house.client(None) as client:
        as_json = await client.post("/open311/v2/requests.json", json=report(town))
        broken = await client.post(
            "/open311/v2/requests.json",
            content=b"description=%FF%FE",
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        long = await client.post(
            "/open311/v2/requests.xml",
            content=b"description=" + b"a" * 70_000,
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
    for answer in (as_json, broken, long):
        assert answer.status_code == 400
        assert len(checked(answer, "errors")) == 1


def question(code: str, **more: Any) -> Asked:
    return Asked(code=code, description=Bilingual(ko=code, en=code), **more)


async def test_answers_are_held_to_their_datatype_and_reach_the_officer(town: Town) -> None:
    colours = {"r": Bilingual(ko="빨강", en="red"), "b": Bilingual(ko="파랑", en="blue")}
    questions = [
        question("N", datatype="number", required=True),
        question("D", datatype="datetime"),
        question("ONE", datatype="singlevaluelist", values=colours),
        question("SOME", datatype="multivaluelist", values=colours),
    ]
    before = town.house.settings
    asked = before.open311.model_copy(update={"questions": {"street_light": questions}})
    town.house.settings = before.model_copy(update={"open311": asked})
    try:
        good = {"attribute[N]": "-3.5", "attribute[SOME][]": ["r", "b"], "attribute[D]": "2026-09-01T10:00:00Z"}
        (row,) = (await town.post("requests.json", report(town, **NAMED, **good))).json()
        async with town.house.client("agent") as client:
            read = (await client.get(f"/api/v1/cases/{row['service_request_id']}")).json()
        assert read["body"].split("\n")[2:] == ["N: -3.5", "D: 2026-09-01T10:00:00Z", "SOME: 빨강, 파랑"]
        for bad in (
            {},
            {"attribute[N]": "many"},
            {"attribute[N]": "1", "attribute[ONE]": "green"},
            {"attribute[N]": "1", "attribute[ONE][]": ["r", "b"]},
            {"attribute[N]": "1", "attribute[D]": "yesterday"},
        ):
            answer = await town.post("requests.json", report(town, **bad))
            assert answer.status_code == 400, bad
            assert "attribute[" in answer.json()[0]["description"]
        for form in FORMS:
            found = await town.get(f"services/street_light.{form}")
            assert found.status_code == 200
        rows = found.json()["attributes"]
        assert [one["order"] for one in rows] == [1, 2, 3, 4]
        table.check(rows[2], table.LISTED_ATTRIBUTE)
    finally:
        town.house.settings = before


async def test_a_key_is_bounded_by_the_minute_and_revoked_at_once(town: Town) -> None:
    house = town.house
    admin = house.members["admin"].id
    async with house.db.transaction() as tx:
        made, key = await keys.add(
            tx, city_id=CITY, name="느린 앱", scopes=[Scope.OPEN311_WRITE], per_minute=2, staff_id=admin, now=NOW
        )
        stored = (await tx.execute(select(api_keys).where(api_keys.c.id == made.id))).one()
    assert key not in str(stored) and stored.key_hash == call_keys.hashed(key)
    codes = [(await town.post("requests.json", report(town, api_key=key))).status_code for _ in range(3)]
    refused = await town.post("requests.json", report(town, api_key=key))
    assert codes == [200, 200, 429]
    assert refused.headers["retry-after"] == "60"
    house.clock.move(timedelta(minutes=1))
    try:
        assert (await town.post("requests.json", report(town, api_key=key))).status_code == 200
        wrong = await town.post("subscriptions.json", {"api_key": key, "url": "https://example.go.kr/"})
        assert wrong.status_code == 403, "a key does only what its scopes say"
        async with house.db.transaction() as tx:
            assert (await keys.revoke(tx, CITY, made.id, admin, house.clock.now())).revoked_at is not None
        assert (await town.post("requests.json", report(town, api_key=key))).status_code == 403
    finally:
        house.clock.move(timedelta(minutes=-1))


@pytest.mark.parametrize("form", FORMS)
async def test_a_client_subscribes_to_public_changes_of_its_own_and_ends_it(town: Town, form: str) -> None:
    fields = {
        "subscription_id": table.Field(),
        "url": table.Field(),
        "service_code": table.NULL,
        "active": table.Field("bool"),
        "disabled_reason": table.NULL,
        "created_datetime": table.Field("moment"),
        "secret": table.NULL,
    }

    def read(answer: Any) -> list[dict[str, Any]]:
        return [table.check(row, fields) for row in table.rows_of(answer, "subscriptions", "subscription")]

    given = {"api_key": town.key, "url": "https://example.go.kr/hook", "service_code": "street_light"}
    (made,) = read(await town.post(f"subscriptions.{form}", given))
    assert made["secret"].startswith("whsec_")
    inside = await town.post(f"subscriptions.{form}", given | {"url": "http://127.0.0.1/"})
    assert inside.status_code == 400
    (listed,) = read(await town.get(f"subscriptions.{form}", api_key=town.key))
    assert listed == made | {"secret": None}
    async with town.house.client(None) as client:
        path = f"/open311/v2/subscriptions/{made['subscription_id']}.{form}"
        assert (await client.delete(path)).status_code == 403
        (ended,) = read(await client.delete(path, params={"api_key": town.key}))
    assert ended["active"] in (False, "false")
    assert read(await town.get(f"subscriptions.{form}", api_key=town.key)) == []


NAMES = st.sampled_from(
    [
        *("service_code", "jurisdiction_id", "service_request_id", "start_date", "end_date", "status", "page"),
        *("page_size", "updated_after", "lat", "long", "address_string", "first_name", "last_name", "phone"),
        *("description", "media_url", "attribute[POLE]", "attribute[", "email", "account_id", "url"),
    ]
)
VALUES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            *(
                "street_light",
                "gimpo.go.kr",
                "37.6",
                "126.6",
                "open",
                "closed",
                "1",
                "-1",
                "1e308",
                "inf",
                "%00",
                "null",
            ),
            *("2026-09-01", "0001-01-01", "9999-12-31T23:59:59-14:00", "2026-09-01T00:00:00 09:00", "GP-2026-000001"),
            *("GP-99999-9999999999999", "홍", "길동", "010-1234-5678", "https://a.kr/x", "'; DROP TABLE cases; --"),
        ]
    ),
    st.integers().map(str),
    st.floats().map(str),
)
PATHS = st.one_of(
    st.sampled_from(["services", "requests", "discovery", "extension", "subscriptions", "services/street_light"]),
    st.text(st.characters(exclude_characters="/?#%\r\n\t", exclude_categories=("Cs", "Cc")), max_size=30),
    st.text(max_size=20).map(lambda one: f"requests/{one}"),
    st.text(max_size=20).map(lambda one: f"tokens/{one}"),
)
ASKED = st.lists(st.tuples(NAMES, VALUES), max_size=8)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=PATHS, form=st.sampled_from([".xml", ".json", "", ".yaml"]), asked=ASKED, is_post=st.booleans())
async def test_hostile_parameters_get_an_answer_and_never_a_5xx(
    town: Town, path: str, form: str, asked: list[tuple[str, str]], is_post: bool
) -> None:
    url = f"/open311/v2/{quote(path, errors='replace')}{form}"
    packed = urlencode(asked, errors="replace")
    async with town.house.client(None) as client:
        if is_post:
            kind = {"content-type": "application/x-www-form-urlencoded"}
            body = f"{packed}&api_key={town.key}"
            answer = await client.post(url, content=body.encode(), headers=kind)
        else:
            answer = await client.get(f"{url}?{packed}")
    assert answer.status_code in {200, 400, 403, 404}
    if answer.status_code != 200:
        assert len(checked(answer, "errors")) == 1
    elif answer.headers["content-type"].startswith("text/xml"):
        fromstring(answer.content)
