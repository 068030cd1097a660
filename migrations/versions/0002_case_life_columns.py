"""The life of a case: track, area, relations, clocks of notices and warnings, rating, what the public may read."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("track", sa.Text(), server_default="long", nullable=False))
    op.add_column("cases", sa.Column("track_reason", sa.Text(), server_default="", nullable=False))
    op.add_column("cases", sa.Column("area_id", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.add_column("cases", sa.Column("merged_into_id", sa.Uuid(), nullable=True))
    op.add_column("cases", sa.Column("joined", sa.Integer(), server_default="0", nullable=False))
    op.add_column("cases", sa.Column("mass_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("repeat_of_id", sa.Uuid(), nullable=True))
    op.add_column("cases", sa.Column("repeats", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("cases", sa.Column("extensions", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("cases", sa.Column("paused_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("told_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("progress_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("warn_level", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("cases", sa.Column("warn_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("rating", sa.SmallInteger(), nullable=True))
    op.add_column("cases", sa.Column("rating_text", sa.Text(), server_default="", nullable=False))
    op.add_column("cases", sa.Column("rated_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("review_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("reopenings", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("cases", sa.Column("appeal", sa.Text(), server_default="", nullable=False))
    op.add_column("cases", sa.Column("transferred_to", sa.Text(), server_default="", nullable=False))
    op.add_column("cases", sa.Column("external_source", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("external_id", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("public_text", sa.Text(), nullable=True))
    op.create_index(
        "ix_cases_merged",
        "cases",
        ["merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_parent", "cases", ["parent_id"], unique=False, postgresql_where=sa.text("parent_id IS NOT NULL")
    )
    op.create_index(
        "ix_cases_progress",
        "cases",
        ["city_id", "progress_at"],
        unique=False,
        postgresql_where=sa.text("progress_at IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_review",
        "cases",
        ["city_id", "review_at"],
        unique=False,
        postgresql_where=sa.text("review_at IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_warn", "cases", ["city_id", "warn_at"], unique=False, postgresql_where=sa.text("warn_at IS NOT NULL")
    )
    op.create_unique_constraint(
        op.f("uq_cases_city_id_external_source_external_id"), "cases", ["city_id", "external_source", "external_id"]
    )
    op.create_foreign_key(op.f("fk_cases_repeat_of_id"), "cases", "cases", ["repeat_of_id"], ["id"])
    op.create_foreign_key(op.f("fk_cases_parent_id"), "cases", "cases", ["parent_id"], ["id"])
    op.create_foreign_key(op.f("fk_cases_merged_into_id"), "cases", "cases", ["merged_into_id"], ["id"])
    op.create_check_constraint("track", "cases", "track IN ('instant', 'long')")
    op.create_check_constraint("rating", "cases", "rating BETWEEN 1 AND 5")
    op.create_check_constraint("own_relation", "cases", "id <> merged_into_id AND id <> parent_id")
