"""Keeps records about people as the law wants: linked, anchored, sealed with the present key, no longer than due."""

import asyncio
from datetime import timedelta
from pathlib import Path

import structlog

from civic.cases import anonymise
from civic.files.service import Files, unneeded
from civic.guard.service import forget_reasons
from civic.people.service import note_run
from civic.staff import anchors, chain, keeping
from core import rotation
from core.clock import Clock
from core.db import Database
from core.settings import Settings
from core.vault import Vault

log = structlog.get_logger(__name__)


class Care:
    """Each method may run in any process, any number of times."""

    def __init__(
        self, db: Database, vault: Vault, settings: Settings, files: Files, var: Path, secret: bytes, clock: Clock
    ) -> None:
        self._db = db
        self._vault = vault
        self._settings = settings
        self._city_id = settings.city.id
        self._files = files
        self._var = var
        self._secret = secret
        self._clock = clock

    async def link(self) -> None:
        """Link what was committed to the audit chain."""
        done = chain.MOST
        while done == chain.MOST:
            async with self._db.transaction() as tx:
                done = await chain.chain(tx, self._vault, self._city_id, self._clock.now())

    async def anchor(self) -> None:
        """Sign the chain's head outside the database."""
        await self.link()
        async with self._db.transaction() as tx:
            head = await chain.head_of(tx, self._city_id)
        await asyncio.to_thread(anchors.anchor, self._var, self._secret, self._city_id, head, self._clock.now())

    async def seal(self) -> None:
        """Values that an earlier key sealed, or nobody yet; then keys that nothing needs are destroyed."""
        resealed = await rotation.reseal(self._db, self._vault)
        gone = await rotation.destroy(self._db, self._clock.now())
        if resealed or gone:
            log.info("sealed_anew", values=resealed, destroyed_keys=gone)

    async def purge_logs(self) -> None:
        """What the rule releases of the access log and of the audit log."""
        now, rule = self._clock.now(), self._settings.privacy
        async with self._db.transaction() as tx:
            before = now - timedelta(days=rule.access_log_days)
            gone = await keeping.purge_access_log(tx, self._city_id, before, now, rule.access_log_source)
            await note_run(tx, self._city_id, "access_log", before, gone, now)
        async with self._db.transaction() as tx:
            before = now - timedelta(days=rule.audit_log_days)
            gone = await keeping.purge_audit_log(tx, self._vault, self._city_id, before, now)
            await note_run(tx, self._city_id, "audit_log", before, gone, now)

    async def anonymise(self) -> None:
        """Closed cases and tips past the city's retention, in small rounds; files' bytes go after the commit."""
        now = self._clock.now()
        before = now - timedelta(days=self._settings.city.retention_days)
        while True:
            async with self._db.transaction() as tx:
                ids = await anonymise.due(tx, self._city_id, before)
                if not ids:
                    break
                files = await anonymise.anonymise(tx, self._city_id, ids, now)
                orphans = await unneeded(tx, files)
                await note_run(tx, self._city_id, "case", before, len(ids), now)
            await self._files.delete(orphans)
        async with self._db.transaction() as tx:
            tips = await anonymise.anonymise_tips(tx, self._city_id, before)
            await note_run(tx, self._city_id, "inquiry", before, tips, now)
            rests = await forget_reasons(tx, self._city_id, before)
            await note_run(tx, self._city_id, "guard_rest", before, rests, now)
