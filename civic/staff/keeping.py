"""How long logs are kept: what the rule releases is purged, which leaves a row itself, and the chain stays whole."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.audit import record_change
from civic.staff.chain import Head, head_of, set_head
from core.vault import Vault

_PURGE = text("SELECT purge_log(:log, :city, :before, :upto)")
_LAST = text("""SELECT seq, hash FROM audit_log WHERE city_id = :city AND seq IS NOT NULL AND seq < :first
    ORDER BY seq DESC LIMIT 1""")
_FIRST_KEPT = text("SELECT min(seq) FROM audit_log WHERE city_id = :city AND seq IS NOT NULL AND at >= :before")


async def purge_access_log(tx: AsyncConnection, city_id: str, before: datetime, now: datetime, source: str) -> int:
    """Looks older than the moment are gone, which an audit row tells (안전성 확보조치 기준 §8: a year, or two).

    The store refuses a moment less than a year ago.
    """
    gone: int = (
        await tx.execute(_PURGE, {"log": "access_log", "city": city_id, "before": before, "upto": 0})
    ).scalar_one()
    if gone:
        await _tell(tx, city_id, "access_log", now, {"rows": gone, "before": before.isoformat(), "rule": source})
    return gone


async def purge_audit_log(tx: AsyncConnection, vault: Vault, city_id: str, before: datetime, now: datetime) -> int:
    """The oldest links of the chain are gone; the last of them becomes its new beginning, so that the rest still
    verifies. The store refuses a moment less than a year ago.
    """
    head = await head_of(tx, city_id)
    first = (await tx.execute(_FIRST_KEPT, {"city": city_id, "before": before})).scalar_one() or head.seq + 1
    last = (await tx.execute(_LAST, {"city": city_id, "first": first})).one_or_none()
    if last is None:
        return 0
    gone: int = (
        await tx.execute(_PURGE, {"log": "audit_log", "city": city_id, "before": before, "upto": last.seq})
    ).scalar_one()
    await set_head(tx, vault, city_id, Head(head.seq, head.hash, last.seq, bytes(last.hash)), now)
    detail = {"rows": gone, "before": before.isoformat(), "to_seq": last.seq, "hash": bytes(last.hash).hex()}
    await _tell(tx, city_id, "audit_log", now, detail)
    return gone


async def _tell(tx: AsyncConnection, city_id: str, log: str, now: datetime, detail: dict[str, Any]) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="system",
        actor_id=None,
        action=f"{log}.purged",
        object_kind="log",
        object_id=log,
        detail=detail,
        now=now,
    )
