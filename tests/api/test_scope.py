"""Scope × route: whatever names a case, a conversation or a file is not there for a member of another department.

Routes are taken from the OpenAPI description, so that a new one cannot be forgotten.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from api.app import create_app
from civic.cases.case import InquiryDraft
from civic.cases.open import open_case, open_inquiry
from civic.cases.tables import cases
from civic.conversations.outbound import Draft, queue
from civic.conversations.tables import conversations, outbound
from civic.files.service import attach
from civic.letters.service import NewLetter, list_letter
from civic.people.service import name_citizen
from civic.staff.permissions import ALLOWED, Action
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.api.test_permissions import OPENED, ROUTES, address
from tests.civic.cases.rows import CITY, NOW, conversation, draft, said
from tests.civic.files.made import made

NAMES_ONE = {"reference", "conversation_id", "attachment_id", "letter_id"}
"""Path parameters that name something of a citizen's."""
OF_ARREARS = {
    "import_id", "request_id", "plan_id", "lock_id", "stop_id", "payment_id", "bill_id", "reduction_id", "batch_id",
    "difference_id", "document_id", "debtor_id", "seizure_id", "wish_id", "commission_id", "level", "proof_id",
    "run_id", "simulation_id", "template_id",
}  # fmt: skip
"""Open to the collecting department alone, whatever the scope (api/arrears/parts.py)."""
NAMES_OTHER = OF_ARREARS | {
    "device",
    "action_id",
    "company",
    "matter_id",
    "number",
    "campaign_id",
    "canned_id",
    "channel",
    "citizen_id",
    "cluster_id",  # tests/api/air/test_smell.py asks within and without the scope
    "day",
    "delivery_id",
    "entity_id",
    "hit_id",
    "item_id",
    "key_id",
    "link_id",
    "lot_id",
    "name",
    "export_id",
    "notice_id",
    "pair_id",
    "path",
    "peer_id",
    "quarantine_id",
    "report_id",
    "room",
    "rule_id",
    "session_id",
    "source",
    "staff_id",
    "station_id",
    "view_id",
    "webhook_id",
}
BY_SIGNATURE = {"/api/v1/files/{attachment_id}", "/api/v1/public-pictures/{attachment_id}"}
"""Opened by a signed address or made public: nobody signs in, so nobody has a scope."""
IN_BODY = {
    "attachment_id",
    "attachment_ids",
    "case",
    "case_id",
    "case_ids",
    "cases",
    "conversation_id",
    "into",
    "receipt_nos",
    "reference",
    "references",
}


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a department has: a case, the conversation that it came by, its picture, a letter about it."""

    reference: str
    case_id: UUID
    conversation_id: UUID
    attachment_id: UUID
    letter_id: UUID
    words: str

    def names(self) -> dict[str, str]:
        return {
            "reference": self.reference,
            "conversation_id": str(self.conversation_id),
            "attachment_id": str(self.attachment_id),
            "letter_id": str(self.letter_id),
        }

    def traces(self) -> set[str]:
        ids = (self.case_id, self.conversation_id, self.attachment_id, self.letter_id)
        return {self.reference, self.words, *map(str, ids)}


async def belongings(house: SmallHouse, department_id: str = "parks", **values: Any) -> Belongings:
    words = f"공원관리과에만 보여야 하는 글 {new_id().hex}"
    kept = (await house.files.keep(made("PNG"))).file
    async with house.db.transaction() as tx:
        thread = await conversation(tx)
        await said(tx, thread, words)
        picture = await attach(tx, thread, None, kept, NOW)
        given = {"department_id": department_id, "title": words, "body": words, "attachment_ids": (picture,)}
        case = await open_case(tx, draft(thread, **given), NOW)
        # Routing by rules is not under test: the case is where the test says.
        await tx.execute(update(cases).where(cases.c.id == case.id).values(department_id=department_id, **values))
        failed = Draft(
            city_id=CITY,
            conversation_id=thread,
            channel="web",
            body={"text": words, "buttons": [], "ask": "", "lang": "ko"},
            purpose="reply",
            priority=1,
            valid_until=NOW,
            next_attempt_at=NOW,
            case_id=case.id,
        )
        message = await queue(tx, failed, NOW)
        await tx.execute(update(outbound).where(outbound.c.id == message).values(status="failed"))
        citizen = await name_citizen(tx, house.vault, thread, CITY, "홍길동", "010-1234-5678", NOW)
        letter = await list_letter(tx, NewLetter(CITY, case.id, citizen, None, "answered", words, words, words), NOW)
        assert letter is not None
    return Belongings(case.receipt_no, case.id, thread, picture, letter, words)


@pytest.fixture(scope="module")
async def house(house: SmallHouse) -> SmallHouse:
    """Team heads of two departments: `manager` of the roads, `neighbour` of the parks."""
    await house.hire("neighbour", "manager", department_id="parks")
    await house.hire("nowhere", "agent", department_id=None)
    await house.hire("centre", "agent", department_id=None, sees_all=True)
    return house


def described(house: SmallHouse) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in create_app(house).openapi()["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/api/v1/"):
                yield method.upper(), path, operation


def parameters(path: str) -> set[str]:
    return {part[1:-1] for part in path.split("/") if part.startswith("{")}


def naming(route: tuple[str, str]) -> bool:
    """Names something of a citizen's, and is open to somebody whose scope has bounds."""
    names_one = bool(parameters(route[1]) & (NAMES_ONE | {"citizen_id"})) and route[1] not in BY_SIGNATURE
    return names_one and not _is_admins(ROUTES[route][0])


