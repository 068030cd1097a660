"""Tax secrecy (지방세기본법 §86) as a property of the whole API: routes are found, not listed.

A sum, a number and a name are planted; no route outside the arrears shows them to anybody, none within to another
department, and within each look at the debtor leaves its row and needs its reason.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import quote
from uuid import UUID
from zipfile import ZipFile

import pytest
from sqlalchemy import func, select, update

from api.app import create_app
from civic.arrears.asking.desk import ArrearsDesk
from civic.arrears.notices.tables import arrears_letters
from civic.arrears.runs.tables import arrears_run_recipients
from civic.arrears.seizure.tables import arrears_seizure_events
from civic.arrears.tables import arrears_bills, arrears_debtors, arrears_payments, arrears_stops
from civic.cases.case import Actor
from civic.cases.change import add_note
from civic.cases.open import open_case
from civic.cases.stream import Place
from civic.cases.stream import here as here_in_stream
from civic.cases.tables import cases
from civic.conversations.secrecy import HIDDEN_TAX
from civic.conversations.tables import conversations, inbound, outbound
from civic.files.service import attach
from civic.people.service import name_citizen
from civic.staff.tables import access_log, staff_notices
from civic.webhooks.tables import webhook_deliveries
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.api.test_live import Process
from tests.api.test_permissions import ANYBODY, ROUTES, WITH_A_KEY
from tests.bot.hearing import begin, sender_of, subscribed
from tests.civic.arrears.made import NOW
from tests.civic.arrears.oversight.timeline import Told, happened
from tests.civic.cases.rows import CITY, conversation, draft, said
from tests.civic.files.made import made as picture_of
from tests.integrations.channels.counterpart import serving
from tests.integrations.channels.kits import Answer

SUM, NAME, TAX_NO = "98,765,432", "은닉빛나라", "7777000123"
WORDS = f"[김포시] 체납 지방세 {SUM}원 안내입니다."
SAID = f"제 세금 {SUM}원 맞나요"
PLANTED = (SUM, "98765432", NAME, TAX_NO)
WHY = {"X_Access_Reason": quote("정기 점검")}


@dataclass(frozen=True, slots=True)
class Planted:
    """A debtor whom nobody knows otherwise, and a citizen with a complaint of his own who spoke about his taxes."""

    told: Told
    names: Mapping[str, str]
    thread: str
    reference: str


@pytest.fixture(scope="module")
async def planted(house: SmallHouse) -> Planted:
    house.clock.move(NOW - house.clock.now())
    await house.hire("parks", "manager", department_id="parks")
    await house.hire("parks_admin", "agent", department_id="parks", sees_all=True)
    async with house.db.transaction() as tx:
        told = await happened(tx, name=NAME, words=WORDS, tax_no=TAX_NO)
        failed = update(outbound).where(outbound.c.id == told.message_id)
        await tx.execute(failed.values(status="failed", reason="결번"))
        thread = await conversation(tx)
        citizen = await name_citizen(tx, house.vault, thread, CITY, "홍길동", "010-1234-5678", NOW)
        case = await open_case(tx, draft(thread, citizen_id=citizen), NOW)
        await tx.execute(update(cases).where(cases.c.id == case.id).values(department_id="parks"))
        kept = (await house.files.keep(picture_of("PNG"))).file
        file = await attach(tx, thread, case.id, kept, NOW)
        row = new_id()
        text = house.vault.seal_text(SAID, f"inbound.text:{row}")
        await said(tx, thread, text, id=row, secrecy="tax", received_at=NOW)
        body = {"text": WORDS, "lang": "ko", "buttons": [{"payload": "x", "label": SUM}]}
        await _answered(tx, house, thread, body)
        names = await _names(tx, told)
    given = {"reference": case.receipt_no, "conversation_id": str(thread), "citizen_id": str(citizen)}
    return Planted(told, {**names, **given, "attachment_id": str(file)}, str(thread), case.receipt_no)


async def _answered(tx: Any, house: SmallHouse, thread: Any, body: dict[str, Any]) -> None:
    row = new_id()
    sealed = house.vault.seal_json(body, f"outbound.body:{row}")
    await tx.execute(
        outbound.insert().values(
            id=row, city_id=CITY, conversation_id=thread, channel="web", purpose="reply", priority=1, body=sealed,
            status="sent", next_attempt_at=NOW, valid_until=NOW, created_at=NOW, secrecy="tax",
        )
    )  # fmt: skip


async def _names(tx: Any, told: Told) -> dict[str, str]:
    """Ids of what happened to the debtor, by how routes name them."""
    wanted = {
        "letter_id": select(arrears_letters.c.id).where(arrears_letters.c.debtor_id == told.debtor_id),
        "payment_id": select(arrears_payments.c.id).where(arrears_payments.c.debtor_id == told.debtor_id),
        "stop_id": select(arrears_stops.c.id).where(arrears_stops.c.debtor_id == told.debtor_id),
        "run_id": select(arrears_run_recipients.c.run_id),
        "batch_id": select(arrears_seizure_events.c.batch_id),
        "bill_id": select(arrears_bills.c.id).where(arrears_bills.c.debtor_id == told.debtor_id),
    }
    found = {name: str(await tx.scalar(query.limit(1))) for name, query in wanted.items()}
    return {**found, "debtor_id": str(told.debtor_id), "document_id": found["letter_id"]}


def reading(house: SmallHouse) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """GET routes with what the description says of them, but for the one that streams without end."""
    for path, methods in create_app(house).openapi()["paths"].items():
        if "get" in methods and path not in ("/api/v1/live", "/metrics"):
            yield path, methods["get"]


def asked(path: str, described: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The route with planted ids; words to search for are the planted name."""
    filled = re.sub(r"{(\w+)}", lambda found: quote(names.get(found[1], str(new_id()))), path)
    params = {}
    for one in described.get("parameters", ()):
        if one["in"] != "query":
            continue
        if one["name"] in names:
            params[one["name"]] = names[one["name"]]
        elif one["name"] in ("q", "name", "query", "text", "search"):
            params[one["name"]] = NAME
        elif one["required"]:
            params[one["name"]] = "정기 점검"
    return filled, params


