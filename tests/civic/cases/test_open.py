"""Receiving: numbers without gaps, the department, the due date, history and audit in one transaction."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from civic.cases.case import InquiryDraft, OpenedCase
from civic.cases.find import events_of, read_case
from civic.cases.open import open_case, open_inquiry
from civic.cases.receipt import read_number
from civic.files.attach import attach, of_case
from civic.files.keep import StoredFile
from civic.staff.tables import audit_log
from core.clock import SEOUL
from core.db import Database
from core.errors import BadInput, NotFound
from tests.civic.cases.rows import CITY, NOW, conversation, draft

PICTURE = StoredFile("a" * 64, "image/jpeg", 10)


async def opened(database: Database, now: datetime = NOW) -> OpenedCase:
    async with database.transaction() as tx:
        return await open_case(tx, draft(await conversation(tx)), now)


async def test_a_case_is_received_with_number_department_and_due_date(database: Database) -> None:
    made = await opened(database)
    async with database.transaction() as tx:
        case = await read_case(tx, CITY, made.receipt_no)
        events = await events_of(tx, case.id)
        audit = (await tx.execute(select(audit_log).where(audit_log.c.object_id == str(case.id)))).one()
    assert made.receipt_no.startswith("GP-2026-")
    assert (case.status, case.department_id, case.version) == ("received", "road", 1)
    assert case.due_at == datetime(2026, 9, 30, 16, tzinfo=SEOUL)
    assert case.due_rule["article"] == "민원 처리에 관한 법률 제19조제1항"
    assert [(event.kind, event.actor_kind, event.is_public) for event in events] == [("opened", "citizen", True)]
    assert (audit.action, audit.detail) == ("case.opened", {"from": None, "to": "received"})


async def test_twenty_at_once_get_twenty_numbers_in_a_row(database: Database) -> None:
    now = datetime(2031, 5, 2, tzinfo=UTC)
    made = await asyncio.gather(*(opened(database, now) for _ in range(20)))
    assert sorted(one.receipt_no for one in made) == [f"GP-2031-{number:06d}" for number in range(1, 21)]


async def test_a_rolled_back_case_leaves_no_gap(database: Database) -> None:
    now = datetime(2032, 5, 3, tzinfo=UTC)
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as tx:
            await open_case(tx, draft(await conversation(tx)), now)
            raise ZeroDivisionError
    assert (await opened(database, now)).receipt_no == "GP-2032-000001"


@pytest.mark.parametrize(
    ("utc", "year"),
    [(datetime(2033, 12, 31, 14, 59, tzinfo=UTC), "2033"), (datetime(2033, 12, 31, 15, tzinfo=UTC), "2034")],
)
async def test_the_year_is_koreas(database: Database, utc: datetime, year: str) -> None:
    assert (await opened(database, utc)).receipt_no == f"GP-{year}-000001"


async def test_pictures_of_the_conversation_go_with_it(database: Database) -> None:
    async with database.transaction() as tx:
        thread = await conversation(tx)
        pictures = tuple([await attach(tx, thread, None, PICTURE, NOW) for _ in range(2)])
        made = await open_case(tx, draft(thread, attachment_ids=pictures), NOW)
        assert [picture for picture, _ in await of_case(tx, made.id)] == list(pictures)


async def test_a_strangers_picture_is_refused(database: Database) -> None:
    async with database.transaction() as tx:
        picture = await attach(tx, await conversation(tx), None, PICTURE, NOW)
        with pytest.raises(NotFound):
            await open_case(tx, draft(await conversation(tx), attachment_ids=(picture,)), NOW)


@pytest.mark.parametrize("empty", [{"title": " "}, {"body": ""}])
async def test_an_empty_case_is_refused(database: Database, empty: dict[str, str]) -> None:
    async with database.transaction() as tx:
        with pytest.raises(BadInput):
            await open_case(tx, draft(None, **empty), NOW)


async def test_an_inquiry_has_a_number_of_its_own_and_no_clock(database: Database) -> None:
    async with database.transaction() as tx:
        made = await open_inquiry(
            tx,
            InquiryDraft(
                city_id=CITY,
                category="odor",
                department_id="environment",
                body="타는 냄새",
                conversation_id=await conversation(tx),
                channel="web",
            ),
            NOW,
        )
        assert made.receipt_no == "T-2026-000001"
        assert isinstance(made.id, UUID)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("GP-2026-000012", "GP-2026-000012"),
        (" gp 2026 12 ", "GP-2026-000012"),
        ("ＧＰ－２０２６－１２", "GP-2026-000012"),
        ("GP2026000012", "GP-2026-000012"),
        ("2026-000012", None),
        ("' OR 1=1 --", None),
    ],
)
def test_a_number_is_read_as_people_write_it(typed: str, number: str | None) -> None:
    assert read_number(typed) == number