def _is_admins(needs: str | Action) -> bool:
    return [role for role, actions in ALLOWED.items() if needs in actions] == ["admin"]


def test_every_path_parameter_is_known_to_name_a_citizens_thing_or_not(house: SmallHouse) -> None:
    found = {name for _, path, _ in described(house) for name in parameters(path)}
    assert found <= NAMES_ONE | NAMES_OTHER
    whole_citizens = [route for route in ROUTES if "citizen_id" in parameters(route[1])]
    assert all(_is_admins(ROUTES[route][0]) for route in whole_citizens)


@pytest.mark.parametrize("route", [one for one in ROUTES if naming(one)], ids=" ".join)
async def test_what_another_department_has_is_not_there(house: SmallHouse, route: tuple[str, str]) -> None:
    """Not found and not forbidden, word for word like what does not exist; for its own department it is there."""
    (method, path), (_, body) = route, ROUTES[route]
    theirs = await belongings(house)
    async with (
        house.client("manager", If_Match='"1"') as outsider,
        house.client("neighbour", If_Match='"1"') as insider,
    ):
        body = None if body is None else {**body, **_named_in(body, theirs)}
        refused = await outsider.request(method, address(path, **theirs.names()), json=body)
        nothing = await outsider.request(method, address(path), json=body)
        opened = await insider.request(method, address(path, **theirs.names()), json=body)
    assert refused.status_code == nothing.status_code == 404
    assert {**refused.json(), "instance": ""} == {**nothing.json(), "instance": ""}
    assert opened.status_code in OPENED
    assert opened.status_code != 404 or opened.json()["detail"] != refused.json()["detail"] or method == "DELETE"


def _named_in(body: Mapping[str, Any], theirs: Belongings) -> dict[str, Any]:
    values = {"into": theirs.reference, "conversation_id": str(theirs.conversation_id)}
    return {name: value for name, value in values.items() if name in body}


async def test_no_case_of_another_department_is_named_in_a_body(house: SmallHouse) -> None:
    """One's own case in the path, another department's in the body."""
    theirs, mine = await belongings(house), await belongings(house, "road")
    tried = {
        ("POST", "/api/v1/cases/{reference}/merge"): {"into": theirs.reference},
        ("POST", "/api/v1/cases/{reference}/joins"): {"conversation_id": str(theirs.conversation_id)},
    }
    async with house.client("manager", If_Match='"1"') as outsider:
        for (method, path), body in tried.items():
            answer = await outsider.request(method, address(path, **mine.names()), json=body)
            assert answer.status_code == 404, path
    known = set(tried) | HANDLED_APART
    document = create_app(house).openapi()
    for method, path, operation in described(house):
        assert (method, path) in known or not _fields(document, operation) & IN_BODY, (method, path)


HANDLED_APART = {("POST", "/api/v1/bulk"), ("POST", "/api/v1/canned/{canned_id}/fill")}
"""A test of their own follows below."""


