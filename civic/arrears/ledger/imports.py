"""The durable record of a file that comes into the ledger: the file in sealed pieces, how far it is, what it said."""

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.sheets import Encodings
from civic.arrears.ledger.staging import Refusal
from civic.arrears.ledger.tables import arrears_import_pieces, arrears_import_rejects, arrears_imports
from civic.staff.service import record_change
from core.db import Database
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.vault import vault_of

Kind = Literal["debtors", "bills", "payments"]
PIECE = 131_072
"""Bytes of the file in one sealed piece."""
ENDED = ("done", "refused", "failed")


@dataclass(frozen=True, slots=True)
class Import:
    """One row of `arrears_imports`. Amounts are whole won."""

    id: UUID
    city_id: str
    kind: Kind
    state: str
    is_dry_run: bool
    is_whole: bool
    filename: str
    source: str
    digest: str
    form: str
    bytes: int
    control: Mapping[str, Any]
    read_rows: int
    new_rows: int
    changed_rows: int
    same_rows: int
    refused_rows: int
    total_krw: int
    refused_krw: int
    totals: Mapping[str, Any]
    reason: str
    reason_ko: str
    staff_id: UUID | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


_ALL = tuple(arrears_imports.c)


async def begin(
    tx: AsyncConnection,
    city_id: str,
    kind: Kind,
    filename: str,
    now: datetime,
    *,
    is_dry_run: bool,
    is_whole: bool,
    source: str,
    control: Mapping[str, Any],
    staff_id: UUID | None,
) -> UUID:
    """A record that waits for its file. `source`: whose payment numbers these are."""
    import_id = new_id()
    values = {
        "id": import_id,
        "city_id": city_id,
        "kind": kind,
        "state": "receiving",
        "is_dry_run": is_dry_run,
        "is_whole": is_whole,
        "filename": filename[:200],
        "source": source,
        "control": dict(control),
        "staff_id": staff_id,
        "created_at": now,
    }
    await tx.execute(insert(arrears_imports).values(values))
    return import_id