@pytest.mark.parametrize("who", ["parks", "parks_admin", "auditor"])
async def test_no_route_shows_a_planted_sum_number_or_name_to_another_department(
    house: SmallHouse, planted: Planted, who: str, capfd: pytest.CaptureFixture[str]
) -> None:
    walked = 0
    async with house.client(who, **WHY) as outsider:
        for path, described in reading(house):
            filled, params = asked(path, described, planted.names)
            answer = await outsider.get(filled, params=params)
            walked += answer.status_code == 200
            shown = [one for one in PLANTED if one.encode() in answer.content]
            assert shown == [], f"{path} shows {shown}"
    assert walked >= 10
    logged = capfd.readouterr()
    assert not [one for one in PLANTED if one in logged.out + logged.err]


@pytest.mark.parametrize("who", ["manager", "admin"])
async def test_without_a_reason_the_collecting_department_sees_no_word_of_it_in_threads(
    house: SmallHouse, planted: Planted, who: str
) -> None:
    async with house.client(who) as officer:
        for path, described in reading(house):
            if "/arrears" in path:
                continue
            filled, params = asked(path, described, planted.names)
            answer = await officer.get(filled, params=params)
            assert SUM.encode() not in answer.content and TAX_NO.encode() not in answer.content, path


async def test_a_thread_says_that_something_is_hidden_and_nothing_of_it(house: SmallHouse, planted: Planted) -> None:
    async with house.client("parks_admin", **WHY) as outsider:
        shown = (await outsider.get(f"/api/v1/conversations/{planted.thread}")).json()
        case = (await outsider.get(f"/api/v1/cases/{planted.reference}")).json()
        around = (await outsider.get(f"/api/v1/cases/{planted.reference}/thread")).json()
    assert shown["last_text"] == HIDDEN_TAX
    for entries in (shown["thread"], case["thread"], around["items"]):
        hidden = [one for one in entries if one["is_hidden"]]
        assert [(one["direction"], one["text"]) for one in hidden] == [("in", HIDDEN_TAX), ("out", HIDDEN_TAX)]
        assert all(one["buttons"] == [] and one["purpose"] == "" for one in hidden)


async def test_the_collecting_department_reads_it_with_a_reason(house: SmallHouse, planted: Planted) -> None:
    async with house.client("admin", **WHY) as officer:
        shown = (await officer.get(f"/api/v1/conversations/{planted.thread}")).json()
    assert shown["last_text"] == SAID and [one["text"] for one in shown["thread"]][-2:] == [SAID, WORDS]


