"""Every reading route of the API that shows personal data leaves an access-log row; routes are found, not listed.

A new GET route fails here until it leaves a row, or is named below among those that show no citizen's data.
"""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from api.app import create_app
from civic.cases.open import open_case
from civic.cases.tables import cases
from civic.files.tables import attachments
from civic.people.service import name_citizen
from civic.staff.tables import access_log
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW, conversation, draft, said

IMPERSONAL = frozenset(
    {
        "/api/v1/me",
        "/api/v1/me/sessions",
        "/api/v1/me/staffroom-links",
        "/api/v1/staffroom/rooms",  # which rooms take posts, and why not
        "/api/v1/campaigns",  # the city's own texts and counts
        "/api/v1/campaigns/{campaign_id}",
        "/api/v1/campaigns/{campaign_id}/preview",
        "/api/v1/air/episodes",  # of the air, and how many heard of it
        "/api/v1/air/tellings",
        "/api/v1/channels",  # about the wires
        "/api/v1/channels/incidents",
        "/api/v1/departments",
        "/api/v1/categories",
        "/api/v1/statuses",
        "/api/v1/figures",
        "/api/v1/days-off",
        "/api/v1/outbound/failed",  # about the wires: without text and address
        "/api/v1/staff",
        "/api/v1/staff/{staff_id}",
        "/api/v1/inbox",  # receipt numbers and facts, no citizen's words (civic/staff/tables.py)
        "/api/v1/capacity",
        "/api/v1/cases/{reference}/writing",  # which colleague writes
        "/api/v1/views",
        "/api/v1/views/{view_id}",
        "/api/v1/canned",
        "/api/v1/canned/placeholders",
        "/api/v1/canned/{canned_id}",
        "/api/v1/rules",
        "/api/v1/rules/{rule_id}",
        "/api/v1/exports",
        "/api/v1/keys",
        "/api/v1/arrears/batches",  # counts and sums; names are in the plan
        "/api/v1/arrears/batches/{batch_id}",
        "/api/v1/arrears/batches/{batch_id}/events",
        "/api/v1/arrears/stages",  # of the law
        "/api/v1/arrears/requests",  # kinds and dates; the words are in the one request
        "/api/v1/arrears/locks",  # without a number
        "/api/v1/arrears/imports",  # counts, sums and lines of files
        "/api/v1/arrears/imports/{import_id}",
        "/api/v1/arrears/imports/{import_id}/rejects",
        "/api/v1/arrears/release-wishes",
        "/api/v1/arrears/accounts",  # how many numbers are free
        "/api/v1/arrears/payment-keys",
        "/api/v1/arrears/proofs/keys",  # the public halves
        "/api/v1/arrears/templates",  # the city's own words
        "/api/v1/arrears/templates/values",
        "/api/v1/arrears/templates/{template_id}",
        "/api/v1/arrears/ladder",
        "/api/v1/arrears/runs",  # counts, sums and a made-up person's text; people are in the recipients
        "/api/v1/arrears/runs/{run_id}",
        "/api/v1/arrears/runs/{run_id}/preview",
        "/api/v1/webhooks",
        "/api/v1/webhooks/{webhook_id}",
        "/api/v1/webhooks/{webhook_id}/deliveries",
        # the air for anybody: hours, counts, and matters without people
        "/api/v1/air/record",
        "/api/v1/air/stations",
        "/api/v1/air/stations/{station_id}/series",
        "/api/v1/air/hours.csv",
        "/api/v1/air/smell/months",  # counts, small ones hidden
        "/api/v1/air/smell/sectors",
        "/api/v1/air/hours.json",
        "/api/v1/air/ngsi-ld/v1/entities",
        "/api/v1/air/ngsi-ld/v1/types",
        "/api/v1/air/ngsi-ld/v1/context.jsonld",
        "/api/v1/air/sta/v1.1",
        "/api/v1/air/sta/v1.1/{path}",
        # lots, their numbers and where they come from
        "/api/v1/parking/datex2/table.xml",
        "/api/v1/parking/datex2/status.xml",
        "/api/v1/parking/feed",
        "/api/v1/parking/feed/realtime",
        "/api/v1/parking/feed/keys",
        "/api/v1/parking/feed-keys",
        "/api/v1/parking/lots",
        "/api/v1/parking/lots.csv",
        "/api/v1/parking/ngsi-ld/v1/entities",
        "/api/v1/parking/ngsi-ld/v1/types",
        "/api/v1/parking/ngsi-ld/v1/context.jsonld",
        "/api/v1/parking/peers",
        "/api/v1/parking/push-keys",
        "/api/v1/parking/quarantine",
        "/api/v1/parking/same",
        "/api/v1/air/devices",
        "/api/v1/air/devices/{device}",
        "/api/v1/air/sources",
        # banks and their ledgers: amounts under request ids, nobody named
        "/api/v1/arrears/banks",
        "/api/v1/arrears/banks/dead",
        "/api/v1/arrears/banks/reconciliations",
        "/api/v1/arrears/banks/differences",
        "/api/v1/parking/sources",
        # what was over, and which companies there are; a matter's words leave their row
        "/api/v1/air/matters",
        "/api/v1/air/companies",
        "/api/v1/files/{attachment_id}",  # the address is signed; making it left the row
        "/api/v1/public-pictures/{attachment_id}",  # released by staff for the public
        "/api/v1/live",  # numbers of cases that changed; what they say is read by the routes above
    }
)
"""GET routes without citizens' data. Everything else must leave a row."""