async def test_no_bulk_export_canned_answer_or_view_reaches_beyond_the_scope(house: SmallHouse) -> None:
    theirs = await belongings(house)
    many = {"action": "note", "items": [{"reference": theirs.reference, "version": 1}], "values": {"text": "메모"}}
    canned = {"title": "접수", "body": "{{ receipt_no }}", "expires_at": (NOW + timedelta(days=9)).isoformat()}
    outcomes, texts, statuses = [], [], []
    for role, own in (("manager", "road"), ("neighbour", "parks")):
        async with house.client(role) as somebody:
            done = (await somebody.post("/api/v1/bulk", json=many)).json()
            outcomes.append(done["results"][0]["outcome"])
            taken = await somebody.post("/api/v1/exports", json={"reason": "10월 처리 현황 보고"})
            kept = (await somebody.post("/api/v1/canned", json={**canned, "department_id": own})).json()["id"]
            filled = await somebody.post(f"/api/v1/canned/{kept}/fill", json={"case": theirs.reference})
            view = (await somebody.post("/api/v1/views", json={"name": "모두", "filters": {}})).json()["id"]
            shown = await somebody.get(f"/api/v1/views/{view}/cases")
            statuses.append((taken.status_code, filled.status_code, shown.status_code))
            texts += [(theirs.reference in taken.text, theirs.reference in shown.text)]
    assert outcomes == ["not_found", "done"]
    assert statuses == [(200, 404, 200), (200, 200, 200)]
    assert texts == [(False, False), (True, True)]


def _fields(document: Mapping[str, Any], operation: Mapping[str, Any]) -> set[str]:
    """Names of all fields in the request body, however deep."""
    found: set[str] = set()
    waiting = [operation.get("requestBody", {})]
    seen: set[str] = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, Mapping):
            found |= set(one.get("properties", {}))
            if (name := str(one.get("$ref", "")).rpartition("/")[2]) and name not in seen:
                seen.add(name)
                waiting.append(document["components"]["schemas"][name])
            waiting += one.values()
    return found


def listing(route: tuple[str, str]) -> bool:
    return route[0] == "GET" and not parameters(route[1])


@pytest.mark.parametrize("route", [one for one in ROUTES if listing(one)], ids=" ".join)
@pytest.mark.parametrize("role", ["manager", "nowhere"])
async def test_no_list_search_or_stream_shows_what_another_department_has(
    house: SmallHouse, role: str, route: tuple[str, str]
) -> None:
    theirs = await belongings(house)
    async with house.client(role) as outsider:
        answer = await outsider.get(address(route[1]))
    assert not [trace for trace in theirs.traces() if trace in answer.text]


@pytest.mark.parametrize("path", ["/cases", "/conversations", "/outbound/failed"])
@pytest.mark.parametrize(
    ("role", "sees"), [("neighbour", True), ("admin", True), ("centre", True), ("manager", False), ("nowhere", False)]
)
async def test_its_own_department_the_contact_centre_and_admins_see_it(
    house: SmallHouse, path: str, role: str, sees: bool
) -> None:
    theirs = await belongings(house)
    async with house.client(role) as somebody:
        answer = await somebody.get(f"/api/v1{path}")
    assert (str(theirs.conversation_id if path != "/cases" else theirs.case_id) in answer.text) is sees


@pytest.mark.parametrize("asked", [{"q": "공원관리과에만"}, {"department": "parks"}, {"category": "street_light"}])
async def test_no_filter_finds_a_case_outside_the_scope(house: SmallHouse, asked: dict[str, str]) -> None:
    theirs = await belongings(house)
    async with house.client("manager") as outsider, house.client("neighbour") as insider:
        assert theirs.reference not in (await outsider.get("/api/v1/cases", params=asked)).text
        assert theirs.reference in (await insider.get("/api/v1/cases", params=asked)).text


async def test_a_tip_belongs_to_its_department(house: SmallHouse) -> None:
    async with house.db.transaction() as tx:
        told = InquiryDraft(
            city_id=CITY,
            category="street_light",
            department_id="parks",
            body="제보",
            conversation_id=None,
            channel="web",
        )
        tip = await open_inquiry(tx, told, NOW)
    async with house.client("manager") as outsider, house.client("neighbour") as insider:
        assert tip.receipt_no not in (await outsider.get("/api/v1/inquiries")).text
        assert tip.receipt_no in (await insider.get("/api/v1/inquiries")).text


