"""Life of many: routing rules, capacity, joiners, merges, the guard of staff, and the index that finds neighbours."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guard_marks",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_guard_marks")),
    )
    op.create_table(
        "routing_loads",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_routing_loads")),
    )
    op.create_table(
        "routing_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("conditions", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("result", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), server_default="desk", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('desk', 'folder')", name=op.f("ck_routing_rules_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_rules")),
    )
    op.create_index("ix_routing_rules_order", "routing_rules", ["city_id", "position", "id"], unique=False)
    op.create_table(
        "staff_capacity",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("away_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_given_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("capacity BETWEEN 0 AND 1000", name=op.f("ck_staff_capacity_capacity")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_capacity_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_capacity")),
    )
    op.create_index("ix_staff_capacity_city", "staff_capacity", ["city_id"], unique=False)
    op.create_table(
        "guard_rests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("from_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("until_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_guard_rests_span")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_guard_rests_conversation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guard_rests")),
    )
    op.create_index(
        "ux_guard_rests_open",
        "guard_rests",
        ["conversation_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "case_joiners",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=True),
        sa.Column("merged_from_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("joined_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("left_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_joiners_case_id")),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_case_joiners_citizen_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_case_joiners_conversation_id")
        ),
        sa.ForeignKeyConstraint(["merged_from_id"], ["cases.id"], name=op.f("fk_case_joiners_merged_from_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_joiners")),
        sa.UniqueConstraint("case_id", "conversation_id", name=op.f("uq_case_joiners_case_id_conversation_id")),
    )
    op.create_index("ix_case_joiners_conversation", "case_joiners", ["conversation_id", "joined_at"], unique=False)
    op.create_table(
        "case_merges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("into_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("kept", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("merged_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("undone_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_merges_case_id")),
        sa.ForeignKeyConstraint(["into_id"], ["cases.id"], name=op.f("fk_case_merges_into_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_merges")),
    )
    op.create_index(
        "ux_case_merges_open", "case_merges", ["case_id"], unique=True, postgresql_where=sa.text("undone_at IS NULL")
    )
    op.create_table(
        "guard_hits",
        sa.Column("inbound_id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("kinds", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name=op.f("ck_guard_hits_level")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_guard_hits_conversation_id")),
        sa.ForeignKeyConstraint(
            ["inbound_id"], ["inbound.id"], name=op.f("fk_guard_hits_inbound_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("inbound_id", name=op.f("pk_guard_hits")),
    )
    op.create_index("ix_guard_hits_city", "guard_hits", ["city_id", "at"], unique=False)
    op.create_index("ix_guard_hits_conversation", "guard_hits", ["conversation_id", "at"], unique=False)
    op.create_index(
        "ix_cases_near",
        "cases",
        ["city_id", "lat", "lon"],
        unique=False,
        postgresql_where=sa.text("lat IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_repeat", "cases", ["repeat_of_id"], unique=False, postgresql_where=sa.text("repeat_of_id IS NOT NULL")
    )
    op.create_index(
        "ix_cases_load",
        "cases",
        ["staff_id"],
        postgresql_where=sa.text("closed_at IS NULL AND staff_id IS NOT NULL"),
    )
