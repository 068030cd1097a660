"""Columns that hold sealed values and open them as they are read: the row's id comes along, as the seal is bound to it.

Writers seal themselves (`core.vault.vault_of(tx).seal_text` / `seal_json`): only they know the row they write.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Label, LargeBinary, Text, cast, func, literal_column
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from core.db import metadata
from core.vault import vault_at


class SealedText(TypeDecorator[str]):
    """A text column whose values are bound to `<where>:<row id>`. Selected alone, not inside a function of SQL."""

    impl = Text
    cache_ok = True

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    def column_expression(self, column: Any) -> ColumnElement[Any]:
        table = _table(column)
        if table is None:  # an expression of SQL over it, which can see nothing anyway
            return cast(column, Text)
        return func.concat(cast(table.c.id, Text), literal_column("' '"), cast(column, Text), type_=self)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        row_id, _, stored = value.partition(" ")
        return vault_at(dialect).open_text(stored, f"{self.where}:{row_id}")


class SealedJson(TypeDecorator[dict[str, Any]]):
    """A JSON column whose values are bound to `<where>:<row id>`, as SealedText."""

    impl = JSONB
    cache_ok = True

    def __init__(self, where: str) -> None:
        super().__init__(none_as_null=True)
        self.where = where

    def column_expression(self, column: Any) -> ColumnElement[Any]:
        table = _table(column)
        if table is None:
            return cast(column, JSONB)
        return func.jsonb_build_array(table.c.id, cast(column, JSONB), type_=self)

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> dict[str, Any] | None:
        if value is None or value[1] is None:
            return None
        row_id, stored = value
        return vault_at(dialect).open_json(stored, f"{self.where}:{row_id}")


def _table(column: Any) -> Any:
    """Whose row a selected column belongs to, under whatever name it was selected; None for an expression."""
    while isinstance(column, Label):
        column = column.element
    return getattr(column, "table", None)


class SealedBytes(TypeDecorator[bytes]):
    """A column of sealed bytes, opened by whoever reads it (`vault.open(value, f"{where}:{row id}")`)."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where


@dataclass(frozen=True, slots=True)
class Place:
    """One sealed column."""

    table: str
    column: str
    type: SealedText | SealedJson | SealedBytes


def places() -> list[Place]:
    """Every sealed column of the house, found by its type, so that a rotation forgets none."""
    kinds = (SealedText, SealedJson, SealedBytes)
    found = ((table.name, column) for table in metadata.sorted_tables for column in table.columns)
    return [Place(name, column.name, column.type) for name, column in found if isinstance(column.type, kinds)]