async def test_a_picture_that_came_with_words_of_tax_is_opened_by_the_collecting_department_alone(
    house: SmallHouse, planted: Planted
) -> None:
    async with house.db.transaction() as tx:
        kept = (await house.files.keep(picture_of("PNG"))).file
        bankbook = await attach(tx, UUID(planted.thread), None, kept, NOW)
        other = await attach(tx, UUID(planted.thread), None, kept, NOW - timedelta(days=1))
    async with house.client("parks_admin", **WHY) as outsider:
        assert (await outsider.get(f"/api/v1/attachments/{bankbook}")).status_code == 404
        assert (await outsider.get(f"/api/v1/attachments/{other}")).status_code == 200
    async with house.client("admin", **WHY) as officer:
        assert (await officer.get(f"/api/v1/attachments/{bankbook}")).status_code == 200


async def test_a_thread_about_nothing_but_arrears_is_not_listed_elsewhere(house: SmallHouse, planted: Planted) -> None:
    async def listed(who: str) -> set[str]:
        async with house.client(who, **WHY) as client:
            rows = (await client.get("/api/v1/conversations", params={"limit": 200})).json()["items"]
            failed = (await client.get("/api/v1/outbound/failed", params={"limit": 200})).json()["items"]
        return {one["id"] for one in rows} | {one["id"] for one in failed}

    of_arrears = {str(planted.told.thread), str(planted.told.message_id)}
    assert of_arrears & await listed("parks_admin") == set()
    assert of_arrears <= await listed("admin")


async def test_another_department_gets_no_further_than_the_door(house: SmallHouse, planted: Planted) -> None:
    opened = []
    async with house.client("parks", If_Match='"1"', **WHY) as outsider:
        for (method, path), (needs, body) in ROUTES.items():
            if "/arrears/" not in path or needs in (ANYBODY, WITH_A_KEY):
                continue
            filled = re.sub(r"{(\w+)}", lambda found: planted.names.get(found[1], str(new_id())), path)
            answer = await outsider.request(method, filled, json=body)
            if answer.status_code != 403:
                opened.append((method, path, answer.status_code))
    assert opened == []


@pytest.fixture
async def looks(house: SmallHouse) -> AsyncIterator[Any]:
    async def count() -> int:
        async with house.db.transaction() as tx:
            return int(await tx.scalar(select(func.count()).select_from(access_log)) or 0)

    yield count


async def test_every_look_at_a_debtor_leaves_a_row_and_needs_a_reason(
    house: SmallHouse, planted: Planted, looks: Any
) -> None:
    silent, unreasoned, walked = [], [], 0
    async with house.client("admin", **WHY) as officer, house.client("admin") as hasty:
        for path, described in reading(house):
            if "/arrears/" not in path:
                continue
            filled, params = asked(path, described, planted.names)
            before = await looks()
            answer = await officer.get(filled, params=params)
            if not _tells(answer.status_code, answer.content, planted):
                continue
            walked += 1
            if await looks() == before:
                silent.append(path)
            again = await hasty.get(filled, params=params)
            if again.status_code == 200 and NAME.encode() in again.content:
                unreasoned.append(path)
    assert (silent, unreasoned) == ([], [])
    assert walked >= 2


def _tells(status: int, content: bytes, planted: Planted) -> bool:
    return status == 200 and any(
        one.encode() in content for one in (NAME, TAX_NO, str(planted.told.debtor_id), str(planted.told.bill_id))
    )


async def _asked_for(tx: Any, house: SmallHouse, planted: Planted, kind: Any) -> None:
    """As the citizen does in the chat, with his own words."""
    desk = ArrearsDesk(house.db, house.vault, house.settings.city.id, house.settings.arrears, {}, {})
    wish, thread = {"text": SAID, "name": NAME}, UUID(planted.thread)
    await desk.ask(tx, planted.told.debtor_id, kind, wish, house.clock.now(), conversation_id=thread)


async def test_live_screens_of_every_role_tell_nothing_of_it(
    house: SmallHouse, planted: Planted, database_url: str
) -> None:
    """Server-sent events: what was changed in the case and the thread, and what staff were told."""
    async with house.db.reading() as tx:
        start = str(Place(await here_in_stream(tx)))
    async with house.db.transaction() as tx:
        case = (await tx.execute(select(cases.c.id).where(cases.c.receipt_no == planted.reference))).scalar_one()
        await add_note(tx, case, "확인했습니다", Actor.system(), house.clock.now(), is_internal=True)
        row = new_id()
        sealed = house.vault.seal_text(SAID, f"inbound.text:{row}")
        await said(tx, UUID(planted.thread), sealed, id=row, secrecy="tax", received_at=NOW)
        await _asked_for(tx, house, planted, "deferral")
    process = await Process(house, database_url).up()
    heard = b""
    try:
        for who in ("parks", "parks_admin", "auditor", "manager", "admin", "agent"):
            lines = [one async for one in (await process.screen(who)).events(start, is_following=False)]
            assert lines or who == "parks"
            heard += b"".join(lines)
    finally:
        await process.down()
    assert planted.reference.encode() in heard
    assert [one for one in PLANTED if one.encode() in heard or one in heard.decode("unicode_escape", "ignore")] == []


