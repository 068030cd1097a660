"""The book of sources is one for lots and air: parking_sources becomes sources, each row with its kind."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.rename_table("parking_sources", "sources")
    op.add_column("sources", sa.Column("kind", sa.Text(), nullable=False, server_default="parking"))
    op.alter_column("sources", "kind", server_default=None)
    op.drop_constraint(op.f("pk_parking_sources"), "sources")
    op.create_primary_key(op.f("pk_sources"), "sources", ["city_id", "kind", "name"])
    op.execute("ALTER TABLE sources RENAME CONSTRAINT ck_parking_sources_state TO ck_sources_state")
    op.create_check_constraint(op.f("ck_sources_kind"), "sources", "kind IN ('parking', 'air')")


def downgrade() -> None:
    op.execute("DELETE FROM sources WHERE kind <> 'parking'")
    op.drop_constraint(op.f("ck_sources_kind"), "sources")
    op.execute("ALTER TABLE sources RENAME CONSTRAINT ck_sources_state TO ck_parking_sources_state")
    op.drop_constraint(op.f("pk_sources"), "sources")
    op.drop_column("sources", "kind")
    op.create_primary_key(op.f("pk_parking_sources"), "sources", ["city_id", "name"])
    op.rename_table("sources", "parking_sources")
