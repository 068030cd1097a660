"""`./sinmungo audit`: prove that nobody tampered with the record of changes, here or from an exported file."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from psycopg.rows import dict_row
from sqlalchemy import text

from civic.staff import anchors, chain, verify
from commands.house import console, running_store
from core import secret, store
from core.db import Database, driver
from core.errors import BadInput
from core.settings import Settings, read
from core.vault import Kek, Vault, old_secrets, open_vault

_KEY = "SELECT id, purpose, kek, wrapped FROM data_keys WHERE purpose = 'audit'"
_ROWS = f"""SELECT {", ".join(chain.FIELDS)}, seq, prev_hash, hash FROM audit_log
WHERE city_id = %s AND seq > %s ORDER BY seq"""  # noqa: S608 - our own names


def verify_store() -> int:
    """0: whole; 1: not, and the first row that does not fit is named."""

    async def run(settings: Settings, url: str) -> int:
        var, now = settings.path(settings.var), datetime.now(UTC)
        secrets = [secret.load(var), *old_secrets()]
        known, broken = anchors.read_anchors(var, secrets, settings.city.id)
        db = Database(url, pool_size=1)
        try:
            vault = await open_vault(db, secrets[0], now, secrets[1:])
            async with db.transaction() as tx:
                await tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
                verdict = await verify.verify(tx, vault, settings.city.id, now, known)
        finally:
            await db.close()
        for line in broken:
            console.print(f"닻 파일 {anchors.FILE}의 {line}번째 줄이 바뀌었습니다. (Anchor line {line} was changed.)")
        return max(_told(verdict), 1 if broken else 0)

    with running_store() as (settings, url):
        store.migrate(url)
        return asyncio.run(run(settings, url))


def export(file: Path) -> None:
    """The chain as JSON lines: first what opens it (the audit key, wrapped), then the rows in order."""

    async def run(settings: Settings, url: str) -> int:
        db = Database(url, pool_size=1)
        try:
            async with db.transaction() as tx:
                await tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
                return await _write(await driver(tx), await chain.head_of(tx, settings.city.id), settings.city.id, file)
        finally:
            await db.close()

    with running_store() as (settings, url):
        store.migrate(url)
        rows = asyncio.run(run(settings, url))
    console.print(f"변경 기록 {rows:,}건을 {file}에 썼습니다. 검증: ./sinmungo audit verify --file {file}")


async def _write(connection: Any, head: chain.Head, city_id: str, file: Path) -> int:
    key = await (await connection.execute(_KEY)).fetchone()
    if key is None:
        raise BadInput("아직 만들어진 변경 기록 키가 없습니다.", "There is no audit key yet.")
    first = {
        "city": city_id, "seq": head.seq, "hash": head.hash, "base_seq": head.base_seq, "base_hash": head.base_hash,
        "mac": head.mac, "key_id": key[0], "purpose": key[1], "kek": key[2], "wrapped": key[3],
    }  # fmt: skip
    rows = 0
    with file.open("wb") as out:
        out.write(orjson.dumps(first, default=_plain) + b"\n")
        async with connection.cursor("audit_export", row_factory=dict_row) as cursor:
            await cursor.execute(_ROWS, (city_id, head.base_seq))
            async for row in cursor:
                out.write(orjson.dumps({**row, "at": row["at"].isoformat()}, default=_plain) + b"\n")
                rows += 1
    return rows


def _plain(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    raise TypeError(type(value).__name__)


def verify_file(file: Path) -> int:
    """The same proof from an exported file, without the database: the installation's secret is enough."""
    if not file.is_file():
        raise BadInput(f"파일이 없습니다: {file}", f"No such file: {file}")
    settings = read()
    var = settings.path(settings.var)
    secrets = [secret.load(var), *old_secrets()]
    lines = file.read_bytes().splitlines()
    try:
        first = orjson.loads(lines[0])
        head = chain.Head(
            first["seq"], _bytes(first["hash"]), first["base_seq"], _bytes(first["base_hash"]), _bytes(first["mac"])
        )
        key = (first["key_id"], first["purpose"], first["kek"], _bytes(first["wrapped"]), False)
    except (IndexError, KeyError, TypeError, ValueError):
        raise BadInput("변경 기록을 내보낸 파일이 아닙니다.", "This is no exported audit log.") from None
    vault = Vault("", [Kek(one) for one in secrets])
    vault.take([key])
    known, _ = anchors.read_anchors(var, secrets, first["city"])
    kept = [one for one in known if one["seq"] <= head.seq]  # the file may be older than the last anchors
    return _told(asyncio.run(verify.verify_rows(vault, first["city"], head, _rows(lines[1:]), kept)))


async def _rows(lines: list[bytes]) -> AsyncIterator[Mapping[str, Any]]:
    for number, line in enumerate(lines, 2):
        try:
            row = orjson.loads(line)
            yield {**row, "prev_hash": _bytes(row["prev_hash"]), "hash": _bytes(row["hash"])}
        except (KeyError, TypeError, ValueError):
            raise BadInput(f"{number}번째 줄을 읽을 수 없습니다.", f"Line {number} cannot be read.") from None


def _bytes(value: str) -> bytes:
    return base64.b64decode(value, validate=True)


def _told(verdict: verify.Verdict) -> int:
    head = verdict.head
    if verdict.finding is None:
        console.print(
            f"변경 기록 {verdict.rows:,}건이 온전합니다: {head.base_seq + 1}번부터 {head.seq}번까지, 끝 해시"
            f" {head.hash.hex()[:16]} (whole)",
            highlight=False,
        )
        return 0
    finding = verdict.finding
    console.print(
        f"변경 기록이 온전하지 않습니다. {finding.ko}\n({finding.en} {verdict.rows:,} rows fit.)", highlight=False
    )
    return 1
