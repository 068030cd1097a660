"""The night round of the officer's tools: what has served its day is forgotten, and owners hear of texts that end."""

import time
from datetime import datetime, timedelta

import structlog

from civic.canned.service import Canned, ending
from civic.idempotency.service import purge
from civic.presence.service import forget_over
from civic.staff.notices import notify
from core.clock import SEOUL, Clock
from core.db import Database
from core.settings import Settings

FILE_HOURS = 1
"""A download that nobody fetched is deleted after this; one that is under way is younger."""
log = structlog.get_logger(__name__)


class Tidying:
    """May run in any process, any number of times; an owner is told once of each coming end."""

    def __init__(self, db: Database, settings: Settings, clock: Clock) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock

    async def go(self) -> None:
        now = self._clock.now()
        async with self._db.transaction() as tx:
            keys = await purge(tx, now - timedelta(hours=self._settings.web.idempotency_hours))
            await forget_over(tx, now)
        told = await self._tell_owners(now)
        log.info("desk_tidied", keys=keys, told=told, files=self._delete_files())

    async def _tell_owners(self, now: datetime) -> int:
        """One notice a text, in the transaction that marks it as told."""
        told = 0
        async with self._db.transaction() as tx:
            for one in await ending(tx, self._settings.city.id, now):
                korean, english = _said(one, now)
                told += len(
                    await notify(
                        tx,
                        city_id=one.city_id,
                        kind="canned_ending",
                        text_ko=korean,
                        text_en=english,
                        now=now,
                        staff_ids=[one.owner_id],
                        department_id=one.department_id,
                        dedupe_key=f"canned:{one.id}:{one.version}",
                    )
                )
        return told

    def _delete_files(self) -> int:
        """By the machine's own clock, since a file knows no other."""
        folder, old = self._settings.path(self._settings.var) / "exports", time.time() - FILE_HOURS * 3600
        left = [path for path in folder.glob("*") if path.is_file() and path.stat().st_mtime < old]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


def _said(one: Canned, now: datetime) -> tuple[str, str]:
    day = one.expires_at.astimezone(SEOUL).date().isoformat()
    if one.expires_at <= now:
        return (
            f"상용 답변 '{one.title}'의 유효 기간이 {day}에 끝났습니다. 내용을 확인하고 기간을 늘려 주세요.",
            f"The canned answer '{one.title}' ended on {day}. Please check and renew it.",
        )
    return (
        f"상용 답변 '{one.title}'의 유효 기간이 {day}에 끝납니다. 그 전에 내용을 확인하고 기간을 늘려 주세요.",
        f"The canned answer '{one.title}' ends on {day}. Please check and renew it before.",
    )
