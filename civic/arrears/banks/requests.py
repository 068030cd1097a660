"""What is asked of banks is written down first, in the transaction that decides it, and taken to them afterwards."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.banks.tables import arrears_bank_requests as requests_table
from core.contracts.banks import BankRequest, Kind
from core.db import driver
from core.errors import Conflict
from core.vault import vault_of

SEALED = "arrears_bank_requests.asked"
PRIORITY: dict[Kind, int] = {"release": 0, "collect": 1, "seize": 2, "join": 2, "lookup": 3}
"""What goes to a bank first: a release is owed at once (지방세징수법 §63①), a lookup can wait."""
CHUNK = 5_000

_ASK = """
INSERT INTO arrears_bank_requests
  (id, city_id, bank, kind, priority, purpose, amount_krw, asked, next_at, created_at, updated_at)
SELECT id, %(city)s, bank, kind, priority, %(purpose)s, amount, asked, %(now)s, %(now)s, %(now)s
FROM unnest(%(ids)s::uuid[], %(banks)s::text[], %(kinds)s::text[], %(priorities)s::smallint[], %(amounts)s::bigint[],
  %(asked)s::jsonb[]) AS given (id, bank, kind, priority, amount, asked)
ON CONFLICT (id) DO NOTHING
"""


async def ask(tx: AsyncConnection, city_id: str, requests: Sequence[BankRequest], purpose: str, now: datetime) -> int:
    """Write down what banks are to be asked; how many are new. The same id again is the same request.

    `purpose` says in a word what for (a batch, a release). Raises Conflict for a known id that asks something else.
    """
    vault, cursor, new = vault_of(tx), await driver(tx), 0
    for start in range(0, len(requests), CHUNK):
        some = requests[start : start + CHUNK]
        values = {
            "city": city_id,
            "purpose": purpose,
            "now": now,
            "ids": [one.request_id for one in some],
            "banks": [one.bank for one in some],
            "kinds": [one.kind for one in some],
            "priorities": [PRIORITY[one.kind] for one in some],
            "amounts": [one.amount_krw for one in some],
            "asked": [Jsonb(vault.seal_json(_asked(one), f"{SEALED}:{one.request_id}")) for one in some],
        }
        made = (await cursor.execute(_ASK, values)).rowcount
        if made < len(some):
            await _same(tx, city_id, some)
        new += made
    return new


def _asked(one: BankRequest) -> dict[str, object]:
    person = one.person
    return {
        "tax_no": person.tax_no,
        "name": person.name,
        "is_company": person.is_company,
        "account": one.account,
        "document": one.document,
    }


async def _same(tx: AsyncConnection, city_id: str, some: Sequence[BankRequest]) -> None:
    """An id stands for one thing for ever: the bank would answer the first one."""
    table = requests_table.c
    wanted = select(table.id, table.city_id, table.kind, table.bank, table.amount_krw)
    known = {row.id: row for row in await tx.execute(wanted.where(table.id.in_([one.request_id for one in some])))}
    for one in some:
        row = known[one.request_id]
        if (row.city_id, row.kind, row.bank, row.amount_krw) != (city_id, one.kind, one.bank, one.amount_krw):
            raise Conflict(
                "같은 요청 번호로 다른 것을 은행에 물을 수 없습니다.",
                "One request id cannot ask a bank two different things.",
                request_id=str(one.request_id),
            )
