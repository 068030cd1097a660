"""Air matters: what they are, who was told in which order, tasks, actions, and how companies are reached."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _matters()
    _chains()
    _work()
    _contacts()


def _matters() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "air_matters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("round", sa.Integer(), server_default="1", nullable=False),
        sa.Column("title_ko", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("pollutant", sa.Text(), server_default="", nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("peak", sa.Numeric(), nullable=True),
        sa.Column("site_ids", sa.ARRAY(sa.Integer()), server_default=sa.text("'{}'::integer[]"), nullable=False),
        sa.Column("companies", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("traced", postgresql.JSONB(none_as_null=True), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("department_id", sa.Text(), server_default="", nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("last_at", moment, nullable=False),
        sa.Column("first_message_at", moment, nullable=False),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("acknowledged_at", moment, nullable=True),
        sa.Column("fell_at", moment, nullable=True),
        sa.Column("first_action_at", moment, nullable=True),
        sa.Column("verified_at", moment, nullable=True),
        sa.Column("verified_by", sa.Text(), nullable=True),
        sa.Column("closed_at", moment, nullable=True),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("kind IN ('limit', 'episode', 'smell', 'sensor')", name=op.f("ck_air_matters_kind")),
        sa.CheckConstraint(
            "state IN ('open', 'acknowledged', 'acting', 'verified', 'closed')", name=op.f("ck_air_matters_state")
        ),
        sa.CheckConstraint("verified_by IN ('officer', 'values')", name=op.f("ck_air_matters_verified_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_matters")),
        sa.UniqueConstraint("city_id", "key", name=op.f("uq_air_matters_city_id_key")),
    )
    op.create_index("ix_air_matters_began", "air_matters", ["city_id", "began_at", "id"], unique=False)
    op.create_index(
        "ix_air_matters_standing",
        "air_matters",
        ["city_id", "kind"],
        unique=False,
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_table(
        "air_matter_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("company", sa.Text(), server_default="", nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(none_as_null=True), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.CheckConstraint(
            "actor_kind IN ('staff', 'company', 'system')", name=op.f("ck_air_matter_events_actor_kind")
        ),
        sa.ForeignKeyConstraint(["matter_id"], ["air_matters.id"], name=op.f("fk_air_matter_events_matter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_matter_events")),
    )
    op.create_index("ix_air_matter_events_matter", "air_matter_events", ["matter_id", "at", "id"], unique=False)


def _chains() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "air_matter_lanes",
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("next_step", sa.Integer(), server_default="1", nullable=False),
        sa.Column("next_at", moment, nullable=True),
        sa.Column("ended", sa.Text(), nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.CheckConstraint("ended IN ('acknowledged', 'nobody', 'closed')", name=op.f("ck_air_matter_lanes_ended")),
        sa.CheckConstraint("(next_at IS NULL) = (ended IS NOT NULL)", name=op.f("ck_air_matter_lanes_open")),
        sa.ForeignKeyConstraint(["matter_id"], ["air_matters.id"], name=op.f("fk_air_matter_lanes_matter_id")),
        sa.PrimaryKeyConstraint("matter_id", "round", "lane", name=op.f("pk_air_matter_lanes")),
    )
    op.create_index(
        "ix_air_matter_lanes_due",
        "air_matter_lanes",
        ["city_id", "next_at"],
        unique=False,
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_table(
        "air_matter_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), server_default="told", nullable=False),
        sa.Column("ways", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("outbound_ids", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'::uuid[]"), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=True),
        sa.Column("token_until", moment, nullable=True),
        sa.Column("told_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.CheckConstraint(
            "state IN ('told', 'acknowledged', 'silent', 'failed', 'over')", name=op.f("ck_air_matter_steps_state")
        ),
        sa.ForeignKeyConstraint(["matter_id"], ["air_matters.id"], name=op.f("fk_air_matter_steps_matter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_matter_steps")),
        sa.UniqueConstraint(
            "matter_id", "round", "lane", "step", name=op.f("uq_air_matter_steps_matter_id_round_lane_step")
        ),
    )
    op.create_index(
        "ix_air_matter_steps_token",
        "air_matter_steps",
        ["token_hash"],
        unique=True,
        postgresql_where=sa.text("token_hash IS NOT NULL"),
    )


def _work() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "air_matter_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", moment, nullable=False),
        sa.Column("told_at", moment, nullable=True),
        sa.Column("done_at", moment, nullable=True),
        sa.Column("warned_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["matter_id"], ["air_matters.id"], name=op.f("fk_air_matter_tasks_matter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_matter_tasks")),
    )
    op.create_index(
        "ix_air_matter_tasks_due",
        "air_matter_tasks",
        ["city_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND warned_at IS NULL"),
    )
    op.create_index(
        "ix_air_matter_tasks_untold",
        "air_matter_tasks",
        ["city_id"],
        unique=False,
        postgresql_where=sa.text("told_at IS NULL AND done_at IS NULL"),
    )
    op.create_index("ix_air_matter_tasks_matter", "air_matter_tasks", ["matter_id", "set_at"], unique=False)
    op.create_table(
        "air_matter_actions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), server_default="", nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=True),
        sa.Column("done_at", moment, nullable=False),
        sa.Column("told_at", moment, nullable=False),
        sa.Column("photo_sha256", sa.Text(), nullable=True),
        sa.Column("photo_type", sa.Text(), nullable=True),
        sa.Column("photo_scan", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="told", nullable=False),
        sa.Column("verified_at", moment, nullable=True),
        sa.Column("verified_by", sa.Text(), nullable=True),
        sa.Column("verified_staff_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("kind IN ('action', 'statement')", name=op.f("ck_air_matter_actions_kind")),
        sa.CheckConstraint("origin IN ('staff', 'company')", name=op.f("ck_air_matter_actions_origin")),
        sa.CheckConstraint("state IN ('told', 'verified', 'refused')", name=op.f("ck_air_matter_actions_state")),
        sa.CheckConstraint("verified_by IN ('officer', 'values')", name=op.f("ck_air_matter_actions_verified_by")),
        sa.ForeignKeyConstraint(["matter_id"], ["air_matters.id"], name=op.f("fk_air_matter_actions_matter_id")),
        sa.ForeignKeyConstraint(["task_id"], ["air_matter_tasks.id"], name=op.f("fk_air_matter_actions_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_matter_actions")),
        sa.UniqueConstraint("matter_id", "dedupe_key", name=op.f("uq_air_matter_actions_matter_id_dedupe_key")),
    )
    op.create_index("ix_air_matter_actions_matter", "air_matter_actions", ["matter_id", "told_at"], unique=False)


def _contacts() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "air_contact_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_contact_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_air_contact_codes_code_hash")),
    )
    op.create_table(
        "air_contact_links",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("linked_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("city_id", "company", "mark", name=op.f("pk_air_contact_links")),
    )
    op.create_index("ix_air_contact_links_conversation", "air_contact_links", ["conversation_id"], unique=False)


def downgrade() -> None:
    for name in (
        "air_contact_links",
        "air_contact_codes",
        "air_matter_actions",
        "air_matter_tasks",
        "air_matter_steps",
        "air_matter_lanes",
        "air_matter_events",
        "air_matters",
    ):
        op.drop_table(name)
