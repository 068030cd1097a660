"""Alembic's entry: the metadata of every noun, online only (the store is always at hand)."""

from alembic import context
from sqlalchemy import Index, Table, create_engine, pool

from core.db import metadata
from core.loading import load_tables

load_tables()


def _is_ours(thing: object, name: str | None, kind: str, reflected: bool, compared: object) -> bool:
    """A partition lives with its table: days of them come and go by the clock."""
    held = thing.table if isinstance(thing, Index) else thing
    return not (reflected and isinstance(held, Table) and held.name.startswith("air_raw_"))


engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=_is_ours,
        include_name=lambda name, kind, parents: kind != "schema" or name is None,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
