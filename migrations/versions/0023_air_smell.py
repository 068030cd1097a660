"""Tables of odour complaints and their clusters; a merge that the house makes by itself names no member of staff."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_JSON = postgresql.JSONB()


def _clusters() -> None:
    op.create_table(
        "air_smell_clusters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("strongest", sa.SmallInteger(), nullable=False),
        sa.Column("first_at", _MOMENT, nullable=False),
        sa.Column("last_at", _MOMENT, nullable=False),
        sa.Column("formed_at", _MOMENT, nullable=False),
        sa.Column("traced", _JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.CheckConstraint("strongest BETWEEN 0 AND 5", name=op.f("ck_air_smell_clusters_strongest")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_air_smell_clusters_case_id")),
        sa.ForeignKeyConstraint(["matter_id"], ["air_matters.id"], name=op.f("fk_air_smell_clusters_matter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_smell_clusters")),
        sa.UniqueConstraint("case_id", name=op.f("uq_air_smell_clusters_case_id")),
    )
    op.create_index("ix_air_smell_clusters_formed", "air_smell_clusters", ["city_id", "formed_at", "id"])
    op.create_index("ix_air_smell_clusters_last", "air_smell_clusters", ["city_id", "last_at"])


def _reports() -> None:
    op.create_table(
        "air_smell_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("inquiry_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("strength", sa.SmallInteger(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("area", sa.Text(), server_default="", nullable=False),
        sa.Column("told_at", _MOMENT, nullable=False),
        sa.Column("filed_at", _MOMENT, nullable=False),
        sa.Column("is_now", sa.Boolean(), nullable=False),
        sa.Column("photos", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("cluster_id", sa.Uuid(), nullable=True),
        sa.Column("noted_at", _MOMENT, nullable=True),
        sa.Column("traced", _JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.CheckConstraint("strength BETWEEN 0 AND 5", name=op.f("ck_air_smell_reports_strength")),
        sa.CheckConstraint("num_nonnulls(case_id, inquiry_id) <= 1", name=op.f("ck_air_smell_reports_one_receipt")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_air_smell_reports_case_id")),
        sa.ForeignKeyConstraint(["inquiry_id"], ["inquiries.id"], name=op.f("fk_air_smell_reports_inquiry_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_air_smell_reports_conversation_id")
        ),
        sa.ForeignKeyConstraint(
            ["cluster_id"], ["air_smell_clusters.id"], name=op.f("fk_air_smell_reports_cluster_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_smell_reports")),
    )
    table = "air_smell_reports"
    where = sa.text("case_id IS NOT NULL")
    op.create_index("ix_air_smell_reports_told", table, ["city_id", "told_at", "id"])
    op.create_index("ix_air_smell_reports_case", table, ["case_id"], unique=True, postgresql_where=where)
    op.create_index("ix_air_smell_reports_conversation", table, ["conversation_id"])
    where = sa.text("cluster_id IS NOT NULL")
    op.create_index("ix_air_smell_reports_cluster", table, ["cluster_id"], postgresql_where=where)
    where = sa.text("cluster_id IS NULL AND is_now AND lat IS NOT NULL")
    op.create_index("ix_air_smell_reports_loose", table, ["city_id", "told_at"], postgresql_where=where)
    where = sa.text("noted_at IS NULL")
    op.create_index("ix_air_smell_reports_unnoted", table, ["city_id", "filed_at"], postgresql_where=where)


def upgrade() -> None:
    _clusters()
    _reports()
    op.alter_column("case_merges", "staff_id", nullable=True)


def downgrade() -> None:
    op.execute("UPDATE case_merges SET staff_id = '00000000-0000-0000-0000-000000000000' WHERE staff_id IS NULL")
    op.alter_column("case_merges", "staff_id", nullable=False)
    op.drop_table("air_smell_reports")
    op.drop_table("air_smell_clusters")