async def test_what_staff_are_told_of_names_nobody_and_no_sum(house: SmallHouse, planted: Planted) -> None:
    """Notices to staff also go out as messages, to whoever holds the role."""
    async with house.db.transaction() as tx:
        await _asked_for(tx, house, planted, "release")
        rows = (await tx.execute(select(staff_notices))).mappings().all()
    shown = str([dict(row) for row in rows])
    assert "arrears_request" in shown
    assert [one for one in PLANTED if one in shown] == []
    others = [row for row in rows if row["kind"].startswith("arrears") and row["department_id"] == "parks"]
    assert others == []


async def test_other_systems_are_told_nothing_of_it(house: SmallHouse, planted: Planted) -> None:
    async with serving(lambda call: Answer(200, b"")) as ears:
        clock = begin()
        await subscribed(house.db, ears.url + "/in")
        async with house.db.transaction() as tx:
            case = (await tx.execute(select(cases.c.id).where(cases.c.receipt_no == planted.reference))).scalar_one()
            await add_note(tx, case, "답변드립니다", Actor.system(), clock.now(), is_internal=False)
            await add_note(tx, case, "메모", Actor.system(), clock.now(), is_internal=True)
        async with sender_of(house.db, clock) as sender:
            assert await sender.drain() >= 1
        told = b"".join(call.body for call in ears.calls)
    async with house.db.transaction() as tx:
        kept = str((await tx.execute(select(webhook_deliveries.c.payload))).scalars().all())
    assert planted.reference.encode() in told
    assert [one for one in PLANTED if one.encode() in told or one in kept] == []


async def test_no_route_that_writes_exports_or_refuses_shows_it_to_another_department(
    house: SmallHouse, planted: Planted, capfd: pytest.CaptureFixture[str]
) -> None:
    """Answers and error texts of every method but GET, the exports and searches by POST among them."""
    await house.hire("walker", "manager", department_id="parks", sees_all=True)
    walked = 0
    async with house.client("walker", If_Match='"1"', **WHY) as outsider:
        for (method, path), (_, body) in ROUTES.items():
            if method == "GET" or "/session" in path:
                continue
            filled = re.sub(r"{(\w+)}", lambda found: quote(planted.names.get(found[1], str(new_id()))), path)
            for given in (body, {"q": NAME, "name": NAME, "text": NAME, "reason": "정기 점검"}):
                answer = await outsider.request(method, filled, json=given)
                walked += 1
                shown = [one for one in PLANTED if one.encode() in answer.content.replace(NAME.encode(), b"", 1)
                         and not (one == NAME and NAME in str(given))]  # fmt: skip
                assert shown == [], f"{method} {path} shows {shown}"
    assert walked > 200
    logged = capfd.readouterr()
    assert not [one for one in PLANTED if one in logged.out + logged.err]


@pytest.mark.parametrize("name", ["csv", "xlsx"])
async def test_an_export_of_cases_holds_none_of_it(house: SmallHouse, planted: Planted, name: str) -> None:
    await house.hire(f"exporter_{name}", "manager", department_id="parks", sees_all=True)
    async with house.client(f"exporter_{name}", **WHY) as outsider:
        answer = await outsider.post("/api/v1/exports", json={"format": name, "reason": "민원 처리 현황 정기 점검"})
    assert answer.status_code == 200, answer.text
    whole = answer.content
    if name == "xlsx":
        with ZipFile(BytesIO(whole)) as book:
            whole = b"".join(book.read(one) for one in book.namelist())
    assert [one for one in PLANTED if one.encode() in whole] == []


async def test_what_is_planted_is_there(house: SmallHouse, planted: Planted) -> None:
    """Else the tests above would prove nothing."""
    async with house.db.transaction() as tx:
        secret = await tx.scalar(select(func.count()).where(inbound.c.secrecy == "tax"))
        known = await tx.scalar(select(arrears_debtors.c.person).where(arrears_debtors.c.id == planted.told.debtor_id))
        threads = await tx.scalar(select(func.count()).select_from(conversations))
    assert int(secret or 0) >= 1 and known is not None and known["name"] == NAME and int(threads or 0) >= 2
