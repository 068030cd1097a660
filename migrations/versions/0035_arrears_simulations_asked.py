"""Simulations are asked for and made by a worker: their state, whom they mean, and how far they are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    told = "arrears_simulations"
    op.add_column(told, sa.Column("state", sa.Text, nullable=False, server_default="made"))
    op.alter_column(told, "state", server_default="waiting")
    op.add_column(told, sa.Column("people", JSONB))
    op.add_column(told, sa.Column("judged", sa.Integer, nullable=False, server_default="0"))
    for name in ("why_ko", "why_en"):
        op.add_column(told, sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.create_check_constraint(
        op.f("ck_arrears_simulations_state"), told, "state IN ('waiting', 'running', 'made', 'failed')"
    )
    op.create_index(
        "ix_arrears_simulations_due", told, ["created_at"], postgresql_where=sa.text("state IN ('waiting', 'running')")
    )


def downgrade() -> None:
    told = "arrears_simulations"
    op.execute("DELETE FROM arrears_simulations WHERE state <> 'made'")
    op.drop_index("ix_arrears_simulations_due", told)
    op.drop_constraint(op.f("ck_arrears_simulations_state"), told)
    for name in ("why_en", "why_ko", "judged", "people", "state"):
        op.drop_column(told, name)
