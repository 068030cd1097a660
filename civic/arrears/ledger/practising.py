"""A store holds either the practice or real taxpayers, never both: nobody mistakes one for the other."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.practice import SOURCE
from civic.arrears.ledger.tables import arrears_imports
from core.errors import Conflict


async def is_practice(tx: AsyncConnection, city_id: str) -> bool:
    """Whether the made-up debtors were brought into this ledger."""
    return await _is_there(tx, city_id, arrears_imports.c.source == SOURCE)


async def keep_apart(tx: AsyncConnection, city_id: str, source: str) -> None:
    """Raises Conflict for real taxpayers beside the made-up ones, or the other way round."""
    other = arrears_imports.c.source != SOURCE if source == SOURCE else arrears_imports.c.source == SOURCE
    if not await _is_there(tx, city_id, other):
        return
    if source == SOURCE:
        raise Conflict(
            "이 저장소에는 실제 자료가 있어 연습용 자료를 넣지 않습니다.",
            "This store holds real data: the practice is not put beside it.",
        )
    raise Conflict(
        "이 저장소에는 연습용 체납자가 있습니다. 실제 자료는 새 저장소에 넣어 주세요.",
        "This store holds made-up debtors: real data belong into a store of their own.",
    )


async def _is_there(tx: AsyncConnection, city_id: str, which: ColumnElement[bool]) -> bool:
    """Whether a file of these was brought in or is on its way."""
    columns = arrears_imports.c
    states = columns.state.in_(("waiting", "running", "done"))
    wanted = select(columns.id).where(columns.city_id == city_id, states, columns.is_dry_run.is_(False), which)
    return (await tx.execute(wanted.limit(1))).first() is not None
