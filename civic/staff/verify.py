"""Reads the audit chain from its beginning and names the first thing that does not fit."""

from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.chain import FIELDS, Head, head_of, link
from core.db import driver
from core.vault import Vault

LATE = timedelta(minutes=10)
"""A committed row is linked within seconds; one that waits this long shows that nobody links."""
_ROWS = f"""SELECT {", ".join(FIELDS)}, seq, prev_hash, hash FROM audit_log
WHERE city_id = %s AND seq > %s ORDER BY seq"""  # noqa: S608
_WAITING = "SELECT id, at FROM audit_log WHERE city_id = %s AND seq IS NULL AND at < %s ORDER BY id LIMIT 1"


@dataclass(frozen=True, slots=True)
class Finding:
    """`seq`: the first row that does not fit."""

    seq: int
    ko: str
    en: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rows`: how many fit. `finding`: what does not, None when everything does."""

    rows: int
    head: Head
    finding: Finding | None = None


class Reader:
    """Takes the rows in order. The same for the table and for an exported file."""

    def __init__(self, vault: Vault, city_id: str, head: Head, anchors: Iterable[Mapping[str, Any]] = ()) -> None:
        self._vault = vault
        self._city_id = city_id
        self._head = head
        self._anchors = {int(one["seq"]): bytes.fromhex(one["hash"]) for one in anchors}
        self._at, self._previous = head.base_seq, head.base_hash
        self.rows = 0

    def begin(self) -> Finding | None:
        expected = self._vault.mac(b"audit head" + self._head.bound(self._city_id))
        if self._head.mac and not compare_digest(expected, self._head.mac):
            return Finding(self._head.seq, "사슬의 끝 기록이 바뀌었습니다.", "The chain's head was changed.")
        return None

    def take(self, row: Mapping[str, Any]) -> Finding | None:
        seq = int(row["seq"])
        expected = self._at + 1
        if seq != expected:
            return Finding(expected, f"{expected}번 기록이 없습니다.", f"Row {expected} is missing.")
        if not compare_digest(link(self._vault, self._previous, seq, row), bytes(row["hash"])):
            return Finding(
                seq, f"{seq}번 기록이 바뀌었거나 끼워 넣어졌습니다.", f"Row {seq} was changed, put in or moved."
            )
        if not compare_digest(bytes(row["prev_hash"]), self._previous):
            return Finding(seq, f"{seq}번 기록의 앞 해시가 다릅니다.", f"Row {seq} does not follow the row before.")
        if (anchored := self._anchors.get(seq)) is not None and not compare_digest(anchored, bytes(row["hash"])):
            return Finding(seq, f"{seq}번 기록이 닻(anchors.jsonl)과 다릅니다.", f"Row {seq} differs from its anchor.")
        self._at, self._previous = seq, bytes(row["hash"])
        self.rows += 1
        return None

    def end(self) -> Finding | None:
        anchored = max((seq for seq in self._anchors), default=0)
        if self._at < self._head.seq or self._at < anchored:
            missing = self._at + 1
            return Finding(missing, f"{missing}번부터 끝이 잘렸습니다.", f"The chain is cut off before row {missing}.")
        if self._at != self._head.seq or not compare_digest(self._previous, self._head.hash):
            return Finding(self._at, "끝 기록이 사슬의 마지막과 다릅니다.", "The head is not the chain's last row.")
        return None


async def verify(
    tx: AsyncConnection, vault: Vault, city_id: str, now: datetime, anchors: Iterable[Mapping[str, Any]] = ()
) -> Verdict:
    """The whole table, from the last purge on. Run it in a transaction of one snapshot (REPEATABLE READ)."""
    head = await head_of(tx, city_id)
    connection = await driver(tx)
    async with connection.cursor("audit_chain", row_factory=dict_row) as cursor:
        await cursor.execute(_ROWS, (city_id, head.base_seq))
        verdict = await verify_rows(vault, city_id, head, cursor, anchors)
    if verdict.finding is not None:
        return verdict
    waiting = await (await connection.execute(_WAITING, (city_id, now - LATE))).fetchone()
    if waiting is None:
        return verdict
    return replace(verdict, finding=_unlinked(verdict.head, waiting[0]))


async def verify_rows(
    vault: Vault,
    city_id: str,
    head: Head,
    rows: AsyncIterable[Mapping[str, Any]],
    anchors: Iterable[Mapping[str, Any]] = (),
) -> Verdict:
    reader = Reader(vault, city_id, head, anchors)
    finding = reader.begin()
    if finding is None:
        async for row in rows:
            if finding := reader.take(row):
                break
        else:
            finding = reader.end()
    return Verdict(reader.rows, head, finding)


def _unlinked(head: Head, row_id: object) -> Finding:
    return Finding(
        head.seq + 1,
        f"10분 넘게 사슬에 이어지지 않은 기록이 있습니다({row_id}). 예약 작업이 도는지 확인해 주세요.",
        f"A row has waited for its link for more than ten minutes ({row_id}). Is the worker running?",
    )
