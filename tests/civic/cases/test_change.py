"""The life of a case: status, owner, notes, withdrawal, and the clock that waits for the citizen."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import change
from civic.cases.case import Actor, Case
from civic.cases.find import events_of, read_case
from civic.cases.open import open_case
from civic.cases.service import CaseService
from civic.cases.status import Status
from civic.files.attach import attach, of_case
from civic.files.keep import StoredFile
from civic.people.citizens import name_citizen
from civic.staff.tables import audit_log
from core.clock import SEOUL
from core.db import Database
from core.errors import BadInput, Conflict, Forbidden, NotFound, PreconditionFailed
from core.ids import new_id
from core.vault import vault_of
from tests.civic.cases.rows import CITY, NOW, conversation, draft

STAFF = new_id()
AGENT = Actor.staff(STAFF, "agent")
HOUR = timedelta(hours=1)


@pytest.fixture
async def tx(database: Database) -> AsyncIterator[AsyncConnection]:
    async with database.transaction() as connection:
        yield connection


async def new_case(tx: AsyncConnection) -> Case:
    made = await open_case(tx, draft(await conversation(tx)), NOW)
    return await read_case(tx, CITY, made.id)


async def test_a_change_writes_row_history_and_audit(tx: AsyncConnection) -> None:
    case = await new_case(tx)
    changed = await change.change_status(tx, case.id, Status.IN_PROGRESS, AGENT, NOW + HOUR, expected_version=1)
    assert (changed.status, changed.version, changed.updated_at) == (Status.IN_PROGRESS, 2, NOW + HOUR)
    last = (await events_of(tx, case.id))[-1]
    assert (last.kind, last.from_value, last.to_value, last.actor_id) == ("status", "received", "in_progress", STAFF)
    audit = select(func.count()).where(audit_log.c.object_id == str(case.id), audit_log.c.action == "case.status")
    assert (await tx.execute(audit)).scalar_one() == 1


async def test_an_answer_closes_and_a_reopened_case_is_open_again(tx: AsyncConnection) -> None:
    case = await new_case(tx)
    closed = await change.change_status(
        tx, case.id, Status.ANSWERED, AGENT, NOW, expected_version=1, text="고쳤습니다."
    )
    assert (closed.closed_at, closed.answer) == (NOW, "고쳤습니다.")
    manager = Actor.staff(STAFF, "manager")
    again = await change.change_status(tx, case.id, Status.REOPENED, manager, NOW, expected_version=2, text="또 꺼짐")
    assert (again.closed_at, again.status) == (None, Status.REOPENED)


async def test_a_stale_version_is_refused(tx: AsyncConnection) -> None:
    case = await new_case(tx)
    await change.add_note(tx, case.id, "현장 확인 예정", AGENT, NOW, is_internal=True)
    with pytest.raises(PreconditionFailed):
        await change.change_status(tx, case.id, Status.IN_PROGRESS, AGENT, NOW, expected_version=1)


@pytest.mark.parametrize(
    ("to", "actor", "text", "error"),
    [
        (Status.REOPENED, AGENT, "왜", Conflict),
        (Status.WITHDRAWN, AGENT, "", Forbidden),
        (Status.REFUSED, AGENT, " ", BadInput),
    ],
)
async def test_an_illegal_change_changes_nothing(
    tx: AsyncConnection, to: Status, actor: Actor, text: str, error: type[Exception]
) -> None:
    case = await new_case(tx)
    with pytest.raises(error):
        await change.change_status(tx, case.id, to, actor, NOW, expected_version=1, text=text)
    assert await read_case(tx, CITY, case.id) == case
    assert len(await events_of(tx, case.id)) == 1


async def test_an_auditor_handles_no_case() -> None:
    with pytest.raises(Forbidden):
        Actor.staff(STAFF, "auditor")


async def test_another_department_keeps_number_and_history(tx: AsyncConnection) -> None:
    case = await new_case(tx)
    moved = await change.assign(tx, case.id, AGENT, NOW, expected_version=1, department_id="parks", staff=(STAFF,))
    assert (moved.receipt_no, moved.department_id, moved.staff_id) == (case.receipt_no, "parks", STAFF)
    assert [event.kind for event in await events_of(tx, case.id)] == ["opened", "transferred", "department", "owner"]
    assert [event.kind for event in await events_of(tx, case.id, only_public=True)] == ["opened", "department"]
    same = await change.assign(tx, case.id, AGENT, NOW, expected_version=2, department_id="parks")
    assert same.version == 2


async def test_a_closed_case_is_not_given_away(tx: AsyncConnection) -> None:
    case = await new_case(tx)
    await change.change_status(
        tx, case.id, Status.REFUSED, AGENT, NOW, expected_version=1, text="소관 아님", appeal="60일"
    )
    with pytest.raises(Conflict):
        await change.assign(tx, case.id, AGENT, NOW, expected_version=2, department_id="parks")


async def test_waiting_for_the_citizen_does_not_count(tx: AsyncConnection, database: Database) -> None:
    case = await new_case(tx)
    assert case.conversation_id is not None
    monday = datetime(2026, 9, 28, 10, tzinfo=SEOUL)
    await change.change_status(
        tx, case.id, Status.WAITING_CITIZEN, AGENT, monday, expected_version=1, text="몇 번째 가로등인가요?"
    )
    desk = CaseService(database, CITY)
    resumed = await desk.add_note(tx, case.id, case.conversation_id, "세 번째요", monday + 2 * HOUR)
    assert resumed.status is Status.IN_PROGRESS
    assert resumed.due_at == datetime(2026, 9, 30, 18, tzinfo=SEOUL)
    assert resumed.due_rule["pause_article"].startswith("민원 처리에 관한 법률 시행령 제20조")
    assert [event.kind for event in await events_of(tx, case.id)] == ["opened", "status", "note", "status", "due"]


async def test_only_the_citizen_himself_withdraws(tx: AsyncConnection) -> None:
    case = await new_case(tx)
    assert case.conversation_id is not None
    with pytest.raises(NotFound):
        await change.withdraw(tx, case.id, await conversation(tx), NOW)
    with pytest.raises(PreconditionFailed):
        await change.withdraw(tx, case.id, case.conversation_id, NOW, expected_version=7)
    gone = await change.withdraw(tx, case.id, case.conversation_id, NOW)
    assert (gone.status, gone.closed_at) == (Status.WITHDRAWN, NOW)
    with pytest.raises(Conflict):
        await change.withdraw(tx, case.id, case.conversation_id, NOW)


async def test_the_same_citizen_on_another_channel_may_withdraw(tx: AsyncConnection) -> None:
    first = await conversation(tx)
    citizen = await name_citizen(tx, vault_of(tx), first, CITY, "홍길동", "010-1234-5678", NOW)
    second = await conversation(tx, channel="telegram", citizen_id=citizen)
    made = await open_case(tx, draft(first, citizen_id=citizen), NOW)
    assert (await change.withdraw(tx, made.id, second, NOW)).status is Status.WITHDRAWN


async def test_a_note_needs_a_text_and_the_right_citizen(tx: AsyncConnection) -> None:
    case = await new_case(tx)
    assert case.conversation_id is not None
    with pytest.raises(BadInput):
        await change.note_by_citizen(tx, case.id, case.conversation_id, " ", NOW)
    with pytest.raises(NotFound):
        await change.note_by_citizen(tx, case.id, await conversation(tx), "남의 민원", NOW)
    noted = await change.note_by_citizen(tx, case.id, case.conversation_id, "아직도 꺼져 있어요", NOW)
    assert noted.version == 2


async def test_a_further_picture_goes_to_his_own_open_case(tx: AsyncConnection, database: Database) -> None:
    case = await new_case(tx)
    assert case.conversation_id is not None
    desk = CaseService(database, CITY)
    picture = await attach(tx, case.conversation_id, None, StoredFile("b" * 64, "image/png", 9), NOW)
    await desk.add_photo(tx, case.id, case.conversation_id, picture, NOW)
    assert [one for one, _ in await of_case(tx, case.id)] == [picture]
    with pytest.raises(NotFound):
        await desk.add_photo(tx, case.id, await conversation(tx), picture, NOW)
    await desk.withdraw(tx, case.id, case.conversation_id, NOW)
    with pytest.raises(Conflict):
        await desk.add_photo(tx, case.id, case.conversation_id, picture, NOW)


async def test_an_unknown_case_is_not_found(tx: AsyncConnection) -> None:
    with pytest.raises(NotFound):
        await change.add_note(tx, new_id(), "?", AGENT, NOW, is_internal=True)
    with pytest.raises(BadInput):
        await change.assign(tx, new_id(), AGENT, NOW, expected_version=None)
