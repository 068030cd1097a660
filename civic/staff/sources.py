"""Failed sign-ins by address: one password tried on many logins locks no account, but it does lock the address."""

import ipaddress
from datetime import datetime

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.policy import LOCKED_FOR
from civic.staff.tables import sources

_IPV6_NET = 64
"""What one subscriber gets (RFC 6177): he has all of its addresses to try from."""


def source_of(ip: str) -> str:
    """The address; of IPv6 its /64. Empty when nobody knows it: such a caller is counted by his login alone."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_NET), strict=False))
    return str(address)


async def locked(tx: AsyncConnection, city_id: str, ip: str, now: datetime) -> bool:
    """Whether this address is locked. Its row is held until the end of the transaction: guesses queue up here."""
    source = source_of(ip)
    if not source:
        return False
    row = sources.c
    is_over = row.began_at <= now - LOCKED_FOR
    found = await tx.execute(
        insert(sources)
        .values(city_id=city_id, source=source, failures=0, began_at=now)
        .on_conflict_do_update(
            index_elements=["city_id", "source"],
            set_={
                "failures": case((is_over, 0), else_=row.failures),
                "began_at": case((is_over, now), else_=row.began_at),
            },
        )
        .returning(row.locked_until)
    )
    until = found.scalar_one()
    return until is not None and until > now


async def count(tx: AsyncConnection, city_id: str, ip: str, now: datetime, most: int) -> None:
    """One failure more; a success forgets none, or a guesser with one account of his own could start over."""
    source = source_of(ip)
    if not source:
        return
    row = sources.c
    is_last = row.failures + 1 >= most
    await tx.execute(
        update(sources)
        .where(row.city_id == city_id, row.source == source)
        .values(
            failures=case((is_last, 0), else_=row.failures + 1),
            locked_until=case((is_last, now + LOCKED_FOR), else_=row.locked_until),
        )
    )


async def forget(tx: AsyncConnection, city_id: str, now: datetime) -> None:
    """Rows whose quarter of an hour is over long since; one that is in use at the moment waits for the next sweep."""
    stale = (
        select(sources.c.source)
        .where(sources.c.city_id == city_id, sources.c.began_at < now - 4 * LOCKED_FOR)
        .with_for_update(skip_locked=True)
    )
    await tx.execute(delete(sources).where(sources.c.city_id == city_id, sources.c.source.in_(stale)))
