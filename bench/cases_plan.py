"""What PostgreSQL does for a read: the statements that really ran, each explained with its own values."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import Database, driver

Ran = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Plan:
    """`steps`: the plan's nodes from the top with the index each uses. Times in ms, blocks of 8 kB."""

    steps: list[str]
    planning_ms: float
    execution_ms: float
    hit: int
    read: int

    @property
    def indexes(self) -> set[str]:
        return {step.split("[")[1].rstrip("]") for step in self.steps if "[" in step}

    def said(self) -> str:
        return (
            f"{self.execution_ms:.1f} ms + {self.planning_ms:.1f} planning, {self.hit} blocks cached, "
            f"{self.read} read: {' > '.join(self.steps)}"
        )


@asynccontextmanager
async def watched(db: Database) -> AsyncIterator[Ran]:
    """The SELECTs over cases that run within the block, with their values."""
    ran: Ran = []

    def note(_: Any, __: Any, statement: str, values: Any, ___: Any, many: bool) -> None:
        first = statement.lstrip().upper()[:6]
        if (
            not many
            and ("case" in statement or "search_terms" in statement)
            and first in ("SELECT", "WITH D", "WITH S")
        ):
            ran.append((statement, values))

    event.listen(db.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield ran
    finally:
        event.remove(db.engine.sync_engine, "before_cursor_execute", note)


async def explain(tx: AsyncConnection, ran: Sequence[tuple[str, Any]], *, run: bool = True) -> list[Plan]:
    """`run` False: only planned, for a database too small for times."""
    options = "ANALYZE, BUFFERS, FORMAT JSON" if run else "FORMAT JSON"
    connection = await driver(tx)
    found = []
    for statement, values in ran:
        rows = await connection.execute(f"EXPLAIN ({options}) {statement}", values, prepare=False)
        row = await rows.fetchone()
        assert row is not None
        whole = row[0][0]
        top = whole["Plan"]
        found.append(
            Plan(
                list(_steps(top)),
                whole.get("Planning Time", 0.0),
                whole.get("Execution Time", 0.0),
                top.get("Shared Hit Blocks", 0),
                top.get("Shared Read Blocks", 0),
            )
        )
    return found


def _steps(node: dict[str, Any]) -> Iterator[str]:
    name = node["Node Type"]
    yield f"{name}[{node['Index Name']}]" if "Index Name" in node else name
    for below in node.get("Plans", ()):
        yield from _steps(below)
