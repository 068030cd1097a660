"""Alembic's entry: the metadata of every noun, online only (the store is always at hand)."""

from alembic import context
from sqlalchemy import create_engine, pool

from core.db import metadata
from core.loading import load_tables

load_tables()
engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_name=lambda name, kind, parents: kind != "schema" or name is None,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
