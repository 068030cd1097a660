"""Names and numbers from before the vault are sealed, in small rounds, and what lay plain is emptied."""

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.people.citizens import sealed
from civic.people.tables import citizens
from core.vault import Vault

MOST = 500


async def seal_plain(tx: AsyncConnection, vault: Vault) -> int:
    """Seal up to MOST rows; how many. Call again while it is not 0; safe to break off anywhere."""
    wanted = select(citizens.c.id, citizens.c.name, citizens.c.phone)
    is_plain = or_(citizens.c.name.is_not(None), citizens.c.phone.is_not(None))
    rows = (await tx.execute(wanted.where(is_plain).limit(MOST).with_for_update(skip_locked=True))).all()
    for row in rows:
        values = sealed(vault, row.id, row.name or "", row.phone or "")
        await tx.execute(update(citizens).where(citizens.c.id == row.id).values(name=None, phone=None, **values))
    return len(rows)
