"""Files that came in while the virus scanner was away are looked at as soon as it answers."""

import structlog

from civic.cases.case import Actor
from civic.cases.history import write
from civic.files.service import Attachment, Files, scanned, unneeded, waiting
from core.clock import Clock
from core.db import Database

MOST = 20
_REMOVED = "바이러스가 발견되어 첨부 파일을 지웠습니다. (A virus was found; the attached file was removed.)"
log = structlog.get_logger(__name__)


class Scanning:
    """`look_again` may run in any process, any number of times."""

    def __init__(self, db: Database, files: Files, city_id: str, clock: Clock) -> None:
        self._db = db
        self._files = files
        self._city_id = city_id
        self._clock = clock

    async def look_again(self) -> None:
        """At most `MOST` files, oldest first; stops at the first that gets no answer."""
        async with self._db.transaction() as tx:
            found = await waiting(tx, self._city_id, MOST)
        for one in found:
            verdict = await self._files.scan(await self._files.load(one.file.sha256))
            if verdict == "waiting":
                return
            await self._settle(one, is_clean=verdict != "infected")

    async def _settle(self, one: Attachment, *, is_clean: bool) -> None:
        """One transaction a file; the bytes of a virus go after the commit that forgot them."""
        now = self._clock.now()
        async with self._db.transaction() as tx:
            settled = await scanned(tx, one.file.sha256, is_clean=is_clean, now=now)
            if is_clean:
                return
            for each in settled:
                if each.case_id is not None:
                    await write(
                        tx,
                        city_id=self._city_id,
                        case_id=each.case_id,
                        actor=Actor.system(),
                        kind="photo",
                        from_value=str(each.id),
                        text=_REMOVED,
                        is_public=False,
                        now=now,
                    )
            gone = await unneeded(tx, {each.file.thumb_sha256 for each in settled if each.file.thumb_sha256})
        if settled:
            log.warning("virus_found", attachment_id=str(one.id))
            await self._files.delete([one.file.sha256, *gone])
