"""What the citizen reads when his case changes, and when it leaves."""

from datetime import datetime, timedelta

import pytest
from jinja2 import UndefinedError
from sqlalchemy import select

from civic.cases.case import Actor
from civic.cases.change import change_status
from civic.cases.find import read_case
from civic.cases.notices import kinds, render, tell, written
from civic.cases.open import open_case
from civic.cases.status import Status
from civic.conversations.tables import outbound
from core.clock import SEOUL
from core.db import Database
from core.ids import new_id
from core.settings import read
from tests.civic.cases.rows import CITY, NOW, conversation, departments_of_city, draft

VALUES = {
    "receipt_no": "GP-2026-000012",
    "title": "가로등",
    "department": "도로관리과",
    "phone": "031-980-2222",
    "status": "처리 중",
    "text": "{{ 7*7 }} <b>내일 고칩니다</b>",
    "due": "2026년 9월 30일(수) 16:00",
    "received": "2026년 9월 23일(수) 16:00",
    "appeal": "60일 안에 이의신청",
    "transferred_to": "한국도로공사 (1588-2504)",
}


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_notice_names_the_case_and_runs_no_text_of_others(lang: str) -> None:
    for kind in kinds(lang):
        said = render(kind, lang, VALUES)
        assert "GP-2026-000012" in said
        assert "49" not in said
        assert "\n\n\n" not in said
    assert VALUES["text"] in render("answered", lang, VALUES)


def test_a_missing_value_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        render("answered", "ko", {})


def test_a_moment_is_written_as_people_write_it() -> None:
    assert written(datetime(2026, 9, 30, 16, tzinfo=SEOUL), "ko") == "2026년 9월 30일(수) 16:00"
    assert written(datetime(2026, 9, 30, 23, 59, 59, tzinfo=SEOUL), "ko") == "2026년 9월 30일(수)"
    assert written(datetime(2026, 9, 30, 16, tzinfo=SEOUL), "en") == "Wed 2026-09-30 16:00"


@pytest.mark.parametrize(
    ("hour", "leaves"),
    [(16, datetime(2026, 9, 23, 16, tzinfo=SEOUL)), (22, datetime(2026, 9, 24, 8, tzinfo=SEOUL))],
)
@pytest.mark.parametrize(("lang", "name"), [("ko", "도로관리과"), ("en", "Roads")])
async def test_it_goes_by_his_channel_in_his_language_and_not_at_night(
    database: Database, lang: str, name: str, hour: int, leaves: datetime
) -> None:
    now = NOW + timedelta(hours=hour - 16)
    async with database.transaction() as tx:
        await departments_of_city(tx)
        made = await open_case(tx, draft(await conversation(tx, lang=lang)), NOW)
        actor = Actor.staff(new_id(), "agent")
        case = await change_status(tx, made.id, Status.IN_PROGRESS, actor, now, expected_version=1)
        first = await tell(tx, read().messaging, case, "in_progress", now)
        again = await tell(tx, read().messaging, case, "in_progress", now)
        row = (await tx.execute(select(outbound).where(outbound.c.id == first))).one()
    assert first == again
    assert (row.purpose, row.channel, row.status, row.case_id) == ("case_notice", "web", "queued", made.id)
    assert row.next_attempt_at == leaves
    assert name in row.body["text"] and row.body["lang"] == lang


async def test_a_case_without_conversation_tells_nobody(database: Database) -> None:
    async with database.transaction() as tx:
        made = await open_case(tx, draft(None), NOW)
        assert await tell(tx, read().messaging, await read_case(tx, CITY, made.id), "answered", NOW) is None