@pytest.fixture(scope="module")
async def shown(house: SmallHouse) -> dict[str, str]:
    """One of each thing that a path may name."""
    async with house.db.transaction() as tx:
        thread = await conversation(tx)
        citizen = await name_citizen(tx, house.vault, thread, CITY, "홍길동", "010-1234-5678", NOW)
        case = await open_case(tx, draft(thread, citizen_id=citizen), NOW)
        await said(tx, thread, "가로등이 꺼졌어요")
        number = await tx.scalar(select(cases.c.receipt_no).where(cases.c.id == case.id))
        file = await tx.scalar(select(attachments.c.id).limit(1))
    return {
        "reference": str(number),
        "conversation_id": str(thread),
        "citizen_id": str(citizen),
        "attachment_id": str(file or new_id()),
    }


@pytest.fixture
async def admin(house: SmallHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client("admin", X_Access_Reason="%EC%9B%94%20%EC%A0%90%EA%B2%80") as client:
        yield client


async def count(house: SmallHouse) -> int:
    async with house.db.transaction() as tx:
        return int(await tx.scalar(select(func.count()).select_from(access_log)) or 0)


def reading(house: SmallHouse) -> list[tuple[str, dict[str, Any]]]:
    """GET routes below /api/v1 with what the description says of them."""
    described = create_app(house).openapi()["paths"]
    return [(path, methods["get"]) for path, methods in described.items() if "get" in methods and "/api/v1/" in path]


async def test_every_route_that_reads_personal_data_leaves_a_row(
    house: SmallHouse, admin: httpx.AsyncClient, shown: dict[str, str]
) -> None:
    silent = []
    walked = 0
    for path, described in reading(house):
        if path in IMPERSONAL:
            continue
        asked = {
            one["name"]: "확인" for one in described.get("parameters", ()) if one["in"] == "query" and one["required"]
        }
        before = await count(house)
        answer = await admin.get(path.format_map(_Known(shown)), params=asked)
        if answer.status_code == 200 and await count(house) == before:
            silent.append(path)
        walked += answer.status_code == 200
    assert silent == [], ", ".join(silent)
    assert walked >= 8


def test_the_list_of_impersonal_routes_names_none_that_shows_words_or_people(house: SmallHouse) -> None:
    """Their description has no field of a citizen's name, number, message or thread."""
    described = create_app(house).openapi()
    forbidden = {"citizen", "citizen_name", "phone", "thread", "last_text", "body", "address"}
    # The words of an answer that waits; an office's number; a lot's address and its operator's number.
    offices = ("/api/v1/canned", "/api/v1/departments", "/api/v1/webhooks", "/api/v1/parking", "/api/v1/air/devices")
    for path, methods in reading(house):
        if path in IMPERSONAL and not path.startswith(offices):
            assert not forbidden & _fields(described, methods["responses"].get("200", {})), path


def _fields(described: dict[str, Any], schema: Any, seen: frozenset[str] = frozenset()) -> set[str]:
    """Every property named anywhere below a schema."""
    found: set[str] = set()
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if reference is not None and reference not in seen:
            target = described["components"]["schemas"][reference.rsplit("/", 1)[1]]
            found |= _fields(described, target, seen | {reference})
        found |= set(schema.get("properties", ()))
        for value in schema.values():
            found |= _fields(described, value, seen)
    elif isinstance(schema, list):
        for value in schema:
            found |= _fields(described, value, seen)
    return found


class _Known(dict[str, str]):
    """Path parts that nobody made stand for something that is not there."""

    def __missing__(self, key: str) -> str:
        return str(new_id())


async def test_the_row_says_who_whose_why_and_from_where(
    house: SmallHouse, admin: httpx.AsyncClient, shown: dict[str, str]
) -> None:
    assert (await admin.get(f"/api/v1/cases/{shown['reference']}")).status_code == 200
    assert (await admin.get(f"/api/v1/conversations/{shown['conversation_id']}")).status_code == 200
    async with house.db.transaction() as tx:
        rows = (await tx.execute(select(access_log).order_by(access_log.c.id.desc()).limit(2))).all()
    assert {row.action for row in rows} == {"case.read", "conversation.read"}
    for row in rows:
        assert (row.staff_id, str(row.citizen_id)) == (house.members["admin"].id, shown["citizen_id"])
        assert (row.why, row.source_ip, row.at) == ("월 점검", "10.1.2.3", NOW)


async def test_an_auditor_filters_by_person_and_reason_and_downloads_with_a_reason(
    house: SmallHouse, admin: httpx.AsyncClient, shown: dict[str, str]
) -> None:
    await admin.get(f"/api/v1/cases/{shown['reference']}")
    async with house.client("auditor") as auditor:
        mine = (await auditor.get("/api/v1/access-log", params={"citizen_id": shown["citizen_id"]})).json()["items"]
        by_reason = (await auditor.get("/api/v1/access-log", params={"reason": "월 점"})).json()["items"]
        nobody = (await auditor.get("/api/v1/access-log", params={"citizen_id": str(new_id())})).json()["items"]
        assert (await auditor.get("/api/v1/access-log/file")).status_code == 422
        file = await auditor.get("/api/v1/access-log/file", params={"why": "11월 점검", "action": "case.read"})
    assert mine and {row["citizen_id"] for row in mine} == {shown["citizen_id"]}
    assert by_reason and all("월 점검" in row["why"] for row in by_reason)
    assert nobody == []
    assert file.headers["content-type"].startswith("text/csv") and file.headers["cache-control"] == "no-store"
    lines = list(csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert {line["action"] for line in lines} == {"case.read"} and lines[0]["login"] == "admin.one"
    async with house.db.transaction() as tx:
        of = (access_log.c.action == "access_log.download", access_log.c.staff_id == house.members["auditor"].id)
        (look,) = (await tx.execute(select(access_log).where(*of))).all()
    assert look.why == "11월 점검"


async def test_an_auditor_reads_who_changed_what(house: SmallHouse, shown: dict[str, str]) -> None:
    async with house.client("auditor") as auditor:
        page = (await auditor.get("/api/v1/audit", params={"object_kind": "citizen", "limit": 1})).json()
        (row,) = page["items"]
        assert (row["action"], row["object_id"], row["detail"]) == ("citizen.named", shown["citizen_id"], {})
        assert (row["actor_kind"], row["seq"]) == ("citizen", None)
        cases_only = (await auditor.get("/api/v1/audit", params={"action": "case.opened"})).json()["items"]
    assert cases_only and {one["object_kind"] for one in cases_only} == {"case"}