class Receiving:
    """Takes a file in as it arrives, never more than a piece of it in memory; each piece is stored in its own
    transaction, and until `arrived` nobody reads it.
    """

    def __init__(self, db: Database, import_id: UUID) -> None:
        self._db = db
        self._import_id = import_id
        self._rest = bytearray()
        self._no = 0
        self._digest = hashlib.sha256()
        self._form = Encodings()
        self.bytes = 0

    @property
    def is_sheet(self) -> bool:
        """Whether it begins as a workbook does."""
        return self._form.is_sheet

    async def take(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self._form.feed(chunk)
        self.bytes += len(chunk)
        self._rest += chunk
        while len(self._rest) >= PIECE * 8:
            await self._store(bytes(self._rest[: PIECE * 8]))
            del self._rest[: PIECE * 8]

    async def arrived(self, now: datetime) -> str:
        """All of it is here: the import may begin. The file's SHA-256."""
        if self._rest:
            await self._store(bytes(self._rest))
        digest = self._digest.hexdigest()
        done = (
            update(arrears_imports)
            .where(arrears_imports.c.id == self._import_id, arrears_imports.c.state == "receiving")
            .values(state="waiting", digest=digest, form=self._form.found(), bytes=self.bytes)
        )
        async with self._db.transaction() as tx:
            await tx.execute(done)
        return digest

    async def _store(self, several: bytes) -> None:
        async with self._db.transaction() as tx:
            vault, rows = vault_of(tx), []
            for start in range(0, len(several), PIECE):
                row_id = new_id()
                words = base64.b64encode(several[start : start + PIECE]).decode()
                piece = vault.seal(words, f"arrears_import_pieces.piece:{row_id}")
                rows.append({"id": row_id, "import_id": self._import_id, "no": self._no, "piece": piece})
                self._no += 1
            await tx.execute(insert(arrears_import_pieces), rows)


async def pieces(db: Database, import_id: UUID) -> AsyncIterator[bytes]:
    """The file again, piece by piece, each read on its own."""
    columns = (arrears_import_pieces.c.id, arrears_import_pieces.c.piece)
    no = 0
    while True:
        wanted = select(*columns).where(
            arrears_import_pieces.c.import_id == import_id, arrears_import_pieces.c.no == no
        )
        async with db.reading() as tx:
            row = (await tx.execute(wanted)).one_or_none()
            if row is None:
                return
            opened = vault_of(tx).open(row.piece, f"arrears_import_pieces.piece:{row.id}")
        yield base64.b64decode(opened)
        no += 1


async def one_import(tx: AsyncConnection, city_id: str, import_id: UUID) -> Import:
    """Raises NotFound."""
    wanted = select(*_ALL).where(arrears_imports.c.city_id == city_id, arrears_imports.c.id == import_id)
    row = (await tx.execute(wanted)).one_or_none()
    if row is None:
        raise NotFound("가져오기 기록을 찾을 수 없습니다.", "No such import.")
    return Import(*row)


async def list_imports(tx: AsyncConnection, city_id: str, most: int, before: datetime | None = None) -> list[Import]:
    """Newest first; `before`: those begun earlier."""
    wanted = select(*_ALL).where(arrears_imports.c.city_id == city_id)
    if before is not None:
        wanted = wanted.where(arrears_imports.c.created_at < before)
    rows = await tx.execute(
        wanted.order_by(arrears_imports.c.created_at.desc(), arrears_imports.c.id.desc()).limit(most)
    )
    return [Import(*row) for row in rows]


async def due(tx: AsyncConnection, city_id: str) -> list[UUID]:
    """Those whose file is here and that have not ended, oldest first: what a crash left running, too."""
    wanted = select(arrears_imports.c.id).where(
        arrears_imports.c.city_id == city_id, arrears_imports.c.state.in_(("waiting", "running"))
    )
    return list(await tx.scalars(wanted.order_by(arrears_imports.c.created_at)))


async def started(tx: AsyncConnection, import_id: UUID, now: datetime) -> None:
    """It is being read (again)."""
    wanted = update(arrears_imports).where(arrears_imports.c.id == import_id, arrears_imports.c.state == "waiting")
    await tx.execute(wanted.values(state="running", started_at=now))


async def note_progress(tx: AsyncConnection, import_id: UUID, read_rows: int) -> None:
    """How far it is; nothing rests on it."""
    wanted = update(arrears_imports).where(arrears_imports.c.id == import_id, arrears_imports.c.state == "running")
    await tx.execute(wanted.values(read_rows=read_rows))


async def end(
    tx: AsyncConnection, one: Import, state: str, values: Mapping[str, Any], refused: Sequence[Refusal], now: datetime
) -> None:
    """What became of it, in the transaction that did it; the file is forgotten."""
    ended = (
        update(arrears_imports)
        .where(arrears_imports.c.id == one.id, arrears_imports.c.state.not_in(ENDED))
        .values(state=state, ended_at=now, **values)
    )
    if (await tx.execute(ended)).rowcount != 1:
        raise Conflict("이미 끝난 가져오기입니다.", "The import has ended already.")
    await tx.execute(delete(arrears_import_rejects).where(arrears_import_rejects.c.import_id == one.id))
    rows = [
        {"id": new_id(), "import_id": one.id, "line": r.line, "field": r.field, "code": r.code, "key": r.key}
        for r in refused
    ]
    for start in range(0, len(rows), 1_000):
        await tx.execute(insert(arrears_import_rejects), rows[start : start + 1_000])
    await tx.execute(delete(arrears_import_pieces).where(arrears_import_pieces.c.import_id == one.id))
    await record_change(
        tx,
        city_id=one.city_id,
        actor_kind="system",
        actor_id=None,
        action=f"arrears_import.{state}",
        object_kind="arrears_import",
        object_id=str(one.id),
        detail={"kind": one.kind, "dry_run": one.is_dry_run, "digest": one.digest, **_counts(values)},
        now=now,
    )


def _counts(values: Mapping[str, Any]) -> dict[str, Any]:
    wanted = ("read_rows", "new_rows", "changed_rows", "same_rows", "refused_rows", "total_krw", "reason")
    return {name: values[name] for name in wanted if name in values}


async def rejects(tx: AsyncConnection, import_id: UUID, most: int, after: int = 0) -> list[Refusal]:
    """Refused rows by line, from behind a line on."""
    columns = (arrears_import_rejects.c[name] for name in ("line", "code", "field", "key"))
    wanted = select(*columns).where(
        arrears_import_rejects.c.import_id == import_id, arrears_import_rejects.c.line > after
    )
    rows = await tx.execute(wanted.order_by(arrears_import_rejects.c.line, arrears_import_rejects.c.id).limit(most))
    return [Refusal(*row) for row in rows]


async def forget_imports(tx: AsyncConnection, city_id: str, before: datetime, unfinished_before: datetime) -> int:
    """Records that ended before a moment, and files that never came whole before another: how many are gone."""
    old = arrears_imports.c.ended_at < before
    cut = (arrears_imports.c.state == "receiving") & (arrears_imports.c.created_at < unfinished_before)
    gone = delete(arrears_imports).where(arrears_imports.c.city_id == city_id, old | cut)
    return (await tx.execute(gone)).rowcount
