"""What the clock brings to days off: cases that a declared or withdrawn day touches and nobody has counted again."""

from civic.cases.service import CaseService
from civic.cases.shift import settle
from core.clock import Clock
from core.db import Database
from core.settings import Settings


async def settle_days_off(db: Database, cases: CaseService, settings: Settings, clock: Clock) -> None:
    """Move the due dates that are left; the outbox's drain sends the notices. A crash leaves the rest to the next."""
    await settle(db, settings.city.id, settings.messaging, cases.days_off, clock.now())
