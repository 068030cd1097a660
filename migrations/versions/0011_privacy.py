"""Privacy: the vault's data keys, sealed names and numbers. What lies there plain is sealed at the next start."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _keys()
    _people()


def _keys() -> None:
    op.create_table(
        "data_keys",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("kek", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("retired_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("destroyed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_keys")),
    )


def _people() -> None:
    for name in ("name_sealed", "phone_sealed", "name_index", "phone_index"):
        op.add_column("citizens", sa.Column(name, sa.LargeBinary(), nullable=True))
    for name in ("name", "phone"):
        op.create_index(
            f"ix_citizens_{name}",
            "citizens",
            ["city_id", f"{name}_index"],
            unique=False,
            postgresql_where=sa.text(f"{name}_index IS NOT NULL"),
        )