async def test_his_own_case_is_always_his(house: SmallHouse) -> None:
    theirs = await belongings(house)
    async with house.client("neighbour", If_Match='"1"') as insider:
        given = {"staff_id": str(house.members["nowhere"].id)}
        assert (await insider.patch(f"/api/v1/cases/{theirs.reference}", json=given)).status_code == 200
    async with house.client("nowhere") as owner:
        assert (await owner.get(f"/api/v1/cases/{theirs.reference}")).status_code == 200
        assert (await owner.get(f"/api/v1/conversations/{theirs.conversation_id}")).status_code == 200
        assert theirs.reference in (await owner.get("/api/v1/cases")).text


async def test_a_case_given_away_is_gone(house: SmallHouse) -> None:
    mine = await belongings(house, "road")
    async with house.client("manager", If_Match='"1"') as outsider:
        moved = await outsider.patch(f"/api/v1/cases/{mine.reference}", json={"department_id": "parks"})
        assert moved.status_code == 200
        assert (await outsider.get(f"/api/v1/cases/{mine.reference}")).status_code == 404


async def test_areas_narrow_a_department_and_a_case_of_no_area_is_everybodys(house: SmallHouse) -> None:
    await house.hire("gochon", "agent", department_id="road", areas=("gochon",))
    here, there = await belongings(house, "road", area_id="gochon"), await belongings(house, "road", area_id="tongjin")
    unknown = await belongings(house, "road", area_id=None)
    async with house.client("gochon") as agent:
        seen = [(await agent.get(f"/api/v1/cases/{one.reference}")).status_code for one in (here, there, unknown)]
        assert seen == [200, 404, 200]
        listed = (await agent.get("/api/v1/cases")).text
    assert [one.reference in listed for one in (here, there, unknown)] == [True, False, True]


async def test_a_conversation_without_a_case_is_for_whoever_has_a_department(house: SmallHouse) -> None:
    async with house.db.transaction() as tx:
        thread = await conversation(tx)
    for role, status in (("manager", 200), ("neighbour", 200), ("nowhere", 404), ("auditor", 403)):
        async with house.client(role) as somebody:
            assert (await somebody.get(f"/api/v1/conversations/{thread}")).status_code == status
    async with house.db.transaction() as tx:
        held = update(conversations).where(conversations.c.id == thread)
        await tx.execute(held.values(owner="staff", staff_id=house.members["nowhere"].id))
    async with house.client("nowhere") as holder:
        assert (await holder.get(f"/api/v1/conversations/{thread}")).status_code == 200


async def test_a_conversation_shows_only_the_cases_within(house: SmallHouse) -> None:
    mine = await belongings(house, "road")
    async with house.db.transaction() as tx:
        second = await open_case(tx, draft(mine.conversation_id, department_id="parks"), NOW)
        await tx.execute(update(cases).where(cases.c.id == second.id).values(department_id="parks"))
    async with house.client("manager") as agent:
        shown = (await agent.get(f"/api/v1/conversations/{mine.conversation_id}")).json()
    assert [one["receipt_no"] for one in shown["cases"]] == [mine.reference]


async def test_who_has_no_department_is_told_why_his_desk_is_empty(house: SmallHouse) -> None:
    await house.hire("newcomer", "agent", department_id=None)
    for role, has_hint in (("newcomer", True), ("centre", False), ("agent", False), ("auditor", False)):
        async with house.client(role) as somebody:
            me = (await somebody.get("/api/v1/me")).json()
        assert (me["hint_ko"] is not None) is has_hint
    async with house.client("newcomer") as somebody:
        assert (await somebody.get("/api/v1/cases")).json()["items"] == []


async def test_the_scope_costs_no_look_that_was_not_had(house: SmallHouse) -> None:
    """A refused look leaves no row that says he looked."""
    from civic.staff.tables import access_log

    theirs = await belongings(house)
    async with house.client("manager") as outsider:
        await outsider.get(f"/api/v1/cases/{theirs.reference}")
    async with house.db.transaction() as tx:
        rows = await tx.execute(select(access_log.c.id).where(access_log.c.subject_id == theirs.reference))
        assert rows.all() == []
