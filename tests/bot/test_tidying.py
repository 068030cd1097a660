"""The night round of the officer's tools."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.tidying import Tidying
from civic.canned.service import CannedDraft, add
from civic.idempotency.service import Answer, Asked, claim, settle
from civic.idempotency.tables import idempotency_keys
from civic.staff.members import Member, add_staff
from civic.staff.tables import staff_notices
from core.clock import SetClock
from core.db import Database
from core.settings import read
from tests.civic.cases.rows import CITY, NOW, departments_of_city


@pytest.fixture
async def owner(database: Database) -> Member:
    async with database.transaction() as tx:
        await departments_of_city(tx)
        return await add_staff(
            tx,
            city_id=CITY,
            login="owner.one",
            name="소유자",
            role="manager",
            department_id="road",
            password="sinmungo-북소리-2026",
            now=NOW,
        )


async def test_it_tells_owners_once_and_forgets_what_has_served(
    database: Database, owner: Member, tmp_path: Path
) -> None:
    clock = SetClock(NOW)
    tidying = Tidying(database, read().model_copy(update={"var": tmp_path}), clock)
    async with database.transaction() as tx:
        for title, days in (("곧", 10), ("나중", 100)):
            draft = CannedDraft(title=title, body="x", owner_id=owner.id, expires_at=NOW + timedelta(days=days))
            await add(tx, CITY, draft, owner.id, NOW)
        made = await claim(tx, Asked(CITY, owner.id, "k", "POST /x", b""), NOW, may_resume=False)
        assert not isinstance(made, Answer)
        await settle(tx, made, Answer(200, {}, b"{}"), NOW)
    (tmp_path / "exports").mkdir()
    for name, age in (("left.csv", 7200), ("fresh.csv", 0)):
        path = tmp_path / "exports" / name
        path.write_text("x")
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age))
    for _ in range(2):
        await tidying.go()
    async with database.transaction() as tx:
        notices = (await tx.execute(select(staff_notices))).all()
        keys = (await tx.execute(select(idempotency_keys.c.id))).all()
    assert [(row.staff_id, row.kind) for row in notices] == [(owner.id, "canned_ending")]
    assert notices[0].text_ko.startswith("상용 답변 '곧'의 유효 기간이 2026-10-03에 끝납니다.")
    assert len(keys) == 1, "a key is remembered for its day"
    assert [path.name for path in (tmp_path / "exports").iterdir()] == ["fresh.csv"]
    clock.move(timedelta(hours=25))
    await tidying.go()
    async with database.transaction() as tx:
        assert (await tx.execute(select(idempotency_keys.c.id))).all() == []
