"""Life of one: the staff inbox, and which cases have no next word or warning planned yet."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("department_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("text_ko", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("read_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("read_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(staff_id IS NULL) <> (role IS NULL)", name=op.f("ck_staff_notices_recipient")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_notices_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notices")),
        sa.UniqueConstraint("city_id", "dedupe_key", name=op.f("uq_staff_notices_city_id_dedupe_key")),
    )
    op.create_index("ix_staff_notices_person", "staff_notices", ["staff_id", "created_at", "id"], unique=False)
    op.create_index("ix_staff_notices_role", "staff_notices", ["city_id", "role", "created_at", "id"], unique=False)
    op.create_index(
        "ix_cases_unplanned",
        "cases",
        ["city_id", "id"],
        unique=False,
        postgresql_where=sa.text(
            "closed_at IS NULL AND merged_into_id IS NULL AND (progress_at IS NULL"
            " OR (warn_at IS NULL AND warn_level < 3 AND paused_at IS NULL))"
        ),
    )
