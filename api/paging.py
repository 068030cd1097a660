"""One page of any list, newest first: keyset over (moment, id), so that new rows neither repeat nor skip."""

from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import ColumnElement, Row, Select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Plain
from civic.cases.cursor import read_cursor, write_cursor

Limit = Annotated[int, Query(ge=1, le=200, description="한 쪽의 줄 수")]
Cursor = Annotated[Plain | None, Query(max_length=200, description="앞 쪽의 next_cursor")]


async def page(
    tx: AsyncConnection,
    statement: Select[Any],
    at: ColumnElement[Any],
    key: ColumnElement[Any],
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[Any]], str | None]:
    """Rows and the next cursor. `at` and `key` must be selected under their own names. Raises BadInput."""
    if cursor:
        statement = statement.where(tuple_(at, key) < tuple_(*read_cursor(cursor)))
    rows = list((await tx.execute(statement.order_by(at.desc(), key.desc()).limit(limit + 1))).all())
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]._mapping
    return rows[:limit], write_cursor(last[at.key], last[key.key])
